#include "epicrisis/llm/prices.h"

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {

Budget parse_budget(std::string_view text) {
  const auto fail = [&]() -> Budget {
    throw UsageError("budget '{}': write tokens or US dollars, as '200000 tokens' or '2.50 USD'",
                     text);
  };
  std::string_view rest = trim(text);
  bool dollars = false;
  if (rest.starts_with('$')) {
    rest.remove_prefix(1);
    dollars = true;
  } else if (ascii_lower(rest).ends_with("usd")) {
    rest.remove_suffix(3);
    dollars = true;
  } else if (ascii_lower(rest).ends_with("tokens")) {
    rest.remove_suffix(6);
  } else {
    return fail();
  }
  Budget budget;
  const std::string_view number = trim(rest);
  if (dollars) {
    const auto value = parse_number(number);
    if (!value || *value <= 0) return fail();
    budget.dollars = *value;
  } else {
    const auto value = parse_integer(number);
    if (!value || *value <= 0) return fail();
    budget.tokens = *value;
  }
  return budget;
}

}  // namespace epicrisis
