#include "store/tables/picture_measures.h"

#include <string_view>

#include "epicrisis/core/json.h"

namespace epicrisis {
namespace {

std::vector<double> values_of(std::string_view json) {
  return parse_json(json, "stored measures").get<std::vector<double>>();
}

}  // namespace

void put_measures(Database& database, const PictureFile& file, int version,
                  const StoredMeasures& measures) {
  database.execute(
      "INSERT OR REPLACE INTO picture_measures (sample_id, path, file_size, file_time, version, "
      "error, found, measures) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      file.sample_id, file.path, file.stamp.size, file.stamp.time, version, measures.error,
      measures.found, measures.error.empty() ? Json(measures.values).dump() : std::string("[]"));
}

std::optional<StoredMeasures> find_measures(Database& database, const PictureFile& file,
                                            int version) {
  Statement row = database.prepare(
      "SELECT error, found, measures FROM picture_measures WHERE sample_id = ? AND path = ? AND "
      "file_size = ? AND file_time = ? AND version = ?");
  row.bind_all(file.sample_id, file.path, file.stamp.size, file.stamp.time, version);
  if (!row.step()) return std::nullopt;
  StoredMeasures measures;
  measures.error = row.text(0);
  if (!measures.error.empty()) return measures;
  measures.found = row.integer(1) != 0;
  measures.values = values_of(row.text_view(2));
  return measures;
}

std::optional<StoredMeasures> find_measures(Database& database, std::int64_t sample_id,
                                            const std::string& path, int version) {
  Statement row = database.prepare(
      "SELECT found, measures FROM picture_measures WHERE sample_id = ? AND path = ? AND "
      "version = ? AND error = ''");
  row.bind_all(sample_id, path, version);
  if (!row.step()) return std::nullopt;
  StoredMeasures measures;
  measures.found = row.integer(0) != 0;
  measures.values = values_of(row.text_view(1));
  return measures;
}

}  // namespace epicrisis
