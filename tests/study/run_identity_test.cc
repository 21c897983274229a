#include "study/run_identity.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>
#include <string>

#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "study/run_differences.h"
#include "study/small_study.h"
#include "study/study_notes.h"
#include "support/pictures.h"

namespace epicrisis::study {
namespace {

using testing::HasSubstr;

const std::string kStudy = test::small_study("small") + test::kTwoRuns;

// A study up to its training, which can be changed and looked at again.
class RunIdentity : public ::testing::Test {
 protected:
  RunIdentity() : workspace_(Workspace::open_or_create(folder_.path() / "w")) {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 30, .external_lesions = 10});
    study_ = read();
    write_file(image_ / "config.json", R"({"architecture": "resnet18"})");
    write_file(image_ / "model.safetensors", "1");
    write_file(text_ / "config.json", R"({"model_type": "bert"})");
    write_file(text_ / "model.safetensors", "1");
    write_file(text_ / "vocab.txt", "[UNK]");
    use_models(study_);
  }

  Path corpus() const { return folder_.path() / "corpus"; }
  Study read() const { return parse_study(kStudy, "small.toml", corpus()); }
  void use_models(Study& study) const {
    for (StudyRun& run : study.runs) {
      run.image_encoder.model = image_.string();
      run.text_encoder = text_.string();
    }
  }

  // What is on the disk, as `study run` would have it before it trains.
  struct Look {
    CaseSet set;
    PictureTable pictures;
    RunNotes notes;
    Json config;
    std::map<std::string, std::string> predictions;  // by data set
  };
  Look look(std::size_t run = 1, std::int64_t seed = 1) {
    Look look;
    import_data(workspace_, study_, job_);
    look.set = assign_roles(workspace_, study_, job_);
    look.pictures = load_pictures(workspace_, study_, look.set, job_);
    // Once: it would write the notes anew that a test has changed.
    if (count_notes(workspace_.database()).empty()) {
      write_notes(workspace_, study_, look.set, false, job_);
    }
    look.notes = load_run_notes(workspace_, study_.runs.at(run), look.set);
    ModelHashes models;
    look.config = run_configuration(study_, study_.runs.at(run), seed, look.set, look.pictures,
                                    look.notes, models);
    for (const DatasetSlice& slice : slice_by_dataset(look.set, study_)) {
      look.predictions[slice.name] =
          predictions_identity(run_config_hash(look.config), study_, study_.runs.at(run), slice,
                               look.set, look.pictures, look.notes);
    }
    return look;
  }
  std::string hash(std::size_t run = 1) { return run_config_hash(look(run).config); }

  // The first sample with a role.
  Sample sample_of(Role role) {
    const CaseSet set = assign_roles(workspace_, study_, job_);
    for (const Case& entry : set.cases) {
      if (entry.role == role) return sample_by_id(workspace_.database(), entry.sample_id);
    }
    throw InternalError("no sample of role {}", role_name(role));
  }
  void change_picture(const Sample& sample) {
    test::save_png(sample.image_path, test::draw_picture(++drawn_));
  }
  void change_note(const Sample& sample) {
    NoteFilter filter;
    filter.sample_ids = {sample.id};
    const NoteRecord note = load_notes(workspace_.database(), filter).at(0);
    revise_note(workspace_.database(), note.id, note.text + " It is old.", "test");
  }

  TemporaryFolder folder_;
  Path image_ = folder_.path() / "net";
  Path text_ = folder_.path() / "bert";
  Job job_;
  Workspace workspace_;
  Study study_;
  std::uint64_t drawn_ = 100;
};

TEST_F(RunIdentity, NothingChangedChangesNothing) {
  const Look before = look();
  const Look after = look();
  EXPECT_EQ(before.config, after.config);
  EXPECT_EQ(before.predictions, after.predictions);
}

// Each thing that a training depends on makes it another, and is told by its name.
TEST_F(RunIdentity, EachThingThatATrainingDependsOnMakesItAnother) {
  look();
  const Sample trained = sample_of(Role::kTrain);
  const Sample validated = sample_of(Role::kValidation);
  struct Change {
    const char* word;
    std::function<void()> make;
  };
  StudyRun& run = study_.runs.at(1);
  const std::vector<Change> changes = {
      {"the prepared pictures", [&] { change_picture(trained); }},
      {"the prepared pictures", [&] { change_picture(validated); }},
      {"notes", [&] { change_note(trained); }},
      {"notes", [&] { change_note(validated); }},
      {"the image encoder's files", [&] { write_file(image_ / "model.safetensors", "2"); }},
      {"the image encoder's files",
       [&] {
         write_file(image_ / "config.json", R"({"architecture": "resnet18", "std": [1, 1, 1]})");
       }},
      {"the text encoder's files", [&] { write_file(text_ / "model.safetensors", "2"); }},
      {"the text encoder's files", [&] { write_file(text_ / "vocab.txt", "[PAD]"); }},
      {"the text encoder's files", [&] { write_file(text_ / "tokenizer_config.json", "{}"); }},
      {"settings of the training", [&] { run.train.learning_rate *= 2; }},
      {"settings of the training", [&] { run.train.precision = Precision::kFp32; }},
      {"settings of the training", [&] { run.train.loss = "clip"; }},
      {"settings of the training", [&] { run.train.epochs = 7; }},
      {"patients", [&] { run.train.group_aware = true; }},
      {"settings of the training",
       [&] {
         run.train.group_aware = false;
         run.train.balanced = false;
       }},
      {"settings of the training", [&] { run.train.threads = 1; }},
      {"settings of the training", [&] { run.train.device = "cuda"; }},
      {"frozen", [&] { run.image_encoder.frozen = false; }},
      {"augmented_copies", [&] { run.image_encoder.augmented_copies = 3; }},
      {"classes", [&] { std::swap(study_.classes.at(0), study_.classes.at(1)); }},
      {"the recipe", [&] { study_.prepare.size = 40; }},
      {"the split", [&] { study_.split_seed = 9; }},
      {"the split",
       [&] {
         study_.fractions = {0.6, 0.2, 0.2};
       }},
      {"the number of samples", [&] { run.train_with = {"P1"}; }},
  };
  for (const Change& change : changes) {
    const Json before = look().config;
    change.make();
    const Json after = look().config;
    EXPECT_NE(run_config_hash(before), run_config_hash(after)) << change.word;
    EXPECT_THAT(changes_between(before, after), HasSubstr(change.word));
  }
  EXPECT_NE(run_config_hash(look(1, 1).config), run_config_hash(look(1, 2).config));
}

