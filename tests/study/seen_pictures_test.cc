#include "study/seen_pictures.h"

#include <gtest/gtest.h>

#include "epicrisis/core/hash.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/data/split.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"
#include "epicrisis/study/predict.h"
#include "study/small_study.h"
#include "study/study_data.h"

namespace epicrisis {
namespace {

// A workspace with prepared pictures of four roles and the folder of a run in it.
class SeenPicturesTest : public ::testing::Test {
 protected:
  SeenPicturesTest() {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 8, .external_lesions = 4});
    Workspace workspace = Workspace::create(root());
    const Study study =
        parse_study(test::small_study("small") + test::kTwoRuns, "small.toml", corpus());
    study::import_data(workspace, study, job_);
    prepare_samples(workspace, study.prepare, job_);
    use_.recipe = study.prepare;
    use_.split_set = "small-split";
    const std::vector<SampleRole> roles = {
        {1, Role::kTrain}, {2, Role::kValidation}, {3, Role::kTest}, {4, Role::kExternal}};
    save_split_set(workspace.database(), use_.split_set, 1, Json::object(), roles);
    std::filesystem::create_directories(run());
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Path root() const { return folder_.path() / "w"; }
  Path run() const { return root() / "runs" / "one"; }
  Sample sample(std::int64_t id) const {
    Workspace workspace = Workspace::open(root());
    return sample_by_id(workspace.database(), id);
  }
  // What predict knows a picture by.
  std::string pixels_of(const Path& file) const {
    const Prepared prepared = prepare_image(load_image(file), use_.recipe);
    return sha256_hex(std::as_bytes(std::span(prepared.image.pixels)));
  }

  TemporaryFolder folder_;
  Job job_;
  study::RunUse use_;
};

TEST_F(SeenPicturesTest, EachPartOfTheStudyIsKnownUnderAnyNameOfTheFile) {
  study::SeenPictures seen(run(), use_, job_);
  EXPECT_TRUE(seen.known());
  const std::vector<Role> roles = {Role::kTrain, Role::kValidation, Role::kTest, Role::kExternal};
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const Sample one = sample(static_cast<std::int64_t>(i) + 1);
    const Path copy = folder_.path() / ("other" + Path(one.image_path).extension().string());
    write_file(copy, read_file(one.image_path));
    const auto found = seen.find(pixels_of(copy));
    ASSERT_TRUE(found) << i;
    EXPECT_EQ(found->role, roles[i]);
    EXPECT_EQ(found->dataset, one.dataset);
    EXPECT_EQ(found->key, one.key);
  }
  // Imported, but of no part.
  EXPECT_FALSE(seen.find(pixels_of(sample(5).image_path)));
}

TEST_F(SeenPicturesTest, OfOnePictureInTwoPartsTheTrainingIsTold) {
  {
    Workspace workspace = Workspace::open(root());
    const auto file = [&](std::int64_t id) {
      return Path(sample_by_id(workspace.database(), id).image_path);
    };
    write_file(file(3), read_file(file(1)));
    prepare_samples(workspace, use_.recipe, job_);
    const std::vector<SampleRole> roles = {{1, Role::kTest}, {3, Role::kTrain}};
    save_split_set(workspace.database(), use_.split_set, 1, Json::object(), roles, true);
  }
  study::SeenPictures seen(run(), use_, job_);
  const auto found = seen.find(pixels_of(sample(1).image_path));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->role, Role::kTrain);
  EXPECT_EQ(found->key, sample(3).key);
}

TEST_F(SeenPicturesTest, AFolderElsewhereAndALostSplitTellNothing) {
  const std::string pixels = pixels_of(sample(1).image_path);
  study::SeenPictures elsewhere(folder_.path() / "copied", use_, job_);
  EXPECT_FALSE(elsewhere.known());
  EXPECT_FALSE(elsewhere.find(pixels));
  use_.split_set = "gone";
  study::SeenPictures lost(run(), use_, job_);
  EXPECT_FALSE(lost.known());
  EXPECT_FALSE(lost.find(pixels));
}

TEST(SeenPicture, IsToldInWordsAndJson) {
  const std::vector<RunClass> classes = {{"NEV", "nevus"}, {"MEL", "melanoma"}};
  PicturePrediction one;
  one.probabilities = {0.9, 0.1};
  one.nearest = {{"clinic", "near", "NEV", 0.7}};
  const auto remarks = [&](const std::string& part) {
    one.seen_in = part;
    one.seen_as = part.empty() ? "" : "clinic/a";
    const Json json = to_json(one, classes);
    EXPECT_EQ(json["seen_in"], part);
    EXPECT_EQ(json["seen_as"], one.seen_as);
    const std::vector<std::string> all = prediction_remarks(one, classes);
    EXPECT_EQ(all.size(), part.empty() ? 0U : 1U) << part;
    return all.empty() ? "" : all.front();
  };
  EXPECT_EQ(remarks(""), "");
  EXPECT_NE(remarks("train").find("was trained on this picture"), std::string::npos);
  EXPECT_NE(remarks("train").find("(clinic/a)"), std::string::npos);
  EXPECT_NE(remarks("validation").find("was validated on this picture (clinic/a)"),
            std::string::npos);
  EXPECT_NE(remarks("test").find("was tested on this picture (clinic/a, test)"), std::string::npos);
  EXPECT_NE(remarks("external").find("(clinic/a, external)"), std::string::npos);
}

}  // namespace
}  // namespace epicrisis
