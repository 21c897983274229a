#include "epicrisis/study/study_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "epicrisis/corpus/leakage.h"
#include "epicrisis/corpus/split_table.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study_skeleton.h"
#include "study/report_audit.h"
#include "study/run_identity.h"
#include "study/small_study.h"
#include "study/study_notes.h"
#include "support/dermatology.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class StudyCheckTest : public ::testing::Test {
 protected:
  StudyCheckTest() {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 24, .external_lesions = 6});
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Path file() const { return corpus() / "study.toml"; }
  Path root() const { return folder_.path() / "w"; }
  StudyCheck check(const std::string& text, bool in_workspace = false) {
    write_file(file(), text);
    StudyCheckOptions options;
    if (in_workspace) options.workspace = root();
    return check_study(file(), options, job_);
  }
  // "error :12: text" a finding.
  std::vector<std::string> lines(const StudyCheck& check) const {
    std::vector<std::string> list;
    for (const StudyFinding& finding : check.findings) {
      list.push_back((finding.level == FindingLevel::kError ? "error " : "warning ") +
                     finding.place.substr(file().string().size()) + ": " + finding.text);
    }
    return list;
  }
  static std::vector<std::string> states(const StudyCheck& check) {
    std::vector<std::string> list;
    for (const PlannedRun& run : check.plan.runs) list.push_back(run.state);
    return list;
  }
  std::string replaced(std::string text, const std::string& from, const std::string& to) const {
    return text.replace(text.find(from), from.size(), to);
  }

  const std::string study_ = test::small_study("small") + test::kTwoRuns;
  TemporaryFolder folder_;
  Job job_;
};

TEST_F(StudyCheckTest, ASoundStudyHasAPlanAndNothingIsMade) {
  const StudyCheck found = check(study_, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_EQ(found.study, "small");
  ASSERT_EQ(found.plan.data.size(), 2U);
  const PlannedData& internal = found.plan.data.front();
  EXPECT_GT(internal.train, internal.validation);
  EXPECT_EQ(internal.samples, internal.train + internal.validation + internal.test);
  EXPECT_GT(internal.validation, 0);
  EXPECT_TRUE(found.plan.data.back().external);
  ASSERT_EQ(found.plan.notes.size(), 1U);
  EXPECT_EQ(found.plan.notes.front().to_write, internal.samples + found.plan.data.back().samples);
  EXPECT_THAT(states(found), ElementsAre("train", "train"));
  EXPECT_EQ(found.plan.runs.front().train, internal.train);
  EXPECT_EQ(found.plan.pictures, found.plan.notes.front().to_write);
  EXPECT_GT(found.plan.disk_needed, 0U);
  EXPECT_FALSE(std::filesystem::exists(root()));
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("runs: 2, 0 done already, 2 to train")));
}

TEST_F(StudyCheckTest, ClassesOfFewTestSamplesAreWarnedOf) {
  const StudyCheck found = check(study_);
  const PlannedData& internal = found.plan.data.front();
  std::int64_t tested = 0;
  std::string few;
  for (const auto& [name, count] : internal.tested) {
    tested += count;
    if (count < 5 && few.empty()) few = fmt::format("few test samples: {} of {}", count, name);
  }
  EXPECT_EQ(tested, internal.test);
  ASSERT_FALSE(few.empty());
  EXPECT_THAT(lines(found),
              Contains(AllOf(HasSubstr("warning"), HasSubstr(few), HasSubstr("`test`"))));
}

// A picture under another id, with another diagnosis.
TEST_F(StudyCheckTest, OnePictureOfTwoClassesIsWarnedOf) {
  const Path images = corpus() / "dermoscope_a" / "images";
  Workspace workspace = Workspace::create(root());
  const Study study = parse_study(study_, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  const std::vector<Sample> samples =
      load_samples(workspace.database(), {.datasets = {"dermoscope_a"}, .with_image = true});
  const auto other = std::ranges::find_if(samples, [&](const Sample& sample) {
    return sample.label != samples.front().label && sample.group != samples.front().group &&
           sample.label && std::ranges::find(study.classes, *sample.label) != study.classes.end();
  });
  ASSERT_NE(other, samples.end());
  ASSERT_NE(std::ranges::find(study.classes, *samples.front().label), study.classes.end());
  std::filesystem::copy_file(samples.front().image_path, other->image_path,
                             std::filesystem::copy_options::overwrite_existing);
  StudyCheck found = check(study_, true);
  EXPECT_FALSE(found.plan.compared);
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("not compared with each other yet")));
  check_leakage(workspace, job_);
  found = check(study_, true);
  EXPECT_TRUE(found.plan.compared);
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("warning"), HasSubstr("of different classes"),
                                           HasSubstr(other->key))));
}

