#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace epicrisis {

using Json = nlohmann::ordered_json;

// Parses one JSON value. `source` (a file name or URL) and the place go into the InputError.
// Depth is capped at 64; invalid UTF-8, trailing bytes and a key twice in one object are errors.
Json parse_json(std::string_view text, std::string_view source);

// Compact, invalid UTF-8 replaced by U+FFFD, so that it never throws on text from outside.
std::string dump_json(const Json& value, int indent = -1);

Json number_or_null(double value);  // null for what JSON has no number for: NaN, infinities

// Member access that explains itself: InputError "<source>: missing key 'a'" or "'a' is a string,
// a number was expected". T: std::string, bool, std::int64_t, double, Json.
template <typename T>
T json_get(const Json& object, std::string_view key, std::string_view source);
template <typename T>
T json_get_or(const Json& object, std::string_view key, T fallback, std::string_view source);

}  // namespace epicrisis
