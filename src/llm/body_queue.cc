#include "llm/body_queue.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace epicrisis::llm {

BodyQueue::BodyQueue(Source& source, Job& job) : source_(source), job_(job) {
  if (!source.has_slow_bodies()) return;
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

std::optional<BuiltRequest> BodyQueue::next(bool wait) {
  look_ahead();
  while (std::optional<Built> built = pop(wait)) {
    if (built->request.body) return std::move(built->request);
    job_.warn("{}", built->error);
    source_.drop(*built->request.request);
    look_ahead();
  }
  return std::nullopt;
}

bool BodyQueue::under_way() const { return size() > 0; }

// So many as keep the threads busy.
void BodyQueue::look_ahead() {
  const std::size_t ahead = threads_.empty() ? 1 : 4 * threads_.size();
  while (!source_at_end_ && size() < ahead) {
    std::optional<Request> next = source_.next();
    if (!next) {
      source_at_end_ = true;
      return;
    }
    auto request = std::make_shared<const Request>(*std::move(next));
    if (threads_.empty()) {
      built_.push_back(build(std::move(request)));
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      to_build_.push_back(std::move(request));
    }
    changed_.notify_all();
  }
}

std::optional<BodyQueue::Built> BodyQueue::pop(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) {
    changed_.wait(lock, [&] { return !built_.empty() || (to_build_.empty() && building_ == 0); });
  }
  if (built_.empty()) return std::nullopt;
  Built built = std::move(built_.front());
  built_.pop_front();
  return built;
}

std::size_t BodyQueue::size() const {
  const std::lock_guard lock(mutex_);
  return to_build_.size() + building_ + built_.size();
}

BodyQueue::Built BodyQueue::build(std::shared_ptr<const Request> request) const {
  Built built;
  built.request.request = std::move(request);
  try {
    const Request& of = *built.request.request;
    built.request.body = std::make_shared<const std::string>(source_.body(of, of.max_tokens));
  } catch (const std::exception& error) {
    built.error = error.what();
  }
  return built;
}

void BodyQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || !to_build_.empty(); });
    if (stop_) return;
    std::shared_ptr<const Request> request = std::move(to_build_.front());
    to_build_.pop_front();
    ++building_;
    lock.unlock();
    Built built = build(std::move(request));
    lock.lock();
    --building_;
    built_.push_back(std::move(built));
    changed_.notify_all();
  }
}

}  // namespace epicrisis::llm