TEST_F(StudyCheckTest, AllThatIsWrongIsInOneList) {
  std::string text = replaced(study_, "path = \"dermoscope_a\"", "path = \"nowhere\"");
  text = replaced(text, "model = \"random:mobilenet_v2\"", "model = \"random:mobilenet_v9\"");
  text = replaced(text, "write = [\"M\"]", "write = [\"Q7\"]");
  text = replaced(text, "mode = \"image\"", "mode = \"images\"");
  text += "[[run]]\nname = \"third\"\nmode = \"multimodal\"\nnotes = [\"P9\"]\nsedes = [1]\n";
  text += "[[run]]\nname = \"fourth\"\nmode = \"multimodal\"\nnotes = [\"P9\"]\n";
  const StudyCheck found = check(text);
  EXPECT_EQ(found.error(), ErrorKind::kUsage);
  const std::vector<std::string> list = lines(found);
  EXPECT_THAT(list, Contains(HasSubstr("error :5: there is no ")));
  EXPECT_THAT(list, Contains(HasSubstr("mobilenet_v9")));
  EXPECT_THAT(list, Contains(HasSubstr("'Q7'")));
  EXPECT_THAT(list, Contains(HasSubstr("'images'")));
  EXPECT_THAT(list, Contains(HasSubstr("sedes'; did you mean 'seeds'")));
  EXPECT_THAT(list, Contains(AllOf(HasSubstr("run 'fourth' needs notes of P9"),
                                   HasSubstr("write them under [notes]"))));
  for (const StudyFinding& finding : found.findings) {
    EXPECT_THAT(finding.place, HasSubstr("study.toml")) << finding.text;
  }
  EXPECT_THAT(lines(check("name = \n")), ElementsAre(HasSubstr("error :1")));
  EXPECT_THROW(check_study(folder_.path() / "none.toml", {}, job_), SystemError);
}

TEST_F(StudyCheckTest, PathsThatAreSlipsAreToldWithWhatIsNear) {
  EXPECT_THAT(lines(check(replaced(study_, "path = \"dermoscope_a\"", "path = \"dermoscpe_a\""))),
              Contains(AllOf(HasSubstr("error :5"), HasSubstr("/dermoscope_a'?"),
                             HasSubstr("data_root ("))));
  EXPECT_THAT(lines(check("data_root = \"../corpsu\"\n" + study_)),
              Contains(HasSubstr("/corpus/dermoscope_a'?")));
  EXPECT_THAT(lines(check(replaced(study_, "column_map = \"columns.toml\"",
                                   "column_map = \"colums.toml\""))),
              Contains(AllOf(HasSubstr("no column map"), HasSubstr("/columns.toml'?"))));
}

