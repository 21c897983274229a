#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/image_encoder_config.h"

namespace epicrisis {
namespace {

using ::testing::HasSubstr;

ImageEncoderConfig parsed(std::string_view text) {
  return parse_image_encoder_config(parse_json(text, "config.json"), "config.json");
}

std::string error_of(std::string_view text) {
  try {
    parsed(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(VitConfig, TimmsNamesSayTheForm) {
  const ImageEncoderConfig tiny = default_image_encoder_config("vit_tiny_patch16_224.augreg_in21k");
  EXPECT_EQ(tiny.architecture, "vit_tiny_patch16_224");
  EXPECT_EQ(tiny.feature_dim, 192);
  EXPECT_EQ(tiny.norm_epsilon, 1e-6);
  EXPECT_EQ(tiny.mean[0], .5F);
  EXPECT_EQ(tiny.vit->heads, 3);
  EXPECT_EQ(tiny.vit->hidden, 768);
  EXPECT_EQ(tiny.vit->grid, 14);
  const ImageEncoderConfig clip = default_image_encoder_config("vit_large_patch14_clip_224.openai");
  EXPECT_TRUE(clip.vit->pre_norm);
  EXPECT_EQ(clip.vit->activation, VitActivation::kGelu);
  EXPECT_EQ(clip.norm_epsilon, 1e-5);
  EXPECT_EQ(clip.mean[0], .48145466F);
  EXPECT_EQ(default_image_encoder_config("vit_base_patch16_clip_quickgelu_224").vit->activation,
            VitActivation::kQuickGelu);
  const ImageEncoderConfig dino = default_image_encoder_config("vit_base_patch14_reg4_dinov2");
  EXPECT_EQ(dino.input_size, 518);
  EXPECT_EQ(dino.vit->grid, 37);
  EXPECT_EQ(dino.vit->registers, 4);
  EXPECT_FALSE(dino.vit->class_position);
  EXPECT_EQ(default_image_encoder_config("resnet50.a1_in1k").architecture, "resnet50");
  EXPECT_THROW(default_image_encoder_config("vit_huge_patch16_224"), UsageError);
  EXPECT_THROW(default_image_encoder_config("vit"), UsageError);
  EXPECT_FALSE(to_json(default_image_encoder_config("resnet50")).contains("vit"));
}

TEST(VitConfig, ReadsItsOwnForm) {
  for (const ImageEncoderInfo& info : image_encoders()) {
    ImageEncoderConfig config = default_image_encoder_config(info.name);
    EXPECT_EQ(to_json(parse_image_encoder_config(to_json(config), "x")), to_json(config));
    if (!config.vit) continue;
    config.architecture = kVitOfSizes;
    config.vit->registers = 7;
    config.vit->grid = 5;
    config.vit->activation = VitActivation::kGeluTanh;
    config.vit->class_position = !config.vit->class_position;
    config.vit->mean_of_patches = true;
    config.vit->qkv_bias = false;
    const ImageEncoderConfig again = parse_image_encoder_config(to_json(config), "x");
    EXPECT_EQ(to_json(again), to_json(config));
    EXPECT_EQ(*again.vit, *config.vit);
  }
}

TEST(VitConfig, ReadsTimmsForm) {
  const ImageEncoderConfig timm = parsed(
      R"({"architecture": "vit_base_patch16_clip_224", "num_features": 768,
          "pretrained_cfg": {"tag": "openai", "input_size": [3, 384, 384], "mean": [0, 0, 0]}})");
  EXPECT_EQ(timm.input_size, 384);
  EXPECT_EQ(timm.vit->grid, 24);
  EXPECT_EQ(timm.mean[1], 0);
}

TEST(VitConfig, ReadsHuggingFacesForm) {
  const ImageEncoderConfig vit = parsed(
      R"({"model_type": "vit", "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
          "intermediate_size": 40, "image_size": 48, "patch_size": [6, 6], "qkv_bias": false,
          "hidden_act": "gelu_pytorch_tanh"})");
  EXPECT_EQ(vit.architecture, kVitOfSizes);
  EXPECT_EQ(vit.feature_dim, 24);
  EXPECT_EQ(vit.norm_epsilon, 1e-12);
  EXPECT_EQ(vit.vit->hidden, 40);
  EXPECT_EQ(vit.vit->grid, 8);
  EXPECT_FALSE(vit.vit->qkv_bias);
  EXPECT_EQ(vit.vit->activation, VitActivation::kGeluTanh);
  const ImageEncoderConfig dino = parsed(
      R"({"model_type": "dinov2", "image_size": 518, "mlp_ratio": 4.0, "layer_norm_eps": 1e-05})");
  EXPECT_EQ(dino.architecture, "vit_base_patch14_dinov2");
  EXPECT_EQ(dino.norm_epsilon, 1e-5);
  EXPECT_EQ(dino.vit->grid, 37);
  const ImageEncoderConfig clip =
      parsed(R"({"model_type": "clip", "hidden_size": 5, "vision_config": {"patch_size": 16}})");
  EXPECT_EQ(clip.architecture, "vit_base_patch16_clip_quickgelu_224");
}

TEST(VitConfig, ReadsThePreprocessorBesideHuggingFaces) {
  const TemporaryFolder folder;
  write_file(folder.path() / "config.json", R"({"model_type": "dinov2", "image_size": 518})");
  const auto size_with = [&](const std::string& preprocessor) {
    write_file(folder.path() / "preprocessor_config.json", preprocessor);
    return read_image_encoder_config(folder.path());
  };
  const ImageEncoderConfig whole = size_with(
      R"({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224},
          "do_center_crop": true, "image_mean": [0.5, 0.25, 0.125], "image_std": null})");
  EXPECT_EQ(whole.input_size, 224);
  EXPECT_EQ(whole.vit->grid, 37);
  EXPECT_EQ(whole.mean[1], .25F);
  EXPECT_EQ(whole.std[0], .229F);
  EXPECT_EQ(size_with(R"({"size": 384, "crop_size": null})").input_size, 384);
  EXPECT_EQ(size_with(R"({"size": 384, "crop_size": 224, "do_center_crop": false})").input_size,
            384);
  EXPECT_EQ(size_with("{}").input_size, 518);
  EXPECT_EQ(size_with(R"({"do_normalize": false})").std[2], 1);
  EXPECT_THROW(size_with(R"({"size": {"height": "a"}})"), InputError);
  EXPECT_THROW(size_with(R"({"image_std": [0, 1, 1]})"), InputError);
}

TEST(VitConfig, ErrorsNameTheKeyAndTheValue) {
  const auto with = [](const std::string& member) {
    return error_of(R"({"model_type": "vit", )" + member + "}");
  };
  EXPECT_THAT(with(R"("hidden_size": 768.5)"), HasSubstr("config.json: 'hidden_size' is 768.5"));
  EXPECT_THAT(with(R"("hidden_size": 0)"), HasSubstr("'hidden_size' is 0"));
  EXPECT_THAT(with(R"("hidden_size": 18446744073709551615)"), HasSubstr("18446744073709551615"));
  EXPECT_THAT(with(R"("num_hidden_layers": "12")"), HasSubstr("'num_hidden_layers' is \"12\""));
  EXPECT_THAT(with(R"("num_attention_heads": 5)"),
              HasSubstr("'num_attention_heads' is 5, which does not divide the width 768"));
  EXPECT_THAT(with(R"("patch_size": [16, 8])"), HasSubstr("'patch_size' is [16,8]"));
  EXPECT_THAT(with(R"("image_size": 5000)"), HasSubstr("5000"));
  EXPECT_THAT(with(R"("image_size": 32, "patch_size": 64)"), HasSubstr("64"));
  EXPECT_THAT(with(R"("num_channels": 1)"), HasSubstr("'num_channels' is 1"));
  EXPECT_THAT(with(R"("hidden_act": "relu")"), HasSubstr("\"relu\""));
  EXPECT_THAT(with(R"("layer_norm_eps": 0)"), HasSubstr("layer_norm_eps"));
  EXPECT_THAT(error_of(R"({"model_type": "dinov2", "mlp_ratio": -1})"), HasSubstr("mlp_ratio"));
  EXPECT_THAT(error_of(R"({"model_type": "dinov2", "use_swiglu_ffn": true})"), HasSubstr("SwiGLU"));
  EXPECT_THAT(error_of(R"({"model_type": "clip"})"), HasSubstr("vision_config"));
  EXPECT_THAT(error_of(R"({"model_type": "clip", "vision_config": 3})"),
              HasSubstr("vision_config"));
  const auto own = [](const std::string& members) {
    return error_of(R"({"architecture": "vit", "vit": )" + members + "}");
  };
  EXPECT_THAT(error_of(R"({"architecture": "vit"})"), HasSubstr("'vit' has no 'width'"));
  EXPECT_THAT(own("[]"), HasSubstr("'vit' is []"));
  EXPECT_THAT(own(R"({"width": 8, "layers": 1, "heads": 3, "hidden": 8})"),
              HasSubstr("'heads' is 3"));
  EXPECT_THAT(own(R"({"width": 8, "layers": 1, "heads": 2})"), HasSubstr("no 'hidden'"));
  EXPECT_THAT(own(R"({"patch": 0})"), HasSubstr("'patch' is 0"));
}

TEST(VitConfig, PicturesAreAWholeNumberOfPatches) {
  const ImageEncoderConfig config = default_image_encoder_config("vit_small_patch14_dinov2");
  EXPECT_NO_THROW(require_whole_patches(config, 224, 518));
  EXPECT_NO_THROW(require_whole_patches(default_image_encoder_config("resnet18"), 225, 7));
  try {
    require_whole_patches(config, 224, 256);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("14"));
    EXPECT_THAT(error.what(), HasSubstr("256"));
    EXPECT_THAT(error.what(), HasSubstr("252 or 266"));
  }
}

}  // namespace
}  // namespace epicrisis
