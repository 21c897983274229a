#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "epicrisis/tensor/npy.h"
#include "model/encoders/image/efficientnet_names.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/formula.h"
#include "model/relative_error.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

using test::formula;
using test::formula_pictures;
using test::relative_error;

const Path kData = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";
constexpr std::int64_t kEvery = 8;  // of the features, in the files of data

void formula_fill(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_dict(module)) {
    if (name.ends_with("num_batches_tracked")) continue;
    double scale = 0.25;
    double shift = 0;
    if (tensor.dim() == 4) {
      scale = std::sqrt(6.0 / static_cast<double>(tensor[0].numel()));
    } else if (name.ends_with("weight") || name.ends_with("running_var")) {
      shift = 1;
    }
    const auto values = formula(name, tensor.numel(), scale, shift);
    tensor.copy_(torch::tensor(values).view(tensor.sizes()));
  }
}

// Of every eighth feature.
double error_of(const torch::Tensor& features, const torch::Tensor& wanted) {
  return relative_error(features.slice(1, 0, features.size(1), kEvery), wanted);
}

// Names as torchvision or timm give them; "tf_": padding and epsilon as TensorFlow's.
class Architecture : public ::testing::TestWithParam<std::string_view> {};

TEST_P(Architecture, AgreesWithItsPublishersOnEqualWeights) {
  const std::string name(GetParam());
  const torch::Tensor expected = to_torch(read_npy_matrix(kData / ("encoder_" + name + ".npy")));
  const auto encoder = make_image_encoder(default_image_encoder_config(name), 0);
  formula_fill(*encoder);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = formula_pictures(96, 64);
  encoder->eval();
  EXPECT_LT(error_of(encoder->forward(x), expected.slice(0, 0, 2)), 1e-5);
  const torch::Tensor last = x.contiguous(torch::MemoryFormat::ChannelsLast);
  EXPECT_LT(error_of(encoder->forward(last), expected.slice(0, 0, 2)), 1e-5);
  encoder->train();
  // Batch norms over two pictures of few pixels magnify rounding.
  EXPECT_LT(error_of(encoder->forward(x), expected.slice(0, 2, 4)), 1e-4);
  formula_fill(*encoder);  // training moved the running statistics
  fold_batch_norm(*encoder);
  EXPECT_LT(error_of(encoder->forward(last), expected.slice(0, 0, 2)), 1e-5);
  encoder->to(torch::kBFloat16);
  const torch::Tensor rounded = encoder->forward(last.to(torch::kBFloat16));
  EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
  const double error = error_of(rounded, expected.slice(0, 0, 2));
  const bool depthwise = !image_architecture(encoder->config().architecture).bf16_pays;
  EXPECT_LT(error, depthwise ? .1 : .02);
  RecordProperty("bf16", std::to_string(error));
}

TEST_P(Architecture, LearnsInEveryParameter) {
  const auto encoder = make_image_encoder(default_image_encoder_config(GetParam()), 3);
  encoder->train();
  const torch::Tensor features = encoder->forward(torch::randn({2, 3, 64, 64}));
  EXPECT_EQ(features.size(1), encoder->config().feature_dim);
  features.square().sum().backward();
  for (const auto& item : encoder->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<float>(), 0) << item.key();
  }
}

INSTANTIATE_TEST_SUITE_P(All, Architecture,
                         ::testing::Values("mobilenet_v2", "densenet121", "densenet169", "resnet18",
                                           "resnet34", "resnet50", "resnext50_32x4d",
                                           "efficientnet_b0", "efficientnet_b3",
                                           "tf_efficientnet_b1", "efficientnet_lite1",
                                           "tf_efficientnet_lite0"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ImageArchitectures, AreThoseThatAreListed) {
  const auto& networks = image_architectures();
  ASSERT_EQ(networks.size(), image_encoders().size());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    EXPECT_EQ(networks[i].name, image_encoders()[i].name);
  }
}

// Each network of the list, the large ones too, has the parameters that its publishers count.
TEST(ImageArchitectures, TellTheirSizes) {
  for (const ImageEncoderInfo& info : image_encoders()) {
    const auto encoder =
        image_architecture(info.name).make(default_image_encoder_config(info.name));
    std::int64_t count = 0;
    for (const torch::Tensor& parameter : encoder->parameters()) count += parameter.numel();
    EXPECT_EQ(count, info.parameters) << info.name;
  }
}

// One name of each kind, theirs and timm's. Blocks of B1's stages: 2, 3, 3, 4, 4, 5, 2.
TEST(EfficientNetNames, OfTorchvisionAndOfThePortBecomeTimms) {
  constexpr std::array<std::int64_t, 7> kBlocks{2, 3, 3, 4, 4, 5, 2};
  struct Case {
    const char* published;
    const char* own;
  };
  constexpr Case kCases[] = {
      {"features.0.0.weight", "conv_stem.weight"},
      {"features.0.1.running_mean", "bn1.running_mean"},
      {"features.1.0.block.0.0.weight", "blocks.0.0.conv_dw.weight"},
      {"features.1.1.block.1.fc2.bias", "blocks.0.1.se.conv_expand.bias"},
      {"features.1.0.block.2.1.weight", "blocks.0.0.bn2.weight"},
      {"features.3.2.block.0.1.weight", "blocks.2.2.bn1.weight"},
      {"features.3.2.block.1.0.weight", "blocks.2.2.conv_dw.weight"},
      {"features.3.2.block.2.fc1.weight", "blocks.2.2.se.conv_reduce.weight"},
      {"features.7.1.block.3.1.bias", "blocks.6.1.bn3.bias"},
      {"features.8.0.weight", "conv_head.weight"},
      {"features.8.1.bias", "bn2.bias"},
      {"_conv_stem.weight", "conv_stem.weight"},
      {"_bn0.num_batches_tracked", "bn1.num_batches_tracked"},
      {"_blocks.0._depthwise_conv.weight", "blocks.0.0.conv_dw.weight"},
      {"_blocks.1._bn1.weight", "blocks.0.1.bn1.weight"},
      {"_blocks.1._project_conv.weight", "blocks.0.1.conv_pw.weight"},
      {"_blocks.0._se_reduce.bias", "blocks.0.0.se.conv_reduce.bias"},
      {"_blocks.2._expand_conv.weight", "blocks.1.0.conv_pw.weight"},
      {"_blocks.2._bn0.weight", "blocks.1.0.bn1.weight"},
      {"_blocks.5._se_expand.weight", "blocks.2.0.se.conv_expand.weight"},
      {"_blocks.22._bn2.bias", "blocks.6.1.bn3.bias"},
      {"_conv_head.weight", "conv_head.weight"},
      {"_fc.weight", "classifier.weight"},
      // Not of the network, or timm's own: as they are.
      {"_blocks.23._bn2.bias", "_blocks.23._bn2.bias"},
      {"_blocks.x._bn2.bias", "_blocks.x._bn2.bias"},
      {"features.2", "features.2"},
      {"blocks.0.0.conv_dw.weight", "blocks.0.0.conv_dw.weight"},
      {"bn2.weight", "bn2.weight"},
      {"", ""}};
  for (const Case& one : kCases) {
    EXPECT_EQ(timm_efficientnet_name(one.published, kBlocks), one.own) << one.published;
  }
}

}  // namespace
}  // namespace epicrisis
