#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <string>

#include "epicrisis/train/trainer.h"
#include "train/run_folder_fixture.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

using test::quick_config;
using test::Synthetic;
using test::synthetic;

class TrainingSettings : public test::RunFolderTest {};

// The terms of the first epoch of a training that hardly moves.
std::map<std::string, double> first_terms(const TrainConfig& config, const Synthetic& data,
                                          const Path& folder, const Job& job) {
  TrainConfig still = config;
  still.epochs = 1;
  still.learning_rate = 1e-12;
  still.patience = 0;
  const TrainResult result = train_model(still, data.input(), folder, job);
  return {result.history[0].parts.begin(), result.history[0].parts.end()};
}

TEST_F(TrainingSettings, EveryTermHasAWeight) {
  const Synthetic data = synthetic();
  const TrainConfig plain = quick_config(Mode::kMultimodal);
  TrainConfig weighted = plain;
  weighted.image_weight = .5;
  weighted.text_weight = 2;
  weighted.cosine_weight = 3;
  weighted.l1_weight = 0;
  weighted.lambda = 4 * .5;
  const auto before = first_terms(plain, data, folder("plain"), job_);
  const auto after = first_terms(weighted, data, folder("weighted"), job_);
  EXPECT_NEAR(after.at("image"), .5 * before.at("image"), 1e-5);
  EXPECT_NEAR(after.at("text"), 2 * before.at("text"), 1e-5);
  EXPECT_NEAR(after.at("cosine"), 3 * before.at("cosine"), 1e-5);
  EXPECT_EQ(after.at("l1"), 0);
  EXPECT_NEAR(after.at("contrastive"), 4 * before.at("contrastive"), 1e-5);
}

TEST_F(TrainingSettings, TheRampBringsInTheAlignmentTermsAlone) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kMultimodal);
  const auto whole = first_terms(config, data, folder("whole"), job_);
  config.alignment_ramp = 1'000'000'000;
  const auto none = first_terms(config, data, folder("none"), job_);
  for (const char* part : {"image", "text"}) EXPECT_NEAR(none.at(part), whole.at(part), 1e-5);
  for (const char* part : {"cosine", "l1", "contrastive"}) EXPECT_LT(none.at(part), 1e-6) << part;
  // Over the steps of an epoch the weights 0, 1/n ... (n - 1)/n have the mean (n - 1) / 2n.
  config.alignment_ramp = static_cast<int>((data.train.size() + 7) / 8);
  const auto rising = first_terms(config, data, folder("rising"), job_);
  const double mean = (config.alignment_ramp - 1) / (2. * config.alignment_ramp);
  EXPECT_NEAR(rising.at("cosine") / whole.at("cosine"), mean, .1);
}

TEST_F(TrainingSettings, TheRateWarmsUpAndFalls) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kImage);
  config.epochs = 4;
  config.patience = 0;
  const auto steps = static_cast<int>((data.train.size() + 7) / 8);
  config.warmup = 2 * steps;
  config.schedule = Schedule::kCosine;
  const TrainResult result = train_model(config, data.input(), folder("run"), job_);
  const auto rate = [&](int epoch) {
    return result.history[static_cast<std::size_t>(epoch) - 1].learning_rate / config.learning_rate;
  };
  EXPECT_NEAR(rate(1), .5, 1e-9);
  EXPECT_NEAR(rate(2), 1, 1e-9);
  const double n = 2. * steps;
  EXPECT_NEAR(rate(3), (1 + std::cos(M_PI * (steps - 1) / n)) / 2, 1e-9);
  EXPECT_NEAR(rate(4), (1 + std::cos(M_PI * (n - 1) / n)) / 2, 1e-9);
}

TEST_F(TrainingSettings, ClippedGradientsMoveTheWeightsLess) {
  // Adam takes no notice of a gradient's length, but of how lengths differ between steps: so the
  // decay, which is not clipped, gets the upper hand where the gradient is all but taken away.
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kImage);
  config.epochs = 20;
  config.patience = 0;
  config.weight_decay = .1;
  const TrainResult free = train_model(config, data.input(), folder("free"), job_);
  config.clip_norm = 1e-6;
  const TrainResult clipped = train_model(config, data.input(), folder("clipped"), job_);
  EXPECT_LT(free.history.back().train_loss, clipped.history.back().train_loss - .1);
  config.clip_norm = 1e6;
  const TrainResult wide = train_model(config, data.input(), folder("wide"), job_);
  EXPECT_EQ(wide.history.back().train_loss, free.history.back().train_loss);
}

TEST_F(TrainingSettings, SmoothedLabelsKeepTheLossUp) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kMultimodal);
  const auto plain = first_terms(config, data, folder("plain"), job_);
  config.label_smoothing = .99;
  const auto smoothed = first_terms(config, data, folder("smoothed"), job_);
  for (const char* part : {"image", "text"}) EXPECT_NE(plain.at(part), smoothed.at(part)) << part;
  for (const char* part : {"cosine", "l1", "contrastive"}) {
    EXPECT_EQ(plain.at(part), smoothed.at(part)) << part;
  }
}

TEST_F(TrainingSettings, DirectionsMayBeAlignedWhateverTheLength) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kMultimodal);
  const auto plain = first_terms(config, data, folder("plain"), job_);
  config.align_directions = true;
  const auto directions = first_terms(config, data, folder("directions"), job_);
  EXPECT_NE(plain.at("l1"), directions.at("l1"));
  EXPECT_EQ(plain.at("cosine"), directions.at("cosine"));
  // Two directions in 8 dimensions are at most 2 / sqrt(8) apart a coordinate.
  EXPECT_LT(directions.at("l1"), 2 / std::sqrt(8.));
}

TEST_F(TrainingSettings, AHiddenLayerIsTrainedKeptAndLoaded) {
  const Synthetic data = synthetic({.image_noise = .5});
  TrainConfig config = quick_config(Mode::kMultimodal);
  config.hidden = 16;
  config.epochs = 40;
  const TrainResult result = train_model(config, data.input(), folder("run"), job_);
  EXPECT_GT(result.best().validation_balanced_accuracy, .9);
  const TrainedModel model = TrainedModel::load(folder("run"));
  EXPECT_EQ(model.embed_image_features(data.features).columns, 8U);
}

TEST_F(TrainingSettings, TheBestEpochIsThatOfTheChosenScore) {
  const Synthetic data = synthetic({.image_noise = 2});
  for (const auto& [score, of] :
       {std::pair(EpochScore::kLoss, &EpochMetrics::validation_loss),
        std::pair(EpochScore::kWeightedF1, &EpochMetrics::validation_weighted_f1),
        std::pair(EpochScore::kBalancedAccuracy, &EpochMetrics::validation_balanced_accuracy),
        std::pair(EpochScore::kMcc, &EpochMetrics::validation_mcc)}) {
    TrainConfig config = quick_config(Mode::kImage);
    config.epochs = 25;
    config.patience = 0;
    config.best_by = score;
    const std::string name = "by" + std::to_string(static_cast<int>(score));
    const TrainResult result = train_model(config, data.input(), folder(name), job_);
    const double sign = score == EpochScore::kLoss ? -1 : 1;
    for (const EpochMetrics& metrics : result.history) {
      EXPECT_LE(sign * metrics.*of, sign * result.best().*of) << name;
      // Of equal ones the first.
      if (metrics.epoch < result.best_epoch) {
        EXPECT_NE(metrics.*of, result.best().*of) << name;
      }
    }
  }
}

}  // namespace
}  // namespace epicrisis
