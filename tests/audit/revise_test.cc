#include <gmock/gmock.h>

#include "epicrisis/audit/repair.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/ledger.h"
#include "notes/synthesis/simulated_synthesis.h"
#include "support/refusal.h"

namespace epicrisis::audit {
namespace {

using test::SimulatedServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* kWrong = "A small brown spot. The whole indicates a melanoma.";
constexpr const char* kRight = "A small brown spot with a sharp border, a benign nevus.";
constexpr const char* kHalf =
    "A small brown spot with a sharp border on the back. It is a melanoma.";

// A policy that asks again, and strips what stays wrong.
class Revise : public test::SynthesisTest {
 protected:
  void add_note(const std::string& sample, const std::string& text = kWrong,
                const std::string& strategy = "P3") {
    SynthesisTest::add_note(sample, text, strategy);
  }
  static RequestBuilder reviser() {
    return {load_strategy("revise"), parse_provider(test::kProvider, "provider"), "m", {}};
  }
  // Gives the answers one after the other, the last one for ever.
  SimulatedServer server(std::vector<std::string> answers) {
    return {clock_,
            [answers = std::move(answers), at = std::size_t{0}](const HttpRequest&, int) mutable {
              const std::string& text = answers[std::min(at++, answers.size() - 1)];
              return SimulatedServer::Reply{test::json_answer(200, test::completion(text)),
                                            Seconds(0.1)};
            }};
  }
  RevisionReport run(SimulatedServer& server, const SynthesisOptions& asking = {}) {
    RevisionReport report =
        revise_notes(workspace_, policy_, options_, reviser(), asking, server, *timed_job_);
    EXPECT_EQ(report.asked.requests, static_cast<std::int64_t>(server.requests.size()));
    EXPECT_EQ(report.asked.taken,
              report.asked.done + report.asked.failed + report.asked.skipped + report.asked.left);
    return report;
  }
  RepairReport repair() { return repair_notes(workspace_, policy_, options_, job_); }
  std::vector<NoteRecord> notes(const std::string& strategy) {
    NoteFilter filter;
    filter.strategies = {strategy};
    return load_notes(workspace_.database(), filter);
  }
  static Policy twice() {
    return parse_policy(
        "name = \"revise\"\nasks = 2\n[[rule]]\nof = \"claim\"\nverdicts = [\"contradicts\"]\n"
        "action = \"ask\"\n",
        "mine.toml");
  }

