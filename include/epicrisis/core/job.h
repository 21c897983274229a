#pragma once

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "epicrisis/core/clock.h"

namespace epicrisis {

enum class LogLevel { kInfo, kWarning, kError };

// A countable step of a job, as who watches it sees it.
struct JobStep {
  std::uint64_t number = 0;  // from 1, in the order of beginning; unique within the job
  std::string label;         // "preparing"
  std::string unit;          // "images"
  std::uint64_t total = 0;   // 0: unknown
  std::uint64_t done = 0;
  std::string note;          // "loss 0.41", "1.20 USD"
  std::uint64_t before = 0;  // of those done, what was found done: this step did not do it
};

// Who watches a job: a terminal, a server, a test. The members are called from the job's threads,
// one at a time, and must not call the job, but for cancel().
class JobWatcher {
 public:
  virtual ~JobWatcher() = default;
  virtual void step_begun(const JobStep& step);  // these do nothing
  virtual void step_moved(const JobStep& step);  // at most every 100 ms a step
  virtual void step_ended(const JobStep& step);
  virtual void said(LogLevel level, std::string_view text);  // text may quote input from outside
};

class Job;

// Counts one step of a job. Thread-safe. Must not outlive the job.
class Meter {
 public:
  ~Meter();  // finish()
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  void add(std::uint64_t items = 1);
  // Items that were found done: by an earlier run, in a cache. They say nothing of the rate.
  void skip(std::uint64_t items);
  void note(std::string_view text);  // replaces the last one
  void finish();

 private:
  friend class Job;
  Meter(Job& job, JobStep step);
  Job& job_;
  void tell();

  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::int64_t> due_;  // when the watcher is told next, in ns of the steady clock
  JobStep step_;                   // under the job's lock
  bool finished_ = false;          // under the job's lock
};

// What a long call is given by its caller: whether to stop, whom to tell how far it is and what a
// person should know, and what time it is. A caller that runs several calls at once gives each its
// own. Thread-safe.
class Job {
 public:
  Job() = default;  // nobody watches; the system's clock
  explicit Job(Clock& clock) : clock_(&clock) {}
  explicit Job(JobWatcher& watcher, Clock& clock = system_clock());
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // From any thread, and from a signal handler. For good.
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  // Throws Interrupted if cancelled. Long loops call it between items, where stopping loses
  // nothing.
  void check() const;

  // total 0: unknown.
  Meter meter(std::string_view label, std::uint64_t total, std::string_view unit);

  void say(LogLevel level, std::string_view text) const;
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    say(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    say(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
  }

  Clock& clock() const { return *clock_; }
  std::string now_utc() const { return format_utc(clock_->now()); }
  // On the job's clock; ends early when the job is cancelled.
  void sleep(std::chrono::nanoseconds duration) const;

 private:
  friend class Meter;
  std::atomic<bool> cancelled_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "cancel() is called by signal handlers");
  JobWatcher* watcher_ = nullptr;
  Clock* clock_ = &system_clock();
  mutable std::mutex mutex_;
  std::uint64_t last_step_ = 0;
};

}  // namespace epicrisis
