// The dispatcher with work that is no note: numbers are asked for their squares.

#include "epicrisis/llm/dispatcher.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/llm/chat.h"
#include "support/fake_transport.h"
#include "support/simulated_server.h"

namespace epicrisis::llm {
namespace {

using test::FakeClock;
using test::json_answer;
using test::SimulatedServer;
using testing::HasSubstr;

class Numbers : public Source {
 public:
  explicit Numbers(int count) : count_(count) {}

  std::optional<Request> next() override {
    if (given_ == count_) return std::nullopt;
    Request request;
    request.key = "number " + std::to_string(given_);
    request.input_tokens = 10;
    request.max_tokens = 20;
    request.subject = given_++;
    return request;
  }
  std::string body(const Request& request, int max_tokens) const override {
    const int number = std::any_cast<int>(request.subject);
    if (unspeakable.contains(number)) throw InputError("there is no word for {}", number);
    return dump_json({{"number", number}, {"max_tokens", max_tokens}});
  }
  bool has_slow_bodies() const override { return slow_bodies; }
  void drop(const Request&) override { ++skips_["unspeakable"]; }
  std::int64_t taken() const override { return given_; }
  const std::map<std::string, std::int64_t>& skips() const override { return skips_; }
  std::int64_t rest() const override { return count_ - given_; }

  std::set<int> unspeakable;
  bool slow_bodies = false;

 private:
  int count_;
  int given_ = 0;
  std::map<std::string, std::int64_t> skips_;
};

// The answer is the square of what was asked.
Reading read_square(const Request& request, const HttpAnswer& http) {
  ChatAnswer answer = read_chat_answer(http, {});
  Reading reading{std::move(answer.attempt), "square", {}};
  const int number = std::any_cast<int>(request.subject);
  if (answer.kind != ChatKind::kText) {
    reading.outcome = "no square";
  } else if (answer.text == std::to_string(number * number)) {
    reading.result = number * number;
  } else {
    reading.outcome = "wrong";
    reading.attempt.reason = "not the square";
  }
  return reading;
}

class DispatcherTest : public testing::Test {
 protected:
  using Answer = std::function<SimulatedServer::Reply(int number, const Json& body)>;

  static SimulatedServer::Reply say(const std::string& text, const std::string& finish = "stop") {
    return {json_answer(
        200,
        dump_json({{"choices", {{{"message", {{"content", text}}}, {"finish_reason", finish}}}},
                   {"usage", {{"prompt_tokens", 9}, {"completion_tokens", 3}}}}))};
  }
  static SimulatedServer::Reply square(int number) { return say(std::to_string(number * number)); }
  static SimulatedServer::Reply fail(int status) {
    return {json_answer(status, R"({"error": {"message": "no"}})")};
  }

  DispatchReport run(Numbers& numbers, const Answer& answer, DispatchOptions options = {}) {
    Provider provider;
    provider.name = "oracle";
    provider.model = "m";
    provider.prices = {1, 2};
    provider.endpoints = {{"http://127.0.0.1:9/v1", 1, "", ""}};
    SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
      const Json body = parse_json(*request.body, "body");
      return answer(body.at("number").get<int>(), body);
    });
    const Sink sink = [&](std::span<const SentRequest> group) {
      if (failures_ > 0) {
        --failures_;
        throw SystemError("the disk is full");
      }
      stored_.insert(stored_.end(), group.begin(), group.end());
    };
    options.label = "squares";
    options.unit = "numbers";
    DispatchReport report = dispatch(provider, numbers, read_square, sink, server, options, job_);
    EXPECT_EQ(report.taken, report.done + report.failed + report.skipped + report.left);
    EXPECT_EQ(static_cast<std::size_t>(report.requests), server.requests.size());
    // One entry for each request, and one that is final for each subject that came to an end.
    EXPECT_EQ(stored_.size(), server.requests.size());
    std::set<std::string> finals;
    std::int64_t tokens = 0;
    for (const SentRequest& sent : stored_) {
      tokens += sent.input_tokens + sent.output_tokens;
      if (!sent.final) continue;
      EXPECT_TRUE(finals.insert(sent.request->key).second) << sent.request->key;
    }
    EXPECT_EQ(tokens, report.input_tokens + report.output_tokens);
    EXPECT_EQ(static_cast<std::int64_t>(finals.size()), report.done + report.failed);
    return report;
  }

