#pragma once

#include "epicrisis/core/files.h"

namespace epicrisis {

// Copies a database as of one moment, though somebody else may be writing, out of a folder that may
// not be written to. SystemError if it cannot be read.
void copy_database(const Path& from, const Path& to);

}  // namespace epicrisis
