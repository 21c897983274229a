#include <algorithm>
#include <cstring>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/image/image_encoder_source.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/encoders/image/image_projection.h"
#include "model/parallel_torch.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr int kMinPicture = 32;  // below it the last feature map would be empty

Precision resolve(Precision precision, const ImageEncoderConfig& config) {
  if (precision != Precision::kAuto) return precision;
  const bool gains = image_architecture(config.architecture).bf16_pays;
  return gains && cpu_has_bf16() ? Precision::kBf16 : Precision::kFp32;
}

Projection projection_of(const ImageEncoderSource& source, std::int64_t width) {
  if (source.weights.empty()) return {};
  return read_image_projection(read_model_config(source.weights.parent_path()),
                               read_weights(source.weights), width);
}

}  // namespace

struct ImageFeatureExtractor::State {
  std::shared_ptr<ImageEncoderModule> encoder;
  Projection projection;
  ImageFeatureOptions options;
  std::string fingerprint;
  std::vector<std::string> remarks;

  // float32 [indices, width], contiguous
  torch::Tensor forward(const ImageSource& source, std::span<const std::size_t> indices) const {
    const auto size = static_cast<std::int64_t>(source.size());
    const auto bytes = static_cast<std::size_t>(size * size * 3);
    torch::Tensor pixels =
        torch::empty({static_cast<std::int64_t>(indices.size()), size, size, 3}, torch::kUInt8);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::memcpy(pixels.data_ptr<std::uint8_t>() + i * bytes, source.pixels(indices[i]).data(),
                  bytes);
    }
    torch::Tensor x = normalise_pixels(pixels, encoder->config());
    if (options.precision == Precision::kBf16) x = x.to(torch::kBFloat16);
    return projection.apply(encoder->forward(x)).contiguous();
  }
};

ImageFeatureExtractor::ImageFeatureExtractor(std::string_view model, ImageFeatureOptions options)
    : state_(std::make_unique<State>()) {
  options.batch = std::max<std::size_t>(options.batch, 1);
  if (options.threads == 0) options.threads = available_cores();
  const ImageEncoderSource source = find_image_encoder(model);
  options.precision = resolve(options.precision, source.config);
  state_->encoder = load_image_encoder(source, options.seed, &state_->remarks);
  state_->options = options;
  const std::string weights = source.weights.empty() ? fmt::format("random {}", options.seed)
                                                     : weights_sha256(source.weights);
  if (options.projected) {
    state_->projection = projection_of(source, state_->encoder->config().feature_dim);
  }
  state_->fingerprint =
      sha256_of_fields({is_projected() ? "projected image encoder 1" : "image encoder 1", weights,
                        dump_json(to_json(source.config)), precision_name(options.precision)});
  fold_batch_norm(*state_->encoder);
  for (auto& parameter : state_->encoder->parameters()) parameter.set_requires_grad(false);
  if (options.precision == Precision::kBf16) state_->encoder->to(torch::kBFloat16);
}

ImageFeatureExtractor::~ImageFeatureExtractor() = default;
ImageFeatureExtractor::ImageFeatureExtractor(ImageFeatureExtractor&&) noexcept = default;

const ImageEncoderConfig& ImageFeatureExtractor::config() const {
  return state_->encoder->config();
}

const std::vector<std::string>& ImageFeatureExtractor::remarks() const { return state_->remarks; }

std::int64_t ImageFeatureExtractor::dimension() const {
  return state_->projection.width(config().feature_dim);
}

bool ImageFeatureExtractor::is_projected() const { return !state_->projection.maps.empty(); }

const std::string& ImageFeatureExtractor::fingerprint() const { return state_->fingerprint; }

FloatMatrix ImageFeatureExtractor::extract(const ImageSource& source,
                                           std::span<const std::size_t> indices, const Job& job,
                                           Meter* meter) const {
  if (source.size() < kMinPicture) {
    throw UsageError("Image features: pictures of {} pixels a side, at least {} are needed",
                     source.size(), kMinPicture);
  }
  require_whole_patches(config(), source.size(), source.size());
  for (const std::size_t index : indices) {
    if (index >= source.count()) {
      throw InternalError("Image features: picture {} of {}", index, source.count());
    }
  }
  const std::size_t batch = state_->options.batch;
  FloatMatrix features(indices.size(), static_cast<std::size_t>(dimension()));
  parallel_torch(
      (indices.size() + batch - 1) / batch, state_->options.threads, job, [&](std::size_t i) {
        const auto part = indices.subspan(i * batch, std::min(batch, indices.size() - i * batch));
        const torch::Tensor pooled = state_->forward(source, part);
        std::memcpy(features.row(i * batch).data(), pooled.data_ptr<float>(), pooled.nbytes());
        if (meter != nullptr) meter->add(part.size());
      });
  return features;
}

}  // namespace epicrisis
