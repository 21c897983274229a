#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "epicrisis/core/clock.h"

namespace epicrisis::llm {

// The rules by which an endpoint is used, each a small machine that is told the time: seconds of a
// monotonic clock.

// How many requests may be in flight: doubles with every round of answers until the first
// decrease, then grows by one a round; halves on the first refusal of a burst, that is, on one of a
// request which was sent after the last decrease.
class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(int most);
  int limit() const { return static_cast<int>(limit_); }
  // `full`: as many were in flight as allowed, once the last one was sent; else there was no need
  // for more.
  void on_success(bool full);
  void on_throttle(Seconds sent_at, Seconds now);

 private:
  double most_;
  double limit_;
  bool probing_ = true;  // no decrease yet
  Seconds decreased_at_{-1};
};

// So many units a minute, with bursts of what one second allows.
class RateLimit {
 public:
  explicit RateLimit(std::int64_t per_minute);  // 0: none
  // How long until the next unit may go; 0: now.
  Seconds wait_time(Seconds now) const;
  void take(std::int64_t units, Seconds now);
  // Corrects what take() was told once the true number is known.
  void correct(std::int64_t estimated, std::int64_t actual);

 private:
  double per_second_;
  Seconds free_at_{0};
};

// Stops sending to an endpoint after several faults in a row, then lets one request through to try,
// after ever longer pauses.
class CircuitBreaker {
 public:
  bool may_send(Seconds now) const;
  Seconds next_try() const { return open_until_; }
  void on_send();  // a request goes; the trial, if the circuit is open
  void on_success();
  void on_fault(Seconds now);
  bool open() const { return open_; }
  int failed_trials() const { return failed_trials_; }

 private:
  bool open_ = false;
  bool trial_ = false;
  int faults_ = 0;
  int failed_trials_ = 0;
  Seconds open_until_{0};
};

// How often the same reason came without another between; numbers in it do not count.
class SameReason {
 public:
  void add(const std::string& reason);
  void reset() { *this = SameReason(); }
  std::size_t times() const { return times_; }

 private:
  std::string last_;  // without its numbers
  std::size_t times_ = 0;
};

// Watches the last answers that are final; says when more than half of them are failures, or ten in
// a row the same one.
class FailureWatch {
 public:
  void add(bool good, const std::string& reason);
  // "" while all is well, else what failed and the most common reason.
  std::string complaint() const;

 private:
  std::deque<std::string> last_;  // reasons; "" for good ones
  SameReason same_;               // of failures
};

// Watches a server that has answered nothing yet and says 429 over and over, in the same words, and
// never when it may be asked again: a quota that is used up, whatever it is called.
class QuotaWatch {
 public:
  // `silent`: a 429 without a word of when; each other answer is a hope, for good.
  void add(bool silent, const std::string& reason);
  // "" while there is hope, else what was said.
  std::string complaint() const;

 private:
  bool hope_ = false;
  std::string last_;
  SameReason same_;
};

// Pause before attempt `attempt` + 1: doubling from 1 s to 60 s, times [0.5, 1) of `jitter`, a
// number in [0, 1).
Seconds backoff(int attempt, double jitter);

}  // namespace epicrisis::llm
