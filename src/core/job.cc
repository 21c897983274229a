#include "epicrisis/core/job.h"

#include <algorithm>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kTellEvery = 100'000'000;  // ns

std::int64_t steady_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

void JobWatcher::step_begun(const JobStep&) {}
void JobWatcher::step_moved(const JobStep&) {}
void JobWatcher::step_ended(const JobStep&) {}
void JobWatcher::said(LogLevel, std::string_view) {}

Meter::Meter(Job& job, JobStep step)
    : job_(job), due_(steady_now() + kTellEvery), step_(std::move(step)) {
  const std::lock_guard lock(job_.mutex_);
  step_.number = ++job_.last_step_;
  if (job_.watcher_ != nullptr) job_.watcher_->step_begun(step_);
}

Meter::~Meter() { finish(); }

void Meter::add(std::uint64_t items) {
  done_.fetch_add(items, std::memory_order_relaxed);
  tell();
}

void Meter::skip(std::uint64_t items) {
  {
    const std::lock_guard lock(job_.mutex_);
    done_.fetch_add(items, std::memory_order_relaxed);
    step_.before += items;
  }
  tell();
}

void Meter::tell() {
  if (job_.watcher_ == nullptr) return;
  const std::int64_t now = steady_now();
  std::int64_t due = due_.load(std::memory_order_relaxed);
  // One of the threads that find the time has come gets to tell.
  if (now < due || !due_.compare_exchange_strong(due, now + kTellEvery)) return;
  const std::lock_guard lock(job_.mutex_);
  if (finished_) return;
  step_.done = done_.load(std::memory_order_relaxed);
  job_.watcher_->step_moved(step_);
}

void Meter::note(std::string_view text) {
  const std::lock_guard lock(job_.mutex_);
  step_.note = text;
}

void Meter::finish() {
  const std::lock_guard lock(job_.mutex_);
  if (finished_) return;
  finished_ = true;
  step_.done = done_.load(std::memory_order_relaxed);
  if (job_.watcher_ != nullptr) job_.watcher_->step_ended(step_);
}

Job::Job(JobWatcher& watcher, Clock& clock) : watcher_(&watcher), clock_(&clock) {}

void Job::check() const {
  if (cancelled()) throw Interrupted();
}

Meter Job::meter(std::string_view label, std::uint64_t total, std::string_view unit) {
  JobStep step;
  step.label = label;
  step.unit = unit;
  step.total = total;
  return Meter(*this, std::move(step));
}

void Job::say(LogLevel level, std::string_view text) const {
  if (watcher_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  watcher_->said(level, text);
}

void Job::sleep(std::chrono::nanoseconds duration) const {
  // In slices: the signal may reach another thread than the one that sleeps.
  constexpr std::chrono::nanoseconds kSlice = std::chrono::milliseconds(50);
  const auto end = clock_->monotonic() + duration;
  while (!cancelled()) {
    const auto left = end - clock_->monotonic();
    if (left <= left.zero()) return;
    clock_->sleep(std::min(left, kSlice));
  }
}

}  // namespace epicrisis
