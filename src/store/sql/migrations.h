#pragma once

#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// As migrate(), up to an older layout; for tests of the way from there.
void migrate_to(Database& database, int target);

// PRAGMA application_id of our databases: "EPIC".
inline constexpr int kApplicationId = 0x45504943;

}  // namespace epicrisis