// What a training does not depend on makes nothing be trained again.
TEST_F(RunIdentity, WhatIsOnlyTestedOnIsNoPartOfATraining) {
  const Look before = look();
  const Sample external = sample_of(Role::kExternal);
  const Sample tested = sample_of(Role::kTest);
  ASSERT_EQ(before.predictions.size(), 2U);
  change_picture(external);
  const Look other_picture = look();
  EXPECT_EQ(other_picture.config, before.config);
  EXPECT_NE(other_picture.predictions.at("phone"), before.predictions.at("phone"));
  EXPECT_EQ(other_picture.predictions.at("dermoscope_a"), before.predictions.at("dermoscope_a"));
  change_note(tested);
  const Look other_note = look();
  EXPECT_EQ(other_note.config, before.config);
  EXPECT_EQ(other_note.predictions.at("phone"), other_picture.predictions.at("phone"));
  EXPECT_NE(other_note.predictions.at("dermoscope_a"), before.predictions.at("dermoscope_a"));
  // The external set is dropped, and is there again.
  const Study whole = study_;
  study_.data.pop_back();
  const Look dropped = look();
  EXPECT_EQ(dropped.config, before.config);
  EXPECT_EQ(dropped.predictions.size(), 1U);
  EXPECT_EQ(dropped.predictions.at("dermoscope_a"), other_note.predictions.at("dermoscope_a"));
  study_ = whole;
  EXPECT_EQ(look().predictions, other_note.predictions);
  // How often a training is secured.
  study_.runs.at(1).train.checkpoint_seconds = 5;
  EXPECT_EQ(look().config, before.config);
}

// The text encoder and notes are no part of a run without them.
TEST_F(RunIdentity, ARunWithoutNotesDoesNotDependOnThem) {
  const std::string before = hash(0);
  change_note(sample_of(Role::kTrain));
  write_file(text_ / "model.safetensors", "2");
  EXPECT_EQ(hash(0), before);
}

TEST_F(RunIdentity, ARunOfAnEarlierVersionIsToldAsThat) {
  const Json now = look().config;
  Json before = now;
  before.erase("training_version");
  EXPECT_THAT(changes_between(before, now), HasSubstr("earlier version"));
}

TEST(RunDifferences, SamplesAreThoseOfTheSameNotesInAnyOrder) {
  StudyRun run;
  StudyRun baseline;
  baseline.train_with = {"P2", "M"};
  run.notes = {"M"};
  const auto differences = [&] { return study::differences_besides_notes(run, baseline); };
  EXPECT_EQ(differences().size(), 1U);
  run.train_with = {"M", "P2"};
  EXPECT_TRUE(differences().empty()) << differences().front();
  run.train_with = {"MP"};
  baseline.train_with = expand_note_sets({"MP"});
  EXPECT_TRUE(differences().empty()) << differences().front();
  // The same strategies, but of one model: other samples have them.
  run.note_models = {"large"};
  ASSERT_EQ(differences().size(), 1U);
  EXPECT_NE(differences().front().find("by model large, not samples"), std::string::npos)
      << differences().front();
  baseline.note_models = {"large"};
  EXPECT_TRUE(differences().empty()) << differences().front();
  // Without train_with all are trained on, whoever wrote the notes.
  run.train_with = baseline.train_with = {};
  run.note_providers = {"server"};
  EXPECT_TRUE(differences().empty()) << differences().front();
}

// What a run goes by when it is tested is no matter of its training's notes.
TEST(RunDifferences, ARunThatReadsNotesDiffersFromOneThatSeesPictures) {
  StudyRun run;
  StudyRun baseline;
  run.train.mode = Mode::kText;
  run.notes = {"M"};
  baseline.train.mode = Mode::kImage;
  EXPECT_THAT(
      differences_besides_notes(run, baseline),
      testing::ElementsAre("seen of test samples: notes of M and no picture, not pictures"));
  EXPECT_THAT(
      differences_besides_notes(baseline, run),
      testing::ElementsAre("seen of test samples: pictures, not notes of M and no picture"));
  baseline.train.mode = Mode::kMultimodal;
  baseline.notes = {"M"};
  EXPECT_EQ(differences_besides_notes(run, baseline).size(), 1U);
  // Nor between two that read others.
  baseline.train.mode = Mode::kText;
  baseline.notes = {"P2"};
  baseline.note_models = {"large"};
  EXPECT_THAT(
      differences_besides_notes(run, baseline),
      testing::ElementsAre("seen of test samples: notes of M and no picture, not notes of P2 "
                           "by model large and no picture"));
  baseline = run;
  EXPECT_THAT(differences_besides_notes(run, baseline),
              testing::ElementsAre(testing::HasSubstr("nothing but their seeds")));
}

}  // namespace
}  // namespace epicrisis::study
