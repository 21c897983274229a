#include "epicrisis/core/clock.h"

#include <fmt/chrono.h>

#include <ctime>
#include <thread>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

class RealClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override { return std::chrono::system_clock::now(); }

  std::chrono::nanoseconds monotonic() override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }

  void sleep(std::chrono::nanoseconds duration) override {
    if (duration > duration.zero()) std::this_thread::sleep_for(duration);
  }
};

}  // namespace

Clock& system_clock() {
  static RealClock clock;
  return clock;
}

std::string format_utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) {
    throw InternalError("format_utc: {} seconds are no year that can be written", seconds);
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

}  // namespace epicrisis
