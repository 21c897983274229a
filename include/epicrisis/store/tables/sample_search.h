#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/data/near_keys.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The samples of a data set that a key may mean as people and programs write keys (sample_key.h):
// one where the key is exact or only one fits, none, or several that differ by their picture
// suffix. Whatever brings keys from outside is matched by this, or by keys_meant().
std::vector<Sample> samples_of_key(Database& database, std::string_view dataset,
                                   std::string_view key);

// To suggest a key of the data set for one that means none. Reads all its samples.
NearKeys near_keys(Database& database, std::string_view dataset);

// The sample that the key means in one of these data sets, in all where none is named. UsageError
// if there is none, with a near key, or if it may mean several, with their names.
Sample sample_by_key(Database& database, std::string_view key,
                     const std::vector<std::string>& datasets = {});

}  // namespace epicrisis
