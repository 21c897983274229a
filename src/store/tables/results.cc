#include "epicrisis/store/tables/results.h"

#include <cmath>
#include <set>
#include <tuple>

#include "epicrisis/core/error.h"
#include "store/tables/times.h"

namespace epicrisis {
namespace {

constexpr std::string_view kAllSeeds = "all";

// Why a row cannot be stored; "" if it can.
std::string fault_of(const StoredResult& result) {
  const ResultRow& row = result.row;
  if (!std::isfinite(row.value)) return fmt::format("its value is {}", row.value);
  if (row.lo.has_value() != row.hi.has_value()) return "its interval has one end";
  if (row.lo && !(*row.lo <= *row.hi)) {
    return fmt::format("its interval is [{}, {}]", *row.lo, *row.hi);
  }
  if (row.seeds < 1) return "it has no training";
  if (row.seed.empty()) return "it has no seed";
  if (row.role != "internal" && row.role != "external") {
    return fmt::format("role '{}'; internal or external is expected", row.role);
  }
  if ((row.seed == kAllSeeds) != result.run_id.empty()) {
    return fmt::format("seed '{}' and run '{}' do not go together", row.seed, result.run_id);
  }
  return "";
}

}  // namespace

void put_results(Database& database, std::string_view study, std::string_view key,
                 const std::vector<StoredResult>& rows) {
  if (study.empty() || key.empty()) {
    throw InputError("cannot store results of study '{}' under key '{}': both need a text", study,
                     key);
  }
  Transaction transaction(database);
  database.execute("DELETE FROM evaluations WHERE study = ?", study);
  database.execute("INSERT INTO evaluations (study, key, created_at) VALUES (?, ?, ?)", study, key,
                   utc_now());
  std::set<std::string> runs;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::string, std::string,
                      std::string, std::string, std::string>>
      seen;
  std::int64_t position = 0;
  for (const StoredResult& result : rows) {
    const auto& [run_id, row] = result;
    std::string fault = fault_of(result);
    if (fault.empty() && !run_id.empty() && !runs.contains(run_id)) {
      if (database.query_integer("SELECT 1 FROM runs WHERE id = ?", run_id)) {
        runs.insert(run_id);
      } else {
        fault = "there is no such run";
      }
    }
    if (fault.empty() && !seen.emplace(row.run, row.model, row.mode, row.notes, row.seed,
                                       row.dataset, row.role, row.task, row.metric)
                              .second) {
      fault = "there are two of them";
    }
    if (!fault.empty()) {
      throw InputError(
          "cannot store the result {} of '{}' ({}, {}, notes '{}'), seed {} (run '{}') on {} ({}): "
          "{}",
          row.metric, row.run, row.model, row.mode, row.notes, row.seed, run_id, row.dataset,
          row.role, fault);
    }
    const std::optional<std::string> run = run_id.empty() ? std::nullopt : std::optional(run_id);
    database.execute(
        "INSERT INTO results (study, position, run_id, run, model, mode, notes, seed, dataset, role, "
        "task, metric, value, lo, hi, n, seeds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        study, position++, run, row.run, row.model, row.mode, row.notes, row.seed, row.dataset,
        row.role, row.task, row.metric, row.value, row.lo, row.hi, static_cast<std::int64_t>(row.n),
        static_cast<std::int64_t>(row.seeds));
  }
  transaction.commit();
}

std::optional<std::string> results_key(Database& database, std::string_view study) {
  return database.query_text("SELECT key FROM evaluations WHERE study = ?", study);
}

std::vector<StoredResult> load_results(Database& database, const ResultFilter& filter) {
  std::string sql =
      "SELECT coalesce(run_id, ''), run, model, mode, notes, seed, dataset, role, task, metric, "
      "value, lo, hi, n, seeds FROM results WHERE 1";
  std::vector<std::string> values;
  const auto equal = [&](std::string_view column, const std::string& value) {
    if (value.empty()) return;
    sql += fmt::format(" AND {} = ?", column);
    values.push_back(value);
  };
  equal("study", filter.study);
  equal("run_id", filter.run_id);
  equal("dataset", filter.dataset);
  equal("role", filter.role);
  equal("task", filter.task);
  equal("metric", filter.metric);
  sql += " ORDER BY study, position";
  Statement rows = database.prepare(sql);
  int index = 0;
  for (const std::string& value : values) rows.bind(++index, value);
  std::vector<StoredResult> results;
  while (rows.step()) {
    results.push_back({.run_id = rows.text(0),
                       .row = {.run = rows.text(1),
                               .model = rows.text(2),
                               .mode = rows.text(3),
                               .notes = rows.text(4),
                               .seed = rows.text(5),
                               .dataset = rows.text(6),
                               .role = rows.text(7),
                               .task = rows.text(8),
                               .metric = rows.text(9),
                               .value = rows.number(10),
                               .lo = rows.number_if(11),
                               .hi = rows.number_if(12),
                               .n = static_cast<std::size_t>(rows.integer(13)),
                               .seeds = static_cast<std::size_t>(rows.integer(14))}});
  }
  return results;
}

}  // namespace epicrisis
