#include "epicrisis/store/tables/runs.h"

#include <array>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "store/tables/times.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 4> kStatusNames = {"running", "done", "failed",
                                                          "interrupted"};

constexpr std::string_view kSelect =
    "SELECT id, study, name, config, config_hash, status, error, started_at, finished_at, "
    "data_state FROM runs ";

RunRecord run_of(const Statement& row, const Path& file) {
  RunRecord run;
  run.id = row.text(0);
  run.study = row.text(1);
  run.name = row.text(2);
  run.config = parse_json(row.text_view(3), fmt::format("{}: run {}", file.string(), run.id));
  run.config_hash = row.text(4);
  for (std::size_t i = 0; i < kStatusNames.size(); ++i) {
    if (row.text_view(5) == kStatusNames.at(i)) run.status = static_cast<RunStatus>(i);
  }
  run.error = row.text(6);
  run.started_at = row.text(7);
  run.finished_at = row.text(8);
  if (!row.is_null(9)) {
    run.data_state =
        parse_json(row.text_view(9), fmt::format("{}: data of run {}", file.string(), run.id));
  }
  return run;
}

std::optional<std::string> text_or_null(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(dump_json(json));
}

}  // namespace

std::string_view run_status_name(RunStatus status) {
  return kStatusNames.at(static_cast<std::size_t>(status));
}

std::string run_config_hash(const Json& config) {
  // nlohmann::json, unlike our ordered one, sorts keys.
  const nlohmann::json sorted = nlohmann::json::parse(dump_json(config));
  return sha256_hex(sorted.dump());
}

void start_run(Database& database, const RunRecord& run) {
  if (!is_safe_id(run.id)) throw InternalError("run id '{}' is not a file name", run.id);
  Transaction transaction(database);
  database.execute(
      "DELETE FROM evaluations WHERE study IN (SELECT study FROM results WHERE run_id = ?)",
      run.id);
  database.execute(
      "INSERT INTO runs (id, study, name, config, config_hash, status, error, started_at, "
      "finished_at, data_state) VALUES (?, ?, ?, ?, ?, 'running', '', ?, '', ?) "
      "ON CONFLICT (id) DO UPDATE SET study = excluded.study, name = excluded.name, "
      "config = excluded.config, config_hash = excluded.config_hash, status = 'running', "
      "error = '', started_at = excluded.started_at, finished_at = '', "
      "data_state = excluded.data_state",
      run.id, run.study, run.name, dump_json(run.config),
      run.config_hash.empty() ? run_config_hash(run.config) : run.config_hash,
      or_now(run.started_at), text_or_null(run.data_state));
  transaction.commit();
}

void finish_run(Database& database, std::string_view id, RunStatus status, std::string_view error) {
  database.execute("UPDATE runs SET status = ?, error = ?, finished_at = ? WHERE id = ?",
                   run_status_name(status), error, utc_now(), id);
  if (database.changes() != 1) {
    throw InternalError("run '{}' is not in {}", id, database.path().string());
  }
}

void keep_data_state(Database& database, std::string_view id, const Json& data_state) {
  database.execute("UPDATE runs SET data_state = ?2 WHERE id = ?1 AND data_state IS NOT ?2", id,
                   text_or_null(data_state));
}

std::optional<RunRecord> find_run(Database& database, std::string_view id) {
  Statement rows = database.prepare(fmt::format("{} WHERE id = ?", kSelect));
  rows.bind(1, id);
  if (!rows.step()) return std::nullopt;
  return run_of(rows, database.path());
}

std::optional<RunRecord> find_done_run(Database& database, std::string_view study,
                                       std::string_view config_hash) {
  Statement rows =
      database.prepare(fmt::format("{} WHERE study = ? AND config_hash = ? AND status = 'done' "
                                   "ORDER BY finished_at DESC, id LIMIT 1",
                                   kSelect));
  rows.bind_all(study, config_hash);
  if (!rows.step()) return std::nullopt;
  return run_of(rows, database.path());
}

std::vector<RunRecord> list_runs(Database& database, std::string_view study) {
  Statement rows = database.prepare(
      fmt::format("{} WHERE ?1 = '' OR study = ?1 ORDER BY started_at, id", kSelect));
  rows.bind(1, study);
  std::vector<RunRecord> runs;
  while (rows.step()) runs.push_back(run_of(rows, database.path()));
  return runs;
}

}  // namespace epicrisis
