#include "study/encoder_model.h"

#include <numeric>
#include <optional>

#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/train/feature_cache.h"

namespace epicrisis::study {

struct EncoderModel::State {
  std::string model;
  std::optional<ImageFeatureExtractor> pictures;
  std::unique_ptr<TextEncoder> texts;
};

EncoderModel::EncoderModel(const std::string& model)
    : state_(new State{model, std::nullopt, nullptr}) {}

EncoderModel::~EncoderModel() = default;

FloatMatrix EncoderModel::embed(const ImageSource& pictures, const Job& job) const {
  if (!state_->pictures) {
    ImageFeatureOptions options;
    options.precision = Precision::kFp32;
    options.projected = true;
    state_->pictures.emplace(state_->model, options);
    for (const std::string& remark : state_->pictures->remarks()) job.warn("{}", remark);
  }
  std::vector<std::size_t> all(pictures.count());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return state_->pictures->extract(pictures, all, job);
}

FloatMatrix EncoderModel::embed_texts(const std::vector<std::string>& texts, Job& job) const {
  if (!state_->texts) {
    state_->texts = load_text_encoder(state_->model);
    for (const std::string& remark : state_->texts->remarks()) job.warn("{}", remark);
  }
  return cached_text_embeddings(*state_->texts, texts, Path(), job);
}

}  // namespace epicrisis::study
