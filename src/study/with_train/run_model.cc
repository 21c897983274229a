#include "study/run_model.h"

#include <numeric>
#include <optional>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis::study {

struct RunModel::State {
  TrainedModel model;
  std::optional<ImageFeatureExtractor> encoder;  // of a run with a frozen one
};

RunModel::RunModel(const Path& folder, const RunUse& use)
    : state_(new State{TrainedModel::load(folder), std::nullopt}) {
  const auto classes = static_cast<std::size_t>(state_->model.class_count());
  if (classes != use.classes.size()) {
    throw InputError("{}: its weights are of {} classes, but its list has {}", folder.string(),
                     classes, use.classes.size());
  }
  if (!state_->model.fine_tuned()) {
    state_->encoder.emplace(image_encoder_of(folder, use));
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

FloatMatrix RunModel::logits(const FloatMatrix& embeddings) const {
  return state_->model.logits(embeddings);
}

}  // namespace epicrisis::study
