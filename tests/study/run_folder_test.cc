#include "epicrisis/study/run_folder.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/study/predict.h"
#include "epicrisis/tensor/safetensors.h"
#include "settings/run_metrics.h"
#include "study/kept_studies.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RunFolderTest : public test::KeptStudies {
 protected:
  std::string refusal(const std::string& run) const {
    try {
      find_run_folder(run, root());
    } catch (const UsageError& error) {
      return error.what();
    }
    return "taken";
  }
};

TEST_F(RunFolderTest, ARunIsNamedByHowItsNameBegins) {
  const std::string first = add_run("small-image", "small", "image only", 1, RunStatus::kDone);
  const std::string second = add_run("small-image", "small", "image only", 2, RunStatus::kDone);
  EXPECT_EQ(find_run_folder(first, root()), workspace_.runs() / first);
  EXPECT_EQ(find_run_folder("small-image-2", root()), workspace_.runs() / second);
  EXPECT_THAT(refusal("small"),
              AllOf(HasSubstr("2 names in"), HasSubstr(first), HasSubstr(second)));
  EXPECT_THAT(refusal("other"), AllOf(HasSubstr("no such folder"), HasSubstr(first)));
  EXPECT_THAT(refusal(""), HasSubstr("no such folder"));
}

// A run that was copied to another machine did not look there for an encoder that was named by its
// path.
TEST_F(RunFolderTest, EncodersAreLookedForInTheFoldersOfModels) {
  const char* const before = std::getenv("EPICRISIS_MODELS");
  const std::string old = before != nullptr ? before : "";
  const Path models = folder_.path() / "models";
  const auto put = [](const Path& folder) {
    write_file(folder / "config.json", R"({"architecture": "resnet18"})");
    SafetensorsWriter(folder / "model.safetensors", {{"w", TensorType::kF32, {0}}}).finish();
  };
  put(models / "net");
  setenv("EPICRISIS_MODELS", ("/nowhere/models:" + models.string()).c_str(), 1);
  study::RunUse use;
  const std::string sha256 = model_fingerprint((models / "net").string());
  const std::string there = "/nowhere/trained/encoders/net";
  for (const char* model : {"/nowhere/trained/encoders/net", "../encoders/net", "net"}) {
    use.image_encoder = {.model = model, .sha256 = sha256, .copy = "", .place = there};
    EXPECT_EQ(Path(study::image_encoder_of(folder_.path(), use)).filename(), "net") << model;
  }
  // Under another name now as then, but its folder's is that of before.
  use.image_encoder = {
      .model = "best", .sha256 = sha256, .copy = "", .place = there + "/model.safetensors"};
  EXPECT_EQ(study::image_encoder_of(folder_.path(), use), (models / "net").string());
  use.image_encoder.sha256 = "another";
  try {
    study::image_encoder_of(folder_.path(), use);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("now /nowhere/models, " + models.string()),
                                    HasSubstr((models / "net").string() + ": " + sha256)));
  }
  if (before != nullptr) {
    setenv("EPICRISIS_MODELS", old.c_str(), 1);
  } else {
    unsetenv("EPICRISIS_MODELS");
  }
}

TEST_F(RunFolderTest, HowGoodARunWasIsKnownAsFarAsItWasMeasured) {
  const Path folder =
      workspace_.runs() / add_run("small-image", "small", "image only", 1, RunStatus::kRunning);
  test::store_sample(database_, "clinic", test::make_sample("1"));
  EXPECT_THAT(quality_lines(run_quality(folder)), IsEmpty());
  EpochMetrics metrics;
  metrics.epoch = 1;
  metrics.validation_weighted_f1 = 0.25;
  write_metrics(folder, {metrics});
  TrainResult result;
  result.epochs = 1;
  result.best_epoch = 1;
  write_train_result(folder, result);
  StoredResult row;
  row.run_id = folder.filename().string();
  row.row.run = "image only";
  row.row.seed = "1";
  row.row.dataset = "clinic";
  row.row.role = "internal";
  row.row.task = "classification";
  row.row.metric = "weighted_f1";
  row.row.value = 0.5;
  row.row.n = 22;
  row.row.seeds = 1;
  put_results(database_, "small", "key", {row});
  const RunQuality quality = run_quality(folder);
  EXPECT_THAT(quality_lines(quality),
              ElementsAre("validated while it was trained: weighted F1 0.250",
                          "tested on clinic (internal): weighted F1 0.500, n=22"));
  const Json json = to_json(quality);
  EXPECT_EQ(json["validation"]["weighted_f1"], 0.25);
  EXPECT_EQ(json["tests"],
            Json::array(
                {{{"dataset", "clinic"}, {"role", "internal"}, {"weighted_f1", 0.5}, {"n", 22}}}));
  EXPECT_EQ(json["calibrated"], false);
}

TEST(PredictionRemarks, WhatARunCannotAnswerIsSaid) {
  const std::vector<RunClass> classes = {{"NEV", "nevus"}, {"BCC", "cancer"}};
  EXPECT_EQ(
      known_classes_words(classes, {"MEL", "VASC"}),
      "it knows NEV, BCC alone: whatever else a picture shows, MEL, VASC too, it calls one of "
      "these");
  EXPECT_EQ(known_classes_words(classes, {}),
            "it knows NEV, BCC alone: whatever else a picture shows, it calls one of these");
}

TEST(PredictionRemarks, WhatIsUnsureOrWasTrainedOnIsSaid) {
  const std::vector<RunClass> classes = {{"MEL", "melanoma"}, {"NEV", "nevus"}, {"BCC", "cancer"}};
  PicturePrediction one;
  one.label = 1;
  one.probabilities = {0.1, 0.6, 0.3};
  one.nearest = {{"clinic", "1", "NEV", 0.95}};
  EXPECT_THAT(prediction_remarks(one, classes), IsEmpty());
  one.probabilities = {0.24, 0.41, 0.35};
  one.nearest.front().similarity = 1;
  EXPECT_THAT(
      prediction_remarks(one, classes),
      ElementsAre("unsure: BCC is about as probable; chance would be 0.333 each",
                  HasSubstr("trained on this picture, or on one that it cannot tell from it "
                            "(clinic/1)")));
  EXPECT_EQ(to_json(one, classes)["remarks"].size(), 2U);
  one.error = "no picture";
  EXPECT_THAT(prediction_remarks(one, classes), IsEmpty());
}

}  // namespace
}  // namespace epicrisis
