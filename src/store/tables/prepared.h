#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/sql/database.h"
#include "store/tables/picture_file.h"

// Rows of `prepared`: the pictures of samples that a recipe was used on. What for_each_... hands
// out is read while the callback runs, so memory is one row; views are valid within the call, and
// the callback may read from the same database, not write to it.
namespace epicrisis {

struct PreparedPicture {
  PictureFile file;
  std::optional<std::uint64_t> slot;  // in the recipe's packed pictures; none: `error` says why
  std::string pixels_sha256;          // 64 hex digits; "" without a slot
  std::string error;
};
// What the preparation met in the picture.
struct PreparationFacts {
  double hair_fraction = 0;  // 0 to 1
  bool border_cropped = false;
  bool subject_cropped = false;
};
// Takes the place of the row of this recipe and sample. InternalError where there is a slot and
// `pixels_sha256` is no SHA-256.
void put_prepared(Database& database, const std::string& recipe, const PreparedPicture& picture,
                  const PreparationFacts& facts);
std::optional<PreparedPicture> find_prepared(Database& database, const std::string& recipe,
                                             std::int64_t sample_id);
// Deletes the rows of the recipe whose slot is in [first, end).
void forget_prepared(Database& database, const std::string& recipe, std::uint64_t first,
                     std::uint64_t end);
// Deletes the rows of the recipe whose slot is `first` or above.
void forget_prepared_from(Database& database, const std::string& recipe, std::uint64_t first);

struct FailedPreparation {
  PictureFile file;
  std::string_view dataset;
  std::string_view key;
  std::string_view error;
};
// Pictures that the recipe failed on, of samples that have the same path still.
void for_each_failed_preparation(Database& database, const std::string& recipe,
                                 const std::function<void(const FailedPreparation&)>& callback);

struct RecipePictures {
  std::string recipe;
  std::int64_t pictures = 0;  // that are prepared with it
};
std::vector<RecipePictures> count_prepared_pictures(Database& database);

struct PreparedSlot {
  std::string_view dataset;
  std::string_view key;
  std::uint64_t slot = 0;
  std::string pixels_sha256;  // 64 hex digits
};
// In order of slot.
void for_each_prepared_slot(Database& database, const std::string& recipe,
                            const std::function<void(const PreparedSlot&)>& callback);

struct PreparedContent {
  std::int64_t sample_id = 0;
  std::uint64_t slot = 0;
  std::array<std::uint8_t, 32> pixels_sha256{};
};
// In order of sample id. InternalError for a hash of another length.
void for_each_prepared_content(Database& database, const std::string& recipe,
                               const std::function<void(const PreparedContent&)>& callback);

}  // namespace epicrisis
