#pragma once

#include <optional>

#include "epicrisis/data/field.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The field of a workspace, which gives its class numbers their meaning; empty where nothing
// decided it yet. One with data sets that says nothing is older than fields and has the standard
// one.
std::optional<Field> settled_field(Database& database);

// The same, the standard one where nothing is decided.
Field workspace_field(Database& database);

// Makes `field` that of the workspace, or, where it has one, checks that it is the same. Of a field
// of the user's own the file's text is kept, so that the numbers go on to mean what they meant; a
// later text may add classes at the end. UsageError for another field.
void settle_field(Database& database, const Field& field);

// The same for a workspace that had no field when the samples were read which are in it now.
void keep_field(Database& database, const Field& field);

}  // namespace epicrisis
