#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

enum class RunStatus { kRunning, kDone, kFailed, kInterrupted };
std::string_view run_status_name(RunStatus status);  // "running", "done", "failed", "interrupted"

// One training; its files lie in runs/<id>/.
struct RunRecord {
  std::string id;  // a safe file name; unique
  std::string study;
  std::string name;
  Json config = Json::object();
  std::string config_hash;  // of config; run_config_hash()
  RunStatus status = RunStatus::kRunning;
  std::string error;        // of a failed one
  std::string started_at;   // UTC; filled when empty
  std::string finished_at;  // "" while running
  // What the data of its study were, by data set as samples_state(); null where that is not known.
  Json data_state;
};

// SHA-256 of the configuration with its keys sorted, 64 hex digits.
std::string run_config_hash(const Json& config);

// Inserts, or starts again, the run of this id: status running, times fresh. An evaluation that has
// results of it is removed whole.
void start_run(Database& database, const RunRecord& run);
void finish_run(Database& database, std::string_view id, RunStatus status,
                std::string_view error = {});
// The same training stands for these data too: what changed of them since is nothing to it.
void keep_data_state(Database& database, std::string_view id, const Json& data_state);
std::optional<RunRecord> find_run(Database& database, std::string_view id);
// The finished run of a study with this configuration, if there is one.
std::optional<RunRecord> find_done_run(Database& database, std::string_view study,
                                       std::string_view config_hash);
std::vector<RunRecord> list_runs(Database& database, std::string_view study = {});  // all if empty

}  // namespace epicrisis
