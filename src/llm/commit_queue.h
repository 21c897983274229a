#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "epicrisis/llm/dispatcher.h"

namespace epicrisis::llm {

// Hands what was sent to a sink, in a thread of its own: the requests must not wait for the disk. A
// commit takes what has come since the last one; a group waits for it until it has 16 entries or is
// 10 ms old.
class CommitQueue {
 public:
  explicit CommitQueue(const Sink& sink);
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  // Waits while 32 others wait for the disk: what a power cut can cost has a limit.
  void add(SentRequest sent);
  // Throws if the last commit failed (SystemError: disk full, locked); nothing is written then
  // until flush() is called, and nothing is lost.
  void check() const;
  // Waits until all is written; throws as check() does. May be tried again.
  void flush();
  std::size_t pending() const;

 private:
  void work();

  const Sink& sink_;
  mutable std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::vector<SentRequest> group_;
  std::vector<SentRequest> writing_;  // the thread's while it is committed
  std::exception_ptr failure_;
  bool hurry_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace epicrisis::llm
