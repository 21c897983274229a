#pragma once

#include <cstdint>
#include <string>

#include "epicrisis/core/json.h"

namespace epicrisis {

// What was paid, or is at most: US dollars of the tokens whose price is known, and `unpriced`, the
// number of those whose is not. "0.0120 USD", "cost not known", "at least 0.0120 USD".
std::string cost_words(double dollars, std::int64_t unpriced, int decimals = 4);
// The same for a column of dollars: "0.01", "not known", "at least 0.01".
std::string dollars_words(double dollars, std::int64_t unpriced, int decimals);
// US dollars; null where there are tokens without a known price.
Json cost_json(double dollars, std::int64_t unpriced);

}  // namespace epicrisis
