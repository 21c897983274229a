#include "epicrisis/study/inspect_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epicrisis {
namespace {

const Path kData = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";

TEST(InspectModelHere, SaysWhichEncoderWeightsFit) {
  const Job job;
  const ModelInspection bert = inspect_model((kData / "tiny_bert").string(), job);
  EXPECT_EQ(bert.fits_unknown, "");
  ASSERT_EQ(bert.fits.size(), 1U);
  EXPECT_TRUE(bert.fits[0].fits());
  EXPECT_TRUE(bert.fits[0].said);
  EXPECT_EQ(bert.fits[0].architecture, "bert");
  ASSERT_TRUE(bert.text.has_value());
  EXPECT_EQ(bert.text->tokenizer_problem, "");
}

}  // namespace
}  // namespace epicrisis
