#pragma once

#include <string>

#include "epicrisis/core/files.h"

namespace epicrisis {

// Copies a database as of one moment, though somebody else may be writing, out of a folder that may
// not be written to. SystemError if it cannot be read.
void copy_database(const Path& from, const Path& to);

// Whether there is a log with something in it, which the file alone does not tell.
bool has_log(const Path& database);

// The name by which SQLite opens a database as a file that nobody changes: it then looks at no log,
// and needs no index of one.
std::string immutable_uri(const Path& path);

}  // namespace epicrisis
