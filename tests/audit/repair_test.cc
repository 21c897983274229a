#include "epicrisis/audit/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/derivations.h"
#include "support/store_support.h"

namespace epicrisis::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kNote =
    "Small round brown macule with a fine network that fades at the edge. The whole indicates a "
    "melanoma. There are no streaks.";
constexpr const char* kStripped =
    "Small round brown macule with a fine network that fades at the edge. There are no streaks.";

class Repair : public test::StoreTest {
 protected:
  Repair() : workspace_(make()) {}

  void add_note(const std::string& sample, const std::string& text,
                const std::string& strategy = "P3", int variant = 0) {
    NoteRecord note;
    note.key = fmt::format("{} {} {}", sample, strategy, notes_++);
    note.sample_id = test::store_sample(workspace_.database(), "set", test::make_sample(sample));
    note.strategy = strategy;
    note.provider = "import";
    note.model = "some-model";
    note.variant = variant;
    note.text = text;
    put_note(workspace_.database(), note);
  }
  RepairReport repair(const Policy& policy, std::int64_t accepted = -1) {
    options_.accepted = accepted;
    return repair_notes(workspace_, policy, options_, job_);
  }
  RepairReport repair(const std::string& policy, std::int64_t accepted = -1) {
    return repair(load_policy(policy), accepted);
  }
  static Policy policy(const std::string& rest, const std::string& action = "strip") {
    return parse_policy(
        "name = \"mine\"\n" + rest +
            "\n[[rule]]\nof = \"claim\"\nverdicts = [\"contradicts\"]\naction = \"" + action +
            "\"\n",
        "mine.toml");
  }
  std::vector<NoteRecord> notes(const std::string& strategy) {
    NoteFilter filter;
    filter.strategies = {strategy};
    return load_notes(workspace_.database(), filter);
  }

  void make_melanoma(const std::string& key) {
    Sample changed = test::make_sample(key);
    changed.label = test::kMelanoma;
    changed.grade = "malignant";
    changed.diagnosis = "melanoma";
    test::store_sample(workspace_.database(), "set", changed);
  }

  Workspace workspace_;
  RepairOptions options_{.strategy = "P3", .datasets = {}};
  int notes_ = 0;
};

TEST_F(Repair, StripsRejectsAndAccepts) {
  add_note("a", "A benign nevus with a network.");
  add_note("b", kNote);
  add_note("c", "The network is that of a melanoma.");
  const RepairReport report = repair("repair");
  EXPECT_EQ(report.strategy, "P3.repair");
  EXPECT_EQ(report.notes, 3);
  EXPECT_EQ(report.made, 3);
  EXPECT_EQ(report.accepted, 1);
  EXPECT_EQ(report.stripped, 1);
  EXPECT_EQ(report.sentences, 1);
  EXPECT_EQ(report.rejected, (std::map<std::string, std::int64_t>{{"nothing left", 1}}));
  const std::vector<NoteRecord> made = notes("P3.repair");
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].text, "A benign nevus with a network.");
  EXPECT_EQ(made[1].text, kStripped);
  EXPECT_EQ(made[1].provider, "import");
  EXPECT_EQ(made[1].model, "some-model");
  // The ones they are made from are as they were.
  ASSERT_EQ(notes("P3").size(), 3U);
  EXPECT_EQ(notes("P3")[1].text, kNote);
  // Both have a verdict.
  EXPECT_EQ(find_audit(workspace_.database(), notes("P3")[1].id)->verdict, "fail");
  EXPECT_EQ(find_audit(workspace_.database(), made[1].id)->verdict, "pass");
}

TEST_F(Repair, KeepsWhereANoteCameFrom) {
  add_note("b", kNote);
  repair("repair");
  const Json derived = notes("P3.repair").at(0).parameters.at("derived");
  EXPECT_EQ(derived.at("from"), notes("P3").at(0).key);
  EXPECT_EQ(derived.at("strategy"), "P3");
  EXPECT_EQ(derived.at("policy"), "repair");
  EXPECT_EQ(derived.at("outcome"), "stripped");
  const Json& step = derived.at("steps").at(0);
  EXPECT_EQ(step.at("action"), "strip");
  EXPECT_THAT(step.at("because").at(0).get<std::string>(), HasSubstr("diagnosis contradicts"));
  EXPECT_EQ(step.at("removed").at(0).at("text"), "The whole indicates a melanoma.");
}

TEST_F(Repair, AcceptedRejectsWhatFails) {
  add_note("a", "A benign nevus. A biopsy is advised.");  // a warning is none
  add_note("b", kNote);
  const RepairReport report = repair("accepted");
  EXPECT_EQ(report.accepted, 1);
  ASSERT_EQ(report.rejected.size(), 1U);
  EXPECT_THAT(report.rejected.begin()->first, HasSubstr("wrong diagnosis"));
}

TEST_F(Repair, NoClassNamesNone) {
  add_note("a", "Brown macule of the back. It is a nevus. Benign. Unlike a melanoma, it is even.");
  const RepairReport report = repair("no-class");
  EXPECT_EQ(report.stripped, 1);
  EXPECT_EQ(report.sentences, 3);
  EXPECT_EQ(notes("P3.no-class").at(0).text, "Brown macule of the back.");
}

