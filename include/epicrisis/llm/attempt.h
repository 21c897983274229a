#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/clock.h"

namespace epicrisis::llm {

// What to do after an answer.
enum class NextStep {
  kDone,         // it is final: what was asked for, or what asking again would not change
  kRetry,        // may go better later: 429, 5xx, network, an answer of the wrong form
  kRetryLarger,  // cut off at the token limit
  kStopRun,      // no request can succeed: a wrong key, no money left, no such model
};

// What one answer means for the server that gave it and for the request.
struct Attempt {
  NextStep next = NextStep::kDone;
  std::string reason;       // one line of at most 300 bytes; "": the answer is as it was asked for
  bool wrong_form = false;  // an answer came that is of no use: three attempts are enough
  bool unanswered = false;  // no model wrote it, by what stands at or before this address
  bool unbilled = false;    // no model wrote anything: it costs nothing
  bool too_much = false;    // it refuses the room that was asked for, which others may not have
  std::string unknown_finish;          // a finish_reason that nobody knows; "" for others
  bool throttled = false;              // 429
  bool passes = false;                 // of a 429: its words say that it passes soon
  bool fault = false;                  // counts for the circuit breaker: network, 5xx
  bool unknown_model = false;          // the server has no such model: its list may tell others
  std::optional<Seconds> retry_after;  // what this answer asked for, if it is to be retried
  bool has_usage = false;
  std::int64_t input_tokens = 0;  // as reported, or 0
  std::int64_t output_tokens = 0;
  std::int64_t said_tokens = 0;  // what the model said, estimated
};

// Rough number of tokens of a text: a token to four bytes of UTF-8, rounded up.
inline std::int64_t estimate_tokens(std::string_view text) {
  return static_cast<std::int64_t>((text.size() + 3) / 4);
}

}  // namespace epicrisis::llm
