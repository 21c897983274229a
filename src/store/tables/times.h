#pragma once

#include <string>

#include "epicrisis/core/clock.h"

namespace epicrisis {

// When a row is written, UTC.
inline std::string utc_now() { return format_utc(system_clock().now()); }
// The time that a record brings, or now where it brings none.
inline std::string or_now(const std::string& time) { return time.empty() ? utc_now() : time; }

}  // namespace epicrisis
