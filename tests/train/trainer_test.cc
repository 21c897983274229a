#include "epicrisis/train/trainer.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/tensor/safetensors.h"
#include "train/run_folder_fixture.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

using test::quick_config;
using test::Synthetic;
using test::synthetic;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Mode kAllModes[] = {Mode::kImage, Mode::kText, Mode::kMultimodal, Mode::kContrastive,
                              Mode::kContrastiveAlign};

class TrainerTest : public test::RunFolderTest {};

std::vector<int> called(const FloatMatrix& logits) {
  std::vector<int> classes;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    const auto row = logits.row(i);
    classes.push_back(static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return classes;
}

double accuracy(const FloatMatrix& logits, const std::vector<TrainExample>& examples) {
  const auto classes = called(logits);
  double hits = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) hits += classes[i] == examples[i].label ? 1 : 0;
  return hits / static_cast<double>(examples.size());
}

FloatMatrix rows_of(const FloatMatrix& matrix, const std::vector<std::size_t>& rows) {
  FloatMatrix chosen(rows.size(), matrix.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(matrix.row(rows[i]).begin(), matrix.row(rows[i]).end(), chosen.row(i).begin());
  }
  return chosen;
}

FloatMatrix validation_features(const Synthetic& data) {
  std::vector<std::size_t> rows;
  for (const auto& example : data.validation) rows.push_back(example.image);
  return rows_of(data.features, rows);
}

