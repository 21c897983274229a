#include "epicrisis/eval/result_row.h"

#include <fmt/format.h>

#include <cmath>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::optional<double> number_from(const Json& row, std::string_view key, std::string_view source) {
  const Json value = json_get<Json>(row, key, source);
  if (value.is_null()) return std::nullopt;
  return json_get<double>(row, key, source);
}

std::size_t count_from(const Json& row, std::string_view key, std::string_view source) {
  const std::int64_t value = json_get<std::int64_t>(row, key, source);
  if (value < 0) throw InputError("{}: '{}' is {}, a count was expected", source, key, value);
  return static_cast<std::size_t>(value);
}

std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

}  // namespace

bool ResultRow::printable() const {
  return std::isfinite(value) && std::isfinite(lo.value_or(kUndefined)) &&
         std::isfinite(hi.value_or(kUndefined)) && n > 0 && seeds > 0;
}

Json to_json(const ResultRow& row) {
  return {{"run", row.run},
          {"model", row.model},
          {"mode", row.mode},
          {"notes", row.notes},
          {"seed", row.seed},
          {"dataset", row.dataset},
          {"role", row.role},
          {"task", row.task},
          {"metric", row.metric},
          {"value", number_or_null(row.value)},
          {"lo", number_or_null(row.lo.value_or(kUndefined))},
          {"hi", number_or_null(row.hi.value_or(kUndefined))},
          {"n", row.n},
          {"seeds", row.seeds}};
}

Json to_json(const std::vector<ResultRow>& rows) {
  Json array = Json::array();
  for (const ResultRow& row : rows) array.push_back(to_json(row));
  return array;
}

std::vector<ResultRow> result_rows_from_json(const Json& array, std::string_view source) {
  if (!array.is_array()) throw InputError("{}: an array of results was expected", source);
  std::vector<ResultRow> rows;
  rows.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    const Json& entry = array[i];
    const std::string place = fmt::format("{}: result {}", source, i + 1);
    if (!entry.is_object()) throw InputError("{}: an object was expected", place);
    ResultRow row;
    row.run = json_get_or<std::string>(entry, "run", "", place);  // reports of before have none
    row.model = json_get<std::string>(entry, "model", place);
    row.mode = json_get<std::string>(entry, "mode", place);
    row.notes = json_get<std::string>(entry, "notes", place);
    row.seed = json_get<std::string>(entry, "seed", place);
    row.dataset = json_get<std::string>(entry, "dataset", place);
    row.role = json_get<std::string>(entry, "role", place);
    row.task = json_get<std::string>(entry, "task", place);
    row.metric = json_get<std::string>(entry, "metric", place);
    row.value = number_from(entry, "value", place).value_or(kUndefined);
    row.lo = number_from(entry, "lo", place);
    row.hi = number_from(entry, "hi", place);
    row.n = count_from(entry, "n", place);
    row.seeds = count_from(entry, "seeds", place);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_csv(const std::vector<ResultRow>& rows) {
  std::string csv = csv_row({"run", "model", "mode", "notes", "seed", "dataset", "role", "task",
                             "metric", "value", "lo", "hi", "n", "seeds"});
  for (const ResultRow& row : rows) {
    csv +=
        csv_row({row.run, row.model, row.mode, row.notes, row.seed, row.dataset, row.role, row.task,
                 row.metric, csv_number(row.value), csv_number(row.lo.value_or(kUndefined)),
                 csv_number(row.hi.value_or(kUndefined)), fmt::format("{}", row.n),
                 fmt::format("{}", row.seeds)});
  }
  return csv;
}

}  // namespace epicrisis