TEST_F(StudyCheckTest, ATextEncoderWithoutItsWordsIsToldBeforehand) {
  const Path bert = folder_.path() / "bert";
  std::filesystem::copy(Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert", bert);
  const std::string text =
      replaced(study_, "text_encoder = \"bag\"", "text_encoder = \"" + bert.string() + "\"");
  EXPECT_THAT(lines(check(text)), Not(Contains(HasSubstr("vocab.txt"))));
  std::filesystem::remove(bert / "vocab.txt");
  EXPECT_THAT(lines(check(text)), Contains(AllOf(HasSubstr("error"), HasSubstr("vocab.txt"))));
}

TEST_F(StudyCheckTest, WhoIsAskedIsKnownByNameAlone) {
  unsetenv("EPICRISIS_TEST_KEY");
  write_file(corpus() / "own.toml", R"(name = "own"
model = "m"
[prices]
input = 1.0
output = 2.0
[[endpoint]]
url = "https://192.0.2.1/v1"
key_variable = "EPICRISIS_TEST_KEY"
)");
  const std::string text = study_ +
                           "[[notes.synthesis]]\nstrategies = [\"P2\"]\nprovider = \"own.toml\"\n"
                           "roles = [\"train\"]\n"
                           "[[run]]\nname = \"asked\"\nmode = \"multimodal\"\nnotes = [\"P2\"]\n"
                           "train_with = [\"P2\"]\n";
  StudyCheck found = check(text);
  EXPECT_THAT(lines(found),
              Contains(HasSubstr("EPICRISIS_TEST_KEY, which holds its key, is not set")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("`allow_remote`")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("run 'asked': no validation sample will have a note "
                                               "of each of P2; all")));
  ASSERT_EQ(found.plan.notes.size(), 2U);
  EXPECT_EQ(found.plan.notes.back().to_write, found.plan.data.front().train);
  EXPECT_GT(found.plan.notes.back().cost.value_or(0), 0);
  EXPECT_EQ(found.plan.runs.back().validation, found.plan.data.front().validation);
  setenv("EPICRISIS_TEST_KEY", "sk-canary", 1);
  found = check_study(file(), {.data_root = {}, .workspace = {}, .allow_remote = true}, job_);
  unsetenv("EPICRISIS_TEST_KEY");
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_THAT(dump_json(to_json(found)), Not(HasSubstr("sk-canary")));
}

TEST_F(StudyCheckTest, AnUnknownPriceIsNullWithItsReason) {
  write_file(corpus() / "own.toml",
             "name = \"own\"\nmodel = \"m\"\n[[endpoint]]\nurl = \"http://127.0.0.1:1/v1\"\n");
  const StudyCheck found = check(study_ +
                                 "[[notes.synthesis]]\nstrategies = [\"P2\"]\n"
                                 "provider = \"own.toml\"\n");
  const Json notes = to_json(found).at("plan").at("notes");
  ASSERT_EQ(notes.size(), 2U) << testing::PrintToString(lines(found));
  EXPECT_EQ(notes[0].at("cost"), 0);  // a template
  EXPECT_EQ(notes[0].at("cost_unknown"), "");
  EXPECT_TRUE(notes[1].at("cost").is_null());
  EXPECT_THAT(notes[1].at("cost_unknown").get<std::string>(),
              AllOf(HasSubstr("'own' is not known"), HasSubstr("input_price")));
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("input_price")));
}

TEST_F(StudyCheckTest, ClassesAndSplitsAreHeldAgainstEachOther) {
  // A patient in two published splits, and an external set without a class of the study.
  write_file(corpus() / "two" / "cases.csv",
             "case,dx,patient,part\na1,MEL,p1,train\na2,NEV,p1,test\na3,MEL,p2,validation\n");
  write_file(
      corpus() / "two" / "columns.toml",
      "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\ngroup = \"patient\"\n"
      "split = \"part\"\n");
  write_file(corpus() / "vascular" / "cases.csv", "case,dx\nb1,VASC\n");
  write_file(corpus() / "vascular" / "columns.toml",
             "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\n");
  for (const char* name :
       {"two/images/a1.png", "two/images/a2.png", "two/images/a3.png", "vascular/images/b1.png"}) {
    write_file(corpus() / name, "no picture that is read");
  }
  const auto data = [](const std::string& name, const std::string& role) {
    return "[[data]]\nname = \"" + name + "\"\nadapter = \"generic_csv\"\npath = \"" + name +
           "\"\ncolumn_map = \"columns.toml\"\nrole = \"" + role + "\"\n";
  };
  const StudyCheck found = check("name = \"s\"\nclasses = [\"MEL\", \"NEV\"]\n" +
                                 data("two", "internal") + data("vascular", "external") +
                                 "[image_encoder]\nmodel = \"random:resnet18\"\n"
                                 "[[run]]\nname = \"image\"\nmode = \"image\"\n");
  EXPECT_THAT(lines(found), Contains(HasSubstr("vascular: no sample with a picture is of the "
                                               "study's classes")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("another split has too")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("no training sample")));
}