double norm(const FloatMatrix& matrix) {
  double sum = 0;
  for (const float value : matrix.values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

TEST_F(TrainerTest, EveryModeAndFormLearnsTheClasses) {
  const Synthetic data = synthetic({.image_noise = .5});
  int number = 0;
  for (const Mode mode : kAllModes) {
    const bool contrasts = mode != Mode::kImage && mode != Mode::kText;
    for (const std::string& loss :
         contrasts ? contrastive_loss_names() : std::vector<std::string>{"clip"}) {
      TrainConfig config = quick_config(mode);
      config.loss = loss;
      config.epochs = 40;
      config.patience = 0;
      const std::string name = std::to_string(++number);
      const TrainResult result = train_model(config, data.input(), folder(name), job_);
      const std::string label = std::string(mode_name(mode)) + " " + loss;
      EXPECT_LT(result.best().train_loss, result.history.front().train_loss) << label;
      EXPECT_GT(result.best().validation_balanced_accuracy, .9) << label;
      const TrainedModel model = TrainedModel::load(folder(name));
      EXPECT_EQ(model.class_count(), 3);
      EXPECT_EQ(model.width(), 8U);
      if (mode != Mode::kText) {
        const FloatMatrix z = model.embed_image_features(validation_features(data));
        EXPECT_EQ(z.columns, 8U);
        EXPECT_GT(accuracy(model.logits(z), data.validation), .9) << label;
      }
    }
  }
}

TEST_F(TrainerTest, AProbeLeavesTheVectorsAsTheyAre) {
  const Synthetic data = synthetic({.image_width = 12, .text_width = 12, .image_noise = .5});
  TrainConfig config = quick_config(Mode::kProbe);
  config.epochs = 40;
  config.patience = 0;
  const TrainResult result = train_model(config, data.input(), folder("probe"), job_);
  EXPECT_GT(result.best().validation_balanced_accuracy, .9);
  ASSERT_EQ(result.history[0].parts.size(), 1U);
  EXPECT_EQ(result.history[0].parts[0].first, "image");
  const TrainedModel model = TrainedModel::load(folder("probe"));
  EXPECT_EQ(model.width(), 12U);
  const FloatMatrix features = validation_features(data);
  EXPECT_EQ(model.embed_image_features(features).values, features.values);
  EXPECT_EQ(model.embed_notes({.vectors = &data.notes}).values, data.notes.values);
  EXPECT_GT(accuracy(model.logits(features), data.validation), .9);

  // Samples without a note are trained on too, and notes change nothing.
  TrainInput without = data.input();
  for (TrainExample& example : without.train) example.notes.clear();
  const TrainResult same = train_model(config, without, folder("without"), job_);
  EXPECT_EQ(same.best().train_loss, result.best().train_loss);

  const Synthetic apart = synthetic();
  EXPECT_THAT([&] { train_model(config, apart.input(), folder("apart"), job_); },
              ThrowsMessage<UsageError>(HasSubstr("no projections into one space")));
  config.freeze_image_encoder = false;
  EXPECT_THROW(train_model(config, data.input(), folder("tuned"), job_), UsageError);
}

TEST_F(TrainerTest, TheLineOfAnEpochHasTheTermsOfTheMode) {
  const Synthetic data = synthetic();
  const auto parts = [&](Mode mode) {
    TrainConfig config = quick_config(mode);
    config.epochs = 1;
    const auto result =
        train_model(config, data.input(), folder(std::string(mode_name(mode))), job_);
    std::vector<std::string> names;
    double sum = 0;
    for (const auto& [part, value] : result.history[0].parts) {
      names.push_back(part);
      EXPECT_GT(value, 0) << part;
      sum += value;
    }
    EXPECT_NEAR(result.history[0].train_loss, sum, 1e-9);
    return names;
  };
  EXPECT_THAT(parts(Mode::kImage), ElementsAre("image"));
  EXPECT_THAT(parts(Mode::kText), ElementsAre("text"));
  EXPECT_THAT(parts(Mode::kMultimodal),
              ElementsAre("image", "text", "cosine", "l1", "contrastive"));
  EXPECT_THAT(parts(Mode::kContrastive), ElementsAre("contrastive", "probe"));
  EXPECT_THAT(parts(Mode::kContrastiveAlign), ElementsAre("cosine", "l1", "contrastive", "probe"));
}

TEST_F(TrainerTest, PairsComeTogether) {
  const Synthetic data = synthetic({.image_noise = .3});
  TrainConfig config = quick_config(Mode::kMultimodal);
  config.epochs = 30;
  train_model(config, data.input(), folder("run"), job_);
  const TrainedModel model = TrainedModel::load(folder("run"));
  std::vector<std::size_t> images;
  std::vector<std::size_t> notes;
  for (const auto& example : data.validation) {
    if (example.notes.empty()) continue;
    images.push_back(example.image);
    notes.push_back(example.notes[0]);
  }
  const FloatMatrix image = model.embed_image_features(rows_of(data.features, images));
  const FloatMatrix vectors = rows_of(data.notes, notes);
  const FloatMatrix text = model.embed_notes({.vectors = &vectors});
  double cosines = 0;
  for (std::size_t i = 0; i < image.rows; ++i) {
    const FloatMatrix a = rows_of(image, {i});
    const FloatMatrix b = rows_of(text, {i});
    double dot = 0;
    for (std::size_t d = 0; d < a.columns; ++d)
      dot += static_cast<double>(a.values[d]) * b.values[d];
    cosines += dot / (norm(a) * norm(b));
  }
  EXPECT_GT(cosines / static_cast<double>(image.rows), .9);
}

TEST_F(TrainerTest, ContrastiveModesKeepTheProbeOutOfTheHeads) {
  // With lambda 0 nothing but the classifier may move (no weight decay).
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kContrastive);
  config.lambda = 0;
  config.weight_decay = 0;
  config.patience = 0;
  config.epochs = 1;
  train_model(config, data.input(), folder("one"), job_);
  config.epochs = 5;
  train_model(config, data.input(), folder("five"), job_);
  const TensorFile one = read_safetensors(folder("one") / "model.safetensors");
  const TensorFile five = read_safetensors(folder("five") / "model.safetensors");
  for (const auto& [name, tensor] : one.tensors()) {
    const bool same = to_float32(tensor) == to_float32(five.at(name));
    EXPECT_EQ(same, name.find("classifier") == std::string::npos) << name;
  }
}

TEST_F(TrainerTest, TextModeLeavesTheImageBranchAsItWasDrawn) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kText);
  train_model(config, data.input(), folder("a"), job_);
  config.epochs = 2;
  train_model(config, data.input(), folder("b"), job_);
  const std::string name = "heads.image_projection.weight";
  EXPECT_EQ(to_float32(read_safetensors(folder("a") / "model.safetensors").at(name)),
            to_float32(read_safetensors(folder("b") / "model.safetensors").at(name)));
  TrainInput without = data.input();
  without.image_features = nullptr;
  train_model(config, without, folder("c"), job_);
  const TrainedModel model = TrainedModel::load(folder("c"));
  EXPECT_EQ(model.image_width(), 0U);
  EXPECT_THROW(model.embed_image_features(data.features), UsageError);
  EXPECT_GT(accuracy(model.logits(model.embed_notes({.vectors = &data.concepts})),
                     {{0, 0, {}}, {0, 1, {}}, {0, 2, {}}}),
            .6);
}

