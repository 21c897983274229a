#include <torch/torch.h>

#include <mutex>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"
#include "epicrisis/train/trainer.h"
#include "model/tensors_torch.h"
#include "train/feature_source.h"
#include "train/network.h"
#include "train/run_folder.h"
#include "train/text_source.h"

namespace epicrisis {
namespace {

void check_width(const FloatMatrix& matrix, std::int64_t width, const char* what) {
  if (static_cast<std::int64_t>(matrix.columns) != width ||
      matrix.values.size() != matrix.rows * matrix.columns) {
    throw UsageError("TrainedModel: {} of width {} were given, the run has {}", what,
                     matrix.columns, width);
  }
}

// A view of the caller's matrix.
torch::Tensor view_of(const FloatMatrix& matrix, std::int64_t width, const char* what) {
  check_width(matrix, width, what);
  return torch::from_blob(const_cast<float*>(matrix.values.data()),
                          {static_cast<std::int64_t>(matrix.rows), width}, torch::kFloat32);
}

}  // namespace

struct TrainedModel::State {
  RunDescription run;
  Network network{nullptr};
  std::mutex encoding;  // the encoder is set up on its first use
  bool ready = false;
};

TrainedModel::TrainedModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
TrainedModel::~TrainedModel() = default;
TrainedModel::TrainedModel(TrainedModel&&) noexcept = default;
TrainedModel& TrainedModel::operator=(TrainedModel&&) noexcept = default;

TrainedModel TrainedModel::load(const Path& run_folder) {
  auto state = std::make_unique<State>();
  state->run = read_run_description(run_folder);
  if (!std::filesystem::exists(run_folder / kRunResultFile)) {
    throw InputError("{}: the run is not finished; train it to its end first", run_folder.string());
  }
  const RunDescription& run = state->run;
  std::shared_ptr<ImageEncoderModule> encoder;
  if (run.image_encoder) encoder = make_image_encoder(*run.image_encoder, 0);
  std::shared_ptr<WordBagImpl> tokens;
  if (!run.vocabulary_sha256.empty()) {
    tokens = std::make_shared<WordBagImpl>(read_vocabulary(run_folder, run.vocabulary_sha256),
                                           run.text_width, 0);
  }
  state->network = Network(encoder, tokens,
                           Heads(run.image_width, run.text_width, heads_width(run.config),
                                 run.class_count, 0, run.config.hidden));
  load_state(*state->network, read_safetensors(run_folder / kRunWeightsFile));
  state->network->eval();
  return TrainedModel(std::move(state));
}

const TrainConfig& TrainedModel::config() const { return state_->run.config; }
int TrainedModel::class_count() const { return state_->run.class_count; }
std::size_t TrainedModel::width() const {
  const std::int64_t made = heads_width(state_->run.config);
  return made > 0 ? static_cast<std::size_t>(made) : image_width();
}
std::size_t TrainedModel::image_width() const {
  return static_cast<std::size_t>(state_->run.image_width);
}
std::size_t TrainedModel::text_width() const {
  return static_cast<std::size_t>(state_->run.text_width);
}
bool TrainedModel::fine_tuned() const { return state_->run.image_encoder.has_value(); }

FloatMatrix TrainedModel::embed_image_features(const FloatMatrix& features) const {
  if (state_->run.image_width == 0) throw UsageError("TrainedModel: the run saw no images");
  const torch::NoGradGuard no_gradient;
  return to_float_matrix(state_->network->heads().project_image(
      view_of(features, state_->run.image_width, "image features")));
}

bool TrainedModel::trained_tokens() const { return state_->network->tokens() != nullptr; }

FloatMatrix TrainedModel::embed_notes(const TextInput& notes) const {
  if (state_->run.text_width == 0) throw UsageError("TrainedModel: the run saw no notes");
  if (trained_tokens() ? notes.texts == nullptr : notes.vectors == nullptr) {
    throw UsageError("TrainedModel: the run takes notes as {}",
                     trained_tokens() ? "texts, its token embeddings are its own"
                                      : "vectors of the text encoder it was trained with");
  }
  if (!trained_tokens()) check_width(*notes.vectors, state_->run.text_width, "note embeddings");
  const torch::NoGradGuard no_gradient;
  return to_float_matrix(state_->network->heads().project_text(
      text_source(notes, state_->network->tokens(), torch::kCPU)->all()));
}

FloatMatrix TrainedModel::logits(const FloatMatrix& z) const {
  const torch::NoGradGuard no_gradient;
  return to_float_matrix(state_->network->heads().classify(
      view_of(z, static_cast<std::int64_t>(width()), "embeddings")));
}

FloatMatrix TrainedModel::embed_images(const ImageSource& images,
                                       std::span<const std::size_t> indices, const Job& job,
                                       Meter* meter) const {
  if (!fine_tuned()) {
    throw UsageError(
        "TrainedModel: the run was trained from image features; embed pictures with its encoder "
        "first");
  }
  for (const std::size_t index : indices) {
    if (index >= images.count()) {
      throw UsageError("TrainedModel: picture {} was asked for, there are {}", index,
                       images.count());
    }
  }
  ImageEncoderModule& encoder = *state_->network->encoder();
  const torch::Device device(torch::kCPU);
  const std::lock_guard lock(state_->encoding);
  if (!state_->ready) {
    fold_batch_norm(encoder);
    make_channels_last(encoder);
    state_->ready = true;
  }
  const bool bf16 = state_->run.bf16 && cpu_has_bf16();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor features = encode_pictures(
      encoder, images, indices, static_cast<std::size_t>(state_->run.config.evaluation_batch), bf16,
      device, job, meter);
  return to_float_matrix(state_->network->heads().project_image(features));
}

}  // namespace epicrisis
