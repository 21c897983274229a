#include <fmt/format.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "epicrisis/core/random.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/synthesis_support.h"
#include "support/fault_server.h"

// A writing process is killed again and again, at random instants, while the server outside counts
// what it answered. The process is this test program itself, started anew.
namespace epicrisis::test {
namespace {

constexpr int kInFlight = 16;
constexpr int kGroup = 64;  // answers that may wait for their commit
constexpr Seconds kLatency{0.004};
constexpr const char* kWorkspaceVariable = "EPICRISIS_KILL_TEST_WORKSPACE";
constexpr const char* kUrlVariable = "EPICRISIS_KILL_TEST_URL";

// The number in "lesion 00017" of a text; -1 without.
int lesion_of(std::string_view text) {
  const std::size_t at = text.find("lesion ");
  if (at == std::string_view::npos || at + 12 > text.size()) return -1;
  int number = -1;
  std::from_chars(text.data() + at + 7, text.data() + at + 12, number);
  return number;
}

// The number of the request that a note answers: "Answer 17 for lesion 00003."
std::size_t answer_of(std::string_view text) {
  std::size_t number = 0;
  const std::size_t at = text.find("Answer ");
  EXPECT_NE(at, std::string_view::npos) << text;
  std::from_chars(text.data() + at + 7, text.data() + text.size(), number);
  return number;
}

SynthesisReport write_notes(Workspace& workspace, const std::string& url) {
  Job job;
  Provider provider = provider_at({url});
  provider.max_concurrency = kInFlight;
  const RequestBuilder builder(lesion_strategy(), provider, "m", {});
  const auto transport = make_curl_transport();
  return synthesize(workspace, builder, {}, *transport, job);
}

class SynthesisKillTest : public SynthesisFixture {
 protected:
  void kill_many(int kills, std::uint64_t seed);

  // Starts a writer and kills it `delay` after its request of this number; true if it was done
  // before.
  bool write_and_kill(std::size_t requests, Seconds delay);
  void check(int kills);

