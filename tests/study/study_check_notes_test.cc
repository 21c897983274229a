#include <fmt/format.h>
#include <gmock/gmock.h>

#include "epicrisis/store/tables/notes.h"
#include "epicrisis/study/study_check.h"
#include "study/report_audit.h"
#include "study/study_check_fixture.h"
#include "study/study_notes.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class StudyCheckNotesTest : public test::StudyCheckFixture {
 protected:
  // All that a study of before did again, but the training.
  void write_again(const std::string& text) {
    Workspace workspace = Workspace::open(root());
    const Study study = parse_study(text, file().string(), corpus());
    study::import_data(workspace, study, job_);
    study::write_notes(workspace, study, study::assign_roles(workspace, study, job_), false, job_);
  }
  // A note of each sample of the internal set, as a model of the provider "own" would write it.
  void write_as_model() {
    write_file(corpus() / "own.toml",
               "name = \"own\"\nmodel = \"m\"\n[[endpoint]]\nurl = \"http://127.0.0.1:1/v1\"\n");
    Workspace workspace = Workspace::create(root());
    study::import_data(workspace, parse_study(written_, file().string(), corpus()), job_);
    for (const Sample& sample :
         load_samples(workspace.database(), {.datasets = {"dermoscope_a"}})) {
      NoteRecord note;
      note.key = sample.key;
      note.sample_id = sample.id;
      note.strategy = "P2";
      note.provider = "own";
      note.model = "m";
      note.template_version = template_version(load_strategy("P2"));
      note.text = "A brown spot, " + sample.key + ".";
      put_note(workspace.database(), note);
    }
  }
  const std::string run_ =
      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"P2\"]\ntrain_with = [\"P2\"]\n";
  const std::string written_ = test::small_study("small", false) + run_;
  const std::string asked_ =
      test::small_study("small", false) +
      "[[notes.synthesis]]\nstrategies = [\"P2\"]\nprovider = \"own.toml\"\n" + run_;
};

TEST_F(StudyCheckNotesTest, NotesAreDerivedOfOthers) {
  const std::string derive = "[[notes.derive]]\nfrom = \"M\"\npolicy = \"accepted\"\n";
  const std::string runs =
      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"M.accepted\"]\n";
  const std::string text = test::small_study("small", false) + derive + runs;
  EXPECT_TRUE(check(text).sound()) << testing::PrintToString(lines(check(text)));
  Workspace workspace = Workspace::create(root());
  const Study study = parse_study(text, file().string(), corpus());
  ASSERT_EQ(study.derivations.size(), 1U);
  EXPECT_EQ(study.derivations.front().strategy, "M.accepted");
  EXPECT_TRUE(study.runs.front().notes_name_label);
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  study::write_notes(workspace, study, set, false, job_);
  NoteFilter filter;
  filter.strategies = {"M.accepted"};
  const std::vector<NoteRecord> notes = load_notes(workspace.database(), filter);
  EXPECT_EQ(notes.size(), set.cases.size());
  // Both were audited, for the report.
  const AuditSection audit = study::describe_audit(workspace, study, set, job_);
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(study::describe_audit(workspace, study, set, cancelled), Interrupted);
  std::size_t all = 0;
  for (const AuditRow& row : audit.rows) {
    EXPECT_EQ(row.measures[0].value, 0) << row.strategy;  // templates state what is known
    if (row.label.empty()) all += row.notes;
  }
  EXPECT_EQ(all, 2 * set.cases.size());
  EXPECT_EQ(audit.without_audit, 0U);
  EXPECT_EQ(audit.not_of_study, 0U);
  // Notes of samples that a study leaves out are counted, and not measured.
  const Study fewer = parse_study(replaced(text, ", \"MEL\"]", "]"), file().string(), corpus());
  const study::CaseSet kept = study::assign_roles(workspace, fewer, job_);
  ASSERT_LT(kept.cases.size(), set.cases.size());
  EXPECT_EQ(study::describe_audit(workspace, fewer, kept, job_).not_of_study,
            2 * (set.cases.size() - kept.cases.size()));
  ASSERT_EQ(audit.confusions.size(), 2U);
  EXPECT_EQ(audit.confusions[0].counts.total(), set.cases.size());
  for (std::size_t c = 0; c < study.classes.size(); ++c) {
    for (std::size_t d = 0; d <= study.classes.size(); ++d) {
      if (c == d) continue;
      EXPECT_EQ(audit.confusions[0].counts.at(c, d), 0U);
    }
  }
}

