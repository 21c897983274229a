#pragma once

#include <string>
#include <vector>

#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// What SQLite's own checks of the file and of its foreign keys find: each the check and what it
// says. Empty where the database is sound. Reads all of it.
std::vector<std::string> database_faults(Database& database);

}  // namespace epicrisis