  FaultServer server_{{.latency = kLatency}};
  std::vector<int> asked_;      // the lesion of each request that the server saw
  std::set<int> committed_;     // lesions with a note at the last look
  std::set<std::size_t> used_;  // answers that are notes
  std::int64_t last_note_ = 0;
};

bool SynthesisKillTest::write_and_kill(std::size_t requests, Seconds delay) {
  char program[] = "/proc/self/exe";
  char filter[] = "--gtest_filter=KillTestChild.DISABLED_WritesNotes";
  char also[] = "--gtest_also_run_disabled_tests";
  char brief[] = "--gtest_brief=1";
  char* const arguments[] = {program, filter, also, brief, nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) {
    ADD_FAILURE() << "cannot start the writer";
    return true;
  }
  EXPECT_TRUE(server_.wait_for_requests(asked_.size() + requests));
  std::this_thread::sleep_for(delay);
  kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) {
    EXPECT_EQ(WEXITSTATUS(status), 0);
    return true;
  }
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  return false;
}

void SynthesisKillTest::check(int kills) {
  EXPECT_TRUE(server_.wait_for_in_flight(0));  // the connections of the dead are gone
  ASSERT_EQ(database().query_text("PRAGMA integrity_check"), "ok");

  // Nothing that was committed is asked for again.
  for (const SeenRequest& request : server_.requests(asked_.size())) {
    asked_.push_back(lesion_of(request.body));
    EXPECT_EQ(committed_.count(asked_.back()), 0U) << "lesion " << asked_.back();
  }

  // What was committed is still there, and the new notes are each of one sample and one answer.
  const std::vector<std::size_t> good = server_.good_answer_numbers();
  const std::set<std::size_t> answered(good.begin(), good.end());
  EXPECT_EQ(database().query_integer("SELECT count(*) FROM notes WHERE id <= ?1", last_note_),
            static_cast<std::int64_t>(committed_.size()));
  Statement notes = database().prepare(
      "SELECT notes.id, notes.key, text, status, samples.key FROM notes "
      "JOIN samples ON samples.id = sample_id WHERE notes.id > ?1 ORDER BY notes.id");
  for (notes.bind(1, last_note_); notes.step();) {
    last_note_ = notes.integer(0);
    const std::string text = notes.text(2);
    const std::size_t answer = answer_of(text);
    const int lesion = lesion_of(text);
    EXPECT_EQ(notes.text(3), "written");
    EXPECT_EQ(notes.text(4), fmt::format("{:05}", lesion));
    EXPECT_TRUE(committed_.insert(lesion).second) << "two notes of lesion " << lesion;
    EXPECT_TRUE(used_.insert(answer).second) << "two notes of answer " << answer;
    EXPECT_EQ(answered.count(answer), 1U) << "a note of an answer that was never given";
    EXPECT_EQ(asked_.at(answer), lesion);
    // The ledger has the request that was paid for.
    std::int64_t entries = 0;
    for_each_ledger_entry(database(), notes.text(1), [&](const LedgerEntry& entry) {
      entries += entry.outcome == "written" ? 1 : 0;
      return true;
    });
    EXPECT_EQ(entries, 1);
  }

  // The ledger and the server agree, but for what was in flight or not yet committed at each kill.
  const auto count = [&](const char* sql) { return database().query_integer(sql).value_or(0); };
  const std::int64_t answered_for = count("SELECT count(*) FROM ledger WHERE outcome <> 'lost'");
  EXPECT_LE(answered_for, static_cast<std::int64_t>(good.size()));
  EXPECT_LE(static_cast<std::int64_t>(good.size()) - answered_for, kills * (kInFlight + kGroup));
  // And that is known to the last one: it was kept before it was sent.
  const std::int64_t kept =
      ledger_totals(database()).requests + count("SELECT count(*) FROM under_way");
  EXPECT_GE(kept, static_cast<std::int64_t>(server_.request_count()));
  EXPECT_LE(kept - answered_for, kills * (kInFlight + kGroup));
}

void SynthesisKillTest::kill_many(int kills, std::uint64_t seed) {
  server_.respond_by([](const SeenRequest& seen) {
    return complete(
        fmt::format("Answer {} for {}.", seen.number, lesion_name(lesion_of(seen.body))));
  });
  ASSERT_EQ(setenv(kWorkspaceVariable, root().c_str(), 1), 0);
  ASSERT_EQ(setenv(kUrlVariable, server_.url("/v1").c_str(), 1), 0);
  Random random(seed, "kills");
  int samples = 0;
  int done = 0;
  for (int killed = 0; killed < kills;) {
    if (committed_.size() + 400 > static_cast<std::size_t>(samples)) {
      add_lesions(database(), samples, samples + 1000);
      samples += 1000;
    }
    // Now and then while it starts; else anywhere in its work, however slow the machine is.
    const auto requests =
        static_cast<std::size_t>(random.uniform() < 0.1 ? 0 : 1 + random.uniform() * 300);
    if (write_and_kill(requests, Seconds(random.uniform() * 0.02))) {
      ASSERT_LT(++done, 20) << "the writer ends before it is killed";
      continue;
    }
    ++killed;
    check(killed);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(committed_.size(), 50U) << "killed too early to tell anything";
  EXPECT_GT(database().query_integer("SELECT count(*) FROM ledger WHERE outcome = 'lost'"), 0)
      << "no kill hit a request in flight";

  const auto before = static_cast<std::int64_t>(committed_.size());
  const SynthesisReport last = write_notes(workspace_, server_.url("/v1"));
  EXPECT_EQ(last.error, std::nullopt) << last.stopped;
  EXPECT_EQ(last.done, samples - before);
  EXPECT_EQ(database().query_integer("SELECT count(*) FROM under_way"), 0);
  EXPECT_EQ(last.skipped, before);
  check(kills);
  EXPECT_EQ(committed_.size(), static_cast<std::size_t>(samples));
  const auto lost = static_cast<std::int64_t>(server_.good_answers()) - samples;
  std::cout << kills << " kills, " << samples << " notes, " << server_.request_count()
            << " requests, " << lost << " answers lost (" << static_cast<double>(lost) / kills
            << " a kill)\n";
  RecordProperty("answers_lost", static_cast<int>(lost));
}

TEST_F(SynthesisKillTest, NothingIsLostNorWrittenTwice) { kill_many(20, 1); }

// bench/kill_test.sh
TEST_F(SynthesisKillTest, DISABLED_TwoHundredKills) { kill_many(200, 2); }

// The process that is killed.
TEST(KillTestChild, DISABLED_WritesNotes) {
  const char* const folder = std::getenv(kWorkspaceVariable);
  const char* const url = std::getenv(kUrlVariable);
  if (folder == nullptr || url == nullptr) GTEST_SKIP() << "started by SynthesisKillTest alone";
  Workspace workspace = Workspace::open(folder);
  EXPECT_EQ(write_notes(workspace, url).stopped, "");
}

}  // namespace
}  // namespace epicrisis::test
