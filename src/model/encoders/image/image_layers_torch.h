#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/image/image_encoder_torch.h"

namespace epicrisis {

struct ConvShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t groups = 1;
  bool bias = false;
};

// Pads height and width as TensorFlow's "SAME" does: the output has ceil(n / stride) pixels, and an
// odd pixel of padding goes to the far side.
torch::Tensor pad_same(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride,
                       double value);

// Max pooling 3x3, stride 2.
torch::Tensor max_pool(const torch::Tensor& x, ConvPadding padding);

// In place, on a tensor nobody else needs: a norm's output.
inline torch::Tensor rectify(torch::Tensor x) { return torch::relu_(x); }
// The same between 0 and 6. LibTorch has a gradient of its own that takes five passes over memory,
// a third of all time of a fine-tuned MobileNetV2, and none in bfloat16 before 2.0; this one takes
// one.
torch::Tensor rectify6(torch::Tensor x);

// Global average [B, C, H, W] -> float32 [B, C].
torch::Tensor global_average(const torch::Tensor& x);

// A convolution without bias and the batch norm on its output. fold() makes one convolution with
// bias of both.
class ConvNorm {
 public:
  torch::Tensor operator()(const torch::Tensor& x) const;
  void fold();

 private:
  friend class LayerBuilder;
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d norm_{nullptr};
  torch::nn::Module* norm_parent_ = nullptr;
  std::string folded_name_;
  torch::Tensor folded_bias_;
  ConvShape shape_;
  ConvPadding padding_ = ConvPadding::kSymmetric;
};

// An encoder whose layers are registered under dotted names, so that each architecture's file reads
// like the list of torchvision's names it has to match.
class LayeredEncoder : public ImageEncoderModule {
 public:
  using ImageEncoderModule::ImageEncoderModule;
  void fold_batch_norm();

 protected:
  friend class LayerBuilder;

 private:
  std::vector<std::shared_ptr<ConvNorm>> foldable_;
};

class LayerBuilder {
 public:
  explicit LayerBuilder(LayeredEncoder& encoder) : encoder_(encoder) {}
  std::shared_ptr<ConvNorm> conv_norm(const std::string& conv, const std::string& norm,
                                      const ConvShape& shape);
  torch::nn::Conv2d conv(const std::string& name, const ConvShape& shape);
  torch::nn::BatchNorm2d norm(const std::string& name, std::int64_t channels);
  // Its numbers are whatever was in memory: weights or ImageArchitecture::initialise fill them.
  torch::Tensor parameter(const std::string& name, torch::IntArrayRef shape);

 private:
  torch::nn::Module& parent_of(const std::string& name, std::string& leaf);
  LayeredEncoder& encoder_;
};

// Normal weights for convolutions, of variance 2 / fan (He et al. 2015); norms stay 1 and 0. Each
// parameter has its own stream of numbers, named after it.
enum class Fan { kIn, kOut };
void initialise_convolutions(torch::nn::Module& module, Fan fan, std::uint64_t seed);

inline std::string same_name(std::string_view /*architecture*/, const std::string& name) {
  return name;
}

struct ImageArchitecture {
  std::string_view name;        // of image_encoders()
  std::string_view classifier;  // prefix of the names that are passed over
  Fan fan = Fan::kOut;
  // Whether bfloat16 is what Precision::kAuto should mean for frozen features.
  bool bf16_pays = false;
  std::shared_ptr<LayeredEncoder> (*make)(const ImageEncoderConfig& config) = nullptr;
  // A name of published weights as the module has it; a name that is not known stays as it is.
  std::string (*own_name)(std::string_view architecture, const std::string& published) = same_name;
  // Random weights; null: those of initialise_convolutions().
  void (*initialise)(torch::nn::Module& module, std::uint64_t seed) = nullptr;
  // Where other names do not do: the tensors as the module has them, and in `config` what of it the
  // weights alone tell. Null: as they are.
  TensorFile (*fit)(const TensorFile& weights, ImageEncoderConfig& config) = nullptr;
};
std::vector<ImageArchitecture> mobilenet_v2_architectures();
std::vector<ImageArchitecture> densenet_architectures();
std::vector<ImageArchitecture> resnet_architectures();
std::vector<ImageArchitecture> efficientnet_architectures();
std::vector<ImageArchitecture> vit_architectures();
const ImageArchitecture& vit_of_sizes();  // kVitOfSizes

const std::vector<ImageArchitecture>& image_architectures();
// Also of kVitOfSizes, which is not among them. UsageError as image_encoder_info().
const ImageArchitecture& image_architecture(std::string_view name);

}  // namespace epicrisis
