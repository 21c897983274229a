#include "store/tables/prepared.h"

#include <algorithm>

#include "core/hex.h"
#include "epicrisis/core/error.h"

namespace epicrisis {

void put_prepared(Database& database, const std::string& recipe, const PreparedPicture& picture,
                  const PreparationFacts& facts) {
  Statement insert = database.prepare(
      "INSERT OR REPLACE INTO prepared (recipe, sample_id, path, file_size, file_time, slot, "
      "pixels_sha256, hair_fraction, border_cropped, subject_cropped, error) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const PictureFile& file = picture.file;
  insert.bind_all(recipe, file.sample_id, file.path, file.stamp.size, file.stamp.time, picture.slot,
                  std::nullopt, facts.hair_fraction, facts.border_cropped, facts.subject_cropped,
                  picture.error);
  if (picture.slot) insert.bind(7, sha256_bytes(picture.pixels_sha256));
  insert.run();
}

std::optional<PreparedPicture> find_prepared(Database& database, const std::string& recipe,
                                             std::int64_t sample_id) {
  Statement row = database.prepare(
      "SELECT path, file_size, file_time, slot, error, pixels_sha256 FROM prepared "
      "WHERE recipe = ? AND sample_id = ?");
  row.bind_all(recipe, sample_id);
  if (!row.step()) return std::nullopt;
  PreparedPicture picture;
  picture.file = {sample_id, row.text(0), {row.integer(1), row.integer(2)}};
  picture.error = row.text(4);
  if (!row.is_null(3)) {
    picture.slot = row.bits(3);
    picture.pixels_sha256 = hex_of(row.blob(5));
  }
  return picture;
}

void forget_prepared(Database& database, const std::string& recipe, std::uint64_t first,
                     std::uint64_t end) {
  database.execute("DELETE FROM prepared WHERE recipe = ? AND slot >= ? AND slot < ?", recipe,
                   first, end);
}

void forget_prepared_from(Database& database, const std::string& recipe, std::uint64_t first) {
  database.execute("DELETE FROM prepared WHERE recipe = ? AND slot >= ?", recipe, first);
}

void for_each_failed_preparation(Database& database, const std::string& recipe,
                                 const std::function<void(const FailedPreparation&)>& callback) {
  Statement rows = database.prepare(
      "SELECT s.id, p.path, p.file_size, p.file_time, d.name, s.key, p.error FROM prepared p "
      "JOIN samples s ON s.id = p.sample_id JOIN datasets d ON d.id = s.dataset_id "
      "WHERE p.recipe = ? AND p.slot IS NULL AND p.path = s.image_path");
  rows.bind(1, recipe);
  while (rows.step()) {
    callback({{rows.integer(0), rows.text(1), {rows.integer(2), rows.integer(3)}},
              rows.text_view(4),
              rows.text_view(5),
              rows.text_view(6)});
  }
}

std::vector<RecipePictures> count_prepared_pictures(Database& database) {
  Statement rows = database.prepare(
      "SELECT recipe, count(*) FROM prepared WHERE slot IS NOT NULL GROUP BY recipe");
  std::vector<RecipePictures> recipes;
  while (rows.step()) {
    RecipePictures one{rows.text(0), rows.integer(1)};
    recipes.push_back(std::move(one));
  }
  return recipes;
}

void for_each_prepared_slot(Database& database, const std::string& recipe,
                            const std::function<void(const PreparedSlot&)>& callback) {
  Statement rows = database.prepare(
      "SELECT d.name, s.key, p.slot, p.pixels_sha256 FROM prepared p "
      "JOIN samples s ON s.id = p.sample_id JOIN datasets d ON d.id = s.dataset_id "
      "WHERE p.recipe = ? AND p.slot IS NOT NULL ORDER BY p.slot");
  rows.bind(1, recipe);
  while (rows.step()) {
    callback({rows.text_view(0), rows.text_view(1), rows.bits(2), hex_of(rows.blob(3))});
  }
}

void for_each_prepared_content(Database& database, const std::string& recipe,
                               const std::function<void(const PreparedContent&)>& callback) {
  Statement rows = database.prepare(
      "SELECT sample_id, slot, pixels_sha256 FROM prepared "
      "WHERE recipe = ? AND slot IS NOT NULL ORDER BY sample_id");
  rows.bind(1, recipe);
  while (rows.step()) {
    PreparedContent content{rows.integer(0), rows.bits(1), {}};
    const auto hash = rows.blob(2);
    if (hash.size() != content.pixels_sha256.size()) {
      throw InternalError("{}: sample {} has a hash of {} bytes", database.path().string(),
                          content.sample_id, hash.size());
    }
    std::copy(hash.begin(), hash.end(), content.pixels_sha256.begin());
    callback(content);
  }
}

}  // namespace epicrisis