  FakeClock clock_;
  Job job_{clock_};
  std::atomic<int> failures_ = 0;  // of the store, to come
  std::vector<SentRequest> stored_;
};

TEST_F(DispatcherTest, EachIsAskedOnceAndItsResultKept) {
  Numbers numbers(300);
  const DispatchReport report =
      run(numbers, [](int number, const Json&) { return square(number); });
  EXPECT_EQ(report.done, 300);
  EXPECT_EQ(report.requests, 300);
  EXPECT_EQ(report.stopped, "");
  EXPECT_EQ(report.error, std::nullopt);
  EXPECT_NEAR(report.cost, 300 * (9 * 1.0 + 3 * 2.0) / 1e6, 1e-12);
  for (const SentRequest& sent : stored_) {
    const int number = std::any_cast<int>(sent.request->subject);
    EXPECT_EQ(std::any_cast<int>(sent.result), number * number);
    EXPECT_EQ(sent.outcome, "square");
  }
}

TEST_F(DispatcherTest, FaultsAreTriedAgain) {
  Numbers numbers(60);
  std::map<int, int> asked;
  const DispatchReport report = run(numbers, [&](int number, const Json& body) {
    const int attempt = ++asked[number];
    switch (number % 6) {
      case 0:
        return attempt == 1 ? fail(500) : square(number);
      case 1:
        return attempt < 3 ? fail(429) : square(number);
      case 2:  // cut off, until there is room
        return body.at("max_tokens") == 20 ? say("1", "length") : square(number);
      case 3:
        return say("0");  // wrong, but for that of 0
      case 4:
        return say("", "length");  // cut off whatever the room
      default:
        return square(number);
    }
  });
  EXPECT_EQ(report.done, 40);
  EXPECT_EQ(report.failed, 20);
  EXPECT_EQ(report.rejected.at("wrong"), 10);
  EXPECT_EQ(report.rejected.at("no square"), 10);
  EXPECT_EQ(asked.at(2), 2);
  EXPECT_EQ(asked.at(4), 2);
  EXPECT_EQ(asked.at(1), 3);
  for (const SentRequest& sent : stored_) {
    const int number = std::any_cast<int>(sent.request->subject);
    EXPECT_EQ(sent.outcome == "retry", !sent.final);
    const bool grown = (number % 6 == 2 || number % 6 == 4) && sent.attempt == 2;
    EXPECT_EQ(sent.max_tokens, grown ? 40 : 20);
  }
}

TEST_F(DispatcherTest, WhatHasNoBodyIsSkipped) {
  for (const bool slow : {false, true}) {
    Numbers numbers(50);
    numbers.slow_bodies = slow;
    numbers.unspeakable = {0, 7, 49};
    stored_.clear();
    const DispatchReport report =
        run(numbers, [](int number, const Json&) { return square(number); });
    EXPECT_EQ(report.done, 47);
    EXPECT_EQ(report.skips.at("unspeakable"), 3);
  }
}

TEST_F(DispatcherTest, TheBudgetIsNotPassed) {
  Numbers numbers(500);
  DispatchOptions options;
  options.budget.tokens = 1000;
  const DispatchReport report = run(
      numbers, [](int number, const Json&) { return square(number); }, options);
  EXPECT_THAT(report.stopped, HasSubstr("budget"));
  EXPECT_EQ(report.error, std::nullopt);
  EXPECT_LE(report.input_tokens + report.output_tokens, 1000);
  EXPECT_GE(report.input_tokens + report.output_tokens, 1000 - 30);
  EXPECT_EQ(report.taken, 500);
  EXPECT_EQ(report.left, 500 - report.done);
}

