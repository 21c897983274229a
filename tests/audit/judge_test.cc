#include "epicrisis/audit/judge.h"

#include <gmock/gmock.h>

#include "audit/judge_source.h"
#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/judgements.h"
#include "epicrisis/store/tables/ledger.h"
#include "notes/synthesis/simulated_synthesis.h"

namespace epicrisis::audit {
namespace {

using test::SimulatedServer;
using testing::ElementsAre;
using testing::HasSubstr;

class Judge : public test::SynthesisTest {
 protected:
  static RequestBuilder judge() {
    return {load_strategy("judge"), parse_provider(test::kProvider, "provider"), "m", {}};
  }

  // Says the same verdict of every claim that the request numbers.
  static std::string verdicts(const HttpRequest& request, const std::string& verdict) {
    Json list = Json::array();
    for (int number = 1; request.body->find(fmt::format("{}) ", number)) != std::string::npos;
         ++number) {
      list.push_back({{"claim", number}, {"verdict", verdict}});
    }
    return dump_json({{"verdicts", list}});
  }
  SimulatedServer server(const std::string& verdict) {
    return {clock_, [verdict](const HttpRequest& request, int) {
              return SimulatedServer::Reply{
                  test::json_answer(200, test::completion(verdicts(request, verdict)))};
            }};
  }
  JudgeReport run(SimulatedServer& server) {
    return judge_notes(workspace_, judge(), {}, server, *timed_job_);
  }
  AuditCounts audited() { return audit_notes(workspace_, {}, job_).counts.at(0); }
};

TEST_F(Judge, ReadsEachNoteOnceAndStandsBesideTheRules) {
  add_note("a", "A benign nevus on the trunk.");
  add_note("b", "A melanoma.");
  add_note("c", "Nothing to say.");
  SimulatedServer strict = server("contradicts");
  const JudgeReport report = run(strict);
  EXPECT_EQ(report.done, 2);
  EXPECT_EQ(report.skips.at("no claims"), 1);
  EXPECT_EQ(report.verdicts.at("contradicts"), 4);
  EXPECT_EQ(ledger_totals(workspace_.database(), "judge").requests, 2);
  // Which of the two goes first is nobody's promise.
  const std::string both = *strict.requests.at(0).body + *strict.requests.at(1).body;
  EXPECT_THAT(both, HasSubstr("A benign nevus on the trunk."));
  EXPECT_THAT(both, HasSubstr("1) malignancy: benign; 2) diagnosis: melanocytic nevus"));

  SimulatedServer nobody = server("agrees");
  EXPECT_EQ(run(nobody).skips.at("judged before"), 2);
  EXPECT_TRUE(nobody.requests.empty());

  const AuditCounts counts = audited();
  const JudgeCounts& judged = counts.judges.at("judge (test, m)");
  EXPECT_EQ(judged.notes, 2);
  EXPECT_EQ(judged.claims, 4);
  EXPECT_EQ(judged.both_contradict, 1);
  EXPECT_EQ(judged.judge_alone + judged.both_agree + judged.rules_alone, judged.judge_alone);
  EXPECT_EQ(load_notes(workspace_.database(), {}).at(1).text, "A melanoma.");
}

TEST_F(Judge, NotesOfOneSampleWithOneTextAreAskedOnceAndShowItBoth) {
  add_note("a", "A melanoma.");
  add_note("a", "A melanoma.", "P3.accepted");
  add_note("b", "A melanoma.");
  SimulatedServer mild = server("agrees");
  const JudgeReport report = run(mild);
  EXPECT_EQ(report.done, 2);
  EXPECT_EQ(report.skips.at("same text as another note"), 1);
  EXPECT_EQ(mild.requests.size(), 2U);
  const AuditReport audit = audit_notes(workspace_, {}, job_);
  ASSERT_EQ(audit.counts.size(), 2U);
  EXPECT_EQ(audit.counts[0].judges.at("judge (test, m)").notes, 2);
  EXPECT_EQ(audit.counts[1].strategy, "P3.accepted");
  EXPECT_EQ(audit.counts[1].judges.at("judge (test, m)").notes, 1);
}

TEST_F(Judge, ReadsTemplatesOnlyWhereTheyAreNamed) {
  add_note("a", "A melanoma.", "M", "template");
  SimulatedServer mild = server("agrees");
  EXPECT_EQ(run(mild).done, 0);
  JudgeOptions options;
  options.strategies = {"M"};
  EXPECT_EQ(judge_notes(workspace_, judge(), options, mild, *timed_job_).done, 1);
  options.strategies = {"N"};
  EXPECT_THROW(judge_notes(workspace_, judge(), options, mild, *timed_job_), UsageError);
}

TEST_F(Judge, OnlyItsLastWordOnATextCounts) {
  add_note("a", "A melanoma.");
  SimulatedServer mild = server("agrees");
  run(mild);
  const NoteRecord note = load_notes(workspace_.database(), {}).at(0);
  Judgement other = judgements_of(workspace_.database(), note.id, "").at(0);
  other.key = "by another version";
  for (Json& one : other.verdicts) one["verdict"] = "contradicts";
  put_judgement(workspace_.database(), other);
  other.key = "of an older text";
  other.note_sha256 = std::string(64, '0');
  put_judgement(workspace_.database(), other);
  const JudgeCounts counts = audited().judges.at("judge (test, m)");
  EXPECT_EQ(counts.notes, 1);
  EXPECT_EQ(counts.stale_notes, 0);
  EXPECT_EQ(counts.claims, counts.verdicts.at("contradicts"));
}

TEST_F(Judge, ANoteThatWouldBeCutIsSkipped) {
  std::string text = "A melanoma.";
  while (text.size() <= kMaxNoteBytes) text += " It is seen well.";
  add_note("a", text);
  SimulatedServer nobody = server("agrees");
  EXPECT_EQ(run(nobody).skips.at("too long a note"), 1);
  EXPECT_TRUE(nobody.requests.empty());
}

TEST_F(Judge, WhatItSaidOfATextThatWasRevisedIsNotShown) {
  add_note("a", "A melanoma.");
  SimulatedServer mild = server("agrees");
  run(mild);
  EXPECT_EQ(audited().judges.at("judge (test, m)").rules_alone, 1);
  const std::int64_t id = load_notes(workspace_.database(), {}).at(0).id;
  revise_note(workspace_.database(), id, "A nevus.", "for the test");
  EXPECT_EQ(audited().judges.at("judge (test, m)").stale_notes, 1);
  EXPECT_EQ(audited().judges.at("judge (test, m)").claims, 0);
  SimulatedServer again = server("agrees");
  EXPECT_EQ(run(again).done, 1);
}

TEST_F(Judge, AnAnswerWithoutAVerdictForEachClaimIsAskedAgainAndKeptAsInvalid) {
  add_note("a", "A benign nevus.");
  SimulatedServer lazy{
      clock_, [](const HttpRequest&, int) {
        return SimulatedServer::Reply{test::json_answer(
            200, test::completion(R"({"verdicts": [{"claim": 1, "verdict": "Agrees."}]})"))};
      }};
  const JudgeReport report = run(lazy);
  EXPECT_EQ(report.failed, 1);
  EXPECT_EQ(report.rejected.at("invalid"), 1);
  EXPECT_GT(report.retries, 0);
  EXPECT_TRUE(audited().judges.empty());
  SimulatedServer nobody = server("agrees");
  EXPECT_EQ(run(nobody).skips.at("invalid before"), 1);
}

TEST_F(Judge, OneThatWritesNotesIsRefusedAndAJudgeWritesNone) {
  add_note("a", "A nevus.");
  SimulatedServer nobody = server("agrees");
  EXPECT_THROW(judge_notes(workspace_, builder(), {}, nobody, *timed_job_), UsageError);
  EXPECT_THROW(synthesize(workspace_, judge(), {}, nobody, *timed_job_), UsageError);
  EXPECT_TRUE(nobody.requests.empty());
}

TEST_F(Judge, PreviewCountsAndSendsNothing) {
  add_note("a", "A nevus.");
  add_note("b", "A melanoma.");
  const SynthesisPreview preview = preview_judge(workspace_, judge(), {}, job_);
  EXPECT_EQ(preview.missing, 2);
  EXPECT_GT(preview.cost, 0);
  EXPECT_THAT(preview.body, HasSubstr("A nevus."));
  EXPECT_THAT(preview.fields, testing::Contains("class"));
}

TEST_F(Judge, AJudgeOfAnOwnFileMustShowTheClaims) {
  constexpr const char* kFile = R"(
name = "mine"
version = 1
kind = "judge"
system = "Check."
user = "{note}"
)";
  try {
    parse_strategy(kFile, "mine.toml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("{claims}"));
  }
}

TEST(JudgeVerdicts, AreHeldAgainstTheClaims) {
  Claim melanoma;
  melanoma.kind = "diagnosis";
  melanoma.value = "MEL";
  melanoma.denied = true;
  melanoma.hedged = true;
  EXPECT_EQ(numbered_claims({melanoma, melanoma}, Field::standard()),
            "1) diagnosis: melanoma, denied, doubted; 2) diagnosis: melanoma, denied, doubted");
  const auto answer = [](const char* text) { return parse_json(text, "answer"); };
  const Json verdicts =
      verdicts_on({melanoma}, answer(R"({"verdicts": [{"claim": 1, "verdict": "agrees"}]})"));
  EXPECT_EQ(verdicts.at(0).at("polarity"), "denied");
  EXPECT_EQ(verdicts.at(0).at("verdict"), "agrees");
  EXPECT_THROW(
      verdicts_on({melanoma}, answer(R"({"verdicts": [{"claim": 2, "verdict": "agrees"}]})")),
      InputError);
  for (const char* number : {"1e300", "-1e300", "0", "18446744073709551617"}) {
    EXPECT_THROW(
        verdicts_on({melanoma}, answer(fmt::format(R"({{"verdicts": [{{"claim": {}, "verdict":
                                                   "agrees"}}]}})",
                                                   number)
                                           .c_str())),
        InputError)
        << number;
  }
  EXPECT_THROW(verdicts_on({melanoma}, answer(R"({"verdicts": [{"claim": 1, "verdict": "agrees"},
                                         {"claim": 1, "verdict": "contradicts"}]})")),
               InputError);
}

}  // namespace
}  // namespace epicrisis::audit
