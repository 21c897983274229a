#include "llm/commit_queue.h"

#include <chrono>
#include <iterator>
#include <utility>

namespace epicrisis::llm {
namespace {

constexpr std::size_t kGroup = 16;
constexpr std::size_t kMostWaiting = 32;
constexpr auto kLongestDelay = std::chrono::milliseconds(10);

}  // namespace

CommitQueue::CommitQueue(const Sink& sink) : sink_(sink), thread_([this] { work(); }) {}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CommitQueue::add(SentRequest sent) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return group_.size() < kMostWaiting || failure_; });
    group_.push_back(std::move(sent));
    if (group_.size() != 1 && group_.size() != kGroup) return;
  }
  changed_.notify_all();
}

void CommitQueue::check() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

void CommitQueue::flush() {
  std::unique_lock lock(mutex_);
  failure_ = nullptr;
  hurry_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return failure_ || (group_.empty() && writing_.empty()); });
  hurry_ = false;
  if (failure_) std::rethrow_exception(failure_);
}

std::size_t CommitQueue::pending() const {
  const std::lock_guard lock(mutex_);
  return group_.size() + writing_.size();
}

void CommitQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || (!group_.empty() && !failure_); });
    if (stop_) return;
    changed_.wait_for(lock, kLongestDelay,
                      [&] { return stop_ || hurry_ || group_.size() >= kGroup; });
    if (stop_) return;
    writing_.swap(group_);
    lock.unlock();
    std::exception_ptr failure;
    try {
      sink_(writing_);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    if (failure) {
      writing_.insert(writing_.end(), std::make_move_iterator(group_.begin()),
                      std::make_move_iterator(group_.end()));
      group_.swap(writing_);
    }
    writing_.clear();
    changed_.notify_all();
  }
}

}  // namespace epicrisis::llm
