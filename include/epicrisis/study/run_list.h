#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// Whether something in the workspace still needs a run.
enum class RunUse {
  kUsed,        // its study has it, or stored results were measured on it
  kGoesOn,      // broken off or failed; its study has it, and the next `study run` goes on with it
  kSuperseded,  // a later training of the same run and seed took its place
  kUnwanted     // no study of the workspace has it
};
std::string_view run_use_name(RunUse use);  // "used", "goes on", "superseded", "unwanted"

struct ListedRun {
  std::string id;
  std::string study;
  std::string name;
  std::optional<std::int64_t> seed;  // where the configuration tells it
  RunStatus status = RunStatus::kDone;
  bool at_work = false;  // a process has its study's lock
  std::string error;     // of a failed one, and of a finished one without its files
  std::string started_at;
  std::string finished_at;
  RunUse use = RunUse::kUsed;
  std::string why;  // of `use`, in words
  // Of the last finished one, as StudyProgress::stale: what of the data changed since its training.
  std::vector<std::string> changed;
  std::uint64_t bytes = 0;  // of its folder
  // Of them, in files that other runs have too (an encoder's), which stay when this run goes.
  std::uint64_t shared_bytes = 0;
};
Json to_json(const ListedRun& run);

// Every run that the database has, in the order of starting; of one study, all for "". UsageError
// that lists the studies there are for another.
std::vector<ListedRun> list_workspace_runs(Workspace& workspace, const std::string& study = "");

// A finished run of a study, and what of the data changed since it was trained: "labels of a".
struct StaleRun {
  std::string name;
  std::int64_t seed = 0;
  std::vector<std::string> changed;
};

// How far a study that was run in a workspace is.
struct StudyProgress {
  std::string name;
  std::string title;
  std::string file;       // the study file that was run
  std::string problem;    // why the record of the study cannot be read; its counts are 0 then
  std::int64_t runs = 0;  // that the study names, a run and a seed each
  std::int64_t done = 0;  // of them, trained, on other data than there are now too
  std::int64_t running = 0;
  std::int64_t interrupted = 0;  // broken off, by a kill too
  std::int64_t failed = 0;
  std::int64_t missing = 0;  // never started, or the files of a finished one are gone
  // Of `done`, those that are known to have been trained on other labels, patients, splits or
  // metadata; the next run of the study trains those again that this matters to.
  std::vector<StaleRun> stale;
  std::string report;  // its HTML file, "" if there is none
  // Data sets that it names and the workspace has not: those that its next run imports, and those
  // that it takes as they were imported.
  std::vector<std::string> absent;
  std::vector<std::string> to_import;
};
Json to_json(const StudyProgress& progress);
std::vector<StudyProgress> list_study_progress(Workspace& workspace);  // by name

}  // namespace epicrisis