  Policy policy_ = load_policy("revise");
  RepairOptions options_{.strategy = "P3", .datasets = {}};
};

TEST_F(Revise, WhatIsWrongIsToldAndWrittenAgain) {
  add_note("a");
  add_note("b", kRight);
  SimulatedServer able = server({kRight});
  const RevisionReport report = run(able);
  EXPECT_EQ(report.repair.accepted, 1);
  EXPECT_EQ(report.repair.asked, 1);
  EXPECT_EQ(report.repair.derived(), 2);
  EXPECT_EQ(report.repair.waiting, 0);
  EXPECT_EQ(report.asked.done, 1);
  ASSERT_EQ(able.requests.size(), 1U);
  const std::string& body = *able.requests.front().body;
  EXPECT_THAT(body, AllOf(HasSubstr(kWrong), HasSubstr("contradicts what is known: melanoma")));
  // The evidence may be what is not to leave.
  EXPECT_THAT(body, Not(HasSubstr("label NEV")));

  const NoteRecord made = notes("P3.revise").at(0);
  EXPECT_EQ(made.text, kRight);
  EXPECT_EQ(made.provider, "test");
  EXPECT_EQ(made.model, "m");
  const Json derived = made.parameters.at("derived");
  EXPECT_EQ(derived.at("outcome"), "asked");
  EXPECT_EQ(derived.at("steps").at(0).at("action"), "ask");
  const NoteRecord written = notes("P3.revise.revised").at(0);
  EXPECT_EQ(written.text, kRight);
  EXPECT_EQ(written.parameters.at("derived").at("from"), notes("P3").at(0).key);
  EXPECT_EQ(written.parameters.at("derived").at("asked"), "P3");
  EXPECT_EQ(notes("P3").at(0).text, kWrong);
  EXPECT_EQ(ledger_totals(workspace_.database(), "P3.revise.revised").requests, 1);
  EXPECT_EQ(find_derivation(workspace_.database(), notes("P3").at(0).id, "revise")->asked, 1);

  // Nothing is asked or made twice, with a model or without.
  SimulatedServer nobody = server({kRight});
  const RevisionReport again = run(nobody);
  EXPECT_TRUE(nobody.requests.empty());
  EXPECT_EQ(again.repair.kept, 2);
  EXPECT_EQ(repair().kept, 2);
}

TEST_F(Revise, WhatStaysWrongIsStripped) {
  add_note("a");
  SimulatedServer half = server({kHalf});
  const RevisionReport report = run(half);
  EXPECT_EQ(half.requests.size(), 1U);
  EXPECT_EQ(report.repair.asked, 1);
  EXPECT_EQ(report.repair.sentences, 1);
  EXPECT_EQ(notes("P3.revise").at(0).text, "A small brown spot with a sharp border on the back.");
}

TEST_F(Revise, APolicySaysHowOftenIsAsked) {
  policy_ = twice();
  add_note("a");
  SimulatedServer second = server({kHalf, kRight});
  const RevisionReport report = run(second);
  EXPECT_EQ(second.requests.size(), 2U);
  EXPECT_THAT(*second.requests.at(1).body, HasSubstr(kHalf));
  EXPECT_EQ(report.asked.done, 2);
  EXPECT_EQ(report.asked.taken, 2);
  EXPECT_EQ(report.repair.asked, 1);
  EXPECT_EQ(notes("P3.revise").at(0).text, kRight);

  add_note("b");
  SimulatedServer stubborn = server({kHalf});
  EXPECT_EQ(run(stubborn).repair.rejected.size(), 1U);
  EXPECT_EQ(stubborn.requests.size(), 2U);
}

TEST_F(Revise, WithoutAModelTheyWait) {
  add_note("a");
  add_note("b", kRight);
  const RepairReport waiting = repair();
  EXPECT_EQ(waiting.waiting, 1);
  EXPECT_EQ(waiting.accepted, 1);
  EXPECT_EQ(waiting.notes, 2);
  EXPECT_EQ(notes("P3.revise").size(), 1U);
  EXPECT_EQ(to_json(waiting).at("waiting"), 1);
}

// What other rules made of it is not what these would make.
TEST_F(Revise, ANoteThatWaitsHasNoDerivedOne) {
  add_note("a");
  policy_ = parse_policy(
      "name = \"revise\"\n[[rule]]\nof = \"claim\"\nverdicts = "
      "[\"contradicts\"]\naction = \"strip\"\n",
      "mine.toml");
  EXPECT_EQ(repair().stripped, 1);
  EXPECT_EQ(notes("P3.revise").size(), 1U);
  policy_ = load_policy("revise");
  EXPECT_EQ(repair().waiting, 1);
  EXPECT_TRUE(notes("P3.revise").empty());
}

TEST_F(Revise, ARefusalIsFollowedByTheNextStepAndAskedAgainOnRequest) {
  policy_ = twice();
  add_note("a");
  SimulatedServer shy = server({"I'm sorry, but I can't help with that."});
  const RevisionReport refused = run(shy);
  EXPECT_EQ(refused.asked.rejected.at("refused"), 1);
  EXPECT_EQ(refused.repair.rejected,
            (std::map<std::string, std::int64_t>{{"no note where it was asked for again", 1}}));
  SimulatedServer able = server({kRight});
  EXPECT_EQ(run(able).repair.rejected.size(), 1U);
  EXPECT_TRUE(able.requests.empty());
  SynthesisOptions retry;
  retry.retry_rejected = true;
  EXPECT_EQ(run(able, retry).repair.asked, 1);
  EXPECT_EQ(able.requests.size(), 1U);
}

// Small models answer to the prompt instead: "I'm sorry for any confusion".
TEST_F(Revise, AnotherNoteIsNotTheNote) {
  policy_ = twice();
  for (const char* text : {"My answers are clear now, so please go ahead with your questions.",
                           "A large red plaque on the leg with scale, ulceration and crusts."}) {
    notes_ = 0;
    workspace_.database().execute("DELETE FROM notes");
    add_note("a");
    SimulatedServer chatty = server({text});
    EXPECT_EQ(
        run(chatty).repair.rejected,
        (std::map<std::string, std::int64_t>{{"another note where it was asked for again", 1}}))
        << text;
    EXPECT_EQ(chatty.requests.size(), 1U);
  }
}

TEST_F(Revise, OneThatStillRefusesIsAskedOnceARun) {
  policy_ = twice();
  add_note("a");
  SynthesisOptions retry;
  retry.retry_rejected = true;
  for (int i = 0; i < 2; ++i) {
    SimulatedServer shy = server({"I'm sorry, but I can't help with that."});
    EXPECT_EQ(run(shy, retry).repair.rejected.size(), 1U);
    EXPECT_EQ(shy.requests.size(), 1U);
  }
}

TEST_F(Revise, NoMoreAreAskedAboutThanAreWanted) {
  for (const char* sample : {"a", "b", "c", "d", "e"}) add_note(sample);
  options_.accepted = 2;
  SimulatedServer able = server({kRight});
  const RevisionReport report = run(able);
  EXPECT_EQ(able.requests.size(), 2U);
  EXPECT_EQ(report.repair.derived(), 2);
  EXPECT_EQ(report.repair.left, 3);
  options_.accepted = 3;
  SimulatedServer first_fails = server({"I'm sorry, but I can't help with that.", kRight});
  policy_.otherwise.clear();
  EXPECT_EQ(run(first_fails).repair.derived(), 3);
}

// 60 tokens an answer: the budget of the first round is what the second may still spend.
TEST_F(Revise, TheBudgetHoldsForAllRounds) {
  policy_ = twice();
  for (const char* sample : {"a", "b", "c", "d"}) add_note(sample);
  SynthesisOptions asking;
  asking.max_concurrency = 1;
  std::int64_t reserved = 0;  // for a request that is not answered yet
  {
    const PlannedNote planned = reviser().plan(
        test::make_sample("a"), 0, "", {{"note", kHalf}, {"faults", std::string(200, 'x')}});
    reserved = planned.input_tokens + planned.max_tokens;
  }
  asking.budget.tokens = reserved + std::int64_t{3} * 60;
  SimulatedServer half = server({kHalf});
  const RevisionReport report = run(half, asking);
  EXPECT_THAT(report.asked.stopped, HasSubstr("budget"));
  EXPECT_GE(half.requests.size(), 4U);
  EXPECT_LT(half.requests.size(), 8U);
  EXPECT_EQ(report.asked.done, static_cast<std::int64_t>(half.requests.size()));
  EXPECT_EQ(report.repair.waiting, 4);
  EXPECT_EQ(report.repair.notes, 4);
}

TEST_F(Revise, NotesOfTwoSamplesWithOneTextAreTwoQuestions) {
  add_note("a");
  add_note("b");
  add_note("b");
  SimulatedServer able = server({kRight});
  const RevisionReport report = run(able);
  EXPECT_EQ(able.requests.size(), 2U);
  EXPECT_EQ(report.repair.asked, 3);
  EXPECT_EQ(report.asked.skips.at("same text as another note"), 1);
}

// What a strip would leave nothing of is asked for as it was.
TEST_F(Revise, ANoteWithNothingLeftIsAskedFor) {
  const std::string head =
      "name = \"mine\"\nleast_words = 8\n[[rule]]\nof = \"claim\"\nverdicts = "
      "[\"contradicts\"]\naction = \"strip\"\n[otherwise]\nstrip = \"ask\"\n";
  policy_ = parse_policy(head, "mine.toml");
  add_note("a", "A melanoma.");
  add_note("b", "A melanoma. It is brown.");  // two words would be left
  SimulatedServer able = server({"It is a brown benign nevus with a sharp border, all in all."});
  const RevisionReport report = run(able);
  EXPECT_EQ(report.repair.asked, 2);
  std::vector<std::string> bodies;  // in any order, as several are on their way at once
  for (const auto& request : able.requests) bodies.push_back(*request.body);
  EXPECT_THAT(bodies, UnorderedElementsAre(HasSubstr("contradicts what is known: melanoma"),
                                           HasSubstr("too short")));
}

TEST_F(Revise, WhatWasWrittenForAnotherStrategyIsNotPaidForAgain) {
  add_note("a");
  add_note("a", kWrong, "P2");
  SimulatedServer able = server({kRight});
  EXPECT_EQ(run(able).repair.asked, 1);
  options_.strategy = "P2";
  SimulatedServer nobody = server({kRight});
  EXPECT_EQ(run(nobody).repair.asked, 1);
  EXPECT_TRUE(nobody.requests.empty());
  EXPECT_EQ(notes("P2.revise").at(0).text, kRight);
}

TEST_F(Revise, WhatCannotAskIsRefused) {
  add_note("a");
  SimulatedServer nobody = server({kRight});
  const auto refused = [&](const RequestBuilder& builder) {
    return test::refusal(
        [&] { revise_notes(workspace_, policy_, options_, builder, {}, nobody, *timed_job_); });
  };
  EXPECT_THAT(refused(builder()), HasSubstr("not 'revise'"));
  EXPECT_THROW(synthesize(workspace_, reviser(), {}, nobody, *timed_job_), UsageError);
  policy_ = load_policy("repair");
  EXPECT_THAT(refused(reviser()), HasSubstr("\"ask\""));
  EXPECT_TRUE(nobody.requests.empty());
}

}  // namespace
}  // namespace epicrisis::audit
