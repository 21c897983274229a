#include "data/written_names.h"

#include <algorithm>
#include <charconv>

namespace epicrisis {

std::string without_percent_signs(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const std::string_view hex = text[i] == '%' ? text.substr(i + 1, 2) : std::string_view();
    const char* const end = hex.data() + hex.size();
    const bool is_code = hex.size() == 2 && std::from_chars(hex.data(), end, code, 16).ptr == end;
    plain += is_code ? static_cast<char>(code) : text[i];
    if (is_code) i += 2;
  }
  return plain;
}

std::string plain_number(std::string_view text) {
  while (!text.empty() && std::string_view("='\"").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::string_view("'\"").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  std::string digits;
  for (const char c : text) {
    if (c != ',') digits += c;
  }
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

}  // namespace epicrisis
