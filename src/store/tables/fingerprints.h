#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/samples.h"
#include "store/tables/picture_file.h"

// Rows of `fingerprints`: what tells whether two pictures are the same, or why it is not known of a
// picture. What for_each_... hands out is read while the callback runs, so memory is one row; views
// are valid within the call, and the callback may read from the same database, not write to it.
namespace epicrisis {

struct StoredFingerprint {
  int width = 0;  // pixels
  int height = 0;
  std::string bytes_sha256;  // 64 hex digits
  std::string pixels_sha256;
  std::uint64_t phash = 0;
  std::uint64_t phash_whole = 0;
  std::vector<std::uint8_t> thumbnail;
  std::vector<std::uint8_t> thumbnail_whole;
};
// Takes the place of the sample's row. `version`: of what a fingerprint is. InternalError where
// a hash is no SHA-256.
void put_fingerprint(Database& database, const PictureFile& file, int version,
                     const StoredFingerprint& print);
// The same for a picture that has none. `error` says why, and is not "".
void put_fingerprint_failure(Database& database, const PictureFile& file, int version,
                             std::string_view error);
// Empty where there is none.
std::optional<StoredFingerprint> find_fingerprint(Database& database, std::int64_t sample_id);
// SHA-256 of the file's bytes, 64 hex digits; empty where it is not known of the file as it is.
std::optional<std::string> find_file_sha256(Database& database, const PictureFile& file);

struct PictureOfSample {
  std::int64_t sample_id = 0;
  std::string_view path;
  std::string_view state;  // fingerprint_state() of the sample's row; "" where it has none
};
// What is looked at: a row of another state is not of the picture as it is.
std::string fingerprint_state(std::string_view path, const FileStamp& stamp, int version);
// The samples of the filter with ids above `after_id`, in order of id, at most `limit` of them; the
// filter's own limit is not looked at.
void for_each_fingerprint_state(Database& database, const SampleFilter& filter,
                                std::int64_t after_id, std::int64_t limit,
                                const std::function<void(const PictureOfSample&)>& callback);

struct PictureHashes {
  std::int64_t sample_id = 0;
  std::span<const std::uint8_t> pixels_sha256;  // 32 bytes
  std::span<const std::uint8_t> bytes_sha256;   // 32 bytes
  std::uint64_t phash = 0;
  std::uint64_t phash_whole = 0;
};
// Of all fingerprints, in order of pixels, then bytes, then sample.
void for_each_picture_hashes(Database& database,
                             const std::function<void(const PictureHashes&)>& callback);
// The samples without one and why, in order of id.
void for_each_fingerprint_failure(
    Database& database,
    const std::function<void(std::int64_t sample_id, std::string_view error)>& callback);

}  // namespace epicrisis
