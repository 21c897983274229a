#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kGrowth = 32;
constexpr std::int64_t kBottleneck = 4 * kGrowth;

struct Form {
  std::string_view name;
  std::array<int, 4> layers;
};
constexpr std::array<Form, 3> kForms{{{"densenet121", {6, 12, 24, 16}},
                                      {"densenet169", {6, 12, 32, 32}},
                                      {"densenet201", {6, 12, 48, 32}}}};

const Form& form_of(std::string_view architecture) {
  const auto* found = std::ranges::find(kForms, architecture, &Form::name);
  if (found == kForms.end()) throw InternalError("'{}' is no DenseNet", architecture);
  return *found;
}

// DenseNet-BC (Huang et al. 2017); names as torchvision.models.densenet.
class DenseNet : public LayeredEncoder {
 public:
  explicit DenseNet(const ImageEncoderConfig& config) : LayeredEncoder(config) {
    const std::array<int, 4>& layers = form_of(config.architecture).layers;
    LayerBuilder builder(*this);
    first_ = builder.conv_norm("features.conv0", "features.norm0", {3, 64, 7, 2});
    std::int64_t channels = 64;
    for (std::size_t b = 0; b < layers.size(); ++b) {
      const std::string index = std::to_string(b + 1);
      Block block;
      for (int i = 0; i < layers[b]; ++i) {
        const std::string name =
            "features.denseblock" + index + ".denselayer" + std::to_string(i + 1) + ".";
        block.layers.push_back(
            {builder.norm(name + "norm1", channels),
             builder.conv_norm(name + "conv1", name + "norm2", {channels, kBottleneck}),
             builder.conv(name + "conv2", {kBottleneck, kGrowth, 3})});
        channels += kGrowth;
      }
      block.norm = builder.norm(
          b + 1 < layers.size() ? "features.transition" + index + ".norm" : "features.norm5",
          channels);
      if (b + 1 < layers.size()) {
        block.transition =
            builder.conv("features.transition" + index + ".conv", {channels, channels / 2});
        channels /= 2;
      }
      blocks_.push_back(std::move(block));
    }
  }

  torch::Tensor forward(torch::Tensor x) override {
    x = max_pool(rectify((*first_)(x)), config().padding);
    for (Block& block : blocks_) {
      std::vector<torch::Tensor> grown{x};
      for (Layer& layer : block.layers) {
        torch::Tensor y = rectify(layer.norm->forward(torch::cat(grown, 1)));
        y = rectify((*layer.squeeze)(y));
        grown.push_back(layer.grow->forward(y));
      }
      x = rectify(block.norm->forward(torch::cat(grown, 1)));
      if (block.transition) x = torch::avg_pool2d(block.transition->forward(x), 2, 2);
    }
    return global_average(x);
  }

 private:
  struct Layer {
    torch::nn::BatchNorm2d norm;
    std::shared_ptr<ConvNorm> squeeze;
    torch::nn::Conv2d grow;
  };
  struct Block {
    std::vector<Layer> layers;
    torch::nn::BatchNorm2d norm{nullptr};
    torch::nn::Conv2d transition{nullptr};  // none after the last block
  };
  std::shared_ptr<ConvNorm> first_;
  std::vector<Block> blocks_;
};

// The published weights say "denselayer1.norm.1" for "denselayer1.norm1".
std::string modern_name(std::string_view /*architecture*/, const std::string& published) {
  std::string name = published;
  const std::size_t layer = name.find(".denselayer");
  if (layer == std::string::npos) return name;
  const std::size_t part = name.find('.', layer + 1);
  if (part == std::string::npos) return name;
  for (const std::string_view word : {".norm.", ".conv.", ".relu."}) {
    if (name.compare(part, word.size(), word) == 0) name.erase(part + word.size() - 1, 1);
  }
  return name;
}

}  // namespace

std::vector<ImageArchitecture> densenet_architectures() {
  std::vector<ImageArchitecture> all;
  for (const Form& form : kForms) {
    all.push_back({form.name, "classifier.", Fan::kIn, true,
                   [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
                     return std::make_shared<DenseNet>(config);
                   },
                   &modern_name});
  }
  return all;
}

}  // namespace epicrisis
