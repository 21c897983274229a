#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"
#include "epicrisis/train/trainer.h"
#include "support/job_log.h"
#include "train/memory_images.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

constexpr std::size_t kPictures = 18;

class FineTuneTest : public testing::Test {
 protected:
  FineTuneTest() : images_(kPictures, 32, 1), notes_(kPictures, 6) {
    Random random(2);
    for (std::size_t i = 0; i < kPictures; ++i) {
      for (float& value : notes_.row(i)) value = static_cast<float>(.2 * random.normal());
      notes_.row(i)[i % 3] += 1;
      TrainExample example{i, static_cast<int>(i % 3), {i}};
      (i < 12 ? input_.train : input_.validation).push_back(example);
    }
    input_.class_count = 3;
    input_.notes.vectors = &notes_;
    input_.images = &images_;
    input_.image_encoder = "random:mobilenet_v2";
    config_.freeze_image_encoder = false;
    config_.epochs = 4;
    config_.batch = 4;
    config_.width = 8;
    config_.learning_rate = 1e-3;
    config_.precision = Precision::kFp32;
    config_.threads = 1;
    config_.patience = 0;
  }

  Path folder(const std::string& name) const { return scratch_.path() / name; }
  std::string weights(const std::string& name) const {
    return read_file(folder(name) / "model.safetensors");
  }

  // Mean of -log of the probability of the right class, of embeddings of the validation part.
  double validation_loss(const TrainedModel& model, const FloatMatrix& z) const {
    const FloatMatrix logits = model.logits(z);
    double loss = 0;
    for (std::size_t i = 0; i < logits.rows; ++i) {
      double sum = 0;
      for (const float logit : logits.row(i)) sum += std::exp(static_cast<double>(logit));
      loss +=
          std::log(sum) -
          static_cast<double>(logits.row(i)[static_cast<std::size_t>(input_.validation[i].label)]);
    }
    return loss / static_cast<double>(logits.rows);
  }

  Job job_;
  TemporaryFolder scratch_;
  test::MemoryImages images_;
  FloatMatrix notes_;
  TrainInput input_;
  TrainConfig config_;
};

// Without batch norms, whose numbers would be those of the pieces.
TEST_F(FineTuneTest, BatchesInPiecesAreAsWholeOnes) {
  input_.image_encoder = EPICRISIS_SOURCE_DIR "/tests/model/data/vit_timm";
  const TrainResult whole = train_model(config_, input_, folder("whole"), job_);
  for (const int pieces : {1, 3, 4, 100}) {
    config_.micro_batch = pieces;
    const std::string name = std::to_string(pieces);
    const TrainResult result = train_model(config_, input_, folder(name), job_);
    for (std::size_t i = 0; i < whole.history.size(); ++i) {
      EXPECT_NEAR(result.history[i].train_loss, whole.history[i].train_loss, 1e-5) << name;
      EXPECT_NEAR(result.history[i].validation_loss, whole.history[i].validation_loss, 1e-5);
    }
  }
  EXPECT_NE(whole.history[0].validation_loss, whole.history[3].validation_loss);
}

TEST_F(FineTuneTest, PiecesCountForBatchNormsOnce) {
  config_.epochs = 1;
  train_model(config_, input_, folder("whole"), job_);
  config_.micro_batch = 4;  // one piece: the same, though encoded twice
  train_model(config_, input_, folder("piece"), job_);
  const TensorFile whole = read_safetensors(folder("whole") / "model.safetensors");
  const TensorFile piece = read_safetensors(folder("piece") / "model.safetensors");
  for (const auto& [name, tensor] : whole.tensors()) {
    if (name.find("running_mean") == std::string::npos) continue;
    const TensorView& other = piece.at(name);
    for (std::size_t i = 0; i < tensor.bytes.size(); i += sizeof(float)) {
      float a = 0;
      float b = 0;
      std::memcpy(&a, tensor.bytes.data() + i, sizeof(float));
      std::memcpy(&b, other.bytes.data() + i, sizeof(float));
      ASSERT_NEAR(a, b, 1e-4) << name;
    }
  }
}