TEST_F(TrainerTest, SameSeedSameBytesOtherSeedOthers) {
  const Synthetic data = synthetic({.copies = 2});
  for (const Mode mode : kAllModes) {
    TrainConfig config = quick_config(mode);
    config.copies = 2;
    const std::string name(mode_name(mode));
    train_model(config, data.input(), folder(name + "1"), job_);
    train_model(config, data.input(), folder(name + "2"), job_);
    EXPECT_EQ(weights(name + "1"), weights(name + "2")) << name;
    config.seed = 4;
    train_model(config, data.input(), folder(name + "3"), job_);
    EXPECT_NE(weights(name + "1"), weights(name + "3")) << name;
  }
}

// Stops after epoch 3 as Ctrl-C would, then goes on: the bytes are those of one run.
TEST_F(TrainerTest, ResumedIsAsIfNeverInterrupted) {
  const Synthetic data = synthetic({.copies = 1});
  for (const Mode mode : kAllModes) {
    TrainConfig config = quick_config(mode);
    config.copies = 1;
    config.patience = 2;
    const std::string name(mode_name(mode));
    const TrainResult whole = train_model(config, data.input(), folder(name + "-whole"), job_);
    Job cancelled;
    TrainObserver observer;
    observer.epoch = [&](const EpochMetrics& metrics) {
      if (metrics.epoch == 3) cancelled.cancel();
    };
    EXPECT_THROW(train_model(config, data.input(), folder(name), cancelled, observer), Interrupted);
    EXPECT_TRUE(std::filesystem::exists(folder(name) / "checkpoint.safetensors"));
    EXPECT_FALSE(std::filesystem::exists(folder(name) / "model.safetensors"));
    EXPECT_THROW(TrainedModel::load(folder(name)), InputError);
    int epochs = 0;
    int resumed_at = 0;
    observer.epoch = [&](const EpochMetrics&) { ++epochs; };
    observer.resumed = [&](int epoch) { resumed_at = epoch; };
    const TrainResult resumed = train_model(config, data.input(), folder(name), job_, observer);
    EXPECT_EQ(epochs, whole.epochs - 3);
    EXPECT_EQ(resumed_at, 4);
    EXPECT_EQ(weights(name), weights(name + "-whole")) << name;
    EXPECT_FALSE(std::filesystem::exists(folder(name) / "checkpoint.safetensors"));
    ASSERT_EQ(resumed.history.size(), whole.history.size());
    EXPECT_EQ(resumed.best_epoch, whole.best_epoch);
    for (std::size_t i = 0; i < whole.history.size(); ++i) {
      EXPECT_EQ(resumed.history[i].train_loss, whole.history[i].train_loss);
      EXPECT_EQ(resumed.history[i].validation_loss, whole.history[i].validation_loss);
      EXPECT_EQ(resumed.history[i].parts, whole.history[i].parts);
      EXPECT_EQ(resumed.history[i].best, whole.history[i].best);
    }
  }
}

// Breaks off in the middle of an epoch, again and again, without notice (as kill -9: what the last
// checkpoint holds is all there is).
TEST_F(TrainerTest, ResumedFromTheMiddleOfAnEpochIsTheSameToo) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kMultimodal);
  train_model(config, data.input(), folder("whole"), job_);
  config.checkpoint_seconds = 0;  // after every step
  int crashes = 0;
  for (bool finished = false; !finished;) {
    int steps = 0;
    TrainObserver observer;
    observer.step = [&](std::size_t, double) {
      if (++steps == 5) throw std::runtime_error("power cut");
    };
    try {
      train_model(config, data.input(), folder("broken"), job_, observer);
      finished = true;
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "power cut");
      ++crashes;
      ASSERT_LT(crashes, 100);
    }
  }
  // 60 training samples, 8 a step, 6 epochs: 48 steps, of which each start keeps 4.
  EXPECT_GE(crashes, 10);
  EXPECT_EQ(weights("broken"), weights("whole"));
  EXPECT_EQ(split(read_file(folder("broken") / "metrics.jsonl"), '\n').size(), 7U);
}

