#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/net/http.h"

namespace epicrisis::test {

// Answers each request by a function, at the next wait(). Keeps what it was asked.
class FakeTransport : public HttpTransport {
 public:
  using Answer = std::function<HttpAnswer(const HttpRequest& request)>;
  explicit FakeTransport(Answer answer) : answer_(std::move(answer)) {}

  void start(Ticket ticket, const HttpRequest& request) override {
    requests.push_back(request);
    waiting_.emplace_back(ticket, request);
  }
  std::vector<Finished> wait(Seconds longest, const Job&) override {
    if (waiting_.empty()) slept += longest;
    std::vector<Finished> finished;
    for (const auto& [ticket, request] : std::exchange(waiting_, {})) {
      finished.push_back({ticket, answer_(request)});
    }
    return finished;
  }
  void cancel_all() override { waiting_.clear(); }
  std::size_t in_flight() const override { return waiting_.size(); }

  std::vector<HttpRequest> requests;
  Seconds slept{0};

 private:
  Answer answer_;
  std::vector<std::pair<Ticket, HttpRequest>> waiting_;
};

inline HttpAnswer json_answer(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.headers = {{"content-type", "application/json"}};
  answer.body = std::move(body);
  return answer;
}

// Stands still, but for sleep().
class FakeClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::hours(490'000) + slept));
  }
  std::chrono::nanoseconds monotonic() override { return slept; }
  void sleep(std::chrono::nanoseconds duration) override { slept += duration; }

  std::chrono::nanoseconds slept{0};
};

// Real time, but that sleep() takes none.
class HurriedClock : public FakeClock {
 public:
  std::chrono::nanoseconds monotonic() override {
    return slept + (std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace epicrisis::test
