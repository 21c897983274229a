#include "epicrisis/store/tables/results.h"

#include <cmath>
#include <set>
#include <tuple>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::string_view kAllSeeds = "all";

// Why a row cannot be stored; "" if it can.
std::string fault_of(const StoredResult& row) {
  if (!std::isfinite(row.value)) return fmt::format("its value is {}", row.value);
  if (row.lo.has_value() != row.hi.has_value()) return "its interval has one end";
  if (row.lo && !(*row.lo <= *row.hi)) {
    return fmt::format("its interval is [{}, {}]", *row.lo, *row.hi);
  }
  if (row.n < 0) return fmt::format("n is {}", row.n);
  if (row.seeds < 1) return fmt::format("it has {} seeds", row.seeds);
  if (row.seed.empty()) return "it has no seed";
  if (row.role != "internal" && row.role != "external") {
    return fmt::format("role '{}'; internal or external is expected", row.role);
  }
  if ((row.seed == kAllSeeds) != row.run_id.empty()) {
    return fmt::format("seed '{}' and run '{}' do not go together", row.seed, row.run_id);
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
                   format_utc(system_clock().now()));
  std::set<std::string> runs;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::string, std::string,
                      std::string, std::string>>
      seen;
  std::int64_t position = 0;
  for (const StoredResult& row : rows) {
    std::string fault = fault_of(row);
    if (fault.empty() && !row.run_id.empty() && !runs.contains(row.run_id)) {
      if (database.query_integer("SELECT 1 FROM runs WHERE id = ?", row.run_id)) {
        runs.insert(row.run_id);
      } else {
        fault = "there is no such run";
      }
    }
    if (fault.empty() && !seen.emplace(row.model, row.mode, row.notes, row.seed, row.dataset,
                                       row.role, row.task, row.metric)
                              .second) {
      fault = "there are two of them";
    }
    if (!fault.empty()) {
      throw InputError(
          "cannot store the result {} of {}, {}, notes '{}', seed {} (run '{}') on {} ({}): {}",
          row.metric, row.model, row.mode, row.notes, row.seed, row.run_id, row.dataset, row.role,
          fault);
    }
    const std::optional<std::string> run =
        row.run_id.empty() ? std::nullopt : std::optional(row.run_id);
    database.execute(
        "INSERT INTO results (study, position, run_id, model, mode, notes, seed, dataset, role, "
        "task, metric, value, lo, hi, n, seeds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        study, position++, run, row.model, row.mode, row.notes, row.seed, row.dataset, row.role,
        row.task, row.metric, row.value, row.lo, row.hi, row.n, row.seeds);
  }
  transaction.commit();
}

std::optional<std::string> results_key(Database& database, std::string_view study) {
  return database.query_text("SELECT key FROM evaluations WHERE study = ?", study);
}

std::vector<StoredResult> load_results(Database& database, const ResultFilter& filter) {
  std::string sql =
      "SELECT coalesce(run_id, ''), model, mode, notes, seed, dataset, role, task, metric, value, "
      "lo, hi, n, seeds FROM results WHERE 1";
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
    results.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                       rows.text(5), rows.text(6), rows.text(7), rows.text(8), rows.number(9),
                       rows.number_if(10), rows.number_if(11), rows.integer(12), rows.integer(13)});
  }
  return results;
}

}  // namespace epicrisis
