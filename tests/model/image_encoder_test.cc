#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <fstream>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/relative_error.h"
#include "model/tensors_torch.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

using test::relative_error;
using ::testing::HasSubstr;

class Pictures : public ImageSource {
 public:
  Pictures(int size, std::size_t count) : size_(size) {
    for (std::size_t i = 0; i < count; ++i) {
      Image image(size, size);
      std::uint32_t state = static_cast<std::uint32_t>(i + 1);
      for (auto& value : image.pixels) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<std::uint8_t>(state >> 24);
      }
      images_.push_back(std::move(image));
    }
  }
  explicit Pictures(std::vector<Image> images)
      : images_(std::move(images)), size_(images_[0].width) {}
  std::size_t count() const override { return images_.size(); }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return images_[index].pixels;
  }

 private:
  std::vector<Image> images_;
  int size_;
};

TEST(ImageEncoder, RandomWeightsFollowTheSeedAlone) {
  const auto config = default_image_encoder_config("resnet18");
  const auto a = state_dict(*make_image_encoder(config, 1));
  const auto b = state_dict(*make_image_encoder(config, 1));
  const auto c = state_dict(*make_image_encoder(config, 2));
  const std::string name = "layer3.0.conv1.weight";  // [256, 128, 3, 3], fan out
  EXPECT_TRUE(torch::equal(a.at(name), b.at(name)));
  EXPECT_FALSE(torch::equal(a.at(name), c.at(name)));
  EXPECT_NEAR(a.at(name).std().item<double>(), std::sqrt(2.0 / (256 * 9)), 2e-4);
  EXPECT_NEAR(a.at(name).mean().item<double>(), 0, 2e-4);
  EXPECT_EQ(a.at("bn1.weight").min().item<float>(), 1.0F);
}

TEST(ImageEncoder, PadsAsTensorFlowDoes) {
  const auto sizes = [](std::int64_t n, std::int64_t kernel) {
    const torch::Tensor x = torch::ones({1, 1, n, n + 1});
    const torch::Tensor padded = pad_same(x, kernel, 2, 0);
    // Where the ones begin, and how many rows of zeros follow them.
    const torch::Tensor rows = padded.select(3, n / 2).reshape({-1});
    const std::int64_t before = (rows == 0).cumprod(0).sum().item<std::int64_t>();
    return std::pair(before, padded.size(2) - n - before);
  };
  EXPECT_EQ(sizes(224, 3), std::pair(std::int64_t{0}, std::int64_t{1}));
  EXPECT_EQ(sizes(225, 3), std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(sizes(224, 7), std::pair(std::int64_t{2}, std::int64_t{3}));
  EXPECT_EQ(sizes(224, 1), std::pair(std::int64_t{0}, std::int64_t{0}));
}

// Between 0 and 6 the gradient passes, in each type and memory order; x may be a temporary.
TEST(ImageEncoder, RectifiesTo6WithTheGradientOfTorchs) {
  torch::manual_seed(3);
  const torch::Tensor start = torch::randn({3, 5, 7, 4}) * 5;
  const torch::Tensor weights = torch::randn({3, 5, 7, 4});
  // LibTorch's, in float32 for numbers of any type.
  const auto expected = [&](const torch::TensorOptions& type) {
    const torch::Tensor x = start.to(type).to(torch::kFloat32, false, true).requires_grad_();
    (torch::relu6(x) * weights.to(type).to(torch::kFloat32)).sum().backward();
    return x.grad();
  };
  const auto gradient = [&](const torch::TensorOptions& type, bool channels_last) {
    const torch::Tensor x = start.to(type).clone().requires_grad_();
    torch::Tensor input = x * 1;
    if (channels_last) input = input.contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor y = rectify6(input);
    EXPECT_TRUE(torch::equal(y, torch::clamp(start.to(type), 0, 6)));
    (y * weights.to(type)).sum().backward();
    return x.grad().to(torch::kFloat32);
  };
  for (const bool channels_last : {false, true}) {
    for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16}) {
      EXPECT_TRUE(torch::equal(gradient(type, channels_last), expected(type))) << type;
    }
  }
  const torch::NoGradGuard no_gradient;
  EXPECT_TRUE(torch::equal(rectify6(start.clone()), torch::clamp(start, 0, 6)));
}