TEST_F(TrainerTest, InterruptWithinAnEpochKeepsTheStep) {
  const Synthetic data = synthetic();
  const TrainConfig config = quick_config(Mode::kMultimodal);
  train_model(config, data.input(), folder("whole"), job_);
  Job cancelled;
  TrainObserver observer;
  int steps = 0;
  observer.step = [&](std::size_t, double) {
    if (++steps == 11) cancelled.cancel();
  };
  EXPECT_THROW(train_model(config, data.input(), folder("run"), cancelled, observer), Interrupted);
  steps = 0;
  observer.step = [&](std::size_t images, double loss) {
    ++steps;
    EXPECT_LE(images, 8U);
    EXPECT_TRUE(std::isfinite(loss));
  };
  train_model(config, data.input(), folder("run"), job_, observer);
  EXPECT_EQ(steps, 6 * 8 - 11);
  EXPECT_EQ(weights("run"), weights("whole"));
}

TEST_F(TrainerTest, AFinishedRunIsNotTrainedAgain) {
  const Synthetic data = synthetic();
  const TrainConfig config = quick_config(Mode::kMultimodal);
  const TrainResult first = train_model(config, data.input(), folder("run"), job_);
  TrainObserver observer;
  observer.step = [](std::size_t, double) { FAIL() << "trained again"; };
  const TrainResult second = train_model(config, data.input(), folder("run"), job_, observer);
  EXPECT_EQ(second.best_epoch, first.best_epoch);
  EXPECT_EQ(second.epochs, first.epochs);
  EXPECT_EQ(second.best().validation_loss, first.best().validation_loss);
  EXPECT_EQ(second.seconds, first.seconds);
  EXPECT_FALSE(read_train_result(folder("nothing")).has_value());
}

TEST_F(TrainerTest, AFolderBelongsToOneConfigAndData) {
  const Synthetic data = synthetic();
  TrainConfig config = quick_config(Mode::kMultimodal);
  train_model(config, data.input(), folder("run"), job_);
  config.checkpoint_seconds = 1;  // of no consequence
  EXPECT_NO_THROW(train_model(config, data.input(), folder("run"), job_));
  TrainConfig other = config;
  other.learning_rate = 2e-2;
  const auto refused =
      ThrowsMessage<UnusableRunFolder>(HasSubstr("another configuration or other data"));
  EXPECT_THAT([&] { train_model(other, data.input(), folder("run"), job_); }, refused);
  Synthetic changed = data;
  changed.features.values[5] += 1e-3F;
  EXPECT_THAT([&] { train_model(config, changed.input(), folder("run"), job_); }, refused);
  changed = data;
  changed.train[4].label = (changed.train[4].label + 1) % 3;
  EXPECT_THAT([&] { train_model(config, changed.input(), folder("run"), job_); }, refused);
  changed = data;
  changed.validation.pop_back();
  EXPECT_THAT([&] { train_model(config, changed.input(), folder("run"), job_); }, refused);
}

TEST_F(TrainerTest, StopsEarlyAndKeepsTheBestWeights) {
  // Few noisy samples: the validation loss turns up soon.
  const Synthetic data = synthetic({.samples = 30, .image_noise = 4});
  TrainConfig config = quick_config(Mode::kImage);
  config.epochs = 200;
  config.patience = 4;
  const TrainResult result = train_model(config, data.input(), folder("run"), job_);
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.epochs, result.best_epoch + 4);
  for (const auto& metrics : result.history) {
    EXPECT_GE(metrics.validation_loss, result.best().validation_loss);
  }
  EXPECT_TRUE(result.best().best);
  // The loss of the weights on the disk is that of the best epoch.
  const TrainedModel model = TrainedModel::load(folder("run"));
  const FloatMatrix logits = model.logits(model.embed_image_features(validation_features(data)));
  double loss = 0;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    double sum = 0;
    for (const float logit : logits.row(i)) sum += std::exp(static_cast<double>(logit));
    loss += std::log(sum) -
            static_cast<double>(logits.row(i)[static_cast<std::size_t>(data.validation[i].label)]);
  }
  EXPECT_NEAR(loss / static_cast<double>(logits.rows), result.best().validation_loss, 1e-5);

  config.patience = 0;
  config.epochs = result.epochs + 3;
  const TrainResult patient = train_model(config, data.input(), folder("patient"), job_);
  EXPECT_FALSE(patient.stopped_early);
  EXPECT_EQ(patient.epochs, config.epochs);
  EXPECT_EQ(patient.best_epoch, result.best_epoch);
}