TEST_F(StudyCheckNotesTest, OnlyNotesOfTheStudysDataSetsAreDerived) {
  Workspace workspace = Workspace::create(root());
  const Study both = parse_study(study_, file().string(), corpus());
  study::import_data(workspace, both, job_);
  study::write_notes(workspace, both, study::assign_roles(workspace, both, job_), false, job_);
  const Study one =
      parse_study(test::small_study("one", false) +
                      "[[notes.derive]]\nfrom = \"M\"\npolicy = \"accepted\"\n" + test::kTwoRuns,
                  file().string(), corpus());
  study::write_notes(workspace, one, study::assign_roles(workspace, one, job_), false, job_);
  std::map<std::string, std::int64_t> derived;
  for (const NoteRecord& note : load_notes(workspace.database(), {.strategies = {"M.accepted"}})) {
    ++derived[sample_by_id(workspace.database(), note.sample_id).dataset];
  }
  EXPECT_GT(derived["dermoscope_a"], 0);
  EXPECT_EQ(derived.size(), 1U) << testing::PrintToString(derived);
}

TEST_F(StudyCheckNotesTest, FilesOfNotesAreReadForWhatTheyHold) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::vector<Sample> samples =
      load_samples(workspace.database(), {.datasets = {"dermoscope_a"}});
  std::string notes = "no note\n";
  for (std::size_t i = 0; i < samples.size(); i += 2) {
    notes += dump_json({{"dataset", samples[i].dataset},
                        {"key", samples[i].key},
                        {"strategy", "P7"},
                        {"note", "A brown spot with a sharp border."}}) +
             "\n";
  }
  write_file(corpus() / "notes.jsonl", notes);
  const auto importing = [&](const std::string& rest) {
    return replaced(test::small_study("small", false), "write = [\"M\"]",
                    "write = [\"M\"]\nimport = [\"notes.jsonl\"]") +
           rest;
  };
  const StudyCheck found =
      check(importing("[[notes.derive]]\nfrom = [\"P9\"]\npolicy = \"repair\"\n"
                      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"P7\"]\n"
                      "train_with = [\"P7\"]\n"
                      "[[run]]\nname = \"b\"\nmode = \"multimodal\"\nnotes = [\"P8\", \"P7\"]\n"
                      "[[run]]\nname = \"c\"\nmode = \"multimodal\"\nnotes = [\"M\"]\n"));
  EXPECT_THAT(lines(found),
              Contains(AllOf(HasSubstr("error :19"), HasSubstr("made of notes of P9"))));
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("error"), HasSubstr("run 'b' needs notes of "
                                                                         "P8:"))));
  EXPECT_THAT(lines(found), Not(Contains(HasSubstr("run 'a' needs"))));
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("warning"), HasSubstr("1 rows are no notes"),
                                           HasSubstr("notes.jsonl:1"))));
  ASSERT_EQ(found.plan.runs.size(), 3U);
  EXPECT_LT(found.plan.runs[0].train, found.plan.runs[2].train);
  EXPECT_GT(found.plan.runs[0].train, 0);
  std::filesystem::remove(corpus() / "notes.jsonl");
  EXPECT_THAT(lines(check(importing(test::kTwoRuns))),
              Contains(AllOf(HasSubstr("error"), HasSubstr("notes.jsonl"))));
}

