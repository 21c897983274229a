#pragma once

#include <string>

#include "epicrisis/data/sample.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// SHA-256 of the bytes of a sample's picture file, 64 hex digits: from its stored fingerprint if
// the file has kept size and time since, else read. SystemError or InputError (over 256 MiB) if it
// cannot be read.
std::string picture_sha256(Database& database, const Sample& sample);

}  // namespace epicrisis
