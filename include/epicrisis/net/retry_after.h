#pragma once

#include <chrono>
#include <optional>

#include "epicrisis/core/clock.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// retry-after-ms, else Retry-After in seconds (also fractions) or as an HTTP date. Empty if absent,
// negative, in the past or not understood; at most 1e9 seconds.
std::optional<Seconds> read_retry_after(const HttpAnswer& answer,
                                        std::chrono::system_clock::time_point now);

}  // namespace epicrisis
