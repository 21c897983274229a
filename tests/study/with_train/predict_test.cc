#include "epicrisis/study/predict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/store/tables/splits.h"
#include "epicrisis/study/embed.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/predictions.h"
#include "study/run_use.h"
#include "study/with_train/used_runs.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

class PredictTest : public test::UsedRunsTest {
 protected:
  std::string refusal(const Path& run) {
    try {
      predict(run, {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
};

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
  const std::vector<std::string> remarks = prediction_remarks(again.at(0), run_classes(run));
  ASSERT_FALSE(remarks.empty());
  EXPECT_NE(remarks.back().find("trained on this picture"), std::string::npos);
  EXPECT_EQ(again.at(0).seen_in, "train");
  EXPECT_EQ(again.at(0).seen_as, near.dataset + "/" + near.key);
}

// Nothing was said of pictures that the run was validated or tested on.
TEST_F(PredictTest, PicturesOfTheRunsStudyAreToldInItsWorkspace) {
  Workspace opened = workspace();
  const std::string split_set = study::read_run_use(run_folder()).split_set;
  std::vector<Path> pictures;
  std::vector<Role> roles;
  for (const SampleRole& one : load_split_roles(opened.database(), split_set)) {
    pictures.emplace_back(sample_by_id(opened.database(), one.sample_id).image_path);
    roles.push_back(one.role);
  }
  for (const Role role : {Role::kTrain, Role::kValidation, Role::kTest, Role::kExternal}) {
    EXPECT_NE(std::ranges::find(roles, role), roles.end());
  }
  const auto all = predict(run_folder(), pictures);
  ASSERT_EQ(all.size(), roles.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].seen_in, role_name(roles[i])) << all[i].picture;
  }
}

TEST_F(PredictTest, APictureThatCannotBeReadDoesNotStopTheRest) {
  const Path broken = copies_.path() / "broken.jpg";
  write_file(broken, "no picture");
  const Path good = sample(1).image_path;
  const auto all = predict(run_folder(), {broken, good});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].error.find("broken.jpg"), std::string::npos);
  EXPECT_EQ(all[1].error, "");
}

// A list is of many hands: one row without a picture kept all others from being predicted.
TEST_F(PredictTest, ARowThatNamesNoPictureDoesNotStopTheRest) {
  const Path list = copies_.path() / "list.csv";
  write_file(list, "age,picture\n3,\n4," + sample(1).image_path + "\n5,none.png\n");
  std::vector<PicturePrediction> all;
  const PredictCounts counts = predict_pictures(
      run_folder(), list_pictures({list.string()}), 1,
      [&](const PicturePrediction& one) { all.push_back(one); }, job_);
  EXPECT_EQ(counts.predicted, 1U);
  EXPECT_EQ(counts.unreadable, 2U);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].error, list.string() + ":2: column 'picture' is empty");
  EXPECT_EQ(to_json(all[0], {})["picture"], list.string() + ":2");
  EXPECT_EQ(all[1].error, "");
  EXPECT_NE(all[2].error.find("none.png"), std::string::npos);
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
  const StudyOutcome outcome = run_again("small", test::kTwoRuns);
  EXPECT_EQ(outcome.trained, 0U);
  EXPECT_EQ(outcome.kept, 2U);
  EXPECT_EQ(read_file(run_folder() / "use.json"), use);
  EXPECT_EQ(read_file(run_folder() / "model.safetensors"), weights);
  EXPECT_EQ(refusal(run_folder()), "");
}

TEST_F(PredictTest, ARunFileOfAnEarlierVersionIsMadeAnew) {
  const Path file = run_folder() / "use.json";
  const std::string use = read_file(file);
  Json json = parse_json(use, "use.json");
  json.erase("sha256");
  json["version"] = 1;
  json.erase("field");
  json["sha256"] = sha256_hex(dump_json(json));
  write_file(file, dump_json(json));
  EXPECT_NE(refusal(run_folder()).find("an earlier version wrote it"), std::string::npos);
  EXPECT_EQ(run_again("small", test::kTwoRuns).trained, 0U);
  EXPECT_EQ(read_file(file), use);
}

TEST_F(PredictTest, ARunWithoutWeightsSaysSo) {
  const Path run = copied_run();
  fs::remove(run / "model.safetensors");
  EXPECT_NE(refusal(run).find("copy the whole run folder"), std::string::npos);
}

TEST_F(PredictTest, WhatWasSaidBeforeACancelStays) {
  const std::vector<Path> pictures(150, sample(1).image_path);
  std::size_t said = 0;
  const auto sink = [&](const PicturePrediction& one) {
    EXPECT_EQ(one.error, "");
    if (++said == 3) job_.cancel();
  };
  EXPECT_THROW(predict_pictures(run_folder(), listed(pictures), 1, sink, job_), Interrupted);
  EXPECT_EQ(said, 64U);  // the batch that was done is told whole
}

