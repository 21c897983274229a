#pragma once

#include <cstdint>

#include "epicrisis/image/fingerprint.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The stored fingerprint of a sample's picture. InternalError if there is none.
Fingerprint load_fingerprint(Database& database, std::int64_t sample_id);

}  // namespace epicrisis
