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

#include "epicrisis/core/job.h"
#include "epicrisis/llm/dispatcher.h"

namespace epicrisis::llm {

// A request with its body.
struct BuiltRequest {
  std::shared_ptr<const Request> request;
  std::shared_ptr<const std::string> body;
};

// Takes requests from a source and makes their bodies ahead of their use: reading and encoding a
// picture takes longer than sending it. Threads make them where they are slow, in the order of
// their coming, else next() does.
class BodyQueue {
 public:
  BodyQueue(Source& source, Job& job);
  ~BodyQueue();
  BodyQueue(const BodyQueue&) = delete;
  BodyQueue& operator=(const BodyQueue&) = delete;

  // The next one; empty if none is ready. With `wait` it is waited for, and empty means that there
  // are no more. Those whose body cannot be made are told of and dropped.
  std::optional<BuiltRequest> next(bool wait);
  bool under_way() const;  // some are, which next() will hand out
  bool at_end() const { return source_at_end_ && !under_way(); }

 private:
  struct Built {
    BuiltRequest request;
    std::string error;  // why there is no body
  };
  void look_ahead();
  std::optional<Built> pop(bool wait);
  Built build(std::shared_ptr<const Request> request) const;
  std::size_t size() const;
  void work();

  Source& source_;
  Job& job_;
  bool source_at_end_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Request>> to_build_;
  std::deque<Built> built_;
  std::size_t building_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace epicrisis::llm