TEST_F(Repair, SecondCallMakesWhatIsNew) {
  add_note("a", "A benign nevus with a network.");
  repair("repair");
  add_note("b", kNote);
  RepairReport report = repair("repair");
  EXPECT_EQ(report.made, 1);
  EXPECT_EQ(report.kept, 1);
  EXPECT_EQ(report.remade, 0);
  EXPECT_EQ(report.accepted, 1);
  // Other facts: what was made by the old ones is made anew, and what is rejected now goes.
  make_melanoma("a");
  report = repair("repair");
  EXPECT_EQ(report.made, 1);
  EXPECT_EQ(report.remade, 1);
  EXPECT_EQ(report.rejected.size(), 1U);
  EXPECT_EQ(notes("P3.repair").size(), 1U);
  report = repair("repair");
  EXPECT_EQ(report.kept, 2);
  EXPECT_EQ(report.derived(), 1);
}

TEST_F(Repair, IsTheSameAgain) {
  add_note("a", kNote);
  add_note("b", "A benign nevus with a network. It is malignant.");
  repair("repair");
  std::vector<std::string> first;
  for (const NoteRecord& note : notes("P3.repair")) first.push_back(note.text);
  workspace_.database().execute("UPDATE derivations SET maker = ''");
  EXPECT_EQ(repair("repair").remade, 2);
  std::vector<std::string> second;
  for (const NoteRecord& note : notes("P3.repair")) second.push_back(note.text);
  EXPECT_EQ(first, second);
}

TEST_F(Repair, FallsBackToATemplate) {
  add_note("a", "The network is that of a melanoma.");
  const RepairReport report = repair(policy("[otherwise]\nstrip = \"write M\"\n"));
  EXPECT_EQ(report.fell_back, 1);
  EXPECT_TRUE(report.rejected.empty());
  EXPECT_THAT(notes("P3.mine").at(0).text, HasSubstr("nevus"));
}

TEST_F(Repair, FallsBackToANoteThatIsThere) {
  add_note("a", "A melanoma.");
  add_note("a", "A nevus of the back.", "own");
  EXPECT_EQ(repair(policy("", "write own")).fell_back, 1);
  EXPECT_EQ(notes("P3.mine").at(0).text, "A nevus of the back.");
}

TEST_F(Repair, OtherNoteIsReadToo) {
  add_note("a", "A melanoma.");
  add_note("a", "A basal cell carcinoma.", "own");
  add_note("b", "A melanoma.");
  const RepairReport report =
      repair(policy("[otherwise]\n\"write own\" = \"reject\"\n", "write own"));
  EXPECT_EQ(report.fell_back, 0);
  EXPECT_EQ(report.rejected.at("note of own: diagnosis"), 1);
  EXPECT_EQ(report.rejected.at("no note of own"), 1);
}

TEST_F(Repair, StopsWhenEnoughAreAccepted) {
  add_note("a", "A melanoma.");
  add_note("b", "A nevus.");
  add_note("c", "A nevus.");
  add_note("d", "A nevus.");
  RepairReport report = repair("accepted", 2);
  EXPECT_EQ(report.derived(), 2);
  EXPECT_EQ(report.notes, 3);
  EXPECT_EQ(report.left, 1);
  report = repair("accepted", 3);
  EXPECT_EQ(report.made, 1);
  EXPECT_EQ(report.left, 0);
}

TEST_F(Repair, WhatOthersDoNotShareIsEvidence) {
  add_note("a", "A brown macule with a network. There is a veil. It is a nevus.", "P3", 0);
  add_note("a", "A brown macule with a network. It is a nevus.", "P3", 1);
  add_note("a", "A brown macule with a network. A nevus.", "P3", 2);
  const Policy unshared = parse_policy(
      "name = \"shared\"\n[[rule]]\nof = \"claim\"\nkinds = [\"structures\"]\n"
      "shared_below = 0.5\naction = \"strip\"\n",
      "shared.toml");
  add_note("b", "There is a veil. It is a nevus.");  // nobody to share with
  const RepairReport report = repair(unshared);
  EXPECT_EQ(report.accepted, 3);
  EXPECT_EQ(report.stripped, 1);
  EXPECT_EQ(notes("P3.shared").at(0).text, "A brown macule with a network. It is a nevus.");
}

TEST_F(Repair, OfADerivedStrategy) {
  add_note("a", std::string(kNote) + " A nevus it is.");
  repair("repair");
  options_.strategy = "P3.repair";
  EXPECT_EQ(repair("no-class").strategy, "P3.repair.no-class");
  EXPECT_EQ(notes("P3.repair.no-class").at(0).text, kStripped);
}

