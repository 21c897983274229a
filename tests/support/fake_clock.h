#pragma once

#include <mutex>
#include <vector>

#include "epicrisis/core/clock.h"

namespace epicrisis::test {

// A clock that a sleep moves on and nothing else does. Sleeping takes no time.
class FakeClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override {
    const std::lock_guard lock(mutex_);
    return kStart + std::chrono::duration_cast<std::chrono::system_clock::duration>(passed_);
  }
  std::chrono::nanoseconds monotonic() override {
    const std::lock_guard lock(mutex_);
    return std::chrono::hours(1) + passed_;
  }
  void sleep(std::chrono::nanoseconds duration) override {
    const std::lock_guard lock(mutex_);
    sleeps_.emplace_back(duration);
    passed_ += duration;
  }

  // 2026-11-24 00:00:00 UTC, a Tuesday
  static constexpr std::chrono::system_clock::time_point kStart{
      std::chrono::seconds(1'795'478'400)};

  std::vector<Seconds> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }
  Seconds slept() const {  // altogether
    const std::lock_guard lock(mutex_);
    return passed_;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds passed_{0};
  std::vector<Seconds> sleeps_;
};

}  // namespace epicrisis::test
