#include "epicrisis/core/python_json.h"

#include <algorithm>
#include <array>
#include <string>

namespace epicrisis {

Json parse_python_json(std::string_view text, std::string_view source) {
  constexpr std::array<std::string_view, 3> kNotFinite = {"NaN", "Infinity", "-Infinity"};
  if (text.find("NaN") == std::string_view::npos &&
      text.find("Infinity") == std::string_view::npos) {
    return parse_json(text, source);
  }
  std::string plain;
  plain.reserve(text.size() + 16);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const auto word = std::find_if(kNotFinite.begin(), kNotFinite.end(), [&](std::string_view one) {
      return !quoted && rest.starts_with(one);
    });
    if (word != kNotFinite.end()) {
      plain += "null";
      i += word->size() - 1;
      continue;
    }
    plain += text[i];
    if (text[i] == '"') quoted = !quoted;
    if (quoted && text[i] == '\\' && i + 1 < text.size()) plain += text[++i];
  }
  return parse_json(plain, source);
}

}  // namespace epicrisis
