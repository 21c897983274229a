#pragma once

#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/data/field.h"

namespace epicrisis {

// A column map (docs/formats/column-maps.md) proposed for a table, by the names of its columns and
// by up to 5000 of its rows, with comments: for a person to look over and complete. `path` is the
// table or the folder that holds it; of several tables the one whose columns say most is taken.
// UsageError where there is none; InputError for one that cannot be read.
std::string propose_column_map(const Path& path, const Field& field);

}  // namespace epicrisis