// Runs of other encoders than those of the study that all these tests share.
class OtherEncodersTest : public test::UsedRunsTest {
 protected:
  static void SetUpTestSuite() {
    train(R"(
[[run]]
name = "tuned"
mode = "image"
image_encoder = { model = "random:mobilenet_v2", frozen = false }
train = { epochs = 1 }
)",
          1);
  }
  // The encoder that "tuned" trained, as a model folder.
  static Path encoder_folder() {
    Path folder = shared_->path() / "encoder";
    const TensorFile weights = read_safetensors(run_folder("tuned") / "model.safetensors");
    const std::string prefix = "image_encoder.";
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : weights.tensors()) {
      if (name.starts_with(prefix)) tensors.push_back({name.substr(prefix.size()), tensor});
    }
    write_safetensors(folder / "model.safetensors", tensors);
    write_file(folder / "config.json", R"({"architecture": "mobilenet_v2"})");
    return folder;
  }
};

TEST_F(OtherEncodersTest, AFineTunedRunIsUsedWithoutItsWorkspace) {
  const study::Predictions stored =
      study::read_predictions(study::predictions_file(run_folder("tuned"), "phone"));
  std::vector<Path> pictures;
  for (const std::int64_t id : stored.sample_ids) pictures.emplace_back(sample(id).image_path);
  const auto all = predict(copied_run("tuned"), pictures);
  ASSERT_EQ(all.size(), pictures.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].error, "");
    double sum = 0;
    for (const float logit : stored.logits.row(i)) sum += std::exp(double{logit});
    for (std::size_t c = 0; c < all[i].probabilities.size(); ++c) {
      EXPECT_NEAR(all[i].probabilities[c], std::exp(double{stored.logits.row(i)[c]}) / sum, 1e-4);
    }
  }
}

TEST_F(OtherEncodersTest, WhatAFineTunedRunGaveIsKeptInItsFolder) {
  const Path run = copied_run("tuned");
  Workspace opened = workspace();
  const Embeddings first = embed_samples(run, opened, {}, true, job_);
  std::vector<Path> kept;
  for (const auto& item : fs::recursive_directory_iterator(run / "embeddings")) {
    if (item.is_regular_file()) kept.push_back(item.path());
  }
  ASSERT_EQ(kept.size(), 1U);
  // The second time they come from there.
  const TensorFile file = read_safetensors(kept[0]);
  FloatMatrix moved = to_matrix(file.at("features"), "");
  for (float& value : moved.values) value += 1;
  std::map<std::string, std::string> metadata = file.metadata();
  metadata.erase("epicrisis_sha256");
  write_checked_safetensors(kept[0], {{"features", tensor_view(moved)}}, metadata);
  const Embeddings again = embed_samples(run, opened, {}, true, job_);
  ASSERT_EQ(again.images.values.size(), first.images.values.size());
  EXPECT_FLOAT_EQ(again.images.values[0], first.images.values[0] + 1);
}

TEST_F(OtherEncodersTest, TheEncoderGoesWithTheRunFolder) {
  const Path encoder = encoder_folder();
  run_again("own",
            "\n[[run]]\nname = \"own encoder\"\nmode = \"image\"\nimage_encoder = { model = \"" +
                encoder.string() + "\" }\n");
  const Path picture = sample(1).image_path;
  const auto there = predict(run_folder("own encoder"), {picture});
  const Path run = copied_run("own encoder");
  fs::remove_all(encoder);
  EXPECT_TRUE(fs::exists(run / "image_encoder/model.safetensors"));
  EXPECT_EQ(predict(run, {picture}).at(0).probabilities, there.at(0).probabilities);
  // Another file in its place is not taken.
  write_file(run / "image_encoder/config.json", R"({"architecture": "mobilenet_v2", "x": 1})");
  try {
    predict(run, {picture});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string_view(error.what()).find("of SHA-256"), std::string_view::npos);
    EXPECT_NE(std::string_view(error.what()).find("EPICRISIS_MODELS"), std::string_view::npos);
  }
}

TEST_F(OtherEncodersTest, ADamagedCopyOfTheEncoderIsMadeAnew) {
  const std::string runs =
      "\n[[run]]\nname = \"mended\"\nmode = \"image\"\nimage_encoder = { model = \"" +
      encoder_folder().string() + "\" }\ntrain = { epochs = 3 }\n";  // like no other test's
  EXPECT_EQ(run_again("mended", runs).trained, 1U);
  const Path copy = run_folder("mended") / "image_encoder";
  for (const char* name : {"model.safetensors", "config.json"}) {
    const std::string sound = read_file(copy / name);
    for (const std::string& damaged :
         {sound.substr(0, sound.size() / 2), std::string(), " " + sound}) {
      write_file(copy / name, damaged);
      const StudyOutcome again = run_again("mended", runs);
      EXPECT_EQ(again.trained, 0U);
      EXPECT_EQ(again.kept, 1U);
      EXPECT_EQ(read_file(copy / name), sound);
    }
    fs::remove(copy / name);
    EXPECT_EQ(run_again("mended", runs).trained, 0U);
    EXPECT_EQ(read_file(copy / name), sound);
  }
  fs::remove_all(copy);
  EXPECT_EQ(run_again("mended", runs).trained, 0U);
  EXPECT_TRUE(fs::exists(copy / "model.safetensors"));
}

}  // namespace
}  // namespace epicrisis
