#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/image/image_encoder_source.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/tensors_torch.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::string_view kRandom = "random:";

}  // namespace

ImageEncoderSource find_image_encoder(std::string_view model) {
  ImageEncoderSource source;
  if (model.starts_with(kRandom)) {
    source.config = default_image_encoder_config(model.substr(kRandom.size()));
    return source;
  }
  const Path path = find_model(model);
  const bool folder = std::filesystem::is_directory(path);
  source.config = read_image_encoder_config(folder ? path : path.parent_path());
  source.weights = folder ? weight_file_in(path) : path;
  return source;
}

std::shared_ptr<ImageEncoderModule> load_image_encoder(const ImageEncoderSource& source,
                                                       std::uint64_t seed,
                                                       std::vector<std::string>* remarks) {
  if (source.weights.empty()) return make_image_encoder(source.config, seed);
  const ImageArchitecture& architecture = image_architecture(source.config.architecture);
  LoadStateOptions options;
  options.ignore = [&](const std::string& name) {
    return name.starts_with(architecture.classifier);
  };
  // Whatever a training put before the names, which is taken off afterwards.
  const auto own_name = [&](const std::string& published) {
    for (std::size_t start = 0; start != std::string::npos;) {
      const std::string rest = published.substr(start);
      const std::string own = architecture.own_name(architecture.name, rest);
      if (own != rest) return published.substr(0, start) + own;
      const std::size_t dot = published.find('.', start);
      start = dot == std::string::npos ? dot : dot + 1;
    }
    return published;
  };
  auto encoder = architecture.make(source.config);
  std::vector<std::string> expected;
  for (const auto& [name, tensor] : state_dict(*encoder)) expected.push_back(name);
  std::vector<std::string> left_out;
  TensorFile weights = model_weights(read_weights(source.weights).renamed(own_name), expected,
                                     remarks != nullptr ? *remarks : left_out);
  if (architecture.fit != nullptr) {
    ImageEncoderConfig config = source.config;
    weights = architecture.fit(weights, config);
    encoder.reset();  // two of the largest would not be held at once
    encoder = architecture.make(config);
  }
  load_state(*encoder, weights, options);
  return encoder;
}

std::shared_ptr<ImageEncoderModule> load_image_encoder(std::string_view model, std::uint64_t seed,
                                                       std::vector<std::string>* remarks) {
  return load_image_encoder(find_image_encoder(model), seed, remarks);
}

std::shared_ptr<ImageEncoderModule> make_image_encoder(const ImageEncoderConfig& config,
                                                       std::uint64_t seed) {
  const ImageArchitecture& architecture = image_architecture(config.architecture);
  auto encoder = architecture.make(config);
  if (architecture.initialise != nullptr) {
    architecture.initialise(*encoder, seed);
  } else {
    initialise_convolutions(*encoder, architecture.fan, seed);
  }
  return encoder;
}

torch::Tensor normalise_pixels(const torch::Tensor& pixels, const ImageEncoderConfig& config) {
  const auto options = torch::TensorOptions().dtype(torch::kFloat32);
  torch::Tensor scale = torch::empty({3}, options);
  torch::Tensor shift = torch::empty({3}, options);
  for (int c = 0; c < 3; ++c) {
    const auto i = static_cast<std::size_t>(c);
    scale[c] = 1.0F / (255.0F * config.std[i]);
    shift[c] = -config.mean[i] / config.std[i];
  }
  // Channels are the last axis here, so the permuted result is channels last without a copy.
  return torch::addcmul(shift.to(pixels.device()), pixels.to(torch::kFloat32),
                        scale.to(pixels.device()))
      .permute({0, 3, 1, 2});
}

void fold_batch_norm(ImageEncoderModule& module) {
  auto* encoder = dynamic_cast<LayeredEncoder*>(&module);
  if (encoder == nullptr) throw InternalError("Folding batch norm: not one of our encoders");
  encoder->eval();
  encoder->fold_batch_norm();
}

}  // namespace epicrisis
