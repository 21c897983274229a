#include "notes/synthesis/body_queue.h"

#include <algorithm>

#include "epicrisis/core/error.h"

namespace epicrisis {

BodyQueue::BodyQueue(const RequestBuilder& builder) : builder_(builder) {
  if (!builder.needs_image()) return;
  const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

BodyQueue::~BodyQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BodyQueue::push(Prompt prompt) {
  if (threads_.empty()) {
    built_.push_back(build(std::move(prompt)));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    to_build_.push_back(std::move(prompt));
  }
  changed_.notify_all();
}

std::optional<BuiltRequest> BodyQueue::try_pop() {
  const std::lock_guard lock(mutex_);
  if (built_.empty()) return std::nullopt;
  BuiltRequest request = std::move(built_.front());
  built_.pop_front();
  return request;
}

std::optional<BuiltRequest> BodyQueue::pop() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !built_.empty() || (to_build_.empty() && building_ == 0); });
  }
  return try_pop();
}

std::size_t BodyQueue::size() const {
  const std::lock_guard lock(mutex_);
  return to_build_.size() + building_ + built_.size();
}

std::size_t BodyQueue::look_ahead() const { return threads_.empty() ? 1 : 4 * threads_.size(); }

BuiltRequest BodyQueue::build(Prompt prompt) const {
  BuiltRequest request;
  request.prompt = std::move(prompt);
  try {
    request.body = std::make_shared<const std::string>(builder_.body(request.prompt));
  } catch (const std::exception& error) {
    request.error = error.what();
  }
  return request;
}

void BodyQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || !to_build_.empty(); });
    if (stop_) return;
    Prompt prompt = std::move(to_build_.front());
    to_build_.pop_front();
    ++building_;
    lock.unlock();
    BuiltRequest request = build(std::move(prompt));
    lock.lock();
    --building_;
    built_.push_back(std::move(request));
    changed_.notify_all();
  }
}

}  // namespace epicrisis
