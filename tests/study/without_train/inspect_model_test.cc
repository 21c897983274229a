#include "epicrisis/study/inspect_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epicrisis {
namespace {

TEST(InspectModelHere, WithoutLibTorchSaysAllButWhichImageEncoderFits) {
  const Path data = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";
  const Job job;
  const ModelInspection image = inspect_model((data / "vit_timm").string(), job);
  EXPECT_THAT(image.fits_unknown, ::testing::HasSubstr("no LibTorch"));
  EXPECT_TRUE(image.fits.empty());
  const ModelInspection found = inspect_model((data / "tiny_bert").string(), job);
  EXPECT_EQ(found.fits_unknown, "");
  ASSERT_EQ(found.fits.size(), 1U);
  EXPECT_TRUE(found.fits[0].fits());
  EXPECT_GT(found.weights.tensors, 10U);
  ASSERT_TRUE(found.text.has_value());
  EXPECT_GT(found.text->tokenizer, 0);
}

}  // namespace
}  // namespace epicrisis