// A study had no way to take what `notes import` takes on request.
TEST_F(StudyCheckNotesTest, DoubtfulNotesAreKeptOnRequest) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  std::string notes;
  for (const Sample& sample : load_samples(workspace.database(), {.datasets = {"dermoscope_a"}})) {
    notes += dump_json({{"dataset", sample.dataset},
                        {"key", sample.key},
                        {"strategy", "P7"},
                        {"note", "I'm sorry, but I can't help with this image."}}) +
             "\n";
  }
  write_file(corpus() / "notes.jsonl", notes);
  const auto of = [&](const std::string& more) {
    return lines(check(replaced(test::small_study("small", false), "write = [\"M\"]",
                                "import = [\"notes.jsonl\"]" + more) +
                       "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"P7\"]\n"));
  };
  const std::vector<std::string> dropped = of("");
  EXPECT_THAT(dropped,
              Contains(AllOf(HasSubstr("rows are no notes"), HasSubstr("`keep_doubtful`"))));
  EXPECT_THAT(dropped, Contains(HasSubstr("run 'a' needs notes of P7")));
  const std::vector<std::string> kept = of("\nkeep_doubtful = true");
  EXPECT_THAT(kept, Not(Contains(HasSubstr("error"))));
  EXPECT_THAT(kept, Not(Contains(HasSubstr("rows are no notes"))));
  EXPECT_THAT(
      lines(check(replaced(study_, "write = [\"M\"]", "keep_doubtful = true"))),
      Contains(AllOf(HasSubstr("error"), HasSubstr("keep_doubtful is for files of notes"))));
}

TEST_F(StudyCheckNotesTest, WhatAPolicyLeftIsKnownOnceItHas) {
  Workspace workspace = Workspace::create(root());
  const std::string text = test::small_study("small", false) +
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"accepted\"\n"
                           "[[run]]\nname = \"a\"\nmode = \"image\"\n"
                           "train_with = [\"M.accepted\"]\n";
  const std::int64_t before = check(text, true).plan.runs.front().train;
  const Study study = parse_study(text, file().string(), corpus());
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  study::write_notes(workspace, study, set, false, job_);
  EXPECT_EQ(check(text, true).plan.runs.front().train, before);
  const auto training = std::ranges::find(set.cases, Role::kTrain, &study::Case::role);
  ASSERT_NE(training, set.cases.end());
  workspace.database().execute(fmt::format(
      "DELETE FROM notes WHERE strategy = 'M.accepted' AND sample_id = {}", training->sample_id));
  EXPECT_EQ(check(text, true).plan.runs.front().train, before - 1);
}

TEST_F(StudyCheckNotesTest, WhatAPolicyWritesAndALanguageModelAnswersMustBeThere) {
  write_file(corpus() / "own.toml",
             "name = \"own\"\n[[rule]]\nof = \"note\"\nverdicts = [\"fail\"]\n"
             "action = \"write P2\"\n");
  const std::string text = test::small_study("small", false) +
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"own.toml\"\n" +
                           test::kTwoRuns;
  EXPECT_THAT(lines(check(text)),
              Contains(AllOf(HasSubstr("error :18"), HasSubstr("made of notes of P2"))));
}

TEST_F(StudyCheckNotesTest, TwoPoliciesOfOneNameAreRefused) {
  std::string policy = read_file(Path(EPICRISIS_SOURCE_DIR) / "policies" / "accepted.toml");
  write_file(corpus() / "mine.toml", policy);
  const std::string text = test::small_study("small", false) +
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"accepted\"\n"
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"mine.toml\"\n" +
                           test::kTwoRuns;
  EXPECT_THAT(lines(check(text)),
              Contains(AllOf(HasSubstr(":21"), HasSubstr("mine.toml has the name 'accepted'"),
                             HasSubstr(":18 has"))));
}

TEST_F(StudyCheckNotesTest, WhatNotesAreDerivedOfIsChecked) {
  const auto of = [&](const std::string& derive) {
    return lines(
        check(test::small_study("small", false) + "[[notes.derive]]\n" + derive + test::kTwoRuns));
  };
  EXPECT_THAT(of("from = \"P9\"\npolicy = \"repair\"\n"),
              Contains(AllOf(HasSubstr("error :18"), HasSubstr("P9.repair"), HasSubstr("P9:"))));
  EXPECT_THAT(of("from = \"M\"\npolicy = \"repeir\"\n"),
              Contains(AllOf(HasSubstr("error :18"), HasSubstr("repeir"))));
  EXPECT_THAT(of("policy = \"repair\"\n"), Contains(HasSubstr("from = ")));
  EXPECT_THAT(of("from = \"M\"\npolicy = \"repair\"\nfrm = 1\n"),
              Contains(HasSubstr("notes.derive[0].frm")));
}