TEST_F(FineTuneTest, ResumedIsAsIfNeverInterruptedAndRunsRepeat) {
  const TrainResult whole = train_model(config_, input_, folder("whole"), job_);
  EXPECT_GT(whole.images_per_second, 0);
  train_model(config_, input_, folder("again"), job_);
  EXPECT_EQ(weights("whole"), weights("again"));

  // Ctrl-C in the middle of epoch 2 (3 steps an epoch), then a crash after epoch 3.
  Job cancelled;
  TrainObserver observer;
  int steps = 0;
  observer.step = [&](std::size_t, double) {
    if (++steps == 4) cancelled.cancel();
  };
  EXPECT_THROW(train_model(config_, input_, folder("run"), cancelled, observer), Interrupted);
  config_.checkpoint_seconds = 0;
  observer = {};
  observer.epoch = [](const EpochMetrics& metrics) {
    if (metrics.epoch == 3) throw std::runtime_error("power cut");
  };
  EXPECT_THROW(train_model(config_, input_, folder("run"), job_, observer), std::runtime_error);
  const TrainResult resumed = train_model(config_, input_, folder("run"), job_);
  EXPECT_EQ(weights("run"), weights("whole"));
  EXPECT_EQ(resumed.best().validation_loss, whole.best().validation_loss);
}

TEST_F(FineTuneTest, EncoderAndTokensAreTrainedTogetherAndResume) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kPictures; ++i) texts.emplace_back(i % 3 == 0 ? "red spot" : "blue");
  input_.notes = {.texts = &texts};
  config_.epochs = 2;
  train_model(config_, input_, folder("whole"), job_);
  const TensorFile whole = read_safetensors(folder("whole") / "model.safetensors");
  EXPECT_TRUE(whole.has("text_encoder.weight"));
  EXPECT_TRUE(whole.has("image_encoder.features.0.0.weight"));
  Job cancelled;
  TrainObserver observer;
  int steps = 0;
  observer.step = [&](std::size_t, double) {
    if (++steps == 4) cancelled.cancel();
  };
  EXPECT_THROW(train_model(config_, input_, folder("run"), cancelled, observer), Interrupted);
  train_model(config_, input_, folder("run"), job_);
  EXPECT_EQ(weights("run"), weights("whole"));
}

// With threads the same holds: sums are split alike in every run.
TEST_F(FineTuneTest, TwoThreadsRepeatThemselves) {
  config_.threads = 2;
  config_.epochs = 1;
  input_.train.resize(6);
  input_.validation.resize(3);
  train_model(config_, input_, folder("one"), job_);
  train_model(config_, input_, folder("two"), job_);
  EXPECT_EQ(weights("one"), weights("two"));
}

TEST_F(FineTuneTest, LearnsColoursAndEmbedsPicturesAsValidationDid) {
  config_.mode = Mode::kImage;
  config_.augment = false;
  config_.epochs = 10;
  input_.image_encoder = "random:resnet18";  // its features are of use within a few steps
  const TrainResult result = train_model(config_, input_, folder("run"), job_);
  double least = result.history.front().train_loss;
  for (const EpochMetrics& epoch : result.history) least = std::min(least, epoch.train_loss);
  EXPECT_LT(least, .5 * std::log(3.0));  // log 3: the loss of guessing
  const TrainedModel model = TrainedModel::load(folder("run"));
  EXPECT_TRUE(model.fine_tuned());
  EXPECT_EQ(model.image_width(), 512U);
  EXPECT_EQ(model.text_width(), 0U);
  std::vector<std::size_t> indices;
  for (const auto& example : input_.validation) indices.push_back(example.image);
  test::JobLog log;
  Job job(log);
  Meter meter = job.meter("embed", indices.size(), "images");
  const FloatMatrix z = model.embed_images(images_, indices, job, &meter);
  meter.finish();
  EXPECT_EQ(log.ended.at(0).done, indices.size());
  EXPECT_NEAR(validation_loss(model, z), result.best().validation_loss,
              1e-3 * std::max(1., result.best().validation_loss));
  EXPECT_THROW(model.embed_images(images_, std::vector<std::size_t>{kPictures}, job), UsageError);
}

