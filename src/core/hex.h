#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace epicrisis {

// Two lower-case hex digits for each byte.
std::string hex_of(std::span<const std::uint8_t> bytes);
// 0 to 15 of a lower-case hex digit, else -1.
int hex_digit(char c);
// Whether all characters are lower-case hex digits.
bool is_hex(std::string_view text);
// Of a SHA-256 as 64 lower-case hex digits. InternalError for a text of another form.
std::array<std::uint8_t, 32> sha256_bytes(std::string_view hex);

}  // namespace epicrisis
