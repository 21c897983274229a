#include "epicrisis/audit/workspace_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "support/store_support.h"

namespace epicrisis::audit {
namespace {

class WorkspaceAudit : public test::StoreTest {
 protected:
  WorkspaceAudit() : workspace_(make()) {}

  void add_note(const std::string& sample, const std::string& strategy, const std::string& text) {
    NoteRecord note;
    note.key = fmt::format("{} {} {}", sample, strategy, notes_++);
    note.sample_id = test::store_sample(workspace_.database(), "set", test::make_sample(sample));
    note.strategy = strategy;
    note.provider = "import";
    note.text = text;
    put_note(workspace_.database(), note);
  }
  AuditReport audit() { return audit_notes(workspace_, options_, job_); }
  std::vector<Json> lines() {
    std::vector<Json> found;
    for (const std::string& line : split(read_file(*options_.output), '\n')) {
      if (!line.empty()) found.push_back(parse_json(line, "output"));
    }
    return found;
  }

  Workspace workspace_;
  AuditOptions options_;
  int notes_ = 0;
};

TEST_F(WorkspaceAudit, JudgesWhatIsNew) {
  add_note("a", "P3", "A benign nevus.");
  add_note("b", "P3", "A melanoma.");
  AuditReport report = audit();
  EXPECT_EQ(report.judged, 2);
  EXPECT_EQ(report.kept, 0);
  ASSERT_EQ(report.counts.size(), 1U);
  EXPECT_EQ(report.counts[0].pass, 1);
  EXPECT_EQ(report.counts[0].fail, 1);
  EXPECT_EQ(report.counts[0].wrong.at("diagnosis"), 1);

  add_note("c", "P3", "A nevus. A biopsy is advised.");
  report = audit();
  EXPECT_EQ(report.judged, 1);
  EXPECT_EQ(report.kept, 2);
  EXPECT_EQ(report.counts[0].notes, 3);
  EXPECT_EQ(report.counts[0].warn, 1);

  // Other facts: what was judged by the old ones is judged again.
  Sample changed = test::make_sample("b");
  changed.label = test::kMelanoma;
  changed.grade = "malignant";
  changed.diagnosis = "melanoma";
  test::store_sample(workspace_.database(), "set", changed);
  report = audit();
  EXPECT_EQ(report.judged, 1);
  EXPECT_EQ(report.counts[0].fail, 0);
  const std::vector<NoteRecord> notes = load_notes(workspace_.database(), {});
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[1].text, "A melanoma.");
}

TEST_F(WorkspaceAudit, WritesAnObjectForEachNote) {
  add_note("a", "P3", "The lesion is malignant and is a melanoma on the leg of a woman of 54.");
  add_note("b", "M", "The lesion is benign.");
  options_.output = root() / "audit.jsonl";
  audit();
  const std::vector<Json> first = lines();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].at("dataset"), "set");
  EXPECT_EQ(first[0].at("key"), "a");
  EXPECT_EQ(first[0].at("strategy"), "P3");
  EXPECT_EQ(first[0].at("wrong"), Json({"diagnosis", "malignancy", "site", "age"}));
  EXPECT_EQ(first[0].at("omitted"), Json::array());  // P3 is told nothing
  EXPECT_EQ(first[0].at("verdict"), "fail");
  EXPECT_EQ(first[1].at("omitted"), Json({"diagnosis", "site", "age"}));
  audit();
  EXPECT_EQ(lines(), first);
  options_.strategies = {"M"};
  audit();
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(WorkspaceAudit, CountsWhatCannotBeRead) {
  add_note("a", "M", "A benign nevus of 45 years.");
  Sample sample = test::make_sample("a");
  sample.findings = {{"site", "klingon"}};
  test::store_sample(workspace_.database(), "set", sample);
  const AuditReport report = audit();
  EXPECT_EQ(report.counts[0].unreadable.at("site"), 1);
  EXPECT_TRUE(report.counts[0].omitted.empty());
  EXPECT_EQ(to_json(report).at("counts").at(0).at("unreadable"), Json({{"site", 1}}));
}

