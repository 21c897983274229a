#pragma once

#include <cstdint>
#include <string_view>

namespace epicrisis {

// What tokens cost, in US dollars a million; 0: free or not known.
struct Prices {
  double input = 0;
  double output = 0;

  bool known() const { return input > 0 || output > 0; }
  // US dollars.
  double of(std::int64_t input_tokens, std::int64_t output_tokens) const {
    return (static_cast<double>(input_tokens) * input +
            static_cast<double>(output_tokens) * output) /
           1e6;
  }
  Prices times(double share) const { return {input * share, output * share}; }
};

// The most that a run may spend; 0 is no limit.
struct Budget {
  std::int64_t tokens = 0;
  double dollars = 0;
};
// "200000 tokens", "2.50 USD", "$2.50". UsageError for anything else.
Budget parse_budget(std::string_view text);

}  // namespace epicrisis
