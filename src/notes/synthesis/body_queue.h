#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "epicrisis/notes/synthesis/request.h"

namespace epicrisis {

// A prompt with the body of its request.
struct BuiltRequest {
  Prompt prompt;
  std::shared_ptr<const std::string> body;  // null: it could not be made
  std::string error;
};

// Makes bodies ahead of their use: reading and encoding a picture takes longer than sending it.
// Threads make them where pictures are involved, in the order of their coming, else push() does.
class BodyQueue {
 public:
  explicit BodyQueue(const RequestBuilder& builder);
  ~BodyQueue();
  BodyQueue(const BodyQueue&) = delete;
  BodyQueue& operator=(const BodyQueue&) = delete;

  void push(Prompt prompt);
  // Empty if none is ready.
  std::optional<BuiltRequest> try_pop();
  // Waits for one; empty if none is under way.
  std::optional<BuiltRequest> pop();
  std::size_t size() const;        // pushed and not popped
  std::size_t look_ahead() const;  // so many keep the threads busy

 private:
  BuiltRequest build(Prompt prompt) const;
  void work();

  const RequestBuilder& builder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Prompt> to_build_;
  std::deque<BuiltRequest> built_;
  std::size_t building_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace epicrisis
