#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

struct Form {
  std::string_view name;
  std::array<int, 4> blocks;
  bool bottleneck;      // blocks of 1x1, 3x3, 1x1 with four times the channels, not two 3x3
  std::int64_t groups;  // of the 3x3 convolution
  std::int64_t base;    // channels of the 3x3 convolution a group, in the first layer
};
// ResNet (He et al. 2016), ResNeXt (Xie et al. 2017).
constexpr std::array<Form, 7> kForms{{{"resnet18", {2, 2, 2, 2}, false, 1, 64},
                                      {"resnet34", {3, 4, 6, 3}, false, 1, 64},
                                      {"resnet50", {3, 4, 6, 3}, true, 1, 64},
                                      {"resnet101", {3, 4, 23, 3}, true, 1, 64},
                                      {"resnet152", {3, 8, 36, 3}, true, 1, 64},
                                      {"resnext50_32x4d", {3, 4, 6, 3}, true, 32, 4},
                                      {"resnext101_32x8d", {3, 4, 23, 3}, true, 32, 8}}};

const Form& form_of(std::string_view architecture) {
  const auto* found = std::ranges::find(kForms, architecture, &Form::name);
  if (found == kForms.end()) throw InternalError("'{}' is no ResNet", architecture);
  return *found;
}

// The stride is in the 3x3 convolution, as in torchvision.models.resnet, whose names these are.
class ResNet : public LayeredEncoder {
 public:
  explicit ResNet(const ImageEncoderConfig& config) : LayeredEncoder(config) {
    const Form& form = form_of(config.architecture);
    LayerBuilder builder(*this);
    first_ = builder.conv_norm("conv1", "bn1", {3, 64, 7, 2});
    std::int64_t channels = 64;
    std::int64_t width = 64;
    for (std::size_t layer = 0; layer < form.blocks.size(); ++layer, width *= 2) {
      for (int i = 0; i < form.blocks[layer]; ++i) {
        const std::string name = fmt::format("layer{}.{}.", layer + 1, i);
        const std::int64_t stride = layer > 0 && i == 0 ? 2 : 1;
        const std::int64_t out = form.bottleneck ? 4 * width : width;
        const auto part = [&](int n, const ConvShape& shape) {
          return builder.conv_norm(fmt::format("{}conv{}", name, n), fmt::format("{}bn{}", name, n),
                                   shape);
        };
        Block block;
        if (form.bottleneck) {
          const std::int64_t inner = width * form.base * form.groups / 64;
          block.convolutions = {part(1, {channels, inner}),
                                part(2, {inner, inner, 3, stride, form.groups}),
                                part(3, {inner, out})};
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

std::vector<ImageArchitecture> resnet_architectures() {
  std::vector<ImageArchitecture> all;
  for (const Form& form : kForms) {
    all.push_back({form.name, "fc.", Fan::kOut, true,
                   [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
                     return std::make_shared<ResNet>(config);
                   }});
  }
  return all;
}

}  // namespace epicrisis
