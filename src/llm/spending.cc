#include "llm/spending.h"

#include <fmt/format.h>

#include "epicrisis/core/cost.h"

namespace epicrisis::llm {

Spending::Spending(const Budget& budget, const Budget& spent, const Prices& prices)
    : budget_(budget),
      before_(spent),
      prices_(prices),
      tokens_(spent.tokens),
      dollars_(spent.dollars) {}

bool Spending::allows(const Asked& asked) const {
  return (budget_.tokens == 0 ||
          tokens_ + reserved_tokens_ + asked.most_tokens() <= budget_.tokens) &&
         (budget_.dollars <= 0 ||
          dollars_ + reserved_dollars_ + most_dollars(asked) <= budget_.dollars);
}

void Spending::settle(const Asked& asked, std::int64_t input, std::int64_t output) {
  add_reserved(asked, -1);
  tokens_ += input + output;
  dollars_ += prices_.of(input, output);
}

std::string Spending::describe() const {
  const std::string before =
      before_.tokens == 0
          ? ""
          : fmt::format(
                ", {} and {:.4f} of them by what an earlier run had under way when it was killed",
                before_.tokens, before_.dollars);
  return fmt::format("the budget is used up: {} tokens, {} spent{}", tokens_,
                     cost_words(dollars_, prices_.known() ? 0 : tokens_), before);
}

double Spending::most_dollars(const Asked& asked) const {
  return prices_.of(asked.request->input_tokens, asked.max_tokens);
}

void Spending::add_reserved(const Asked& asked, int sign) {
  reserved_tokens_ += sign * asked.most_tokens();
  reserved_dollars_ += sign * most_dollars(asked);
}

}  // namespace epicrisis::llm