TEST_F(Repair, AChainFollowsWhatItIsMadeOf) {
  add_note("a", "A fine brown network is seen. It lies on the back. It is a nevus.");
  const auto chain = [&] {
    options_.strategy = "P3";
    repair("repair");
    options_.strategy = "P3.repair";
    return repair("no-class");
  };
  chain();
  EXPECT_EQ(notes("P3.repair.no-class").at(0).text,
            "A fine brown network is seen. It lies on the back.");
  Sample changed = test::make_sample("a");
  changed.findings = {{"site", "face"}};
  test::store_sample(workspace_.database(), "set", changed);
  EXPECT_EQ(chain().remade, 1);
  EXPECT_EQ(notes("P3.repair").at(0).text, "A fine brown network is seen. It is a nevus.");
  ASSERT_EQ(notes("P3.repair.no-class").size(), 1U);
  EXPECT_EQ(notes("P3.repair.no-class").at(0).text, "A fine brown network is seen.");
}

TEST_F(Repair, WhatIsMadeOfARejectedNoteGoesWithIt) {
  add_note("a", "A benign nevus. A brown macule of the back is seen.");
  repair("accepted");
  options_.strategy = "P3.accepted";
  EXPECT_EQ(repair("no-class").derived(), 1);
  make_melanoma("a");
  options_.strategy = "P3";
  EXPECT_EQ(repair("accepted").derived(), 0);
  EXPECT_TRUE(notes("P3.accepted").empty());
  EXPECT_TRUE(notes("P3.accepted.no-class").empty());
}

TEST_F(Repair, TakesUpDerivedNotesThatWereImported) {
  add_note("a", "A benign nevus with a network.");
  repair("repair");
  workspace_.database().execute("DELETE FROM derivations");  // an export holds notes alone
  EXPECT_EQ(repair("repair").made, 1);
  EXPECT_EQ(notes("P3.repair").size(), 1U);
  workspace_.database().execute("DELETE FROM derivations");
  make_melanoma("a");
  EXPECT_EQ(repair("accepted").derived(), 0);
  EXPECT_EQ(repair("repair").derived(), 0);
  EXPECT_TRUE(notes("P3.repair").empty());
}

TEST_F(Repair, ANoteThatFellBackIsReadByThePromptOfTheOther) {
  add_note("a", "The network is that of a melanoma.", "P1");
  options_.strategy = "P1";
  EXPECT_EQ(repair(policy("[otherwise]\nstrip = \"write M\"\n")).fell_back, 1);
  const NoteRecord made = notes("P1.mine").at(0);
  EXPECT_EQ(made.parameters.at("derived").at("strategy"), "P1");
  EXPECT_EQ(made.parameters.at("derived").at("asked"), "M");
  EXPECT_EQ(find_audit(workspace_.database(), made.id)->issues.at("form"), Json::array());
}

TEST_F(Repair, FallsBackToATemplateBesideThePolicy) {
  write_file(folder_.path() / "own.toml",
             "name = \"mine-own\"\nversion = 1\nkind = \"template\"\nfields = [\"diagnosis\"]\n"
             "text = \"Seen is a {diagnosis}.\"\n");
  write_file(folder_.path() / "mine.toml",
             "name = \"mine\"\n[[rule]]\nof = \"claim\"\nverdicts = [\"contradicts\"]\n"
             "action = \"write own.toml\"\n");
  const Policy mine = load_policy((folder_.path() / "mine.toml").string());
  add_note("a", "A melanoma.");
  EXPECT_EQ(repair(mine).fell_back, 1);
  EXPECT_EQ(notes("P3.mine").at(0).text, "Seen is a melanocytic nevus.");
  // A note that is there comes first, by the strategy's own name.
  add_note("a", "A nevus of the back.", "mine-own");
  EXPECT_EQ(repair(mine).remade, 1);
  EXPECT_EQ(notes("P3.mine").at(0).text, "A nevus of the back.");
}

TEST_F(Repair, WhatIsMissingIsNamed) {
  EXPECT_THROW(repair("repair"), UsageError);  // no note of P3
  add_note("a", "A nevus.");
  EXPECT_THROW(repair(policy("", "write P2")), UsageError);  // none of it, and no template
  options_.datasets = {"other"};
  EXPECT_THROW(repair("repair"), UsageError);
}

TEST_F(Repair, StopsWhenCancelled) {
  add_note("a", "A nevus.");
  job_.cancel();
  EXPECT_THROW(repair("repair"), Interrupted);
  EXPECT_TRUE(notes("P3.repair").empty());
}

TEST_F(Repair, LargeAndStrangeNotes) {
  std::string large;
  while (large.size() < (1U << 20)) large += "It is a melanoma. A fine network is seen, 日本. ";
  add_note("a", large);
  add_note("b", "x");
  add_note("c", std::string(100'000, '('));
  add_note("d", "黑色素瘤。这是恶性的。");
  const RepairReport report = repair("repair");
  EXPECT_EQ(report.notes, 4);
  const std::vector<NoteRecord> made = notes("P3.repair");
  ASSERT_FALSE(made.empty());
  EXPECT_THAT(made[0].text, Not(HasSubstr("melanoma")));
  EXPECT_TRUE(is_valid_utf8(made[0].text));
  EXPECT_EQ(report.rejected.at("language"), 1);
}

}  // namespace
}  // namespace epicrisis::audit
