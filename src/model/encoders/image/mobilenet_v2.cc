#include <string>
#include <vector>

#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

// MobileNetV2 (Sandler et al. 2018), width 1.0, ReLU6; names as torchvision.models.mobilenet_v2.
class MobileNetV2 : public LayeredEncoder {
 public:
  explicit MobileNetV2(const ImageEncoderConfig& config) : LayeredEncoder(config) {
    struct Stage {
      std::int64_t expansion, channels, blocks, stride;
    };
    constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                 {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    LayerBuilder builder(*this);
    const auto feature = [](std::size_t index) { return "features." + std::to_string(index); };
    first_ = builder.conv_norm("features.0.0", "features.0.1", {3, 32, 3, 2});
    std::int64_t channels = 32;
    for (const Stage& stage : kStages) {
      for (std::int64_t i = 0; i < stage.blocks; ++i) {
        const std::string conv = feature(blocks_.size() + 1) + ".conv.";
        const std::int64_t hidden = channels * stage.expansion;
        const std::int64_t stride = i == 0 ? stage.stride : 1;
        Block block;
        int part = 0;
        const auto next = [&] { return conv + std::to_string(part++); };
        if (stage.expansion != 1) {
          const std::string name = next();
          block.expand = builder.conv_norm(name + ".0", name + ".1", {channels, hidden});
        }
        const std::string name = next();
        block.depthwise =
            builder.conv_norm(name + ".0", name + ".1", {hidden, hidden, 3, stride, hidden});
        const std::string project = next();
        block.project = builder.conv_norm(project, next(), {hidden, stage.channels});
        block.residual = stride == 1 && channels == stage.channels;
        blocks_.push_back(std::move(block));
        channels = stage.channels;
      }
    }
    const std::string last = feature(blocks_.size() + 1);
    last_ = builder.conv_norm(last + ".0", last + ".1", {channels, 1280});
  }

  torch::Tensor forward(torch::Tensor x) override {
    x = rectify6((*first_)(x));
    for (const Block& block : blocks_) {
      torch::Tensor y = x;
      if (block.expand) y = rectify6((*block.expand)(y));
      y = rectify6((*block.depthwise)(y));
      y = (*block.project)(y);
      x = block.residual ? y + x : y;
    }
    return global_average(rectify6((*last_)(x)));
  }

 private:
  struct Block {
    std::shared_ptr<ConvNorm> expand;  // none where the expansion is 1
    std::shared_ptr<ConvNorm> depthwise;
    std::shared_ptr<ConvNorm> project;
    bool residual = false;
  };
  std::shared_ptr<ConvNorm> first_;
  std::vector<Block> blocks_;
  std::shared_ptr<ConvNorm> last_;
};

}  // namespace

std::vector<ImageArchitecture> mobilenet_v2_architectures() {
  // Its real features move by a tenth in bfloat16: rounded biases and depthwise filters do not
  // average out.
  constexpr bool kBf16Pays = false;
  return {{"mobilenet_v2", "classifier.", Fan::kOut, kBf16Pays,
           [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
             return std::make_shared<MobileNetV2>(config);
           }}};
}

}  // namespace epicrisis
