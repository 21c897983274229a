#pragma once

#include <chrono>
#include <optional>

#include "epicrisis/core/clock.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// How long an answer asks to wait: retry-after-ms, else Retry-After; of an error (400 and above)
// what its body says (Google's RetryInfo, "try again in 1m26.4s"); of a 429 or 503 the headers of
// rate limits (x-ratelimit-reset-*, anthropic-ratelimit-*-reset, RateLimit) of which nothing
// remains, the longest of them. Values are seconds (also fractions), durations ("6m0s", "20ms", "26
// seconds"), times (seconds or milliseconds since 1970, ISO 8601, HTTP dates). Empty if absent,
// negative, in the past or not understood; at most 1e9 seconds.
std::optional<Seconds> read_retry_after(const HttpAnswer& answer,
                                        std::chrono::system_clock::time_point now);

}  // namespace epicrisis
