#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace epicrisis {

// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
std::string sha256_hex(std::span<const std::byte> bytes);

// What git names the content of a file by: SHA-1 over "blob SIZE\\0" and the bytes, 40 hex digits.
// Against accidents, not for trust.
std::string git_blob_hex(std::span<const std::byte> bytes);

// Hash of several fields; each is length-prefixed, so ("ab","c") differs from ("a","bc").
std::string sha256_of_fields(std::initializer_list<std::string_view> fields);

// FNV-1a, 64 bit, for tables and seeds, not for trust.
std::uint64_t fnv1a(std::string_view bytes);

}  // namespace epicrisis
