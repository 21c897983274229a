#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

// ResNet (He et al. 2016) with the stride in the 3x3 convolution, as torchvision.models.resnet.
class ResNet : public LayeredEncoder {
 public:
  // `bottleneck`: blocks of 1x1, 3x3, 1x1 with four times the channels, in place of two 3x3.
  ResNet(const ImageEncoderConfig& config, const std::array<int, 4>& blocks, bool bottleneck)
      : LayeredEncoder(config) {
    LayerBuilder builder(*this);
    first_ = builder.conv_norm("conv1", "bn1", {3, 64, 7, 2});
    std::int64_t channels = 64;
    std::int64_t width = 64;
    for (std::size_t layer = 0; layer < blocks.size(); ++layer, width *= 2) {
      for (int i = 0; i < blocks[layer]; ++i) {
        const std::string name = fmt::format("layer{}.{}.", layer + 1, i);
        const std::int64_t stride = layer > 0 && i == 0 ? 2 : 1;
        const std::int64_t out = bottleneck ? 4 * width : width;
        const auto part = [&](int n, const ConvShape& shape) {
          return builder.conv_norm(fmt::format("{}conv{}", name, n), fmt::format("{}bn{}", name, n),
                                   shape);
        };
        Block block;
        if (bottleneck) {
          block.convolutions = {part(1, {channels, width}), part(2, {width, width, 3, stride}),
                                part(3, {width, out})};
        } else {
          block.convolutions = {part(1, {channels, width, 3, stride}), part(2, {width, width, 3})};
        }
        if (stride != 1 || channels != out) {
          block.shortcut = builder.conv_norm(name + "downsample.0", name + "downsample.1",
                                             {channels, out, 1, stride});
        }
        blocks_.push_back(std::move(block));
        channels = out;
      }
    }
  }

  torch::Tensor forward(torch::Tensor x) override {
    x = max_pool(rectify((*first_)(x)), config().padding);
    for (const Block& block : blocks_) {
      torch::Tensor y = x;
      for (std::size_t i = 0; i < block.convolutions.size(); ++i) {
        y = (*block.convolutions[i])(y);
        if (i + 1 < block.convolutions.size()) y = rectify(y);
      }
      y += block.shortcut ? (*block.shortcut)(x) : x;
      x = rectify(y);
    }
    return global_average(x);
  }

 private:
  struct Block {
    std::vector<std::shared_ptr<ConvNorm>> convolutions;
    std::shared_ptr<ConvNorm> shortcut;
  };
  std::shared_ptr<ConvNorm> first_;
  std::vector<Block> blocks_;
};

}  // namespace

ImageArchitecture resnet18_architecture() {
  return {"resnet18", "fc.", Fan::kOut, true,
          [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
            return std::make_shared<ResNet>(config, std::array{2, 2, 2, 2}, false);
          }};
}

ImageArchitecture resnet50_architecture() {
  return {"resnet50", "fc.", Fan::kOut, true,
          [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
            return std::make_shared<ResNet>(config, std::array{3, 4, 6, 3}, true);
          }};
}

}  // namespace epicrisis
