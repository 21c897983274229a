#include <memory>
#include <string>
#include <utility>
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

FitRules rules_of(const ImageArchitecture& architecture) {
  FitRules rules;
  rules.ignore = [classifier = architecture.classifier](const std::string& name) {
    return name.starts_with(classifier);
  };
  return rules;
}

// A name of published weights as the module has it, behind whatever a training put before it, which
// is taken off afterwards.
std::string own_name_behind(const ImageArchitecture& architecture, const std::string& published) {
  for (std::size_t start = 0; start != std::string::npos;) {
    const std::string rest = published.substr(start);
    const std::string own = architecture.own_name(architecture.name, rest);
    if (own != rest) return published.substr(0, start) + own;
    const std::size_t dot = published.find('.', start);
    start = dot == std::string::npos ? dot : dot + 1;
  }
  return published;
}

// A module, not yet filled, and the tensors for it under its own names.
struct FittedEncoder {
  std::shared_ptr<LayeredEncoder> encoder;
  TensorFile weights;
};

FittedEncoder fitted_encoder(const ImageArchitecture& architecture,
                             const ImageEncoderConfig& config, const TensorFile& published,
                             std::vector<std::string>& remarks, std::string* prefix = nullptr) {
  auto encoder = architecture.make(config);
  std::vector<std::string> expected;
  for (const auto& [name, shape] : tensor_shapes(*encoder)) expected.push_back(name);
  const auto own_name = [&](const std::string& name) {
    return own_name_behind(architecture, name);
  };
  TensorFile weights = model_weights(published.renamed(own_name), expected, remarks, prefix);
  if (architecture.fit != nullptr) {
    ImageEncoderConfig told = config;
    weights = architecture.fit(weights, told);
    encoder.reset();  // two of the largest would not be held at once
    encoder = architecture.make(told);
  }
  return {std::move(encoder), std::move(weights)};
}

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
  std::vector<std::string> left_out;
  FittedEncoder fitted = fitted_encoder(architecture, source.config, read_weights(source.weights),
                                        remarks != nullptr ? *remarks : left_out);
  load_state(*fitted.encoder, fitted.weights, rules_of(architecture));
  return fitted.encoder;
}

WeightFit image_weight_fit(const ImageEncoderConfig& config, const TensorFile& published,
                           std::string& prefix) {
  const ImageArchitecture& architecture = image_architecture(config.architecture);
  std::vector<std::string> remarks;
  const FittedEncoder fitted = fitted_encoder(architecture, config, published, remarks, &prefix);
  return weight_fit(tensor_shapes(*fitted.encoder), fitted.weights, rules_of(architecture));
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
