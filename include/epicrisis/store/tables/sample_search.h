#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/data/sample.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The sample of this key in one of these data sets, of all where none is named. UsageError if there
// is none, or if several data sets have the key.
Sample sample_by_key(Database& database, std::string_view key,
                     const std::vector<std::string>& datasets = {});

}  // namespace epicrisis
