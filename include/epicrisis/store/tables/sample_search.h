#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/data/sample.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The samples of a data set that a key may mean as people and programs write keys (sample_key.h):
// one where the key is exact or only one fits, none, or several that differ by their picture
// suffix.
std::vector<Sample> samples_of_key(Database& database, std::string_view dataset,
                                   std::string_view key);

// The sample that the key means in one of these data sets, in all where none is named. UsageError
// if there is none, or if it may mean several, with their names.
Sample sample_by_key(Database& database, std::string_view key,
                     const std::vector<std::string>& datasets = {});

}  // namespace epicrisis
