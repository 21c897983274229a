#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "model/encoders/image/efficientnet_names.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

struct Stage {
  std::int64_t expansion, kernel, stride, channels, blocks;
};
// EfficientNet-B0 (Tan and Le 2019); the others are scaled from it.
constexpr std::array<Stage, 7> kStages{{{1, 3, 1, 16, 1},
                                        {6, 3, 2, 24, 2},
                                        {6, 5, 2, 40, 2},
                                        {6, 3, 2, 80, 3},
                                        {6, 5, 1, 112, 3},
                                        {6, 5, 2, 192, 4},
                                        {6, 3, 1, 320, 1}}};
constexpr std::int64_t kStem = 32;
constexpr std::int64_t kHead = 1280;

struct Scale {
  std::string_view name;
  double width, depth;
  // Lite: without squeeze-and-excitation, ReLU6 for SiLU; stem, head and the blocks of the
  // outermost stages are not scaled.
  bool lite;
};
constexpr std::array<Scale, 13> kScales{{{"efficientnet_b0", 1.0, 1.0, false},
                                         {"efficientnet_b1", 1.0, 1.1, false},
                                         {"efficientnet_b2", 1.1, 1.2, false},
                                         {"efficientnet_b3", 1.2, 1.4, false},
                                         {"efficientnet_b4", 1.4, 1.8, false},
                                         {"efficientnet_b5", 1.6, 2.2, false},
                                         {"efficientnet_b6", 1.8, 2.6, false},
                                         {"efficientnet_b7", 2.0, 3.1, false},
                                         {"efficientnet_lite0", 1.0, 1.0, true},
                                         {"efficientnet_lite1", 1.0, 1.1, true},
                                         {"efficientnet_lite2", 1.1, 1.2, true},
                                         {"efficientnet_lite3", 1.2, 1.4, true},
                                         {"efficientnet_lite4", 1.4, 1.8, true}}};

const Scale& scale_of(std::string_view architecture) {
  const auto* found = std::ranges::find(kScales, architecture, &Scale::name);
  if (found == kScales.end()) throw InternalError("'{}' is no EfficientNet", architecture);
  return *found;
}

// To the nearest multiple of 8, never more than a tenth below.
std::int64_t scaled_channels(std::int64_t channels, double factor) {
  const double wanted = static_cast<double>(channels) * factor;
  auto rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(wanted + 4) / 8 * 8);
  if (static_cast<double>(rounded) < .9 * wanted) rounded += 8;
  return rounded;
}

std::int64_t scaled_blocks(const Scale& scale, std::size_t stage) {
  if (scale.lite && (stage == 0 || stage + 1 == kStages.size())) return kStages[stage].blocks;
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(kStages[stage].blocks) * scale.depth));
}

// Names as timm's efficientnet_*. Stochastic depth and dropout, which are for training from
// scratch, are left out.
class EfficientNet : public LayeredEncoder {
 public:
  explicit EfficientNet(const ImageEncoderConfig& config)
      : LayeredEncoder(config), lite_(scale_of(config.architecture).lite) {
    const Scale& scale = scale_of(config.architecture);
    LayerBuilder builder(*this);
    std::int64_t channels = lite_ ? kStem : scaled_channels(kStem, scale.width);
    first_ = builder.conv_norm("conv_stem", "bn1", {3, channels, 3, 2});
    for (std::size_t s = 0; s < kStages.size(); ++s) {
      const Stage& stage = kStages[s];
      const std::int64_t out = scaled_channels(stage.channels, scale.width);
      for (std::int64_t i = 0; i < scaled_blocks(scale, s); ++i) {
        const std::string name = fmt::format("blocks.{}.{}.", s, i);
        blocks_.push_back(make_block(builder, name, stage, channels, out, i == 0));
        channels = out;
      }
    }
    last_ = builder.conv_norm("conv_head", "bn2",
                              {channels, lite_ ? kHead : scaled_channels(kHead, scale.width)});
  }

  torch::Tensor forward(torch::Tensor x) override {
    x = activate((*first_)(x));
    for (Block& block : blocks_) {
      torch::Tensor y = x;
      if (block.expand) y = activate((*block.expand)(y));
      y = activate((*block.depthwise)(y));
      if (block.squeeze) {
        const torch::Tensor seen = torch::silu(block.squeeze->forward(y.mean({2, 3}, true)));
        y = y * torch::sigmoid(block.excite->forward(seen));
      }
      y = (*block.project)(y);
      x = block.residual ? y + x : y;
    }
    return global_average(activate((*last_)(x)));
  }

 private:
  struct Block {
    std::shared_ptr<ConvNorm> expand;  // none where the expansion is 1
    std::shared_ptr<ConvNorm> depthwise;
    torch::nn::Conv2d squeeze{nullptr};  // none in Lite
    torch::nn::Conv2d excite{nullptr};
    std::shared_ptr<ConvNorm> project;
    bool residual = false;
  };

  Block make_block(LayerBuilder& builder, const std::string& name, const Stage& stage,
                   std::int64_t channels, std::int64_t out, bool first) const {
    const std::int64_t hidden = channels * stage.expansion;
    const std::int64_t stride = first ? stage.stride : 1;
    Block block;
    int norms = 0;
    const auto norm = [&] { return fmt::format("{}bn{}", name, ++norms); };
    if (stage.expansion != 1) {
      block.expand = builder.conv_norm(name + "conv_pw", norm(), {channels, hidden});
    }
    block.depthwise =
        builder.conv_norm(name + "conv_dw", norm(), {hidden, hidden, stage.kernel, stride, hidden});
    if (!lite_) {
      ConvShape narrow{hidden, channels / 4};
      narrow.bias = true;
      ConvShape wide{channels / 4, hidden};
      wide.bias = true;
      block.squeeze = builder.conv(name + "se.conv_reduce", narrow);
      block.excite = builder.conv(name + "se.conv_expand", wide);
    }
    block.project = builder.conv_norm(name + (stage.expansion == 1 ? "conv_pw" : "conv_pwl"),
                                      norm(), {hidden, out});
    block.residual = stride == 1 && channels == out;
    return block;
  }

  torch::Tensor activate(torch::Tensor x) const {
    if (lite_) return rectify6(x);
    return torch::GradMode::is_enabled() ? torch::silu(x) : torch::silu_(x);
  }

  bool lite_;
  std::shared_ptr<ConvNorm> first_;
  std::vector<Block> blocks_;
  std::shared_ptr<ConvNorm> last_;
};

std::string timm_name(std::string_view architecture, const std::string& published) {
  const Scale& scale = scale_of(architecture);
  std::vector<std::int64_t> blocks;
  for (std::size_t s = 0; s < kStages.size(); ++s) blocks.push_back(scaled_blocks(scale, s));
  return timm_efficientnet_name(published, blocks);
}

}  // namespace

std::vector<ImageArchitecture> efficientnet_architectures() {
  std::vector<ImageArchitecture> all;
  for (const Scale& scale : kScales) {
    // As with MobileNetV2, whose depthwise filters it has.
    constexpr bool kBf16Pays = false;
    all.push_back({scale.name, "classifier.", Fan::kOut, kBf16Pays,
                   [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
                     return std::make_shared<EfficientNet>(config);
                   },
                   &timm_name});
  }
  return all;
}

}  // namespace epicrisis
