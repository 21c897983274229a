// What a run does about servers that wait, fail, refuse or are gone.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <vector>

#include "epicrisis/store/tables/ledger.h"
#include "notes/synthesis/simulated_synthesis.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

TEST_F(SynthesisTest, WaitsAsThisAnswerSays) {
  add_samples(1);
  int asked = 0;
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    return ++asked == 1 ? failing(429, {{"retry-after", "7"}}) : good();
  });
  EXPECT_EQ(run(server).done, 1);
  ASSERT_EQ(server.sent_at.size(), 2u);
  EXPECT_NEAR((server.sent_at[1] - server.sent_at[0]).count(), 7.05, 1e-6);
  NoteFilter filter;
  const NoteRecord note = load_notes(workspace_.database(), filter).at(0);
  EXPECT_EQ(note.attempts, 2);
  std::vector<std::string> outcomes;
  for_each_ledger_entry(workspace_.database(), note.key, [&](const LedgerEntry& entry) {
    outcomes.push_back(fmt::format("{} {} {}", entry.attempt, entry.http_status, entry.outcome));
    return true;
  });
  EXPECT_THAT(outcomes, testing::ElementsAre("1 429 retry", "2 200 written"));
}

TEST_F(SynthesisTest, AWaitThatIsTooLongStopsTheRun) {
  add_samples(100);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    return failing(429, {{"retry-after", "90000"}});
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.failed, 0);
  EXPECT_GT(report.left, 0);
  EXPECT_LE(server.requests.size(), 8u) << "those in flight";
  EXPECT_EQ(report.error, ErrorKind::kSystem);
  EXPECT_THAT(report.stopped, HasSubstr("asks to wait 90000 s, 300 s are allowed"));
  EXPECT_LT(report.seconds, 1);
}

// Of two endpoints the other one goes on.
TEST_F(SynthesisTest, AWaitThatIsTooLongLeavesOneEndpointOut) {
  add_samples(100);
  const std::string two =
      std::string(kProvider) + "[[endpoint]]\nurl = \"http://127.0.0.1:8/v1\"\n";
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    if (request.url.find(":8/") == std::string::npos) return good();
    return failing(429, {{"retry-after", "90000"}});
  });
  const SynthesisReport report = run(server, {}, two);
  EXPECT_EQ(report.done, 100);
  EXPECT_LE(report.retries, 8);
}

// Google's way to say it: no header, a detail in the body.
TEST_F(SynthesisTest, WaitsAsTheBodySays) {
  add_samples(1);
  int asked = 0;
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    if (++asked > 1) return good();
    return SimulatedServer::Reply{
        json_answer(429, R"([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]}}])"),
        Seconds(0.05)};
  });
  EXPECT_EQ(run(server).done, 1);
  ASSERT_EQ(server.sent_at.size(), 2u);
  EXPECT_NEAR((server.sent_at[1] - server.sent_at[0]).count(), 34.55, 1e-6);
}

// Nothing else helps than another day or another model.
TEST_F(SynthesisTest, AQuotaOfTheDayStopsTheRunAtOnce) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    if (server.requests.size() <= 20) return good();
    return SimulatedServer::Reply{
        json_answer(429, R"({"error": {"message": "Rate limit reached on requests per day (RPD): )"
                         R"(Limit 20. Please try again in 20s."}})"),
        Seconds(0.05)};
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.done, 20);
  EXPECT_EQ(report.failed, 0);
  EXPECT_LE(server.requests.size(), 20u + 28u) << "those in flight";
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_THAT(report.stopped, HasSubstr("quota of the day"));
}

// The names that there are, the nearest first.
TEST_F(SynthesisTest, AModelThatIsNotThereIsToldBesideThoseThatAre) {
  add_samples(500);
  int asked = 0;
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    if (request.method == "GET") {
      ++asked;
      EXPECT_EQ(request.url, "http://127.0.0.1:9/v1/models");
      return SimulatedServer::Reply{
          json_answer(200, R"({"data": [{"id": "qwen2.5-vl"}, {"id": "llava"}, {"id": "m-2"},
                               {"id": "gemma"}, {"id": "mistral"}]})"),
          Seconds(0.1)};
    }
    return SimulatedServer::Reply{
        json_answer(404, R"({"error": {"message": "The model `m` does not exist."}})"),
        Seconds(0.05)};
  });
  const SynthesisReport report = synthesize(workspace_, builder(), {}, server, *timed_job_);
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_LE(report.requests, 8);
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(report.stopped, HasSubstr("does not have this `model` 'm'; it has 'm-2', "));
  EXPECT_THAT(report.stopped, HasSubstr("and 1 more"));
}

