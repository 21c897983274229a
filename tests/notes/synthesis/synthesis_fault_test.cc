#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/recording.h"
#include "notes/synthesis/synthesis_fault_fixture.h"
#include "support/fault_vfs.h"
#include "support/job_log.h"

namespace epicrisis::test {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;

TEST_F(SynthesisFaultTest, TenMegabytesAreNotTaken) {
  add_samples(1);
  server_.otherwise(huge_answer(10 << 20));
  const SynthesisReport report = run();
  EXPECT_EQ(report.failed, 1);
  EXPECT_EQ(notes().at(0).status, NoteStatus::kInvalid);
  EXPECT_LT(notes().at(0).text.size(), 100'000U);
  EXPECT_THAT(notes().at(0).reason, HasSubstr("too large"));
}

TEST_F(SynthesisFaultTest, NobodyThere) {
  add_samples(1);
  const ClosedPort closed;
  const SynthesisReport report = run(provider_at({closed.url("/v1")}));
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(report.left, 1);
  EXPECT_EQ(report.error, ErrorKind::kSystem);
  EXPECT_THAT(report.stopped, HasSubstr("is the server running?"));
  EXPECT_THAT(report.stopped, HasSubstr("no connection"));
  EXPECT_THAT(Seconds(clock_.slept).count(), AllOf(Ge(4.9), Le(5.1)));
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_EQ(run().done, 1);
}

TEST_F(SynthesisFaultTest, CertificateThatNobodyTrusts) {
  add_samples(1);
  FaultServer::Settings settings;
  settings.tls = true;
  FaultServer impostor(settings);
  const SynthesisReport report = run(provider_at({impostor.url("/v1")}));
  EXPECT_EQ(report.failed, 1);
  EXPECT_EQ(impostor.request_count(), 0U);
  EXPECT_EQ(notes().at(0).status, NoteStatus::kFailed);
  EXPECT_THAT(notes().at(0).reason, HasSubstr("TLS"));
}

TEST_F(SynthesisFaultTest, AnswerOfTheWrongSchema) {
  add_samples(1);
  const Strategy strategy = parse_strategy(R"(name = "S"
version = 1
kind = "prompt"
fields = ["diagnosis"]
system = "Choose."
user = "Of {diagnosis}."
max_tokens = 100
answer = "options"
[options]
border = ["sharp", "fuzzy"]
)",
                                           "s.toml");
  server_.then(complete(R"({"statement": "A mole.", "border": "purple"})"));
  server_.then(complete("no JSON at all"));
  server_.otherwise(complete(R"({"statement": "A mole.", "border": "sharp"})"));
  const SynthesisReport report = run(provider(), {}, strategy);
  EXPECT_EQ(report.requests, 3);
  EXPECT_EQ(report.done, 1);
  EXPECT_THAT(notes().at(0).text, HasSubstr("sharp"));
  EXPECT_THAT(ledger(notes().at(0).key).at(0).reason, HasSubstr("purple"));
}

// A page of a proxy costs nothing and is no verdict on the sample.
TEST_F(SynthesisFaultTest, WhatNoModelWroteCostsNothingAndComesAgain) {
  add_samples(3);
  server_.otherwise(html_page(200));
  Provider provider = this->provider();
  provider.prices = {1, 1};
  const SynthesisReport report = run(provider);
  EXPECT_EQ(report.failed, 3);
  EXPECT_EQ(report.requests, 9);
  EXPECT_EQ(report.input_tokens + report.output_tokens, 0);
  EXPECT_EQ(report.cost, 0);
  for (const NoteRecord& note : notes()) {
    EXPECT_EQ(note.status, NoteStatus::kFailed);
    EXPECT_EQ(note.cost, 0);
    EXPECT_THAT(note.reason, testing::StartsWith(server_.url("/v1")));
    EXPECT_THAT(note.reason, HasSubstr("Bad Gateway"));
    EXPECT_THAT(note.reason, HasSubstr("ends in /v1"));
  }
  server_.forget_script();
  EXPECT_EQ(run(provider).done, 3);
}

TEST_F(SynthesisFaultTest, AWrongKeyStopsTheRun) {
  add_samples(100);
  server_.otherwise(fail_with(401, "no such key"));
  const SynthesisReport report = run();
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_THAT(report.stopped, HasSubstr("no such key"));
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_EQ(report.taken, 100);
  EXPECT_EQ(report.left, 100);
  EXPECT_LE(server_.request_count(), 8U);  // those in flight when the first one came back
  EXPECT_EQ(ledger_totals(database()).requests, static_cast<std::int64_t>(server_.request_count()));
  server_.forget_script();
  EXPECT_EQ(run().done, 100);
}

TEST_F(SynthesisFaultTest, ARedirectStopsTheRun) {
  add_samples(30);
  server_.otherwise(respond(307, "", {{"Location", "http://127.0.0.1:1/"}}));
  const SynthesisReport report = run();
  EXPECT_EQ(report.error, ErrorKind::kUsage);
  EXPECT_THAT(report.stopped, HasSubstr("http://127.0.0.1:1/"));
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_LE(server_.request_count(), 8U);
}

// A gateway hands on what is behind it as if a model had said it.
TEST_F(SynthesisFaultTest, AnErrorInTheContentIsNoNote) {
  add_samples(2);
  Completion completion;
  completion.text = "<html><body><h1>502 Bad Gateway</h1></body></html>";
  server_.otherwise(complete(completion));
  EXPECT_EQ(run().failed, 2);
  for (const NoteRecord& note : notes()) {
    EXPECT_EQ(note.status, NoteStatus::kFailed);
    EXPECT_THAT(note.reason, HasSubstr("Bad Gateway"));
  }
  server_.forget_script();
  EXPECT_EQ(run().done, 2);
}

// Nobody's model was asked, so nobody is paid.
TEST_F(SynthesisFaultTest, AnErrorInA200AnswerCostsNothing) {
  add_samples(1);
  server_.otherwise(respond(200, R"({"error": {"message": "余额不足", "code": "1113"}})"));
  const SynthesisReport report = run();
  EXPECT_THAT(report.stopped, HasSubstr("no money or credit left"));
  EXPECT_EQ(report.input_tokens + report.output_tokens, 0);
}

TEST_F(SynthesisFaultTest, MostAnswersFailingStopsTheRun) {
  add_samples(500);
  server_.otherwise(fail_with(422, "cannot process"));
  const SynthesisReport report = run();
  EXPECT_THAT(report.stopped, HasSubstr("cannot process"));
  EXPECT_EQ(report.error, ErrorKind::kInput);
  EXPECT_GE(report.failed, 10);
  EXPECT_LE(server_.request_count(), 100U);
  EXPECT_EQ(report.left, report.taken - report.failed);
}

// Fewer than half failing is no reason to stop.
TEST_F(SynthesisFaultTest, SomeFailingDoesNot) {
  add_samples(300);
  server_.respond_by([](const SeenRequest& seen) {
    return seen.number % 3 == 0 ? fail_with(422, "cannot process") : complete("fine");
  });
  const SynthesisReport report = run();
  EXPECT_EQ(report.stopped, "");
  EXPECT_EQ(report.done + report.failed, 300);
  EXPECT_EQ(report.failed, 100);
  EXPECT_EQ(report.error, std::nullopt);
}

TEST_F(SynthesisFaultTest, TheBreakerOpensAndRecovers) {
  add_samples(60);
  server_.then(fail_with(500, "down"), 10);
  SynthesisOptions one_at_a_time;
  one_at_a_time.max_concurrency = 1;
  const SynthesisReport report = run(provider(), one_at_a_time);
  EXPECT_EQ(report.done, 60);
  EXPECT_EQ(report.stopped, "");
  EXPECT_EQ(server_.request_count(), 70U);
  // Eight faults open it. The last two are trials, which double the pause, or were under way then.
  EXPECT_THAT(Seconds(clock_.slept).count(), AllOf(Ge(5), Le(60)));
  expect_all_written_once(60);
}

TEST_F(SynthesisFaultTest, ADeadServerStopsTheRunAndNothingIsLost) {
  add_samples(60);
  server_.then(complete("one"), 20);
  server_.otherwise(close_before_headers());
  const SynthesisReport report = run();
  EXPECT_EQ(report.done, 20);
  EXPECT_NE(report.stopped, "");
  EXPECT_NE(report.error, std::nullopt);
  // 20 answers let 28 be in flight. Seven faults are followed by another request each before the
  // eighth opens the circuit, again if a late answer comes between them; then come four trials.
  EXPECT_LE(server_.request_count(), 20U + 28U + 2 * 7U + 4U);
  EXPECT_EQ(report.left, 40);
  // What is there already is nothing that is left.
  SynthesisOptions one_at_a_time;
  one_at_a_time.max_concurrency = 1;
  server_.otherwise(fail_with(401, "no such key"));
  const SynthesisReport second = run(provider(), one_at_a_time);
  EXPECT_EQ(second.left, 40);
  EXPECT_EQ(second.taken, second.skipped + second.left);
  SynthesisOptions some;
  some.filter.limit = 50;
  EXPECT_EQ(run(provider(), some).left, 30);
  some.filter.limit = -1;
  some.fraction = 0.5;
  const std::int64_t half = run(provider(), some).left;
  EXPECT_GT(half, 5);
  EXPECT_LT(half, 35);
  server_.forget_script();
  EXPECT_EQ(run(provider(), some).done, half);
  EXPECT_EQ(run().done, 40 - half);
  expect_all_written_once(60);
}

TEST_F(SynthesisFaultTest, OfTwoEndpointsOneDead) {
  add_samples(200);
  const ClosedPort closed;
  const SynthesisReport report = run(provider_at({closed.url("/v1"), server_.url("/v1")}));
  EXPECT_EQ(report.done, 200);
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(server_.request_count(), 200U);
  EXPECT_LE(report.retries, 20);  // the dead one is left alone soon
  expect_all_written_once(200);
}

TEST_F(SynthesisFaultTest, TheBudgetHolds) {
  add_samples(500);
  Completion dear;
  dear.input_tokens = 50;
  dear.output_tokens = 90;
  server_.otherwise(complete(dear));
  SynthesisOptions options;
  options.budget.tokens = 20'000;
  options.max_concurrency = 16;
  const SynthesisReport report = run(provider(), options);
  const std::int64_t spent = report.input_tokens + report.output_tokens;
  EXPECT_LE(spent, 20'000 + 16 * 140);
  EXPECT_GE(spent, 15'000);
  EXPECT_THAT(report.stopped, HasSubstr("budget"));
  EXPECT_EQ(report.left, report.taken - report.done);
  EXPECT_EQ(ledger_totals(database()).input_tokens + ledger_totals(database()).output_tokens,
            spent);
}

TEST_F(SynthesisFaultTest, AnInterruptTakesWhatStillComes) {
  add_samples(300);
  server_.hold();
  server_.respond_by([this](const SeenRequest& seen) {
    if (seen.number == 7) {
      timed_job_->cancel();
      server_.release();
    }
    return complete(fmt::format("note {}", seen.number));
  });
  const SynthesisReport report = run();
  EXPECT_EQ(report.error, ErrorKind::kInterrupted);
  EXPECT_EQ(report.stopped, "interrupted");
  EXPECT_EQ(report.done, static_cast<std::int64_t>(server_.request_count()));
  EXPECT_LE(server_.request_count(), 9U);
  EXPECT_EQ(report.left, 300 - report.done);
  timed_job_.emplace(clock_);
  EXPECT_EQ(run().done, 300 - report.done);
  EXPECT_EQ(server_.request_count(), 300U);
}

TEST_F(SynthesisFaultTest, AnInterruptGivesUpWhatDoesNotCome) {
  add_samples(50);
  HurriedClock passing;  // what hangs is given up in the job's time
  timed_job_.emplace(passing);
  server_.respond_by([this](const SeenRequest& seen) {
    if (seen.number == 7) timed_job_->cancel();
    return seen.number % 2 == 0 ? complete("good") : hang_before_headers();
  });
  const auto start = std::chrono::steady_clock::now();
  const SynthesisReport report = run();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(report.error, ErrorKind::kInterrupted);
  // Those that were answered, however many that were until the eighth arrived.
  EXPECT_EQ(report.done, static_cast<std::int64_t>(server_.good_answers()));
  EXPECT_GE(report.done, 4);
  EXPECT_EQ(ledger_totals(database()).requests, static_cast<std::int64_t>(server_.request_count()));
  timed_job_.emplace(clock_);
  server_.forget_script();
  EXPECT_EQ(run().done, 50 - report.done);
  expect_all_written_once(50);
}

// Ctrl-C while every request waits for its turn again.
TEST_F(SynthesisFaultTest, AnInterruptEndsAPause) {
  add_samples(3);
  server_.respond_by([this](const SeenRequest& seen) {
    if (seen.number == 2) timed_job_->cancel();
    return fail_with(429, "wait", {{"Retry-After", "200"}});
  });
  const SynthesisReport report = run();
  EXPECT_EQ(report.error, ErrorKind::kInterrupted);
  EXPECT_EQ(report.left, 3);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(SynthesisFaultTest, ALockedDatabaseIsACleanStop) {
  add_samples(40);
  database().execute("PRAGMA busy_timeout = 20");
  Workspace other = Workspace::open(root());
  std::optional<Transaction> holder;
  server_.respond_by([&](const SeenRequest& seen) {
    if (seen.number == 0) {
      holder.emplace(other.database());
      put_setting(other.database(), "mine", "now");  // takes the lock to write
    }
    return complete("paid for");
  });
  try {
    run();
    ADD_FAILURE() << "the database was locked";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("could not be stored"));
  }
  server_.respond_by([](const SeenRequest&) { return complete("paid for"); });
  holder.reset();
  const std::size_t asked = server_.request_count();
  EXPECT_LT(asked, 40U + 1);
  const SynthesisReport report = run();
  EXPECT_EQ(report.done, 40);
  expect_all_written_once(40);
}

// A lock that goes while the engine waits for it costs nothing.
TEST_F(SynthesisFaultTest, ALockForAMomentLosesNothing) {
  add_samples(40);
  database().execute("PRAGMA busy_timeout = 5000");
  Workspace other = Workspace::open(root());
  std::optional<Transaction> holder;
  // As long as the first eight are on their way, which were kept as such before.
  server_.respond_by([&](const SeenRequest& seen) {
    if (seen.number == 0) {
      holder.emplace(other.database());
      put_setting(other.database(), "mine", "now");  // takes the lock to write
    }
    if (seen.number == 7) holder.reset();
    return complete("paid for");
  });
  const SynthesisReport report = run();
  EXPECT_EQ(report.done, 40);
  EXPECT_EQ(server_.request_count(), 40U);
}

TEST_F(SynthesisFaultTest, AFullDiskIsACleanStop) {
  add_samples(200);
  workspace_.database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  int stops = 0;
  for (const std::int64_t room : {0, 3, 10, 25}) {
    const FaultVfs disk([room](std::int64_t number, int& bytes) {
      if (number < room) return SQLITE_OK;
      bytes /= 2;
      return SQLITE_FULL;
    });
    try {
      Workspace workspace = Workspace::open(root());
      const RequestBuilder builder(lesion_strategy(), provider(), "m", {});
      SynthesisOptions options;
      options.filter.limit = 100;
      const SynthesisReport report =
          synthesize(workspace, builder, options, *transport_, *timed_job_);
      stops += report.error == ErrorKind::kSystem ? 1 : 0;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr("full"));
      ++stops;
    }
  }
  EXPECT_GE(stops, 3);
  EXPECT_EQ(database().query_text("PRAGMA integrity_check"), "ok");
  const auto before = static_cast<std::int64_t>(load_notes(database(), {}).size());
  EXPECT_EQ(run().done, 200 - before);
  expect_all_written_once(200);
}

std::string content_of_file(const Path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// The key appears in no file of the workspace, no recording, no line of the log, no report,
// whatever a server says back.
TEST_F(SynthesisFaultTest, TheKeyGoesNowhereButToTheServer) {
  const std::string key = "kanarienvogel4711";
  ASSERT_EQ(setenv("EPICRISIS_TEST_KEY", key.c_str(), 1), 0);
  add_samples(12);
  server_.then(fail_with(500, "Bearer " + key + " is fine"));
  server_.then(fail_with(429, "slow down, " + key, {{"X-Your-Key", key}}));
  server_.then(fail_with(400, "header 'Bearer " + key + "' is bad"));
  server_.then(respond(200, "<html>" + key + "</html>", {{"Content-Type", "text/html"}}));
  server_.then(respond(200, "{\"choices\": [\"" + key));
  server_.then(complete("The patient's key is " + key + "."));
  server_.then(respond(307, "", {{"Location", "http://127.0.0.1:1/" + key}}));
  Completion refusing;
  refusing.null_content = true;
  refusing.refusal = "I do not talk about " + key;
  server_.then(complete(refusing));
  server_.then(reset_mid_body());
  server_.then(fail_with(401, "Incorrect API key provided: " + key));

  Provider provider = this->provider();
  provider.endpoints.at(0).key_variable = "EPICRISIS_TEST_KEY";
  const Path recording = folder_.path() / "recording.jsonl";
  JobLog said;
  timed_job_.emplace(said, clock_);
  transport_ = make_recording_transport(make_curl_transport(), recording, *timed_job_);
  SynthesisOptions options;
  options.max_concurrency = 1;
  const SynthesisReport report = run(provider, options);
  transport_.reset();
  const std::string log = join(said.lines, "\n");
  unsetenv("EPICRISIS_TEST_KEY");

  EXPECT_EQ(report.error, ErrorKind::kUsage) << report.stopped;
  EXPECT_EQ(server_.count([&](const SeenRequest& seen) {
    return seen.headers.at("authorization") == "Bearer " + key;
  }),
            server_.request_count());
  EXPECT_THAT(log, Not(HasSubstr(key)));
  for (const JobStep& step : said.moved) EXPECT_THAT(step.note, Not(HasSubstr(key)));
  EXPECT_THAT(dump_json(to_json(report)), Not(HasSubstr(key)));
  EXPECT_NE(content_of_file(recording).find("slow down"), std::string::npos);
  EXPECT_EQ(content_of_file(recording).find(key), std::string::npos);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(content_of_file(entry.path()).find(key), std::string::npos) << entry.path();
  }
  EXPECT_GE(files, 2);
  // It looked in the right place.
  EXPECT_NE(content_of_file(root() / "epicrisis.db-wal").find("slow down"), std::string::npos);
}

}  // namespace
}  // namespace epicrisis::test
