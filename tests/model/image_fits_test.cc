#include "model/encoders/image/image_fits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "epicrisis/tensor/safetensors.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/tensors_torch.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

const Path kModelData = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";

class ImageFits : public ::testing::Test {
 protected:
  // The weights of an encoder under other names; without those that get none.
  void write(const char* architecture, const TensorFile::Rename& rename) {
    save_state(*make_image_encoder(default_image_encoder_config(architecture), 1), weights());
    const TensorFile file = read_safetensors(weights()).renamed(rename);
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : file.tensors()) tensors.push_back({name, tensor});
    const Path other = folder_.path() / "other";
    write_safetensors(other, tensors);
    std::filesystem::rename(other, weights());
  }
  Path weights() const { return folder_.path() / "model.safetensors"; }
  std::vector<ArchitectureFit> fits() const {
    return best_fits(image_fits(weights(), folder_.path(), job_), 3);
  }
  TemporaryFolder folder_;
  Job job_;
};

TEST_F(ImageFits, KnowsAnEncoderWithoutAConfiguration) {
  write("mobilenet_v2", [](const std::string& name) { return "state_dict.module." + name; });
  const auto found = fits();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].architecture, "mobilenet_v2");
  EXPECT_TRUE(found[0].fits());
  EXPECT_FALSE(found[0].said);
  EXPECT_EQ(found[0].prefix, "state_dict.");
}

TEST_F(ImageFits, TheConfigurationIsHeldAgainstTheWeights) {
  write("mobilenet_v2", [](const std::string& name) { return name; });
  write_file(folder_.path() / "config.json", R"({"architecture": "mobilenet_v2"})");
  ASSERT_EQ(fits().size(), 1U);
  EXPECT_TRUE(fits()[0].said);
  write_file(folder_.path() / "config.json", R"({"architecture": "efficientnet_lite0"})");
  const auto found = fits();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].architecture, "mobilenet_v2");
  EXPECT_TRUE(found[0].fits());
  EXPECT_EQ(found[1].architecture, "efficientnet_lite0");
  EXPECT_TRUE(found[1].said);
  EXPECT_FALSE(found[1].fits());
  EXPECT_FALSE(found[1].fit.missing.empty());
}

TEST_F(ImageFits, TheNearestIsToldWithWhatItLacks) {
  write("mobilenet_v2", [](const std::string& name) -> std::optional<std::string> {
    if (name == "features.3.conv.1.0.weight") return "features.3.conv.0.1.0.weight";
    if (name == "features.18.1.bias") return std::nullopt;
    return name;
  });
  const auto found = fits();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].architecture, "mobilenet_v2");
  EXPECT_FALSE(found[0].fits());
  ASSERT_EQ(found[0].fit.missing.size(), 2U);
  EXPECT_EQ(found[0].fit.missing[1].name, "features.3.conv.1.0.weight");
  EXPECT_EQ(found[0].fit.missing[1].nearest, "features.3.conv.0.1.0.weight");
  ASSERT_EQ(found[0].fit.extra.size(), 1U);
}

TEST_F(ImageFits, VisionTransformersOfEveryPublisherFit) {
  for (const char* name : {"vit_hf_vit", "vit_hf_dinov2", "vit_hf_clip", "vit_timm_clip"}) {
    const Path folder = kModelData / name;
    const auto found = best_fits(image_fits(weight_file_in(folder), folder, job_), 3);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_TRUE(found[0].fits()) << name << to_json(found[0]).dump();
    EXPECT_TRUE(found[0].said) << name;
  }
}

TEST_F(ImageFits, WhatIsNoEncoderFitsNone) {
  SafetensorsWriter writer(weights(), {{"layers.0.wq.weight", TensorType::kF32, {2}}});
  writer.write(std::vector<float>{1, 2});
  writer.finish();
  EXPECT_TRUE(fits().empty());
}

}  // namespace
}  // namespace epicrisis
