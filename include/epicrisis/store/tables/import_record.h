#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// Records of one kind that an import left out.
struct SkippedRecords {
  std::string reason;  // "rows without a picture"
  std::uint64_t count = 0;
  std::vector<std::string> examples;  // the first few: "cases.csv:12: 0012"
};

// How a data set was last imported, as far as samples depend on it, and what was left out or
// not understood.
struct ImportRecord {
  std::vector<std::string> pictures;  // as they were given; empty: the adapter's own
  std::string taxonomy;               // a built-in name or an absolute path; "": the adapter's own
  std::string column_map;             // an absolute path; "" where none was given
  std::string modality;               // "" where none was given
  std::vector<SkippedRecords> skipped;
  // Labels that the label map does not know or leaves open, with their samples; the most frequent.
  std::map<std::string, std::uint64_t> unmapped;
  bool said_without_label = false;  // as AdapterReport
};

// Stores it in place of the one before. `dataset` is the data set's id.
void keep_import_record(Database& database, std::int64_t dataset, const ImportRecord& record);
// By the data set's name; empty where it was imported before such were kept. InputError where the
// database holds something else.
std::optional<ImportRecord> find_import_record(Database& database, std::string_view dataset);

// The folders in which the pictures of a data set, given by its id, were found at its last import;
// empty where it was imported before such were kept. InputError where the database holds no JSON.
std::optional<std::vector<std::string>> find_picture_folders(Database& database,
                                                             std::int64_t dataset);
void put_picture_folders(Database& database, std::int64_t dataset,
                         const std::vector<std::string>& folders);

}  // namespace epicrisis