TEST_F(TrainerTest, WithoutValidationTheLastEpochIsKept) {
  Synthetic data = synthetic();
  data.validation.clear();
  const TrainResult result =
      train_model(quick_config(Mode::kMultimodal), data.input(), folder("run"), job_);
  EXPECT_EQ(result.best_epoch, 6);
  EXPECT_TRUE(std::isnan(result.best().validation_loss));
  // Null in the file, NaN again when read.
  EXPECT_THAT(read_file(folder("run") / "metrics.jsonl"), HasSubstr("\"validation_loss\":null"));
  EXPECT_TRUE(std::isnan(read_train_result(folder("run"))->best().validation_loss));
}

TEST_F(TrainerTest, UsesTheAugmentedCopies) {
  // The plain features are noise; the classes are in the copies alone.
  Synthetic data = synthetic({.copies = 3, .image_noise = .3});
  Random random(9);
  for (std::size_t i = 0; i < 90; ++i) {
    for (float& value : data.features.row(i)) value = static_cast<float>(random.normal());
  }
  TrainConfig config = quick_config(Mode::kImage);
  config.copies = 3;
  config.epochs = 25;
  config.patience = 0;
  const TrainResult with = train_model(config, data.input(), folder("with"), job_);
  config.augment = false;
  const TrainResult without = train_model(config, data.input(), folder("without"), job_);
  FloatMatrix copy(90, data.features.columns);
  std::copy_n(data.features.row(180).data(), copy.values.size(), copy.values.data());
  std::vector<std::size_t> rows;
  for (const auto& example : data.train) rows.push_back(example.image);
  const auto score = [&](const std::string& name) {
    const TrainedModel model = TrainedModel::load(folder(name));
    return accuracy(model.logits(model.embed_image_features(rows_of(copy, rows))), data.train);
  };
  (void)with;
  (void)without;
  EXPECT_GT(score("with"), .9);
  EXPECT_LT(score("without"), .8);
}

