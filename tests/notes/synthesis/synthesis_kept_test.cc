// What is kept of a run for the next: what was under way, and a recording.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "epicrisis/net/recording.h"
#include "epicrisis/store/tables/ledger.h"
#include "notes/synthesis/simulated_synthesis.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

// What a killed run had in flight may have been paid for.
TEST_F(SynthesisTest, WhatAKillLeftCountsAgainstTheNextBudget) {
  add_samples(100);
  LedgerEntry entry;
  entry.strategy = "T";
  entry.provider = "test";
  entry.model = "m";
  entry.endpoint = "http://127.0.0.1:9/v1";
  entry.sent_at = "2026-01-01T00:00:00Z";
  entry.input_tokens = 100;
  entry.output_tokens = 200;
  entry.cost = 0.0005;
  std::vector<LedgerEntry> entries;
  for (int i = 0; i < 4; ++i) {
    entry.note_key = fmt::format("k{}", i);
    entries.push_back(entry);
  }
  entries[3].strategy = "another";
  put_under_way(workspace_.database(), entries);

  SimulatedServer server(clock_, [](const HttpRequest&, int) { return good(); });
  SynthesisOptions options;
  options.budget.tokens = 2000;
  const SynthesisReport report = run(server, options);
  EXPECT_EQ(report.lost, 3);
  EXPECT_LE(report.input_tokens + report.output_tokens, 2000 - 900);
  EXPECT_GT(report.done, 0);
  EXPECT_THAT(report.stopped, HasSubstr("900 and 0.0015 of them by what an earlier run had"));
  const LedgerTotals totals = ledger_totals(workspace_.database(), "T");
  EXPECT_EQ(totals.requests, report.requests + 3);
  EXPECT_NEAR(totals.cost, report.cost + 0.0015, 1e-9);
  // Once.
  SimulatedServer again(clock_, [](const HttpRequest&, int) { return good(); });
  EXPECT_EQ(run(again).lost, 0);
  EXPECT_EQ(workspace_.database().query_integer("SELECT count(*) FROM under_way"), 1);
}

// Kept before it is sent, whatever comes of it.
TEST_F(SynthesisTest, WhatIsUnderWayIsKeptUntilItIsSettled) {
  add_samples(30);
  std::int64_t least = 1'000'000;
  SimulatedServer server(clock_, [&](const HttpRequest&, int in_flight) {
    Database other = workspace_.database().another_connection();
    const auto kept =
        other.query_integer("SELECT count(*) FROM under_way WHERE output_tokens = 100").value_or(0);
    least = std::min(least, kept - in_flight);
    return server.requests.size() % 3 == 0 ? failing(500) : good();
  });
  EXPECT_EQ(run(server).done, 30);
  EXPECT_GE(least, 0) << "in flight, but not kept";
  EXPECT_EQ(workspace_.database().query_integer("SELECT count(*) FROM under_way"), 0);
}

// A recording of a run that was stopped, one answer of which was a fault.
TEST_F(SynthesisTest, AStoppedRunReplaysToTheSameResult) {
  add_lesions(workspace_.database(), 0, 300);
  const RequestBuilder requests(lesion_strategy(), parse_provider(kProvider, "provider"), "m", {});
  const Path file = root() / "answers.jsonl";
  const auto outcome = [&](Workspace& workspace, const SynthesisReport& report) {
    std::string all = fmt::format("{} failed", report.failed);
    for (const NoteRecord& note : load_notes(workspace.database(), {})) {
      all += fmt::format("\n{} {}", note.sample_id, note.text);
    }
    return all;
  };
  std::string recorded;
  {
    int asked = 0;
    auto server = std::make_unique<SimulatedServer>(clock_, [&](const HttpRequest&, int) {
      ++asked;
      if (asked == 100) timed_job_->cancel();
      if (asked > 90 && asked % 4 == 0) return failing(500);
      return SimulatedServer::Reply{json_answer(200, completion(fmt::format("Note {}.", asked))),
                                    Seconds(0.2)};
    });
    const auto transport = make_recording_transport(std::move(server), file, *timed_job_);
    const SynthesisReport report = synthesize(workspace_, requests, {}, *transport, *timed_job_);
    EXPECT_EQ(report.error, ErrorKind::kInterrupted);
    EXPECT_FALSE(report.replayed);
    recorded = outcome(workspace_, report);
  }
  workspace_.database().execute("DELETE FROM notes");
  timed_job_.emplace(clock_);
  const Seconds before = clock_.slept;
  const auto replay = make_replay_transport(file, *timed_job_);
  const SynthesisReport report =
      synthesize(workspace_, requests, {.offline = true}, *replay, *timed_job_);
  EXPECT_EQ(outcome(workspace_, report), recorded);
  EXPECT_TRUE(report.replayed);
  EXPECT_EQ(report.left, report.not_recorded);
  EXPECT_GT(report.left, 0);
  EXPECT_EQ(report.error, std::nullopt);
  EXPECT_THAT(report.stopped, HasSubstr("the recording has no answer to"));
  EXPECT_EQ(Seconds(clock_.slept), before) << "a replay does not wait";
}

}  // namespace
}  // namespace epicrisis::test