TEST_F(DispatcherTest, ACancelledJobTakesWhatIsPaidFor) {
  Numbers numbers(500);
  const DispatchReport report = run(numbers, [&](int number, const Json&) {
    if (number == 100) job_.cancel();
    return square(number);
  });
  EXPECT_EQ(report.error, ErrorKind::kInterrupted);
  EXPECT_EQ(report.done, report.requests);
  EXPECT_LT(report.done, 300);
  EXPECT_EQ(report.left, 500 - report.done);
}

TEST_F(DispatcherTest, WhatDoesNotComeIsGivenUpInTheJobsTime) {
  Numbers numbers(20);
  const DispatchReport report = run(numbers, [&](int number, const Json&) {
    if (number == 5) job_.cancel();
    SimulatedServer::Reply reply = square(number);
    reply.latency = Seconds(number % 2 == 0 ? 1 : 3600);
    return reply;
  });
  EXPECT_GE(report.seconds, 4);
  EXPECT_LT(report.seconds, 5.1);
  EXPECT_EQ(report.left, report.taken - report.done);
  std::int64_t cancelled = 0;
  for (const SentRequest& sent : stored_) cancelled += sent.outcome == "cancelled" ? 1 : 0;
  EXPECT_EQ(cancelled, report.requests - report.done);
  EXPECT_GT(cancelled, 0);
}

// A limit of tokens is refused for all, or for one that was given more room than the others.
TEST_F(DispatcherTest, ALimitThatIsRefused) {
  const auto refuse = [] {
    return SimulatedServer::Reply{json_answer(
        400, R"({"error": {"message": "max_tokens is too large: this model has at most 10"}})")};
  };
  Numbers all(100);
  const DispatchReport none = run(all, [&](int, const Json&) { return refuse(); });
  EXPECT_EQ(none.error, ErrorKind::kUsage);
  EXPECT_THAT(none.stopped, HasSubstr("max_tokens"));
  EXPECT_EQ(none.left, 100);
  stored_.clear();
  Numbers some(100);
  const DispatchReport report = run(some, [&](int number, const Json& body) {
    if (body.at("max_tokens") > 20) return refuse();
    return number % 10 == 3 ? say("1", "length") : square(number);
  });
  EXPECT_EQ(report.stopped, "");
  EXPECT_EQ(report.done, 90);
  EXPECT_EQ(report.failed, 10);
}

TEST_F(DispatcherTest, AnAnswerThatStopsTheRun) {
  Numbers numbers(100);
  const DispatchReport report = run(numbers, [](int, const Json&) { return fail(401); });
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_EQ(report.failed, 0);
  EXPECT_LE(report.requests, 8);
  for (const SentRequest& sent : stored_) EXPECT_EQ(sent.outcome, "stop");
}

TEST_F(DispatcherTest, AnAddressWhereNothingIsStopsTheRunUnlessItAnsweredBefore) {
  const auto page = [] { return SimulatedServer::Reply{json_answer(404, "404 page not found")}; };
  Numbers numbers(100);
  DispatchReport report = run(numbers, [&](int, const Json&) { return page(); });
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_EQ(report.failed, 0);
  EXPECT_LE(report.requests, 8);
  EXPECT_EQ(report.cost, 0);
  EXPECT_THAT(report.stopped, testing::StartsWith("http://127.0.0.1:9/v1"));
  EXPECT_THAT(report.stopped, testing::EndsWith("ends in /v1"));
  stored_.clear();
  Numbers more(100);
  int asked = 0;
  report = run(more, [&](int number, const Json&) {
    return ++asked > 50 && asked < 60 ? page() : square(number);
  });
  EXPECT_EQ(report.stopped, "");
  EXPECT_EQ(report.done, 100);
}