TEST_F(TrainerTest, ALossThatIsNotFiniteIsNamedWithItsPlace) {
  Synthetic data = synthetic();
  for (std::size_t i = 0; i < data.notes.rows; i += 2) {
    data.notes.row(i)[2] = std::numeric_limits<float>::quiet_NaN();
  }
  EXPECT_THAT(
      [&] { train_model(quick_config(Mode::kMultimodal), data.input(), folder("run"), job_); },
      ThrowsMessage<InputError>(
          AllOf(HasSubstr("'text'"), HasSubstr("epoch 1, step "), HasSubstr("nan"))));
  data = synthetic();
  data.features.row(data.validation[0].image)[0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT([&] { train_model(quick_config(Mode::kImage), data.input(), folder("run2"), job_); },
              ThrowsMessage<InputError>(HasSubstr("validation loss")));
}

TEST_F(TrainerTest, BatchesWithoutAnyNoteTrainTheImageAlone) {
  Synthetic data = synthetic();
  for (std::size_t i = 1; i < data.train.size(); ++i) data.train[i].notes.clear();
  TrainConfig config = quick_config(Mode::kMultimodal);
  config.balanced = false;
  config.batch = 1;
  config.epochs = 2;
  const TrainResult result = train_model(config, data.input(), folder("run"), job_);
  EXPECT_LT(result.history[1].parts[0].second, result.history[0].parts[0].second);
  EXPECT_TRUE(std::isfinite(result.history[1].train_loss));
}

TEST_F(TrainerTest, OneClassAndOneSampleAreDefined) {
  Synthetic data = synthetic({.samples = 30, .classes = 1});
  for (const Mode mode : kAllModes) {
    for (const std::string& loss : contrastive_loss_names()) {
      TrainConfig config = quick_config(mode);
      config.loss = loss;
      config.epochs = 2;
      EXPECT_NO_THROW(train_model(config, data.input(),
                                  folder(std::string(mode_name(mode)) + "-" + loss), job_));
    }
  }
  data.train.resize(1);
  EXPECT_NO_THROW(train_model(quick_config(Mode::kMultimodal), data.input(), folder("one"), job_));
}

TEST_F(TrainerTest, WrongInputIsRefusedBeforeAnythingIsWritten) {
  const Synthetic good = synthetic();
  const auto refused = [&](const char* words, auto change, TrainConfig config) {
    Synthetic data = good;
    TrainInput input = data.input();
    change(data, input, config);
    EXPECT_THAT([&] { train_model(config, input, folder("bad"), job_); },
                ThrowsMessage<UsageError>(HasSubstr(words)));
    EXPECT_FALSE(std::filesystem::exists(folder("bad")));
  };
  using C = TrainConfig;
  const C both = quick_config(Mode::kMultimodal);
  refused(
      "label 3", [](Synthetic&, TrainInput& in, C&) { in.train[2].label = 3; }, both);
  refused(
      "label -1", [](Synthetic&, TrainInput& in, C&) { in.validation[2].label = -1; }, both);
  refused(
      "picture 90", [](Synthetic&, TrainInput& in, C&) { in.train[2].image = 90; }, both);
  refused(
      "note 180", [](Synthetic&, TrainInput& in, C&) { in.train[2].notes = {180}; }, both);
  refused(
      "no training examples", [](Synthetic&, TrainInput& in, C&) { in.train.clear(); }, both);
  refused(
      "image features", [](Synthetic&, TrainInput& in, C&) { in.image_features = nullptr; }, both);
  refused(
      "needs notes", [](Synthetic&, TrainInput& in, C&) { in.notes = {}; }, both);
  refused(
      "versions", [](Synthetic&, TrainInput&, C& config) { config.copies = 3; }, both);
  refused(
      "values", [](Synthetic& d, TrainInput&, C&) { d.features.values.pop_back(); }, both);
  refused(
      "no training example has a note",
      [](Synthetic&, TrainInput& in, C&) {
        for (auto& example : in.train) example.notes.clear();
      },
      both);
  refused(
      "pictures and an image encoder",
      [](Synthetic&, TrainInput&, C& config) { config.freeze_image_encoder = false; }, both);
  refused(
      "concept",
      [](Synthetic&, TrainInput& in, C& config) {
        config.loss = "keyword_alignment";
        in.note_concepts = nullptr;
      },
      both);
  refused(
      "names concept 3",
      [](Synthetic& d, TrainInput&, C& config) {
        config.loss = "keyword_alignment";
        d.note_concepts[1] = {3};
      },
      both);
  refused(
      "epochs", [](Synthetic&, TrainInput&, C& config) { config.epochs = 0; }, both);
  refused(
      "CUDA", [](Synthetic&, TrainInput&, C& config) { config.device = "cuda:99"; }, both);
}

TEST_F(TrainerTest, EmbeddingChecksWidths) {
  const Synthetic data = synthetic();
  train_model(quick_config(Mode::kMultimodal), data.input(), folder("run"), job_);
  const TrainedModel model = TrainedModel::load(folder("run"));
  EXPECT_EQ(model.image_width(), 12U);
  EXPECT_EQ(model.text_width(), 10U);
  EXPECT_FALSE(model.fine_tuned());
  EXPECT_THAT([&] { model.embed_image_features(data.notes); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("width 10"), HasSubstr("12"))));
  EXPECT_THROW(model.embed_notes({.vectors = &data.features}), UsageError);
  EXPECT_THROW(model.logits(data.features), UsageError);
  const FloatMatrix none(0, 10);
  EXPECT_EQ(model.embed_notes({.vectors = &none}).rows, 0U);
}

}  // namespace
}  // namespace epicrisis
