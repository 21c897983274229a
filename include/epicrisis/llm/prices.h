#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace epicrisis {

// What tokens cost, in US dollars a million; empty: not known, 0: free.
struct Prices {
  std::optional<double> input;
  std::optional<double> output;

  bool known() const { return input && output; }
  // Known, and not free: what a budget in dollars needs.
  bool charges() const { return known() && (*input > 0 || *output > 0); }
  // US dollars; 0 where the prices are not known.
  double of(std::int64_t input_tokens, std::int64_t output_tokens) const {
    if (!known()) return 0;
    return (static_cast<double>(input_tokens) * *input +
            static_cast<double>(output_tokens) * *output) /
           1e6;
  }
  // Of these tokens, how many have no known price: all or none.
  std::int64_t unpriced(std::int64_t input_tokens, std::int64_t output_tokens) const {
    return known() ? 0 : input_tokens + output_tokens;
  }
  Prices times(double share) const {
    return known() ? Prices{*input * share, *output * share} : Prices{};
  }
};

// The most that a run may spend; 0 is no limit.
struct Budget {
  std::int64_t tokens = 0;
  double dollars = 0;
};
// "200000 tokens", "2.50 USD", "$2.50". UsageError for anything else.
Budget parse_budget(std::string_view text);

}  // namespace epicrisis
