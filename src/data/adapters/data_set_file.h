#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/adapters/columns.h"
#include "data/adapters/picture_index.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {

// Tables that list samples, or tell more of them, and how they are told from other tables.
struct TableFiles {
  std::vector<std::string> files;  // names; '*' stands for any text
  std::vector<std::string> requires_columns;
  std::vector<std::string> lacks_columns;
  std::vector<std::string> header;  // of a table that comes without one
  bool several = false;             // every table that fits, not the first alone
  std::string split;                // of every row; "" for none
  std::string id;                   // of a table to join: its column of the id
};

// A form that the path of a picture below the data set's folder may have.
struct PathForm {
  // RE2, the whole path, ASCII case apart. What the groups `id`, `label`, `fine` (a label more
  // exact than `label`), `group`, `split` and `modality` catch is said by the path.
  std::string pattern;
  std::string modality;
};

// Rows that are left out, or warned of: those whose column begins so.
struct RowRule {
  std::string column;
  std::string starts;
  std::string skip;  // the reason, "" where the row stays
  std::string warn;
};

// A published data set as its taxonomy/NAME.toml describes it: docs/formats/data-set-files.md.
struct DataSetFile {
  std::string describe;
  std::string terms;
  std::vector<std::string> expects;
  std::vector<TableFiles> tables;
  std::vector<TableFiles> joins;
  std::vector<PathForm> paths;   // where there is no table
  std::size_t least_labels = 1;  // that the label map must name for paths to be its own
  // Names of folders that no other set has so, folded. Not empty: paths are its own only where most
  // folders are called so, and `least_labels` of them at least.
  std::set<std::string, std::less<>> own;
  // Names of its folders that others have too, folded. Where most folders have one of either or one
  // of the label map, its files' names (`own_files`, RE2, without folder and suffix) or the name of
  // a folder above (`called`, folded) make it sure.
  std::set<std::string, std::less<>> shared;
  std::string own_files;
  std::set<std::string, std::less<>> called;
  std::vector<RowRule> rules;
  ColumnMap columns;
  // Columns that each name a picture of the row: a sample each, whose id is the file's name.
  std::vector<std::string> picture_columns;
  std::string weighted_label;  // a column of "{'a': 0.7, 'b': 0.3}": the heaviest is the label
  PictureLayout pictures;
  std::string other_picture;                  // "{name}_cropped": tried next
  std::map<std::string, std::string> splits;  // published value in lower case -> split
};

// Reads the table [data_set]. UsageError with file and line.
DataSetFile read_data_set_file(const TomlTable& table, const Field& field);

struct FoundTable {
  Path path;
  const TableFiles* files;
};

// The tables of the folder that `wanted` describes, in its order; a name is looked for as
// find_published_table() does, a pattern in the folder and, if nothing is there, in those just
// below.
std::vector<FoundTable> find_tables(const Path& folder, const std::vector<TableFiles>& wanted);

// UsageError that says what was looked for, and what a table of the name lacks.
[[noreturn]] void no_such_tables(const Path& folder, const std::vector<TableFiles>& wanted);

}  // namespace epicrisis
