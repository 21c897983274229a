#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "epicrisis/core/clock.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/llm/prices.h"

namespace epicrisis::llm {

// A request that is being asked.
struct Asked {
  std::shared_ptr<const Request> request;
  std::shared_ptr<const std::string> body;
  int max_tokens = 0;
  bool may_grow = true;
  int attempt = 0;                      // sent so far
  std::optional<std::size_t> endpoint;  // of the last attempt
  Seconds sent_at{0};
  std::string sent_at_utc;
  // Of all attempts so far.
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;

  std::int64_t most_tokens() const { return request->input_tokens + max_tokens; }
};

// What is spent and what the requests in flight may cost at most.
class Spending {
 public:
  Spending(const Budget& budget, const Budget& spent, const Prices& prices);

  bool allows(const Asked& asked) const;
  void reserve(const Asked& asked) { add_reserved(asked, 1); }
  void settle(const Asked& asked, std::int64_t input, std::int64_t output);
  // That the budget is used up, and by what.
  std::string describe() const;

 private:
  double most_dollars(const Asked& asked) const;
  void add_reserved(const Asked& asked, int sign);

  Budget budget_;
  Budget before_;
  Prices prices_;
  std::int64_t tokens_ = 0;
  std::int64_t reserved_tokens_ = 0;
  double dollars_ = 0;
  double reserved_dollars_ = 0;
};

}  // namespace epicrisis::llm
