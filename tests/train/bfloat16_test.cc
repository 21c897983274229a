#include <gtest/gtest.h>
#include <torch/torch.h>

#include "model/encoders/image/image_encoder_torch.h"
#include "train/autocast.h"

namespace epicrisis {
namespace {

// LibTorch 1.13 lacks some bfloat16 gradients on the CPU (relu6's, for one).
TEST(BFloat16, EveryImageEncoderHasAGradient) {
  torch::manual_seed(1);
  // One of each family and form; the others have the same layers.
  for (const char* name :
       {"mobilenet_v2", "densenet121", "resnet18", "resnet50", "resnext50_32x4d", "efficientnet_b0",
        "efficientnet_lite0", "vit_tiny_patch16_224", "vit_base_patch32_clip_quickgelu_224"}) {
    const auto encoder = make_image_encoder(default_image_encoder_config(name), 1);
    encoder->train();
    const torch::Tensor x =
        torch::randn({2, 3, 64, 64}).contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor features;
    {
      const AutocastGuard guard(true, torch::kCPU);
      features = encoder->forward(x);
    }
    features.sum().backward();
    for (const auto& parameter : encoder->named_parameters()) {
      ASSERT_TRUE(parameter.value().grad().defined()) << name << " " << parameter.key();
      EXPECT_TRUE(parameter.value().grad().isfinite().all().item<bool>())
          << name << " " << parameter.key();
    }
  }
}

// Batch statistics in the place of a folded batch norm's would make other features of the same
// input.
TEST(FoldedBatchNorm, TrainingSeesTheFeaturesOfEvaluation) {
  ImageEncoderConfig config = default_image_encoder_config("mobilenet_v2");
  const torch::Tensor x = torch::randn({2, 3, 64, 64});
  const auto moved = [&] {
    const torch::NoGradGuard no_gradient;
    const auto encoder = make_image_encoder(config, 1);
    encoder->eval();
    const torch::Tensor evaluated = encoder->forward(x.clone());
    encoder->train();
    return (encoder->forward(x.clone()) - evaluated).abs().max().item<float>();
  };
  EXPECT_GT(moved(), 1e-3F);
  config.fixed_batch_norm = true;
  EXPECT_EQ(moved(), 0.F);
}

}  // namespace
}  // namespace epicrisis
