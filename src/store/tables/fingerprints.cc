#include "store/tables/fingerprints.h"

#include <fmt/format.h>

#include "core/hex.h"
#include "store/tables/sample_query.h"

namespace epicrisis {
namespace {

std::vector<std::uint8_t> bytes_of(std::span<const std::uint8_t> blob) {
  return {blob.begin(), blob.end()};
}

// With the columns of the fingerprint itself, from the ninth on, still empty.
Statement insert_of(Database& database, const PictureFile& file, int version,
                    std::string_view error, int width, int height) {
  Statement insert = database.prepare(
      "INSERT OR REPLACE INTO fingerprints (sample_id, path, file_size, file_time, version, error, "
      "width, height, bytes_sha256, pixels_sha256, phash, phash_whole, thumbnail, thumbnail_whole) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind_all(file.sample_id, file.path, file.stamp.size, file.stamp.time, version, error,
                  width, height);
  return insert;
}

}  // namespace

void put_fingerprint(Database& database, const PictureFile& file, int version,
                     const StoredFingerprint& print) {
  Statement insert = insert_of(database, file, version, "", print.width, print.height);
  insert.bind(9, sha256_bytes(print.bytes_sha256));
  insert.bind(10, sha256_bytes(print.pixels_sha256));
  insert.bind(11, print.phash);
  insert.bind(12, print.phash_whole);
  insert.bind(13, print.thumbnail);
  insert.bind(14, print.thumbnail_whole);
  insert.run();
}

void put_fingerprint_failure(Database& database, const PictureFile& file, int version,
                             std::string_view error) {
  insert_of(database, file, version, error, 0, 0).run();
}

std::optional<StoredFingerprint> find_fingerprint(Database& database, std::int64_t sample_id) {
  Statement row = database.prepare(
      "SELECT width, height, bytes_sha256, pixels_sha256, phash, phash_whole, thumbnail, "
      "thumbnail_whole FROM fingerprints WHERE sample_id = ? AND error = ''");
  row.bind(1, sample_id);
  if (!row.step()) return std::nullopt;
  StoredFingerprint print;
  print.width = static_cast<int>(row.integer(0));
  print.height = static_cast<int>(row.integer(1));
  print.bytes_sha256 = hex_of(row.blob(2));
  print.pixels_sha256 = hex_of(row.blob(3));
  print.phash = row.bits(4);
  print.phash_whole = row.bits(5);
  print.thumbnail = bytes_of(row.blob(6));
  print.thumbnail_whole = bytes_of(row.blob(7));
  return print;
}

std::optional<std::string> find_file_sha256(Database& database, const PictureFile& file) {
  Statement row = database.prepare(
      "SELECT bytes_sha256 FROM fingerprints WHERE sample_id = ? AND error = '' AND path = ? "
      "AND file_size = ? AND file_time = ?");
  row.bind_all(file.sample_id, file.path, file.stamp.size, file.stamp.time);
  if (!row.step()) return std::nullopt;
  return hex_of(row.blob(0));
}

std::string fingerprint_state(std::string_view path, const FileStamp& stamp, int version) {
  std::string state(path);
  state += '\0';
  state += fmt::format("{} {} {}", stamp.size, stamp.time, version);
  return state;
}

void for_each_fingerprint_state(Database& database, const SampleFilter& filter,
                                std::int64_t after_id, std::int64_t limit,
                                const std::function<void(const PictureOfSample&)>& callback) {
  const SampleQuery query(filter, SampleQuery::Use::kPages);
  Statement rows = query.prepare(database,
                                 "SELECT s.id, s.image_path, (SELECT f.path || char(0) || "
                                 "f.file_size || ' ' || f.file_time || ' ' || f.version "
                                 "FROM fingerprints f WHERE f.sample_id = s.id)",
                                 "ORDER BY s.id LIMIT ?");
  const int last = query.bind(rows, after_id);
  rows.bind(last + 1, limit);
  while (rows.step()) callback({rows.integer(0), rows.text_view(1), rows.text_view(2)});
}

void for_each_picture_hashes(Database& database,
                             const std::function<void(const PictureHashes&)>& callback) {
  Statement rows = database.prepare(
      "SELECT sample_id, pixels_sha256, bytes_sha256, phash, phash_whole FROM fingerprints "
      "WHERE error = '' ORDER BY pixels_sha256, bytes_sha256, sample_id");
  while (rows.step()) {
    callback({rows.integer(0), rows.blob(1), rows.blob(2), rows.bits(3), rows.bits(4)});
  }
}

void for_each_fingerprint_failure(
    Database& database,
    const std::function<void(std::int64_t sample_id, std::string_view error)>& callback) {
  Statement rows = database.prepare(
      "SELECT sample_id, error FROM fingerprints WHERE error <> '' ORDER BY sample_id");
  while (rows.step()) callback(rows.integer(0), rows.text_view(1));
}

}  // namespace epicrisis
