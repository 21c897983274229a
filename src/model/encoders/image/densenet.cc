#include <array>
#include <string>
#include <vector>

#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kGrowth = 32;
constexpr std::int64_t kBottleneck = 4 * kGrowth;

// DenseNet-BC 121 (Huang et al. 2017); names as torchvision.models.densenet121.
class DenseNet121 : public LayeredEncoder {
 public:
  explicit DenseNet121(const ImageEncoderConfig& config) : LayeredEncoder(config) {
    constexpr std::array<int, 4> kLayers{6, 12, 24, 16};
    LayerBuilder builder(*this);
    first_ = builder.conv_norm("features.conv0", "features.norm0", {3, 64, 7, 2});
    std::int64_t channels = 64;
    for (std::size_t b = 0; b < kLayers.size(); ++b) {
      const std::string index = std::to_string(b + 1);
      Block block;
      for (int i = 0; i < kLayers[b]; ++i) {
        const std::string name =
            "features.denseblock" + index + ".denselayer" + std::to_string(i + 1) + ".";
        block.layers.push_back(
            {builder.norm(name + "norm1", channels),
             builder.conv_norm(name + "conv1", name + "norm2", {channels, kBottleneck}),
             builder.conv(name + "conv2", {kBottleneck, kGrowth, 3})});
        channels += kGrowth;
      }
      block.norm = builder.norm(
          b + 1 < kLayers.size() ? "features.transition" + index + ".norm" : "features.norm5",
          channels);
      if (b + 1 < kLayers.size()) {
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

}  // namespace

ImageArchitecture densenet121_architecture() {
  return {"densenet121", "classifier.", Fan::kIn, true,
          [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
            return std::make_shared<DenseNet121>(config);
          }};
}

}  // namespace epicrisis