// A run of them trained, and said nothing.
TEST_F(StudyCheckTest, OneClassToTrainOnIsAnError) {
  const auto of = [&](const std::string& rows) {
    write_file(corpus() / "own" / "cases.csv", "case,dx,part\n" + rows);
    write_file(corpus() / "own" / "columns.toml",
               "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\n"
               "split = \"part\"\n");
    for (const char* name : {"a1", "a2", "a3", "a4"}) {
      write_file(corpus() / "own" / "images" / (std::string(name) + ".png"), "not read");
    }
    return lines(
        check("name = \"s\"\nclasses = [\"MEL\", \"NEV\"]\n[[data]]\nname = \"own\"\n"
              "adapter = \"generic_csv\"\npath = \"own\"\nrole = \"internal\"\n"
              "[image_encoder]\nmodel = \"random:resnet18\"\n"
              "[[run]]\nname = \"image\"\nmode = \"image\"\n"));
  };
  EXPECT_THAT(of("a1,NEV,train\na2,NEV,train\na3,NEV,validation\na4,NEV,test\n"),
              Contains(AllOf(HasSubstr("error"), HasSubstr("are of one class (NEV 4)"))));
  const std::vector<std::string> part =
      of("a1,NEV,train\na2,NEV,train\na3,MEL,validation\na4,MEL,test\n");
  EXPECT_THAT(part, Contains(AllOf(HasSubstr("error"), HasSubstr("has one class alone (NEV 2)"),
                                   HasSubstr("(MEL 2, NEV 2)"))));
  const std::vector<std::string> sound =
      of("a1,NEV,train\na2,MEL,train\na3,MEL,validation\na4,MEL,test\n");
  EXPECT_THAT(sound, Not(Contains(HasSubstr("one class"))));
  // And nobody says whose the pictures are.
  EXPECT_THAT(sound, Contains(AllOf(HasSubstr("warning"),
                                    HasSubstr("own: no sample says its patient or case"))));
}

TEST_F(StudyCheckTest, NotesOfOneClassAreNotTrainedOn) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  std::string notes;
  for (const Sample& sample : load_samples(workspace.database(), {.datasets = {"dermoscope_a"}})) {
    if (sample.label != test::kNevus) continue;
    notes += dump_json({{"dataset", sample.dataset},
                        {"key", sample.key},
                        {"strategy", "P7"},
                        {"note", "A brown spot with a sharp border."}}) +
             "\n";
  }
  write_file(corpus() / "notes.jsonl", notes);
  const std::string text =
      replaced(test::small_study("small", false), "write = [\"M\"]", "import = [\"notes.jsonl\"]") +
      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"P7\"]\n"
      "train_with = [\"P7\"]\n";
  EXPECT_THAT(lines(check(text, true)), Contains(AllOf(HasSubstr("error"), HasSubstr("run 'a'"),
                                                       HasSubstr("are of one class (NEV "))));
}

TEST_F(StudyCheckTest, WhatIsDoneIsKnownAndAnExternalSetTrainsNothingAgain) {
  const std::string alone = test::small_study("small", false) + test::kTwoRuns;
  {
    Workspace workspace = Workspace::create(root());
    const Study study = parse_study(alone, file().string(), corpus());
    study::import_data(workspace, study, job_);
    study::CaseSet set = study::assign_roles(workspace, study, job_);
    const study::PictureTable pictures = study::load_pictures(workspace, study, set, job_);
    study::write_notes(workspace, study, set, false, job_);
    study::ModelHashes models;
    for (const StudyRun& run : study.runs) {
      RunRecord record;
      record.id = run.name.substr(0, run.name.find(' '));
      record.study = "small";
      record.name = run.name;
      record.config = study::run_configuration(study, run, 1, set, pictures,
                                               study::load_run_notes(workspace, run, set), models);
      start_run(workspace.database(), record);
      finish_run(workspace.database(), record.id, RunStatus::kDone);
      write_file(workspace.runs() / record.id / "predictions" / "dermoscope_a.safetensors", "");
    }
  }
  StudyCheck found = check(alone, true);
  EXPECT_THAT(states(found), ElementsAre("done", "done"));
  EXPECT_EQ(found.plan.pictures, 0);
  EXPECT_THAT(found.plan.predictions, IsEmpty());
  found = check(study_, true);
  EXPECT_THAT(states(found), ElementsAre("done", "done"));
  EXPECT_THAT(found.plan.predictions, ElementsAre("phone"));
  found = check(alone + "[train]\nepochs = 3\n", true);
  EXPECT_THAT(states(found), ElementsAre("train again", "train again"));
  EXPECT_THAT(found.plan.runs.front().why, HasSubstr("settings of the training"));
  // A new name is no reason to train.
  const std::string renamed = replaced(alone, "name = \"small\"", "name = \"other\"");
  EXPECT_THAT(states(check(renamed, true)), ElementsAre("done", "done"));
  // Without its encoder nobody knows whether a run is the one that was trained.
  found = check(replaced(alone, "random:mobilenet_v2", "gone_away"), true);
  EXPECT_THAT(states(found), ElementsAre("not known", "not known"));
  EXPECT_THAT(plan_lines(found.plan),
              Contains(HasSubstr("2 were trained, and without the encoder")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("docs/first-day.md")));
}

