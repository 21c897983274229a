#include "study/run_model.h"

#include <unistd.h>

#include <numeric>
#include <optional>
#include <system_error>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/settings/precision.h"
#include "epicrisis/train/feature_cache.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis::study {

namespace {

TrainedModel load_weights(const Path& folder) {
  const Path weights = folder / "model.safetensors";
  std::error_code error;
  if (!std::filesystem::exists(weights, error)) {
    throw InputError(
        "{} is missing; copy the whole run folder, or run its study again, which trains it anew",
        weights.string());
  }
  try {
    return TrainedModel::load(folder);
  } catch (const InputError& error) {
    throw InputError("{}; run its study again, which trains it anew", error.what());
  }
}

// Names what a fine-tuned run gives: its weights and the precision they are computed in.
std::string weights_fingerprint(const Path& folder) {
  return sha256_hex(fmt::format(
      "{} {}", sha256_hex(MappedFile(folder / "model.safetensors").bytes()), cpu_has_bf16()));
}

}  // namespace

struct RunModel::State {
  Path folder;
  RunUse use;
  TrainedModel model;
  std::optional<ImageFeatureExtractor> encoder;  // of a run with a frozen one
  std::unique_ptr<TextEncoder> texts;            // once it is needed
};

RunModel::RunModel(const Path& folder, const RunUse& use)
    : state_(new State{folder, use, load_weights(folder), std::nullopt, nullptr}) {
  const auto classes = static_cast<std::size_t>(state_->model.class_count());
  if (classes != use.classes.size()) {
    throw InputError("{}: its weights are of {} classes, but its list has {}", folder.string(),
                     classes, use.classes.size());
  }
  if (!state_->model.fine_tuned() && state_->model.image_width() > 0) {
    ImageFeatureOptions options;
    options.projected = use.mode == Mode::kProbe;
    state_->encoder.emplace(image_encoder_of(folder, use), options);
    const auto width = static_cast<std::size_t>(state_->encoder->dimension());
    if (width != state_->model.image_width()) {
      throw InputError("{}: the run takes features of width {}, its image encoder '{}' gives {}",
                       folder.string(), state_->model.image_width(), use.image_encoder.model,
                       width);
    }
  }
}

RunModel::~RunModel() = default;

FloatMatrix RunModel::embed(const ImageSource& pictures, const Job& job) const {
  std::vector<std::size_t> all(pictures.count());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (!state_->encoder) return state_->model.embed_images(pictures, all, job);
  return state_->model.embed_image_features(state_->encoder->extract(pictures, all, job));
}

FloatMatrix RunModel::embed_prepared(const WorkspaceImages& images,
                                     const std::vector<std::size_t>& indices, const Path& features,
                                     Job& job) const {
  const State& state = *state_;
  ImageFeatureRequest request;
  request.images = &images;
  request.indices = indices;
  for (const std::size_t index : indices) request.ids.push_back(images.content_id(index));
  if (!state.encoder) {
    const bool keep = !features.empty() && access(state.folder.c_str(), W_OK) == 0;
    return cached_run_embeddings(state.model, weights_fingerprint(state.folder), request,
                                 keep ? state.folder / "embeddings" : Path(), job);
  }
  return state.model.embed_image_features(
      cached_image_features(*state.encoder, request, features, job));
}

FloatMatrix RunModel::embed_texts(const std::vector<std::string>& texts, const Path& features,
                                  Job& job) const {
  State& state = *state_;
  const std::string encoder = text_encoder_of(state.folder, state.use, job);
  TextInput input;
  FloatMatrix vectors;
  if (encoder == kTrainedTokens) {
    input.texts = &texts;
  } else {
    if (!state.texts) {
      state.texts = load_text_encoder(encoder);
      for (const std::string& remark : state.texts->remarks()) job.warn("{}", remark);
    }
    vectors = cached_text_embeddings(*state.texts, texts, features, job);
    input.vectors = &vectors;
  }
  return state.model.embed_notes(input);
}

FloatMatrix RunModel::logits(const FloatMatrix& embeddings) const {
  return state_->model.logits(embeddings);
}

}  // namespace epicrisis::study
