#include "epicrisis/settings/picture_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/image_encoder_config.h"

namespace epicrisis {
namespace {

using ::testing::HasSubstr;

class PictureFitTest : public ::testing::Test {
 protected:
  PictureFit fit(const std::string& config, const std::string& preprocessor = "") {
    write_file(folder_.path() / "config.json", config);
    if (preprocessor.empty()) {
      std::filesystem::remove(folder_.path() / kPreprocessorFile);
    } else {
      write_file(folder_.path() / kPreprocessorFile, preprocessor);
    }
    return read_picture_fit(folder_.path());
  }
  std::string fault(const std::string& config, const std::string& preprocessor = "") {
    try {
      fit(config, preprocessor);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

 private:
  TemporaryFolder folder_;
};

constexpr auto kShortest = PictureFitting::kShortest;
constexpr auto kSquash = PictureFitting::kSquash;
constexpr auto kBicubic = ResampleFilter::kBicubic;
constexpr auto kBilinear = ResampleFilter::kBilinear;

constexpr const char* kClip = R"({"model_type": "clip", "vision_config": {"patch_size": 32}})";
constexpr const char* kVit = R"({"model_type": "vit"})";
constexpr const char* kDino = R"({"model_type": "dinov2", "image_size": 518})";

TEST_F(PictureFitTest, OfHuggingFacesProcessors) {
  // As openai/clip-vit-base-patch32 has it, in its old form and as it is saved today.
  const PictureFit clip{kShortest, 224, 224, kBicubic};
  EXPECT_EQ(
      fit(kClip, R"({"crop_size": 224, "do_center_crop": true, "do_resize": true, "resample": 3,
                           "size": 224, "feature_extractor_type": "CLIPFeatureExtractor"})"),
      clip);
  EXPECT_EQ(
      fit(kClip, R"({"crop_size": {"height": 224, "width": 224}, "size": {"shortest_edge": 224},
                           "resample": 3, "image_processor_type": "CLIPImageProcessor"})"),
      clip);
  EXPECT_EQ(fit(kClip), clip);
  // google/vit-base-patch16-224, both forms.
  const PictureFit vit{kSquash, 224, 224, kBilinear};
  EXPECT_EQ(fit(kVit, R"({"do_resize": true, "size": 224, "resample": 2,
                          "image_processor_type": "ViTFeatureExtractor"})"),
            vit);
  EXPECT_EQ(fit(kVit, R"({"size": {"height": 224, "width": 224}, "resample": 2,
                          "image_processor_type": "ViTImageProcessor"})"),
            vit);
  EXPECT_EQ(fit(kVit), vit);
  // facebook/dinov2-base.
  EXPECT_EQ(fit(kDino, R"({"crop_size": {"height": 224, "width": 224}, "do_center_crop": true,
                           "size": {"shortest_edge": 256}, "resample": 3,
                           "image_processor_type": "BitImageProcessor"})"),
            (PictureFit{kShortest, 256, 224, kBicubic}));
  EXPECT_EQ(
      fit(kVit, R"({"size": {"shortest_edge": 240}, "do_center_crop": false, "resample": 1})"),
      (PictureFit{kShortest, 240, 240, ResampleFilter::kLanczos}));
}

TEST_F(PictureFitTest, OfOpenClip) {
  const std::string model =
      R"({"model_cfg": {"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 1,
          "width": 64, "patch_size": 16}, "text_cfg": {"width": 64}}, "preprocess_cfg": )";
  EXPECT_EQ(fit(model + R"({"mean": [0.5, 0.5, 0.5]}})"),
            (PictureFit{kShortest, 224, 224, kBicubic}));
  EXPECT_EQ(fit(model + R"({"interpolation": "bilinear", "resize_mode": "squash"}})"),
            (PictureFit{kSquash, 224, 224, kBilinear}));
  EXPECT_EQ(fit(model + R"({"resize_mode": "longest", "fill_color": 114}})"),
            (PictureFit{PictureFitting::kLongest, 224, 224, kBicubic, 114}));
  EXPECT_THAT(fault(model + R"({"interpolation": "random"}})"),
              HasSubstr("'interpolation' is \"random\"; there are box, bilinear"));
}

TEST_F(PictureFitTest, OfTimmAndOfOurs) {
  EXPECT_EQ(fit(R"({"architecture": "vit_base_patch16_224", "pretrained_cfg": {"input_size":
                    [3, 224, 224], "crop_pct": 0.9, "interpolation": "bicubic"}})"),
            (PictureFit{kShortest, 248, 224, kBicubic}));
  EXPECT_EQ(fit(R"({"architecture": "resnet50", "pretrained_cfg": {"crop_pct": 0.95,
                    "crop_mode": "squash", "interpolation": "bilinear"}})"),
            (PictureFit{kSquash, 235, 224, kBilinear}));
  EXPECT_EQ(fit(R"({"architecture": "resnet50", "pretrained_cfg": {}})"),
            (PictureFit{kShortest, 256, 224, kBicubic}));  // timm's defaults
  EXPECT_EQ(fit(R"({"architecture": "mobilenet_v2", "feature_dim": 1280})"),
            (PictureFit{kShortest, 256, 224, kBilinear}));  // torchvision's
  EXPECT_EQ(fit(R"({"architecture": "vit_base_patch32_clip_224"})"),
            (PictureFit{kShortest, 224, 224, kBicubic}));
  EXPECT_THAT(fault(R"({"architecture": "resnet50", "pretrained_cfg": {"crop_pct": 0}})"),
              HasSubstr("'crop_pct' is 0"));
  EXPECT_THAT(fault(R"({"architecture": "resnet50", "pretrained_cfg": {"crop_mode": "border"}})"),
              HasSubstr("center and squash are read"));
}

TEST_F(PictureFitTest, SaysWhatItDoesNotRead) {
  EXPECT_THAT(fault(kClip, R"({"resample": 0})"),
              HasSubstr("preprocessor_config.json: 'resample' is 0"));
  EXPECT_THAT(fault(kClip, R"({"do_resize": false})"), HasSubstr("'do_resize' is false"));
  EXPECT_THAT(fault(kClip, R"({"size": {"height": 224, "width": 200}})"),
              HasSubstr("must be equal"));
  EXPECT_THAT(fault(kClip, R"({"size": "large"})"), HasSubstr("'size' is \"large\""));
  EXPECT_THAT(fault(kClip, R"({"crop_size": 100000})"), HasSubstr("'crop_size' is 100000"));
  EXPECT_THAT(fault(kClip, R"({"crop_size": []})"), HasSubstr("'crop_size' is []"));
  EXPECT_THAT(fault(kClip, "[1]"), HasSubstr("preprocessor_config.json"));
}

}  // namespace
}  // namespace epicrisis