TEST_F(StudyCheckTest, NotesAreDerivedOfOthers) {
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
  ASSERT_EQ(audit.confusions.size(), 2U);
  EXPECT_EQ(audit.confusions[0].counts.total(), set.cases.size());
  for (std::size_t c = 0; c < study.classes.size(); ++c) {
    for (std::size_t d = 0; d <= study.classes.size(); ++d) {
      if (c == d) continue;
      EXPECT_EQ(audit.confusions[0].counts.at(c, d), 0U);
    }
  }
}

TEST_F(StudyCheckTest, OnlyNotesOfTheStudysDataSetsAreDerived) {
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

TEST_F(StudyCheckTest, FilesOfNotesAreReadForWhatTheyHold) {
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
TEST_F(StudyCheckTest, DoubtfulNotesAreKeptOnRequest) {
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

TEST_F(StudyCheckTest, WhatAPolicyLeftIsKnownOnceItHas) {
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

TEST_F(StudyCheckTest, WhatAPolicyWritesAndALanguageModelAnswersMustBeThere) {
  write_file(corpus() / "own.toml",
             "name = \"own\"\n[[rule]]\nof = \"note\"\nverdicts = [\"fail\"]\n"
             "action = \"write P2\"\n");
  const std::string text = test::small_study("small", false) +
                           "[[notes.derive]]\nfrom = \"M\"\npolicy = \"own.toml\"\n" +
                           test::kTwoRuns;
  EXPECT_THAT(lines(check(text)),
              Contains(AllOf(HasSubstr("error :18"), HasSubstr("made of notes of P2"))));
}

TEST_F(StudyCheckTest, TwoPoliciesOfOneNameAreRefused) {
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

TEST_F(StudyCheckTest, WhatNotesAreDerivedOfIsChecked) {
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

TEST_F(StudyCheckTest, TheSkeletonOfAWorkspaceIsAcceptedAtOnce) {
  Workspace workspace = Workspace::create(root());
  EXPECT_THROW(study_skeleton(workspace, "mine"), UsageError);
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::string text = study_skeleton(workspace, "mine");
  EXPECT_THROW(study_skeleton(workspace, "../mine"), UsageError);
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  EXPECT_EQ(found.study, "mine");
  EXPECT_THAT(text, AllOf(HasSubstr("\n[prepare]\n"), HasSubstr("\n# remove_hair = true\n")));
  ASSERT_EQ(found.plan.data.size(), 2U);
  EXPECT_FALSE(found.plan.data.front().external);
  EXPECT_EQ(found.plan.runs.size(), 6U);
  // Elsewhere the data sets are not there.
  EXPECT_THAT(lines(check(text)), Contains(HasSubstr("has no data set 'dermoscope_a'")));
}

TEST_F(StudyCheckTest, TheSkeletonHasARunForAllNotesThatAreThere) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::vector<Sample> samples = load_samples(workspace.database(), {.with_image = true});
  const auto write = [&](const std::string& dataset, const std::string& strategy,
                         const std::string& model, std::size_t most) {
    std::size_t written = 0;
    for (const Sample& sample : samples) {
      if (sample.dataset != dataset || written == most) continue;
      NoteRecord note;
      note.sample_id = sample.id;
      note.strategy = strategy;
      note.provider = model.empty() ? "template" : "imported";
      note.model = model;
      note.key = fmt::format("{}{}{}", strategy, model, sample.id);
      note.text = "A spot.";
      note.status = NoteStatus::kWritten;
      put_note(workspace.database(), note);
      ++written;
    }
  };
  write("dermoscope_a", "P1", "one", 3);
  write("dermoscope_a", "P1", "two", 2);
  write("dermoscope_a", "P3.repair", "one", 1000);
  write("dermoscope_a", "G", "", 1000);
  write("phone", "P2", "one", 2);
  const std::string text = study_skeleton(workspace, "mine");
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  std::set<std::string> runs;
  for (const PlannedRun& run : found.plan.runs) runs.insert(run.name);
  EXPECT_THAT(
      runs, testing::IsSupersetOf({"image only", "with M", "with P1", "with P3.repair", "with G"}));
  EXPECT_FALSE(runs.contains("with P2"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("P1: of 3 of "), HasSubstr("by several models"),
                    HasSubstr("# train_with = [\"P1\"]   # on the 3 of "),
                    Not(HasSubstr("# train_with = [\"G\"]")), HasSubstr("P2: only of phone")));
}

TEST_F(StudyCheckTest, ASplitOfAFileIsTheStudys) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  SplitRequest request{.filter = {.datasets = {"dermoscope_a"}, .with_image = true},
                       .fractions = {1, 0, 0},
                       .folds = 4};
  const SplitTable table = split_samples(workspace, request, job_);
  write_split_csv(table, corpus() / "folds.csv");
  StudyCheck found = check(study_ + "[split]\nfile = \"folds.csv\"\nfold = 2\n");
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  std::int64_t in_fold = 0;
  for (const SplitEntry& entry : table.entries) {
    in_fold += entry.fold == 2 &&
               std::string_view("BEK NEV BCC MEL").find(table.field.at(*entry.label).name) !=
                   std::string_view::npos;
  }
  EXPECT_EQ(found.plan.data.front().test, in_fold);
  EXPECT_GT(found.plan.data.front().validation, 0);
  EXPECT_THAT(lines(check(study_ + "[split]\nfile = \"folds.csv\"\nfold = 9\n")),
              Contains(HasSubstr("has no sample in the fold 9")));
  EXPECT_THAT(lines(check(study_ + "[split]\nfold = 2\n")),
              Contains(HasSubstr("write file = \"...\" too")));
  EXPECT_THAT(lines(check(study_ + "[split]\nfile = \"none.csv\"\n")),
              Contains(HasSubstr("none.csv")));
}

// It did, and the training then went through all its epochs.
TEST_F(StudyCheckTest, TrainWithLeavesSamplesToValidateOn) {
  Workspace workspace = Workspace::create(root());
  Study study = parse_study(study_, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  for (const study::Case& item : set.cases) {
    if (item.role != Role::kTrain) continue;
    NoteRecord note;
    note.key = std::to_string(item.sample_id);
    note.sample_id = item.sample_id;
    note.strategy = "P2";
    note.provider = "import";
    note.text = "A mole.";
    put_note(workspace.database(), note);
  }
  study.runs.front().train_with = {"P2"};
  study::RunNotes notes = study::load_run_notes(workspace, study.runs.front(), set);
  EXPECT_TRUE(notes.validated_on_all);
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Role role = set.cases[i].role;
    EXPECT_EQ(notes.trained_on[i], role == Role::kTrain || role == Role::kValidation);
  }
  study.runs.front().train_with = {};
  notes = study::load_run_notes(workspace, study.runs.front(), set);
  EXPECT_FALSE(notes.validated_on_all);
}

TEST_F(StudyCheckTest, AColumnMapLiesBesideTheStudyFile) {
  const Path map = corpus() / "dermoscope_a" / "columns.toml";
  std::filesystem::rename(map, corpus() / "own-columns.toml");
  const std::string text =
      replaced(study_, "column_map = \"columns.toml\"", "column_map = \"own-columns.toml\"");
  EXPECT_TRUE(check(text).sound()) << testing::PrintToString(lines(check(text)));
  EXPECT_THAT(lines(check(study_)), Contains(HasSubstr("error :5: there is no column map")));
}

}  // namespace
}  // namespace epicrisis
