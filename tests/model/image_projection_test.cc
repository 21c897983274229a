#include "model/encoders/image/image_projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "model/formula.h"
#include "model/tensors_torch.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const Path kProjectionData = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";
constexpr int kSide = 32;

// The twin of pictures() in make_projection_expectations.py.
class FormulaBytes : public ImageSource {
 public:
  FormulaBytes() {
    for (const float value : test::formula("picture", std::int64_t{2} * kSide * kSide * 3)) {
      bytes_.push_back(static_cast<std::uint8_t>(std::floor((value + 1) * 127.5F)));
    }
  }
  std::size_t count() const override { return 2; }
  int size() const override { return kSide; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return std::span(bytes_).subspan(index * kSide * kSide * 3, std::size_t{kSide} * kSide * 3);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

ImageFeatureOptions projected() {
  ImageFeatureOptions options;
  options.precision = Precision::kFp32;
  options.projected = true;
  return options;
}

FloatMatrix vectors(const ImageFeatureExtractor& encoder) {
  const std::vector<std::size_t> both = {0, 1};
  return encoder.extract(FormulaBytes(), both, Job());
}

class PublishedProjection : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedProjection, GivesThePicturesOfItsPublisher) {
  const Path folder = kProjectionData / (std::string("clip_") + GetParam());
  const FloatMatrix expected = read_npy_matrix(folder / "expected_images.npy");
  const ImageFeatureExtractor encoder(folder.string(), projected());
  EXPECT_TRUE(encoder.is_projected());
  ASSERT_EQ(encoder.dimension(), static_cast<std::int64_t>(expected.columns));
  const FloatMatrix got = vectors(encoder);
  ASSERT_EQ(got.rows, expected.rows);
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    EXPECT_NEAR(got.values[i], expected.values[i], 1e-4);
  }
  ImageFeatureOptions plain = projected();
  plain.projected = false;
  const ImageFeatureExtractor features(folder.string(), plain);
  EXPECT_FALSE(features.is_projected());
  EXPECT_EQ(features.dimension(), 8);
  EXPECT_NE(features.fingerprint(), encoder.fingerprint());
}

INSTANTIATE_TEST_SUITE_P(All, PublishedProjection,
                         ::testing::Values("hf", "hf_vision", "open_clip", "open_clip_custom"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ImageProjection, OfPandermsTowerIsItsHead) {
  const Path folder = kProjectionData / "vit_dermlip_panderm";
  const ModelConfig config = read_model_config(folder);
  const Projection projection =
      read_image_projection(config, read_weights(weight_file_in(folder)), 8);
  ASSERT_EQ(projection.maps.size(), 1U);
  const torch::Tensor features = to_torch(read_npy_matrix(folder / "expected.npy"));
  EXPECT_TRUE(torch::allclose(projection.apply(features),
                              to_torch(read_npy_matrix(folder / "expected_projected.npy")), 1e-4,
                              1e-5));
}

TEST(ImageProjection, OfAModelThatHasNoneChangesNothing) {
  for (const char* name : {"vit_timm", "vit_hf_clip_vision"}) {
    const ImageFeatureExtractor encoder((kProjectionData / name).string(), projected());
    EXPECT_FALSE(encoder.is_projected()) << name;
    EXPECT_EQ(encoder.dimension(), encoder.config().feature_dim) << name;
  }
}

// open_clip's model of a tower of timm, with tensors of these shapes.
class TimmTower : public ::testing::Test {
 protected:
  Projection read(const std::string& kind,
                  const std::map<std::string, std::vector<std::int64_t>>& shapes) {
    const Path file = folder_.path() / "weights.safetensors";
    std::vector<std::vector<float>> memory;
    std::vector<NamedTensor> tensors;
    memory.reserve(shapes.size());
    for (const auto& [name, shape] : shapes) {
      const std::int64_t count =
          std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
      memory.push_back(test::formula(name, count));
      TensorView view;
      view.shape = shape;
      view.bytes = std::as_bytes(std::span(memory.back()));
      tensors.push_back({name, view});
    }
    write_safetensors(file, tensors);
    const ModelConfig config{
        {{"embed_dim", 4},
         {"vision_cfg", {{"timm_model_name", "vit_tiny_patch16_224"}, {"timm_proj", kind}}},
         {"text_cfg", {{"width", 8}}}},
        "open_clip_config.json"};
    return read_image_projection(config, read_weights(file), 6);
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(TimmTower, ProjectsByOneMapOrTwo) {
  const torch::Tensor x = torch::tensor(test::formula("x", 12)).view({2, 6});
  const Projection linear = read("linear", {{"visual.head.proj.weight", {4, 6}}});
  ASSERT_EQ(linear.maps.size(), 1U);
  EXPECT_EQ(linear.width(6), 4);
  const torch::Tensor weight =
      torch::tensor(test::formula("visual.head.proj.weight", 24)).view({4, 6});
  EXPECT_TRUE(torch::allclose(linear.apply(x), x.matmul(weight.t())));

  const Projection mlp = read("mlp", {{"module.visual.head.mlp.fc1.weight", {8, 6}},
                                      {"module.visual.head.mlp.fc1.bias", {8}},
                                      {"module.visual.head.mlp.fc2.weight", {4, 8}}});
  ASSERT_EQ(mlp.maps.size(), 2U);
  const auto of = [](const std::string& name, std::int64_t out, std::int64_t in) {
    return torch::tensor(test::formula("module.visual.head.mlp." + name, out * in)).view({out, in});
  };
  const torch::Tensor between =
      torch::gelu(x.matmul(of("fc1.weight", 8, 6).t()) + of("fc1.bias", 1, 8));
  EXPECT_TRUE(torch::allclose(mlp.apply(x), between.matmul(of("fc2.weight", 4, 8).t())));

  EXPECT_TRUE(read("none", {{"logit_scale", {1}}}).maps.empty());
  const Projection head =
      read("", {{"visual.trunk.head.weight", {4, 6}}, {"visual.trunk.head.bias", {4}}});
  ASSERT_EQ(head.maps.size(), 1U);
  EXPECT_TRUE(head.maps[0].bias.defined());
}

TEST_F(TimmTower, SaysWhatIsMissingOrMisshapen) {
  const auto fault = [&](const std::string& kind,
                         const std::map<std::string, std::vector<std::int64_t>>& shapes) {
    try {
      read(kind, shapes);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(
      fault("linear", {{"logit_scale", {1}}}),
      HasSubstr("the projection 'visual.head.proj.weight' is missing; [4, 6] was expected"));
  EXPECT_THAT(fault("linear", {{"visual.head.proj.weight", {6, 4}}}), HasSubstr("[4, 6]"));
  EXPECT_THAT(fault("deep", {{"logit_scale", {1}}}),
              HasSubstr("'timm_proj' is 'deep'; there are linear, mlp and none"));
}

}  // namespace
}  // namespace epicrisis
