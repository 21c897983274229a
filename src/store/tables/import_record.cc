#include "epicrisis/store/tables/import_record.h"

#include "epicrisis/core/json.h"
#include "store/tables/sample_query.h"

namespace epicrisis {

void keep_import_record(Database& database, std::int64_t dataset, const ImportRecord& record) {
  Json skipped = Json::array();
  for (const SkippedRecords& one : record.skipped) {
    skipped.push_back({{"reason", one.reason}, {"count", one.count}, {"examples", one.examples}});
  }
  Json unmapped = Json::object();
  for (const auto& [label, count] : record.unmapped) unmapped[label] = count;
  const Json json = {{"pictures", record.pictures},
                     {"taxonomy", record.taxonomy},
                     {"column_map", record.column_map},
                     {"modality", record.modality},
                     {"skipped", std::move(skipped)},
                     {"unmapped", std::move(unmapped)},
                     {"said_without_label", record.said_without_label}};
  database.execute("UPDATE datasets SET import_record = ? WHERE id = ?", dump_json(json), dataset);
}

std::optional<ImportRecord> find_import_record(Database& database, std::string_view dataset) {
  constexpr std::string_view kSource = "datasets.import_record";
  const std::optional<std::string> stored =
      database.query_text("SELECT import_record FROM datasets WHERE name = ?", dataset);
  if (!stored) return std::nullopt;
  const Json json = parse_json(*stored, kSource);
  const auto texts = [&](const Json& object, std::string_view key) {
    std::vector<std::string> list;
    for (const Json& one : json_get<Json>(object, key, kSource)) {
      if (one.is_string()) list.push_back(one.get<std::string>());
    }
    return list;
  };
  ImportRecord record;
  record.pictures = texts(json, "pictures");
  record.taxonomy = json_get<std::string>(json, "taxonomy", kSource);
  record.column_map = json_get<std::string>(json, "column_map", kSource);
  record.modality = json_get<std::string>(json, "modality", kSource);
  for (const Json& one : json_get<Json>(json, "skipped", kSource)) {
    record.skipped.push_back(
        {json_get<std::string>(one, "reason", kSource),
         static_cast<std::uint64_t>(json_get<std::int64_t>(one, "count", kSource)),
         texts(one, "examples")});
  }
  const Json unmapped = json_get<Json>(json, "unmapped", kSource);
  for (const auto& [label, count] : unmapped.items()) {
    if (count.is_number_integer()) record.unmapped[label] = count.get<std::uint64_t>();
  }
  // Imports of earlier versions do not say it.
  record.said_without_label = json.value("said_without_label", false);
  return record;
}

std::optional<std::vector<std::string>> find_picture_folders(Database& database,
                                                             std::int64_t dataset) {
  const std::optional<std::string> stored =
      database.query_text("SELECT pictures FROM datasets WHERE id = ?", dataset);
  if (!stored) return std::nullopt;
  return parse_json(*stored, "picture folders").get<std::vector<std::string>>();
}

void put_picture_folders(Database& database, std::int64_t dataset,
                         const std::vector<std::string>& folders) {
  database.execute("UPDATE datasets SET pictures = ? WHERE id = ?", json_text_of(folders), dataset);
}

}  // namespace epicrisis
