#pragma once

#include <string_view>

#include "epicrisis/core/json.h"

namespace epicrisis {

// parse_json() of JSON as Python writes it: NaN, Infinity and -Infinity are null.
Json parse_python_json(std::string_view text, std::string_view source);

}  // namespace epicrisis
