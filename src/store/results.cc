#include "epicrisis/store/results.h"

#include <cmath>

#include "epicrisis/core/error.h"

namespace epicrisis {

void put_results(Database& database, const std::vector<StoredResult>& rows) {
  Transaction transaction(database);
  for (const StoredResult& row : rows) {
    const auto refuse = [&](std::string_view why) {
      throw InputError("cannot store the result {} of run '{}' on {} ({}): {}", row.metric,
                       row.run_id, row.dataset, row.role, why);
    };
    if (!std::isfinite(row.value)) refuse(fmt::format("its value is {}", row.value));
    if (row.lo.has_value() != row.hi.has_value()) refuse("its interval has one end");
    if (row.lo && !(*row.lo <= *row.hi)) {
      refuse(fmt::format("its interval is [{}, {}]", *row.lo, *row.hi));
    }
    if (row.n < 0) refuse(fmt::format("n is {}", row.n));
    if (!database.query_integer("SELECT 1 FROM runs WHERE id = ?", row.run_id)) {
      refuse("there is no such run");
    }
    database.execute(
        "INSERT OR REPLACE INTO results (run_id, model, mode, notes, seed, dataset, role, task, "
        "metric, "
        "value, lo, hi, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.run_id, row.model, row.mode, row.notes, row.seed, row.dataset, row.role, row.task,
        row.metric, row.value, row.lo, row.hi, row.n);
  }
  transaction.commit();
}

std::vector<StoredResult> load_results(Database& database, const ResultFilter& filter) {
  std::string sql =
      "SELECT r.run_id, r.model, r.mode, r.notes, r.seed, r.dataset, r.role, r.task, r.metric, "
      "r.value, "
      "r.lo, r.hi, r.n FROM results r JOIN runs u ON u.id = r.run_id WHERE 1";
  std::vector<std::string> values;
  const auto equal = [&](std::string_view column, const std::string& value) {
    if (value.empty()) return;
    sql += fmt::format(" AND {} = ?", column);
    values.push_back(value);
  };
  equal("u.study", filter.study);
  equal("r.run_id", filter.run_id);
  equal("r.dataset", filter.dataset);
  equal("r.role", filter.role);
  equal("r.task", filter.task);
  equal("r.metric", filter.metric);
  if (filter.done_runs_only) sql += " AND u.status = 'done'";
  sql +=
      " ORDER BY r.model, r.mode, r.notes, r.seed, r.run_id, r.dataset, r.role, r.task, r.metric";
  Statement rows = database.prepare(sql);
  int index = 0;
  for (const std::string& value : values) rows.bind(++index, value);
  std::vector<StoredResult> results;
  while (rows.step()) {
    results.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.integer(4),
                       rows.text(5), rows.text(6), rows.text(7), rows.text(8), rows.number(9),
                       rows.number_if(10), rows.number_if(11), rows.integer(12)});
  }
  return results;
}

}  // namespace epicrisis
