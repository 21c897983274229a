#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/data/field.h"

namespace epicrisis {

struct ColumnProposal {
  std::string toml;
  std::vector<std::string> remarks;  // what a person has to add, a sentence each
};

// A column map (docs/formats/column-maps.md) proposed for a table, by the names of its columns and
// by up to 5000 of its rows, with comments: for a person to look over and complete. `path` is the
// table or the folder that holds it; of several tables the one whose columns say most is taken.
// UsageError where there is none, and for a file of a picture's name; InputError for one that
// cannot be read, has no rows, or is a text.
ColumnProposal propose_column_map(const Path& path, const Field& field);

// "a table of 150 rows" ("of 5000 or more rows"); "" for what is none of at least two columns and a
// row.
std::string described_table(const Path& file);
// The tables for which a column map could be proposed: "cases.csv is a table of 150 rows, ...", at
// most 5 of them; "" where there is none.
std::string tables_in_words(const Path& folder);

}  // namespace epicrisis
