#include "epicrisis/study/predict.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/study.h"
#include "study/predictions.h"
#include "study/small_study.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

// One trained study for all tests; what is damaged is a copy of its run folder.
class PredictTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder();
    const Path corpus = shared_->path() / "corpus";
    write_demo_corpus(corpus, Job(), {.seed = 3, .internal_lesions = 40, .external_lesions = 12});
    EXPECT_EQ(run().trained, 2U);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  static StudyOutcome run() {
    Workspace opened = Workspace::open_or_create(shared_->path() / "w");
    Job job;
    return run_study(opened,
                     parse_study("seeds = [1]\n" + test::small_study("small") +
                                     "[train]\nepochs = 2" + test::kTwoRuns,
                                 "small.toml", shared_->path() / "corpus"),
                     job);
  }
  static Workspace workspace() { return Workspace::open(shared_->path() / "w"); }
  static Path run_folder() {
    Workspace opened = workspace();
    return opened.runs() / list_runs(opened.database(), "small").front().id;
  }
  // A copy of the run, with nothing else of the workspace.
  Path copied_run() {
    fs::copy(run_folder(), copies_.path() / "run", fs::copy_options::recursive);
    return copies_.path() / "run";
  }
  std::vector<PicturePrediction> predict(const Path& run, const std::vector<Path>& pictures) {
    std::vector<PicturePrediction> all;
    predict_pictures(
        run, pictures, 2, [&](const PicturePrediction& one) { all.push_back(one); }, job_);
    return all;
  }
  std::string refusal(const Path& run) {
    try {
      predict(run, {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder copies_;
  Job job_;
  static TemporaryFolder* shared_;
};
TemporaryFolder* PredictTest::shared_ = nullptr;

TEST_F(PredictTest, ACopiedRunSaysWhatTheEvaluationSaid) {
  const study::Predictions stored =
      study::read_predictions(study::predictions_file(run_folder(), "phone"));
  Workspace opened = workspace();
  std::vector<Path> pictures;
  for (const std::int64_t id : stored.sample_ids) {
    pictures.emplace_back(sample_by_id(opened.database(), id).image_path);
  }
  const Path run = copied_run();
  const auto all = predict(run, pictures);
  ASSERT_EQ(all.size(), pictures.size());
  const std::size_t classes = run_classes(run).size();
  EXPECT_EQ(classes, 4U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].error, "");
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(double{stored.logits.row(i)[c]});
    for (std::size_t c = 0; c < classes; ++c) {
      EXPECT_NEAR(all[i].probabilities[c], std::exp(double{stored.logits.row(i)[c]}) / sum, 1e-5);
    }
    EXPECT_EQ(all[i].nearest.size(), 2U);
  }
}

TEST_F(PredictTest, ATrainingPictureIsNearestToItself) {
  const Path run = copied_run();
  Workspace opened = workspace();
  const auto first = predict(run, {sample_by_id(opened.database(), 1).image_path});
  const NearCase& near = first.at(0).nearest.at(0);
  const auto sample = find_sample(opened.database(), near.dataset, near.key);
  ASSERT_TRUE(sample);
  const auto again = predict(run, {sample->image_path});
  EXPECT_EQ(again.at(0).nearest.at(0).key, near.key);
  EXPECT_NEAR(again.at(0).nearest.at(0).similarity, 1, 1e-5);
}

TEST_F(PredictTest, APictureThatCannotBeReadDoesNotStopTheRest) {
  const Path broken = copies_.path() / "broken.jpg";
  write_file(broken, "no picture");
  Workspace opened = workspace();
  const Path good = sample_by_id(opened.database(), 1).image_path;
  const auto all = predict(run_folder(), {broken, good});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].error.find("broken.jpg"), std::string::npos);
  EXPECT_EQ(all[1].error, "");
}

TEST_F(PredictTest, ADamagedRunSaysWhereAndWhatToDo) {
  EXPECT_NE(refusal(copies_.path() / "none").find("no such run folder"), std::string::npos);
  const Path run = copied_run();
  const std::string use = read_file(run / "use.json");
  std::string other = use;
  other.replace(other.find("\"NEV\""), 5, "\"NEW\"");
  write_file(run / "use.json", other);
  EXPECT_NE(refusal(run).find("checksum"), std::string::npos);
  fs::remove(run / "use.json");
  EXPECT_NE(refusal(run).find("run its study again"), std::string::npos);
  write_file(run / "use.json", use);
  EXPECT_EQ(refusal(run), "");
  fs::remove(run / "training_cases.safetensors");
  EXPECT_NE(refusal(run).find("training_cases.safetensors"), std::string::npos);
}

// As a version left it that did not write these files.
TEST_F(PredictTest, AnOlderRunIsCompletedAndNotTrainedAgain) {
  const std::string weights = read_file(run_folder() / "model.safetensors");
  const std::string use = read_file(run_folder() / "use.json");
  fs::remove(run_folder() / "use.json");
  fs::remove(run_folder() / "training_cases.safetensors");
  const StudyOutcome outcome = run();
  EXPECT_EQ(outcome.trained, 0U);
  EXPECT_EQ(outcome.kept, 2U);
  EXPECT_EQ(read_file(run_folder() / "use.json"), use);
  EXPECT_EQ(read_file(run_folder() / "model.safetensors"), weights);
  EXPECT_EQ(refusal(run_folder()), "");
}

TEST_F(PredictTest, PicturesAreListedFromFilesFoldersAndTables) {
  const Path folder = copies_.path() / "pictures";
  EXPECT_THROW(list_pictures({"-"}), UsageError);
  EXPECT_THROW(list_pictures({folder.string()}), UsageError);
  fs::create_directories(folder);
  EXPECT_THROW(list_pictures({folder.string()}), InputError);
  write_file(folder / "b.png", "");
  write_file(folder / "below" / "a.jpg", "");
  write_file(folder / "notes.txt", "");
  EXPECT_EQ(list_pictures({folder.string()}),
            (std::vector<Path>{folder / "b.png", folder / "below" / "a.jpg"}));
  write_file(folder / "t.csv", "picture,age\nb.png,3\n");
  EXPECT_EQ(list_pictures({(folder / "t.csv").string()}), (std::vector<Path>{folder / "b.png"}));
  write_file(folder / "t.csv", "name\nb.png\n");
  EXPECT_THROW(list_pictures({(folder / "t.csv").string()}), InputError);
}

}  // namespace
}  // namespace epicrisis
