#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/interrupt.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/progress.h"
#include "epicrisis/model/image_encoder.h"
#include "epicrisis/model/image_encoder_torch.h"
#include "model/image_encoder_source.h"

namespace epicrisis {
namespace {

constexpr int kMinSize = 32;  // below it the last feature map would be empty

Precision resolve(Precision precision) {
  if (precision != Precision::kAuto) return precision;
  return cpu_has_bf16() ? Precision::kBf16 : Precision::kFp32;
}

}  // namespace

struct ImageFeatureExtractor::State {
  std::shared_ptr<ImageEncoderModule> encoder;
  ImageFeatureOptions options;
  std::string fingerprint;
};

ImageFeatureExtractor::ImageFeatureExtractor(std::string_view model, ImageFeatureOptions options)
    : state_(std::make_unique<State>()) {
  options.precision = resolve(options.precision);
  options.batch = std::max<std::size_t>(options.batch, 1);
  if (options.threads == 0) options.threads = available_cores();
  const ImageEncoderSource source = find_image_encoder(model);
  state_->encoder = load_image_encoder(source, options.seed);
  state_->options = options;
  const std::string weights = source.weights.empty()
                                  ? fmt::format("random {}", options.seed)
                                  : sha256_hex(MappedFile(source.weights).bytes());
  state_->fingerprint =
      sha256_of_fields({"image encoder 1", weights, dump_json(source.config.to_json()),
                        precision_name(options.precision)});
  fold_batch_norm(*state_->encoder);
  for (auto& parameter : state_->encoder->parameters()) parameter.set_requires_grad(false);
  if (options.precision == Precision::kBf16) state_->encoder->to(torch::kBFloat16);
}

ImageFeatureExtractor::~ImageFeatureExtractor() = default;
ImageFeatureExtractor::ImageFeatureExtractor(ImageFeatureExtractor&&) noexcept = default;

const ImageEncoderConfig& ImageFeatureExtractor::config() const {
  return state_->encoder->config();
}

std::int64_t ImageFeatureExtractor::dimension() const { return config().feature_dim; }

const std::string& ImageFeatureExtractor::fingerprint() const { return state_->fingerprint; }

FloatMatrix ImageFeatureExtractor::extract(const ImageSource& source,
                                           std::span<const std::size_t> indices,
                                           bool progress) const {
  if (source.size() < kMinSize) {
    throw UsageError("Image features: pictures of {} pixels a side, at least {} are needed",
                     source.size(), kMinSize);
  }
  for (const std::size_t index : indices) {
    if (index >= source.count()) {
      throw InternalError("Image features: picture {} of {}", index, source.count());
    }
  }
  const torch::InferenceMode inference;
  torch::set_num_threads(static_cast<int>(state_->options.threads));
  const auto size = static_cast<std::int64_t>(source.size());
  const auto bytes = static_cast<std::size_t>(size * size * 3);
  const auto width = static_cast<std::size_t>(dimension());
  FloatMatrix features(indices.size(), width);
  std::optional<Progress> bar;
  if (progress) bar.emplace("features", indices.size(), "images");
  for (std::size_t start = 0; start < indices.size(); start += state_->options.batch) {
    throw_if_interrupted();
    const std::size_t count = std::min(state_->options.batch, indices.size() - start);
    torch::Tensor pixels =
        torch::empty({static_cast<std::int64_t>(count), size, size, 3}, torch::kUInt8);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(pixels.data_ptr<std::uint8_t>() + i * bytes,
                  source.pixels(indices[start + i]).data(), bytes);
    }
    torch::Tensor x = normalise_pixels(pixels, config());
    if (state_->options.precision == Precision::kBf16) x = x.to(torch::kBFloat16);
    const torch::Tensor pooled = state_->encoder->forward(x).contiguous();
    std::memcpy(features.row(start).data(), pooled.data_ptr<float>(),
                count * width * sizeof(float));
    if (bar) bar->add(count);
  }
  return features;
}

}  // namespace epicrisis
