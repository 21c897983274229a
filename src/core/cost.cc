#include "epicrisis/core/cost.h"

#include <fmt/format.h>

namespace epicrisis {

std::string dollars_words(double dollars, std::int64_t unpriced, int decimals) {
  if (unpriced > 0 && dollars <= 0) return "not known";
  return fmt::format("{}{:.{}f}", unpriced > 0 ? "at least " : "", dollars, decimals);
}

std::string cost_words(double dollars, std::int64_t unpriced, int decimals) {
  if (unpriced > 0 && dollars <= 0) return "cost not known";
  return dollars_words(dollars, unpriced, decimals) + " USD";
}

Json cost_json(double dollars, std::int64_t unpriced) {
  return unpriced > 0 ? Json() : Json(dollars);
}

}  // namespace epicrisis
