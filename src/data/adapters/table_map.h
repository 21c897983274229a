#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/adapters/columns.h"
#include "data/adapters/picture_index.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/data/taxonomy.h"

namespace epicrisis {

// A user's explanation of a table of his own: the TOML column map of docs/formats/column-maps.md.
struct TableMap {
  std::string table;  // below the data set's folder; "" where the file names none
  char separator = kFindSeparator;
  ColumnMap columns;
  PictureLayout pictures;
  std::vector<std::string> picture_folders;   // that the file names
  std::string picture_pattern;                // "{id}_front", "" for none
  std::map<std::string, std::string> splits;  // published value in lower case -> split
  Taxonomy taxonomy;                          // what the read takes
  explicit TableMap(Taxonomy labels) : taxonomy(std::move(labels)) {}
};

// Parts of a column map: [columns], [[finding]] and [splits]. UsageError as below.
ColumnMap read_columns(const TomlTable& table, const Field& field);
PictureMatch read_picture_match(const TomlTable& table, PictureMatch usual);  // `match`
FindingColumns read_finding(const TomlTable& table);
std::map<std::string, std::string> read_splits(const TomlTable& table);

// The label map is the input's, else the one that the file names, else that of the field, extended
// by the file's own. UsageError with file and line for a key or value that is wrong.
TableMap read_table_map(const Path& path, const AdapterInput& input);

// The column map that lies in the data set's own folder, columns.toml; empty where there is none.
std::optional<Path> own_column_map(const Path& folder);
// Whether the file names the table that it explains: then it is one for generic_csv. False too
// where it cannot be read.
bool names_table(const Path& column_map);

// What the report has of it.
void tell_of_map(const ColumnMap& map, AdapterReport& report);

// The picture's name by the pattern, and the splits by the map's names.
void apply_table_map(const TableMap& map, Draft& draft);

// The columns that the map names, for a check that the table has them.
std::vector<std::string> named_columns(const ColumnMap& map);

}  // namespace epicrisis