TEST_F(DispatcherTest, AServerOfThisMachineThatIsGoneIsNotWaitedForLong) {
  const auto refused = [] {
    HttpAnswer answer;
    answer.failure = HttpFailure::kConnect;
    return SimulatedServer::Reply{answer, Seconds(0.001)};
  };
  for (const int before : {1, 40}) {
    Numbers numbers(100);
    stored_.clear();
    int asked = 0;
    const DispatchReport report = run(numbers, [&](int number, const Json&) {
      return ++asked <= before ? square(number) : refused();
    });
    EXPECT_EQ(report.done, before);
    EXPECT_EQ(report.failed, 0);
    EXPECT_EQ(report.error, ErrorKind::kSystem);
    EXPECT_THAT(report.stopped, HasSubstr("is the server still running?"));
    EXPECT_GE(report.seconds, 10);
    EXPECT_LT(report.seconds, 12);
  }
  // One that is back soon is gone on with.
  Numbers numbers(100);
  stored_.clear();
  int asked = 0;
  std::optional<Seconds> gone;
  const DispatchReport report = run(numbers, [&](int number, const Json&) {
    if (++asked > 40 && !gone) gone = clock_.monotonic();
    return gone && clock_.monotonic() - *gone < Seconds(4) ? refused() : square(number);
  });
  EXPECT_EQ(report.done, 100);
  EXPECT_EQ(report.stopped, "");
}

// What nobody knows as a quota, said over and over and without a time, is one.
TEST_F(DispatcherTest, AQuotaInUnknownWordsStopsTheRun) {
  const auto say_429 = [](const std::string& words) {
    return SimulatedServer::Reply{json_answer(429, dump_json({{"error", {{"message", words}}}}))};
  };
  Numbers numbers(40);
  DispatchReport report = run(numbers, [&](int number, const Json&) {
    return say_429("Contingent of account " + std::to_string(number + 1000) + " is consumed");
  });
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_LE(report.requests, 32);
  EXPECT_THAT(report.stopped, HasSubstr("is consumed"));
  EXPECT_THAT(report.stopped, HasSubstr("20 requests"));
  EXPECT_EQ(report.failed, 0);
  // It says that it passes, or answers at times.
  stored_.clear();
  Numbers patient(5);
  std::map<int, int> asked;
  report = run(patient, [&](int number, const Json&) {
    return ++asked[number] < 6 ? say_429("Too many requests at once") : square(number);
  });
  EXPECT_EQ(report.done, 5);
  stored_.clear();
  Numbers some(60);
  asked.clear();
  report = run(some, [&](int number, const Json&) {
    return number > 0 && ++asked[number] < 4 ? say_429("No.") : square(number);
  });
  EXPECT_EQ(report.done, 60);
}

// Where all is refused in words that nobody knows, what they name is told.
TEST_F(DispatcherTest, ARefusalThatNamesWhatWasSent) {
  const auto refuse = [](const std::string& words) {
    return SimulatedServer::Reply{json_answer(400, dump_json({{"error", {{"message", words}}}}))};
  };
  Numbers numbers(40);
  DispatchReport report =
      run(numbers, [&](int, const Json&) { return refuse("we dislike `number` here"); });
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_THAT(report.stopped, HasSubstr("take number out of the table `extra`"));
  stored_.clear();
  Numbers others(40);
  report = run(others, [&](int, const Json&) { return refuse("we dislike 'pictures' here"); });
  EXPECT_EQ(report.error, ErrorKind::kInput);
}

TEST_F(DispatcherTest, AStoreThatFailsForAMomentLosesNothing) {
  Numbers numbers(40);
  failures_ = 2;
  const DispatchReport report =
      run(numbers, [](int number, const Json&) { return square(number); });
  EXPECT_EQ(failures_, 0);
  EXPECT_EQ(report.done, report.requests - (report.retries + report.failed));
}

TEST_F(DispatcherTest, ABudgetInDollarsNeedsPrices) {
  Numbers numbers(1);
  SimulatedServer nobody(clock_, [](const HttpRequest&, int) { return square(0); });
  Provider free;
  free.endpoints = {{"http://127.0.0.1:9/v1", 1, "", ""}};
  DispatchOptions options;
  options.budget.dollars = 1;
  EXPECT_THROW(
      dispatch(
          free, numbers, read_square, [](std::span<const SentRequest>) {}, nobody, options, job_),
      UsageError);
}

}  // namespace
}  // namespace epicrisis::llm