TEST(ImageEncoder, NormalisesPixels) {
  ImageEncoderConfig config = default_image_encoder_config("resnet18");
  config.mean = {0.5F, 0.5F, 0.0F};
  config.std = {0.5F, 0.5F, 1.0F};
  const torch::Tensor pixels =
      torch::tensor({0, 255, 51}, torch::kUInt8).view({1, 1, 1, 3}).expand({2, 4, 5, 3});
  const torch::Tensor x = normalise_pixels(pixels, config);
  EXPECT_EQ(x.sizes().vec(), (std::vector<std::int64_t>{2, 3, 4, 5}));
  EXPECT_TRUE(x.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_FLOAT_EQ(x[1][0][3][4].item<float>(), -1.0F);
  EXPECT_FLOAT_EQ(x[1][1][3][4].item<float>(), 1.0F);
  EXPECT_FLOAT_EQ(x[1][2][3][4].item<float>(), 0.2F);
}

class SavedEncoder : public ::testing::Test {
 protected:
  void save(const std::function<std::string(std::string)>& rename = {}) {
    const auto encoder = make_image_encoder(default_image_encoder_config(architecture_), 5);
    state_ = state_dict(*encoder);
    write_file(folder_.path() / "config.json", "{\"architecture\": \"" + architecture_ + "\"}");
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : state_) {
      if (name == leave_out_) continue;
      const auto* bytes = static_cast<const std::byte*>(tensor.data_ptr());
      tensors.push_back({rename ? rename(name) : name,
                         {from_torch_type(tensor.scalar_type()), tensor.sizes().vec(),
                          std::span(bytes, tensor.nbytes())}});
    }
    const auto zero = torch::zeros({1});
    const auto* bytes = static_cast<const std::byte*>(zero.data_ptr());
    for (const std::string& name : extra_) {
      tensors.push_back({name, {TensorType::kF32, {1}, std::span(bytes, 4)}});
    }
    write_safetensors(folder_.path() / "model.safetensors", tensors);
  }
  std::string load_error() {
    try {
      load_image_encoder(folder_.path().string() + "/");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
  std::string architecture_ = "mobilenet_v2";
  std::string leave_out_;
  std::vector<std::string> extra_;
  std::map<std::string, torch::Tensor> state_;
};

TEST_F(SavedEncoder, ComesBackEqualWithoutItsClassifier) {
  extra_ = {"classifier.1.weight"};
  save();
  const auto loaded = state_dict(*load_image_encoder(folder_.path().string() + "/"));
  for (const auto& [name, tensor] : state_) EXPECT_TRUE(torch::equal(loaded.at(name), tensor));
}

TEST_F(SavedEncoder, ErrorsListBothSides) {
  leave_out_ = "features.3.conv.1.0.weight";
  extra_ = {"features.99.weight", "fc.weight"};
  save();
  const std::string error = load_error();
  EXPECT_THAT(error, HasSubstr("missing in the file (1):\n    features.3.conv.1.0.weight"));
  EXPECT_THAT(error, HasSubstr("not known to the model (2):"));
  EXPECT_THAT(error, HasSubstr("fc.weight"));
  EXPECT_THAT(error, HasSubstr("model.safetensors"));
}

TEST_F(SavedEncoder, ErrorsGiveBothShapes) {
  leave_out_ = "features.0.1.bias";
  extra_ = {leave_out_};
  save();
  EXPECT_THAT(load_error(), HasSubstr("features.0.1.bias: the file has [1], the model [32]"));
}

TEST_F(SavedEncoder, ReadsTheNamesOfPublishedDenseNets) {
  architecture_ = "densenet121";
  save([](std::string name) {
    for (const std::string part : {"norm1", "norm2", "conv1", "conv2"}) {
      const auto at = name.find("." + part + ".");
      if (at != std::string::npos && name.find("denselayer") != std::string::npos) {
        name.insert(at + part.size(), ".");
      }
    }
    return "module." + name;
  });
  EXPECT_EQ(load_error(), "no error");
}

TEST_F(SavedEncoder, ReadsCheckpointsOfTrainings) {
  for (const std::string prefix : {"_orig_mod.", "model.module.", "state_dict.module._orig_mod.",
                                   "model_ema.", "state_dict.backbone."}) {
    save([&](const std::string& name) { return prefix + name; });
    EXPECT_EQ(load_error(), "no error") << prefix;
  }
}

TEST_F(SavedEncoder, SaysWhichWeightFileItWants) {
  write_file(folder_.path() / "config.json", R"({"architecture": "resnet18"})");
  EXPECT_THAT(load_error(), HasSubstr("no weight file"));
  write_file(folder_.path() / "a.pth", "");
  write_file(folder_.path() / "b.pth", "");
  EXPECT_THAT(load_error(), HasSubstr("2 weight files (a.pth, b.pth)"));
}

TEST(ImageFeatures, FollowTheIndicesWhateverTheBatch) {
  const Pictures pictures(64, 5);
  ImageFeatureOptions options;
  options.precision = Precision::kFp32;
  options.batch = 2;
  const ImageFeatureExtractor extractor("random:resnet18", options);
  const std::vector<std::size_t> indices{4, 0, 4, 2, 1};
  const FloatMatrix all = extractor.extract(pictures, indices, Job());
  ASSERT_EQ(all.rows, 5U);
  ASSERT_EQ(all.columns, 512U);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const FloatMatrix one = extractor.extract(pictures, std::span(indices).subspan(i, 1), Job());
    for (std::size_t c = 0; c < 512; ++c) EXPECT_NEAR(all.row(i)[c], one.row(0)[c], 1e-4);
  }
  EXPECT_EQ(extractor.extract(pictures, {}, Job()).rows, 0U);
  EXPECT_THROW(extractor.extract(pictures, std::vector<std::size_t>{5}, Job()), InternalError);
  EXPECT_THROW(extractor.extract(Pictures(16, 1), std::vector<std::size_t>{0}, Job()), UsageError);
}

TEST(ImageFeatures, FingerprintTellsWeightsAndPrecisionApart) {
  const auto of = [](const char* model, Precision precision, std::uint64_t seed) {
    ImageFeatureOptions options;
    options.precision = precision;
    options.seed = seed;
    return ImageFeatureExtractor(model, options).fingerprint();
  };
  const std::string base = of("random:mobilenet_v2", Precision::kFp32, 0);
  EXPECT_EQ(base.size(), 64U);
  EXPECT_EQ(base, of("random:mobilenet_v2", Precision::kFp32, 0));
  EXPECT_NE(base, of("random:mobilenet_v2", Precision::kFp32, 1));
  EXPECT_NE(base, of("random:mobilenet_v2", Precision::kBf16, 0));
  EXPECT_NE(base, of("random:resnet18", Precision::kFp32, 0));
  EXPECT_THROW(of("random:mobilenet", Precision::kFp32, 0), UsageError);
}

TEST(ImageFeatures, RealMobileNetGivesThePublishedFeatures) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Path folder = test::shared_folder() / "models/mobilenet_v2";
  std::ifstream list(folder / "expected_features.txt");
  std::vector<Image> images;
  for (std::string line; std::getline(list, line);) {
    images.push_back(load_image(test::shared_folder() / "data" / line));
  }
  ASSERT_EQ(images.size(), 8U);
  const Pictures pictures(std::move(images));
  const torch::Tensor expected = to_torch(read_npy_matrix(folder / "expected_features.npy"));
  const std::vector<std::size_t> indices{0, 1, 2, 3, 4, 5, 6, 7};
  ImageFeatureOptions options;
  options.precision = Precision::kFp32;
  const auto features =
      to_torch(ImageFeatureExtractor(folder.string(), options).extract(pictures, indices, Job()));
  EXPECT_LT(relative_error(features, expected), 1e-3);
  options.precision = Precision::kBf16;
  const auto rounded =
      to_torch(ImageFeatureExtractor(folder.string(), options).extract(pictures, indices, Job()));
  EXPECT_LT(relative_error(rounded, expected), 0.15);
  RecordProperty("fp32", std::to_string(relative_error(features, expected)));
  RecordProperty("bf16", std::to_string(relative_error(rounded, expected)));
}

}  // namespace
}  // namespace epicrisis
