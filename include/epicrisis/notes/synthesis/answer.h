#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/json.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// What to do after an answer.
enum class NextStep {
  kDone,         // `status` is final (a note, or a rejection that asking again would not change)
  kRetry,        // may go better later: 429, 5xx, network, an answer that is no JSON
  kRetryLarger,  // cut off at the token limit
  kStopRun,      // no request can succeed: 401
};

// An HTTP answer of a chat-completions server, read.
struct Outcome {
  NextStep next = NextStep::kDone;
  NoteStatus status = NoteStatus::kFailed;  // if it is not retried
  std::string text;                         // the note, or what a rejected answer said
  std::string reason;                       // one line for the ledger; "" for a note
  bool throttled = false;                   // 429
  bool endpoint_fault = false;              // counts for the circuit breaker: network, 5xx
  std::optional<Seconds> retry_after;       // what this answer asked for
  bool has_usage = false;
  std::int64_t input_tokens = 0;  // as reported, or 0
  std::int64_t output_tokens = 0;
};

// docs/formats/answers.md has the table. `schema`: RequestBuilder::schema(). `now` is what an
// HTTP date in Retry-After is measured against. Never throws on what a server sent.
Outcome read_answer(const HttpAnswer& answer, const Strategy& strategy, const Json& schema,
                    std::chrono::system_clock::time_point now);

// The same for the body of a 200 answer, a chat.completion object, as in batch results.
Outcome read_completion(const Json& completion, const Strategy& strategy, const Json& schema);

}  // namespace epicrisis