// It promised that nothing is trained, before the notes were written anew and after.
TEST_F(StudyCheckNotesTest, OtherNotesOfATemplateAreAReasonToTrainAgain) {
  train_nothing(study_);
  StudyCheck found = check(study_, true);
  EXPECT_THAT(states(found), ElementsAre("done", "done"));
  EXPECT_EQ(found.plan.notes.at(0).to_revise, 0);
  change_metadata();
  found = check(study_, true);
  EXPECT_THAT(states(found), ElementsAre("done", "train again"));
  EXPECT_EQ(found.plan.runs[1].why, "since it was trained, this changed: notes");
  const PlannedNotes& notes = found.plan.notes.at(0);
  EXPECT_GT(notes.to_revise, 0);
  EXPECT_LT(notes.to_revise, notes.there);
  EXPECT_EQ(notes.to_write, 0);
  EXPECT_EQ(to_json(found)["plan"]["notes"][0]["to_revise"], notes.to_revise);
  EXPECT_THAT(plan_lines(found.plan),
              Contains(fmt::format("notes M: {} are there, {} of them to revise, 0 to write",
                                   notes.there, notes.to_revise)));
  // The workspace is as it was.
  EXPECT_EQ(check(study_, true).plan.notes.at(0).to_revise, notes.to_revise);
  write_again(study_);
  found = check(study_, true);
  EXPECT_THAT(states(found), ElementsAre("done", "train again"));
  EXPECT_EQ(found.plan.notes.at(0).to_revise, 0);
}

TEST_F(StudyCheckNotesTest, SoAreNotesThatAPolicyMakesOfThem) {
  const std::string text = test::small_study("small", false) +
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"accepted\"\n"
                           "[[run]]\nname = \"a\"\nmode = \"multimodal\"\n"
                           "notes = [\"M.accepted\"]\n";
  train_nothing(text);
  EXPECT_THAT(states(check(text, true)), ElementsAre("done"));
  change_metadata();
  EXPECT_THAT(states(check(text, true)), ElementsAre("train again"));
}

// What is measured stays as it was; who was not measured is left to the study.
TEST_F(StudyCheckNotesTest, NotesOfMeasuredPicturesAreRevisedWithoutReadingThem) {
  const std::string text =
      replaced(test::small_study("small", false), "write = [\"M\"]", "write = [\"G\"]") +
      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"G\"]\n";
  train_nothing(text);
  EXPECT_THAT(states(check(text, true)), ElementsAre("done"));
  change_metadata();
  StudyCheck found = check(text, true);
  EXPECT_THAT(states(found), ElementsAre("train again"));
  EXPECT_GT(found.plan.notes.at(0).to_revise, 0);
  Workspace::open(root()).database().execute("DELETE FROM picture_measures");
  found = check(text, true);
  EXPECT_THAT(states(found), ElementsAre("done"));
  EXPECT_EQ(found.plan.notes.at(0).to_revise, 0);
}

TEST_F(StudyCheckNotesTest, OtherNotesOfAModelAreAReasonToTrainAgain) {
  write_as_model();
  train_nothing(written_);
  StudyCheck found = check(asked_, true);
  EXPECT_THAT(states(found), ElementsAre("done")) << testing::PrintToString(plan_lines(found.plan));
  EXPECT_EQ(found.plan.notes.at(1).to_write, 0);
  Workspace workspace = Workspace::open(root());
  const study::CaseSet set =
      study::assign_roles(workspace, parse_study(written_, file().string(), corpus()), job_);
  const auto revise = [&](Role role) {
    const auto item = std::ranges::find(set.cases, role, &study::Case::role);
    const NoteRecord note =
        load_notes(workspace.database(), {.sample_ids = {item->sample_id}, .strategies = {"P2"}})
            .at(0);
    revise_note(workspace.database(), note.id, "A dark spot.", "a test");
  };
  revise(Role::kTest);
  EXPECT_THAT(states(check(asked_, true)), ElementsAre("done"));
  revise(Role::kTrain);
  found = check(asked_, true);
  EXPECT_THAT(states(found), ElementsAre("train again"));
  EXPECT_THAT(found.plan.runs.front().why, HasSubstr("this changed: notes"));
}

