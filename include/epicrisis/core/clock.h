#pragma once

#include <chrono>
#include <string>

namespace epicrisis {

using Seconds = std::chrono::duration<double>;

// The seam to time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::system_clock::time_point now() = 0;    // wall clock, UTC
  virtual std::chrono::nanoseconds monotonic() = 0;           // since an arbitrary start
  virtual void sleep(std::chrono::nanoseconds duration) = 0;  // Job::sleep() can be cancelled
};

Clock& system_clock();

// "2026-11-24T00:13:33Z"
std::string format_utc(std::chrono::system_clock::time_point time);

}  // namespace epicrisis
