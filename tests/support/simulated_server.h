#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "epicrisis/net/http.h"
#include "support/fake_transport.h"

namespace epicrisis::test {

// A server in the clock's time: each request gets an answer and a time that it takes.
class SimulatedServer : public HttpTransport {
 public:
  struct Reply {
    HttpAnswer answer;
    Seconds latency{0.2};
  };
  // `in_flight` counts the request itself.
  using Behaviour = std::function<Reply(const HttpRequest& request, int in_flight)>;

  SimulatedServer(FakeClock& clock, Behaviour behaviour)
      : clock_(clock), behaviour_(std::move(behaviour)) {}

  void start(Ticket ticket, const HttpRequest& request) override {
    requests.push_back(request);
    sent_at.push_back(now());
    Reply reply = behaviour_(request, static_cast<int>(due_.size()) + 1);
    reply.answer.latency = reply.latency;
    due_.emplace(now() + reply.latency, Finished{ticket, std::move(reply.answer)});
    most_in_flight = std::max(most_in_flight, due_.size());
  }

  std::vector<Finished> wait(Seconds longest, const Job&) override {
    const Seconds end = now() + longest;
    if (due_.empty() || due_.begin()->first > end) {
      sleep_until(end);
      return {};
    }
    sleep_until(due_.begin()->first);
    std::vector<Finished> finished;
    while (!due_.empty() && due_.begin()->first <= now()) {
      finished.push_back(std::move(due_.extract(due_.begin()).mapped()));
    }
    return finished;
  }

  void cancel_all() override { due_.clear(); }
  std::size_t in_flight() const override { return due_.size(); }
  Seconds now() const { return clock_.slept; }

  std::vector<HttpRequest> requests;
  std::vector<Seconds> sent_at;
  std::size_t most_in_flight = 0;

 private:
  void sleep_until(Seconds time) {
    // Rounded up: the clock counts nanoseconds, and must reach what is due.
    const auto step = std::chrono::ceil<std::chrono::nanoseconds>(time - now());
    if (step.count() > 0) clock_.sleep(step);
  }

  FakeClock& clock_;
  Behaviour behaviour_;
  std::multimap<Seconds, Finished> due_;
};

}  // namespace epicrisis::test