TEST_F(WorkspaceAudit, EqualNotesOfOtherSamplesAreNamed) {
  add_note("a", "P3", "A benign nevus with a network.");
  add_note("b", "P3", "A benign  nevus\nwith a network.");
  add_note("c", "P3", "A benign nevus without a network.");
  options_.output = root() / "audit.jsonl";
  const AuditReport report = audit();
  EXPECT_EQ(report.counts[0].form.at("equal"), 1);
  EXPECT_THAT(lines()[1].at("form").at(0).at("detail").get<std::string>(),
              testing::HasSubstr("set/a"));
  EXPECT_EQ(audit().counts[0].form.at("equal"), 1);
}

TEST_F(WorkspaceAudit, NearlyEqualNotesAreNamed) {
  const std::string note =
      "Small round brown macule with a fine network that fades at the edge, fairly symmetric, "
      "without streaks, veil or regression, and with a few short hairs across the middle of the "
      "lesion, on pale skin. Melanocytic nevus, benign";
  add_note("a", "P3", note + ".");
  add_note("b", "P3", note + " indeed.");
  add_note("c", "P3",
           "A quite different and much longer note on a brown macule with many dots, "
           "which is a melanocytic nevus and therefore benign.");
  const AuditReport report = audit();
  EXPECT_EQ(report.counts[0].form.at("nearly equal"), 1);
}

TEST_F(WorkspaceAudit, WhatOthersDoNotSayIsMarked) {
  add_note("a", "P3", "A nevus with a network.");
  add_note("a", "P3", "A nevus with a network and a veil.");
  add_note("a", "P3", "A nevus without a network.");
  add_note("a", "P1", "A nevus.");  // another strategy is no witness
  add_note("b", "P3", "A nevus.");
  options_.output = root() / "audit.jsonl";
  const AuditReport report = audit();
  const std::vector<Json> notes = lines();
  ASSERT_EQ(notes.size(), 5U);
  const auto shared = [&](std::size_t note, const char* value, const char* polarity) {
    for (const Json& claim : notes.at(note).at("claims")) {
      if (claim.at("value") == value && claim.at("polarity") == polarity) {
        return claim.value("shared", -1.0);
      }
    }
    return -2.0;
  };
  EXPECT_EQ(shared(0, "NEV", "asserted"), -1);
  EXPECT_EQ(shared(1, "NEV", "asserted"), 1);
  EXPECT_EQ(shared(1, "pigment network", "asserted"), 0.5);
  EXPECT_EQ(shared(2, "blue-white veil", "asserted"), 0);
  EXPECT_EQ(shared(3, "pigment network", "denied"), 0);
  EXPECT_EQ(shared(4, "NEV", "asserted"), -1);
  const auto p3 = std::ranges::find(report.counts, "P3", &AuditCounts::strategy);
  ASSERT_NE(p3, report.counts.end());
  EXPECT_EQ(p3->with_others, 7);
  EXPECT_EQ(p3->unshared, 2);
  // What is stored is the same in a second run.
  audit();
  EXPECT_EQ(lines(), notes);
}

TEST_F(WorkspaceAudit, StopsWhenCancelledAndLeavesNoOutput) {
  add_note("a", "P3", "A benign nevus.");
  options_.output = root() / "audit.jsonl";
  job_.cancel();
  EXPECT_THROW(audit(), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(*options_.output));
}

TEST_F(WorkspaceAudit, Explains) {
  add_note("a", "P3", "A melanoma.");
  const std::vector<ExplainedNote> notes = explain_notes(workspace_, "a", {});
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].audited.claims.at(0).evidence, "label NEV");
  EXPECT_THROW(explain_notes(workspace_, "z", {}), UsageError);
}

}  // namespace
}  // namespace epicrisis::audit