// It counted a refused note among those to come, and so another number of samples to train on.
TEST_F(StudyCheckNotesTest, WhatAModelRefusedIsNotAskedAgain) {
  write_as_model();
  Workspace workspace = Workspace::open(root());
  const study::CaseSet set =
      study::assign_roles(workspace, parse_study(written_, file().string(), corpus()), job_);
  const auto training = std::ranges::find(set.cases, Role::kTrain, &study::Case::role);
  ASSERT_NE(training, set.cases.end());
  workspace.database().execute(
      "UPDATE notes SET status = 'refused', text = '', reason = 'a test' WHERE sample_id = ?",
      training->sample_id);
  train_nothing(written_);
  const StudyCheck found = check(asked_, true);
  EXPECT_THAT(states(found), ElementsAre("done")) << testing::PrintToString(plan_lines(found.plan));
  EXPECT_EQ(found.plan.notes.at(1).to_write, 0);
  workspace.database().execute(
      "UPDATE notes SET status = 'failed' WHERE sample_id = ? AND "
      "strategy = 'P2'",
      training->sample_id);
  EXPECT_EQ(check(asked_, true).plan.notes.at(1).to_write, 1);
}

// A run that classifies notes, which the samples that it is validated and tested on may not have.
TEST_F(StudyCheckNotesTest, ARunThatReadsNotesIsToldWhichSamplesHaveNone) {
  const std::string words = "[[run]]\nname = \"words\"\nmode = \"text\"\nnotes = [\"P2\"]\n";
  write_as_model();
  const std::string text = test::small_study("small") + words;
  EXPECT_THAT(
      lines(check(text, true)),
      Contains(AllOf(HasSubstr("warning"),
                     HasSubstr("run 'words' reads the notes of test "
                               "samples, and none of the "),
                     HasSubstr("test samples of phone has one: it is not measured there"))));
  EXPECT_THAT(lines(check(text, true)), Not(Contains(HasSubstr("no validation sample"))));
  // One test sample of the internal set and all validation samples lose theirs.
  Workspace workspace = Workspace::open(root());
  const Study study = parse_study(text, file().string(), corpus());
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  bool first = true;
  for (const study::Case& entry : set.cases) {
    if (entry.role != Role::kValidation && (entry.role != Role::kTest || !first)) continue;
    if (entry.role == Role::kTest) first = false;
    workspace.database().execute(
        fmt::format("DELETE FROM notes WHERE sample_id = {}", entry.sample_id));
  }
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_THAT(lines(found), Contains(HasSubstr("test samples of dermoscope_a has none and is left "
                                               "out; write notes of P2")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("run 'words' has no validation sample with a note, "
                                               "and reads notes: all 100 epochs are trained")));
  EXPECT_EQ(found.plan.runs.back().validation, 0);
  // A run that learns from them sees pictures.
  const std::string both = replaced(text, "\"text\"\n", "\"multimodal\"\n");
  EXPECT_THAT(lines(check(both, true)), Not(Contains(HasSubstr("reads the notes"))));
  EXPECT_THAT(lines(check(both, true)), Not(Contains(HasSubstr("no validation sample"))));
}

// It ended the check with this one fault, without a line and without a plan.
TEST_F(StudyCheckNotesTest, AnUnknownStrategyIsAFaultAmongOthers) {
  std::string text = replaced(study_, "write = [\"M\"]", "write = [\"Q\", \"M\"]");
  text = replaced(text, "random:mobilenet_v2", "random:mobilenet_v9");
  text += "train_with = [\"Q\"]\n";
  const StudyCheck found = check(text);
  EXPECT_THAT(lines(found), testing::Contains(testing::AllOf(testing::HasSubstr("error :22: "),
                                                             testing::HasSubstr("'Q'"))));
  EXPECT_THAT(lines(found), testing::Contains(testing::HasSubstr("mobilenet_v9")));
  EXPECT_EQ(found.plan.runs.size(), 2U);
  EXPECT_EQ(found.plan.data.size(), 2U);
}

}  // namespace
}  // namespace epicrisis