// In whatever words, if they name it: the list of the server's models tells.
TEST_F(SynthesisTest, AModelThatARefusalNamesIsLookedForInTheList) {
  add_samples(500);
  for (const auto& refusal :
       {std::pair(404, "Model `m` is not at home"),
        std::pair(400, "There's nothing called m here."), std::pair(422, "m: who should that be?"),
        std::pair(500, "KeyError: 'm'")}) {
    const int status = refusal.first;
    const std::string message = refusal.second;
    int asked = 0;
    SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
      if (request.method == "GET") {
        ++asked;
        return SimulatedServer::Reply{json_answer(200, R"({"data": [{"id": "mm"}, {"id": "q"}]})"),
                                      Seconds(0.1)};
      }
      return SimulatedServer::Reply{json_answer(status, dump_json({{"detail", message}})),
                                    Seconds(0.05)};
    });
    const SynthesisReport report = synthesize(workspace_, builder(), {}, server, *timed_job_);
    EXPECT_EQ(report.error, ErrorKind::kUsage) << message;
    EXPECT_LE(report.requests, 8) << message;
    EXPECT_EQ(report.failed, 0) << message;
    EXPECT_EQ(asked, 1) << message;
    EXPECT_THAT(report.stopped, HasSubstr("does not have this `model` 'm'; it has 'mm', 'q'"));
    EXPECT_THAT(report.stopped, HasSubstr(message));
  }
}

// What names the model and is of one request alone is no reason to stop.
TEST_F(SynthesisTest, ARefusalThatNamesAModelThatIsThereIsOfTheOneRequest) {
  add_samples(40);
  int asked = 0;
  int posted = 0;
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    if (request.method == "GET") {
      ++asked;
      return SimulatedServer::Reply{json_answer(200, R"({"data": [{"id": "m:latest"}]})"),
                                    Seconds(0.1)};
    }
    if (++posted <= 2) {
      return SimulatedServer::Reply{
          json_answer(400, R"({"error": "model `m` could not read the picture"})"), Seconds(0.05)};
    }
    return good();
  });
  const SynthesisReport report =
      synthesize(workspace_, builder(), {.max_concurrency = 1}, server, *timed_job_);
  EXPECT_EQ(report.done, 38);
  EXPECT_EQ(report.failed, 2);
  EXPECT_LE(asked, 1);
  EXPECT_EQ(report.stopped, "");
}

TEST_F(SynthesisTest, AMemberOfTheRequestThatARefusalNamesStopsTheRun) {
  add_samples(500);
  for (const auto& refusal :
       {std::pair("Nope: 'max_tokens' has to go", "token_limit ="),
        std::pair("you may not say Temperature=0.2 to me", "send_temperature = false"),
        std::pair("maxTokens: nobody wants that", "token_limit =")}) {
    const std::string message = refusal.first;
    const std::string says = refusal.second;
    SimulatedServer server(clock_, [&](const HttpRequest&, int) {
      return SimulatedServer::Reply{json_answer(400, dump_json({{"detail", message}})),
                                    Seconds(0.05)};
    });
    const SynthesisReport report = synthesize(workspace_, builder(), {}, server, *timed_job_);
    EXPECT_EQ(report.error, ErrorKind::kUsage) << message;
    EXPECT_LE(report.requests, 8) << message;
    EXPECT_EQ(report.failed, 0) << message;
    EXPECT_THAT(report.stopped, HasSubstr(says)) << message;
  }
}

TEST_F(SynthesisTest, TenRefusalsOfOneKindAreEnough) {
  add_samples(500);
  int asked = 0;
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    return SimulatedServer::Reply{
        json_answer(400,
                    fmt::format(R"({{"error": {{"message": "No. Request req_{}."}}}})", ++asked)),
        Seconds(0.05)};
  });
  const SynthesisReport report = run(server, {.max_concurrency = 1});
  EXPECT_EQ(report.failed, 10);
  EXPECT_EQ(server.requests.size(), 10u);
  EXPECT_THAT(report.stopped, HasSubstr("in the same way: HTTP 400: No."));
}

