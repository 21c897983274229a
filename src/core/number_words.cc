#include "epicrisis/core/number_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace epicrisis {

std::string number_words(double number) {
  const bool whole = number == std::floor(number) && std::abs(number) < 1e15;
  if (!whole) return fmt::format("{}", number);
  std::string digits = fmt::format("{:.0f}", number);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  if (digits.size() - first < 5) return digits;
  for (std::size_t at = digits.size() - 3; at > first; at -= std::min<std::size_t>(at, 3)) {
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace epicrisis
