#include "epicrisis/notes/synthesis/synthesis.h"

#include <gmock/gmock.h>

#include <set>

#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/simulated_synthesis.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

TEST_F(SynthesisTest, WritesWhatIsMissingAndNothingTwice) {
  add_samples(300);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport first = run(server);
  EXPECT_EQ(first.done, 300);
  EXPECT_EQ(first.error, std::nullopt);
  EXPECT_EQ(first.input_tokens, 300 * 50);
  EXPECT_NEAR(first.cost, 300 * (50 * 1.0 + 10 * 2.0) / 1e6, 1e-12);
  EXPECT_EQ(count(NoteStatus::kWritten), 300);
  EXPECT_EQ(ledger_totals(workspace_.database()).requests, 300);
  EXPECT_NEAR(ledger_totals(workspace_.database()).cost, first.cost, 1e-12);

  const std::size_t asked = server.requests.size();
  SimulatedServer nobody(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport second = run(nobody);
  EXPECT_EQ(second.skipped, 300);
  EXPECT_EQ(nobody.requests.size(), 0u);
  EXPECT_EQ(asked, 300u);

  // New samples alone are asked for.
  add_samples(310);
  SimulatedServer third(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(third).done, 10);
}

TEST_F(SynthesisTest, AFractionIsTheSameEachTimeAndGrowsByNewOnes) {
  add_samples(1000);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport tenth = run(server, {.fraction = 0.1});
  EXPECT_NEAR(static_cast<double>(tenth.done), 100, 30);
  SimulatedServer again(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(again, {.fraction = 0.1}).skipped, tenth.done);
  SimulatedServer more(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport third = run(more, {.fraction = 0.3});
  EXPECT_EQ(third.skipped, tenth.done);
  EXPECT_NEAR(static_cast<double>(third.done), 200, 50);
  SimulatedServer all(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(all).skipped, tenth.done + third.done);
}

TEST_F(SynthesisTest, AnotherTemplateOrModelMakesNewNotesBesideTheOld) {
  add_samples(5);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  run(server);
  std::string other = kStrategy;
  other.replace(other.find("Describe."), 9, "Report.");
  const RequestBuilder changed = builder(kProvider, other);
  EXPECT_EQ(synthesize(workspace_, changed, {}, server, *timed_job_).done, 5);
  const RequestBuilder model(parse_strategy(kStrategy, "s"), parse_provider(kProvider, "p"), "m2",
                             {});
  EXPECT_EQ(synthesize(workspace_, model, {}, server, *timed_job_).done, 5);
  EXPECT_EQ(count(NoteStatus::kWritten), 15);
}

TEST_F(SynthesisTest, KeepsTheServerBusy) {
  add_samples(3000);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport report = run(server);
  EXPECT_EQ(server.most_in_flight, 64u);
  // 64 slots of 0.2 s each; the start from 8 in flight takes some rounds.
  EXPECT_LT(report.seconds, 3000 * 0.2 / 64 * 1.1);
}

TEST_F(SynthesisTest, FindsTheConcurrencyThatTheServerTakes) {
  add_samples(4000);
  int refused = 0;
  SimulatedServer server(clock_, [&](const HttpRequest&, int in_flight) {
    if (in_flight <= 20) return good();
    ++refused;
    return failing(429, {{"retry-after-ms", "100"}});
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.done, 4000);
  EXPECT_EQ(report.failed, 0);
  EXPECT_LT(refused, 400) << "a tenth of the requests";
  // Twenty at a time of 0.2 s would be 40 s.
  EXPECT_LT(report.seconds, 80);
}

TEST_F(SynthesisTest, WeightsShareTheRequests) {
  add_samples(1000);
  const std::string two =
      std::string(kProvider) + "weight = 3.0\n[[endpoint]]\nurl = \"http://127.0.0.1:8/v1\"\n";
  int second = 0;
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    if (request.url.find(":8/") != std::string::npos) ++second;
    return good();
  });
  run(server, {.max_concurrency = 12}, two);
  EXPECT_NEAR(second, 250, 30);
}

TEST_F(SynthesisTest, ABudgetIsNotExceeded) {
  add_samples(1000);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport report = run(server, {.budget = {.tokens = 6'000}});
  EXPECT_LE(report.input_tokens + report.output_tokens, 6'000);
  EXPECT_GE(report.input_tokens + report.output_tokens, 5'500);
  EXPECT_THAT(report.stopped, HasSubstr("budget"));
  EXPECT_EQ(report.error, std::nullopt);
  EXPECT_GT(report.left, 0);

  SimulatedServer other(clock_, [](const HttpRequest&, int) { return good(); });
  const SynthesisReport money = run(other, {.budget = {.dollars = 0.007}});
  EXPECT_LE(money.cost, 0.007);
  EXPECT_GE(money.cost, 0.0065);
}

TEST_F(SynthesisTest, RequestsAMinuteAreKept) {
  add_samples(200);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(Seconds(0.01)); });
  std::string limited = kProvider;
  limited.replace(limited.find("concurrency"), 0, "requests_per_minute = 600\n");
  run(server, {}, limited);
  // In no second more than ten, but for the burst that is allowed.
  for (std::size_t i = 0; i + 22 < server.sent_at.size(); ++i) {
    EXPECT_GE((server.sent_at[i + 22] - server.sent_at[i]).count(), 1.0) << i;
  }
}

TEST_F(SynthesisTest, TruncatedIsAskedOnceMoreWithRoomForMore) {
  add_samples(2);
  SimulatedServer server(clock_, [&](const HttpRequest& request, int) {
    const bool larger = request.body->find("\"max_tokens\":200") != std::string::npos;
    const bool first = request.body->find("\"max_tokens\":100") != std::string::npos;
    EXPECT_TRUE(larger || first) << *request.body;
    return SimulatedServer::Reply{json_answer(200, completion("A brown les", "length")),
                                  Seconds(0.1)};
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(server.requests.size(), 4u);
  EXPECT_EQ(report.rejected.at("truncated"), 2);
  EXPECT_EQ(report.input_tokens, 200);
  EXPECT_EQ(count(NoteStatus::kTruncated), 2);
  // Nothing was gained by asking, so it is not asked again but on demand.
  SimulatedServer second(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(second).skips.at("truncated before"), 2);
  // With the room at once that the last request had.
  EXPECT_EQ(run(second, {.retry_rejected = true}).done, 2);
  for (const auto& request : second.requests) {
    EXPECT_THAT(*request.body, HasSubstr("\"max_tokens\":200"));
  }
}

// What the prompt would measure on a picture is not needed where there is metadata.
TEST_F(SynthesisTest, ASampleWithoutAPictureIsDescribedByItsMetadata) {
  add_samples(3);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  std::string strategy = kStrategy;
  strategy += "image = true\n";
  EXPECT_EQ(synthesize(workspace_, builder(kProvider, strategy), {}, server, *timed_job_).done, 3);
  const std::string vision = std::string("vision = true\n") + kProvider;
  EXPECT_EQ(synthesize(workspace_, builder(vision, strategy), {}, server, *timed_job_)
                .skips.at("no picture"),
            3);
}

// The first answer would be written over the others.
TEST_F(SynthesisTest, ARecordingIsNotWrittenWhileItAnswers) {
  add_samples(1);
  SynthesisJob job;
  job.strategy = "P2";
  job.choice.endpoint = "http://127.0.0.1:9/v1";
  job.choice.model = "m";
  job.choice.record = job.choice.replay = root() / "answers.jsonl";
  EXPECT_THAT([&] { run_synthesis(workspace_, job, job_); },
              testing::ThrowsMessage<UsageError>(HasSubstr("the same file")));
}

TEST_F(SynthesisTest, AnUnknownDataSetIsNamed) {
  add_samples(1);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  SynthesisOptions options;
  options.filter.datasets = {"e"};
  EXPECT_THAT([&] { run(server, options); },
              testing::ThrowsMessage<UsageError>(HasSubstr("no data set 'e'")));
}

TEST_F(SynthesisTest, AnInterruptKeepsWhatIsPaidFor) {
  add_samples(500);
  SimulatedServer server(clock_, [&](const HttpRequest&, int) {
    if (server.requests.size() == 100) timed_job_->cancel();
    return good();
  });
  const SynthesisReport report = run(server);
  EXPECT_EQ(report.error, ErrorKind::kInterrupted);
  EXPECT_GE(report.done, 100);
  EXPECT_EQ(report.done, report.requests);
  EXPECT_EQ(count(NoteStatus::kWritten), report.done);
  timed_job_.emplace(clock_);
  SimulatedServer second(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(second).done, 500 - report.done);
}

TEST_F(SynthesisTest, AProviderElsewhereNeedsConsentOnce) {
  add_samples(2);
  std::string remote = kProvider;
  remote.replace(remote.find("http://127.0.0.1:9"), 18, "https://example.org");
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_THROW(run(server, {}, remote), UsageError);
  EXPECT_TRUE(server.requests.empty());
  EXPECT_EQ(run(server, {.allow_remote = true}, remote).done, 2);
  SimulatedServer second(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(second, {}, remote).skipped, 2);
}

TEST_F(SynthesisTest, OneRunAtATimeForAStrategy) {
  add_samples(2);
  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  const WorkspaceLock lock = workspace_.lock("notes-T");
  EXPECT_THROW(run(server), SystemError);
}

TEST(Budget, TokensOrDollars) {
  EXPECT_EQ(parse_budget("200000 tokens").tokens, 200'000);
  EXPECT_EQ(parse_budget("2.50 USD").dollars, 2.5);
  EXPECT_EQ(parse_budget("$2.50").dollars, 2.5);
  for (const char* wrong : {"", "5", "-1 USD", "0 tokens", "1.5 tokens", "5 EUR", "$", "$1e999"}) {
    EXPECT_THROW(parse_budget(wrong), UsageError) << wrong;
  }
}

}  // namespace
}  // namespace epicrisis::test
