#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/store/sql/database.h"
#include "store/tables/picture_file.h"

// Rows of `picture_measures`: what was measured on the pictures of samples.
namespace epicrisis {

struct StoredMeasures {
  std::string error;   // why nothing was measured; the rest is then empty
  bool found = false;  // a subject
  std::vector<double> values;
};
// Takes the place of the sample's row. `version`: of what is measured.
void put_measures(Database& database, const PictureFile& file, int version,
                  const StoredMeasures& measures);
// Of the file as it is. InputError where the values are no JSON.
std::optional<StoredMeasures> find_measures(Database& database, const PictureFile& file,
                                            int version);
// The same of a file whose size and time are not looked at, where it was measured without an error.
std::optional<StoredMeasures> find_measures(Database& database, std::int64_t sample_id,
                                            const std::string& path, int version);

}  // namespace epicrisis
