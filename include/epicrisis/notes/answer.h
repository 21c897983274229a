#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/json.h"
#include "epicrisis/notes/http.h"
#include "epicrisis/notes/strategy.h"
#include "epicrisis/store/notes.h"

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

// docs/formats.md, "Answers", has the table. `schema`: RequestBuilder::schema(). `now` is what an
// HTTP date in Retry-After is measured against. Never throws on what a server sent.
Outcome read_answer(const HttpAnswer& answer, const Strategy& strategy, const Json& schema,
                    std::chrono::system_clock::time_point now);

// The same for the body of a 200 answer, a chat.completion object, as in batch results.
Outcome read_completion(const Json& completion, const Strategy& strategy, const Json& schema);

// The text with what looks like a key in it replaced by "***": sk-..., "Bearer ...", "key: ...",
// long words that mix letters and digits. Servers repeat keys in their errors.
std::string mask_keys(std::string_view text);

// retry-after-ms, else Retry-After in seconds (also fractions) or as an HTTP date. Empty if absent,
// negative, in the past or not understood; at most 1e9 seconds.
std::optional<Seconds> read_retry_after(const HttpAnswer& answer,
                                        std::chrono::system_clock::time_point now);

// "" if the value meets the schema, else where and why not: "$.border: 'round' is none of sharp,
// indistinct, mixed". Understands type, enum, const, properties, required, additionalProperties,
// items, minItems, maxItems, uniqueItems, minLength, maxLength, minimum, maximum.
std::string schema_violation(const Json& schema, const Json& value);

}  // namespace epicrisis