// Of a vision transformer the run keeps the form that its weights told.
TEST_F(FineTuneTest, AVisionTransformerIsTrainedAndComesBack) {
  config_.mode = Mode::kImage;
  for (const char* name : {"vit_timm_mean", "vit_timm_registers", "vit_hf_clip"}) {
    const Path weights = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data" / name;
    input_.image_encoder = weights.string();
    const TrainResult result = train_model(config_, input_, folder(name), job_);
    const TrainedModel model = TrainedModel::load(folder(name));
    EXPECT_EQ(model.image_width(), 8U);
    std::vector<std::size_t> indices;
    for (const auto& example : input_.validation) indices.push_back(example.image);
    EXPECT_NEAR(validation_loss(model, model.embed_images(images_, indices, job_)),
                result.best().validation_loss, 1e-4)
        << name;
  }
  const TensorFile run = read_safetensors(folder("vit_timm_mean") / "model.safetensors");
  const TensorFile published = read_safetensors(Path(EPICRISIS_SOURCE_DIR) /
                                                "tests/model/data/vit_timm_mean/model.safetensors");
  for (const auto& [name, tensor] : published.tensors()) {
    EXPECT_NE(to_float32(run.at("image_encoder." + name)), to_float32(tensor)) << name;
  }
}

TEST_F(FineTuneTest, TheEncoderMovesAndMemoryOrderDoesNotMatter) {
  config_.epochs = 1;
  config_.learning_rate = 1e-4;
  train_model(config_, input_, folder("last"), job_);
  config_.channels_last = false;
  train_model(config_, input_, folder("first"), job_);
  const TensorFile last = read_safetensors(folder("last") / "model.safetensors");
  const TensorFile first = read_safetensors(folder("first") / "model.safetensors");
  double furthest = 0;
  for (const auto& [name, tensor] : last.tensors()) {
    if (tensor.type != TensorType::kF32) continue;
    ASSERT_EQ(tensor.shape, first.at(name).shape) << name;
    if (name.find("running") != std::string::npos) continue;
    const auto a = to_float32(tensor);
    const auto b = to_float32(first.at(name));
    // Three steps of at most 1e-4 either way.
    for (std::size_t i = 0; i < a.size(); ++i) {
      furthest = std::max(furthest, static_cast<double>(std::abs(a[i] - b[i])));
    }
  }
  EXPECT_LT(furthest, 7e-4);
  config_.channels_last = true;
  config_.learning_rate = 1e-12;
  train_model(config_, input_, folder("still"), job_);
  const TensorFile still = read_safetensors(folder("still") / "model.safetensors");
  const std::string name = "image_encoder.features.0.0.weight";
  EXPECT_NE(to_float32(last.at(name)), to_float32(still.at(name)));
}

TEST_F(FineTuneTest, Bf16StaysNearFp32) {
  config_.epochs = 2;
  const TrainResult plain = train_model(config_, input_, folder("fp32"), job_);
  config_.precision = Precision::kBf16;
  const TrainResult rounded = train_model(config_, input_, folder("bf16"), job_);
  EXPECT_NEAR(rounded.history[0].train_loss, plain.history[0].train_loss,
              .1 * plain.history[0].train_loss);
  EXPECT_NE(weights("bf16"), weights("fp32"));
  // Weights and optimiser stay in float.
  const TensorFile file = read_safetensors(folder("bf16") / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    EXPECT_NE(tensor.type, TensorType::kBF16) << name;
  }
}

TEST_F(FineTuneTest, FrozenRunsDoNotEmbedPictures) {
  const test::Synthetic data = test::synthetic();
  train_model(test::quick_config(Mode::kImage), data.input(), folder("frozen"), job_);
  EXPECT_THROW(TrainedModel::load(folder("frozen")).embed_images(images_, {}, job_), UsageError);
}

TEST_F(FineTuneTest, OtherPicturesAreOtherData) {
  config_.epochs = 1;
  train_model(config_, input_, folder("run"), job_);
  images_.picture(3)[std::size_t{16} * 32 * 3] ^= 1;
  EXPECT_THROW(train_model(config_, input_, folder("run"), job_), UnusableRunFolder);
}

}  // namespace
}  // namespace epicrisis
