#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "epicrisis/image/fingerprint.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// Size and time of a file, by which a change is told. A missing file has size and time 0.
struct FileStamp {
  std::int64_t size = 0;
  std::int64_t time = 0;  // of the last change, nanoseconds
  bool operator==(const FileStamp&) const = default;
};
FileStamp file_stamp(const std::string& path);

// 32 bytes as 64 hex digits and back; InternalError for a text of another form.
std::string hex_of(std::span<const std::uint8_t> bytes);
std::string bytes_of_hex(std::string_view hex);
std::span<const std::uint8_t> as_blob(std::string_view bytes);

// The stored fingerprint of a sample's picture. InternalError if there is none.
Fingerprint load_fingerprint(Database& database, std::int64_t sample_id);

}  // namespace epicrisis