TEST_F(SynthesisTest, GivesUpAfterAsManyAttemptsAsAllowedAndTriesAgainNextTime) {
  add_samples(1);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) { return failing(500); });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.failed, 1);
  EXPECT_EQ(server.requests.size(), 6u);
  EXPECT_EQ(count(NoteStatus::kFailed), 1);
  SimulatedServer again(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(again).done, 1);
  EXPECT_EQ(count(NoteStatus::kFailed), 0);
  EXPECT_EQ(load_notes(workspace_.database(), {}).at(0).attempts, 7);
}

TEST_F(SynthesisTest, TheKeyBeingWrongStopsTheRun) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) { return failing(401); });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_LE(server.requests.size(), 8u);
  EXPECT_EQ(report.done, 0);
  EXPECT_GT(report.left, 0);
  EXPECT_EQ(count(NoteStatus::kFailed), 0);
}

TEST_F(SynthesisTest, StopsWhenMostAnswersFail) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) { return failing(404); });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.error, ErrorKind::kInput);
  EXPECT_THAT(report.stopped, HasSubstr("answers failed"));
  EXPECT_LT(server.requests.size(), 100u);
}

TEST_F(SynthesisTest, AServerThatIsGoneStopsTheRunAfterSomeTrials) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    HttpAnswer answer;
    answer.failure = HttpFailure::kConnect;
    answer.error = "refused";
    return SimulatedServer::Reply{answer, Seconds(0.001)};
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.error, ErrorKind::kSystem);
  EXPECT_THAT(report.stopped, HasSubstr("http://127.0.0.1:9/v1: is the server running?"));
  EXPECT_LT(server.requests.size(), 60u);
  EXPECT_NEAR(report.seconds, 5, 0.1);
  EXPECT_EQ(report.failed, 0);
}

// One that has answered may come back, and one elsewhere may only be restarting.
TEST_F(SynthesisTest, AServerThatDropsItsConnectionsIsWaitedForLonger) {
  add_samples(500);
  const auto dropped = [] {
    HttpAnswer answer;
    answer.failure = HttpFailure::kBroken;
    answer.error = "closed";
    return SimulatedServer::Reply{answer, Seconds(0.001)};
  };
  SimulatedServer gone(clock_, [&](const HttpRequest&, int) {
    return gone.requests.size() < 5 ? good() : dropped();
  });
  const SynthesisReport report = run(gone);
  EXPECT_GT(report.seconds, 30);
  EXPECT_THAT(report.stopped, HasSubstr("no answer from http://127.0.0.1:9/v1 after 4 trials"));
}

TEST_F(SynthesisTest, AServerThatAnswersWithErrorsIsNotSilent) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) { return failing(500); });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.error, ErrorKind::kSystem);
  EXPECT_THAT(report.stopped, HasSubstr("http://127.0.0.1:9/v1 answers with errors alone"));
  EXPECT_THAT(report.stopped, HasSubstr("HTTP 500: no"));
  EXPECT_THAT(report.stopped, testing::Not(HasSubstr("no answer")));
}

TEST_F(SynthesisTest, AServerThatComesBackIsUsedAgain) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    if (server.now() > Seconds(1) && server.now() < Seconds(20)) return failing(503);
    return good();
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.done, 500);
}

TEST_F(SynthesisTest, ADeadEndpointIsLeftOutAndTheOtherDoesTheWork) {
  add_samples(500);
  const std::string two =
      std::string(kProvider) + "[[endpoint]]\nurl = \"http://127.0.0.1:8/v1\"\n";
  int dead = 0;
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    if (request.url.find(":8/") == std::string::npos) return good();
    ++dead;
    return failing(500);
  });
  const SynthesisReport report = run(server, {}, two);
  EXPECT_EQ(report.done, 500);
  EXPECT_LT(dead, 40);
}

TEST_F(SynthesisTest, AResponseFormatThatIsNotTakenStopsTheRun) {
  add_samples(100);
  SimulatedServer server(clock_, [](const HttpRequest&, int) {
    return SimulatedServer::Reply{
        json_answer(400, R"({"error": {"message": "response_format is not supported"}})"),
        Seconds(0.1)};
  });
  const SynthesisReport report = run(server);
  EXPECT_THAT(report.stopped, HasSubstr("`structured`"));
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_LE(report.requests, 8);
}

}  // namespace
}  // namespace epicrisis::test
