#include "epicrisis/core/cost.h"

#include <gtest/gtest.h>

namespace epicrisis {
namespace {

TEST(Cost, SaysWhatIsNotKnown) {
  EXPECT_EQ(cost_words(0, 0), "0.0000 USD");
  EXPECT_EQ(cost_words(1.25, 0, 2), "1.25 USD");
  EXPECT_EQ(cost_words(0, 9), "cost not known");
  EXPECT_EQ(cost_words(0.5, 9, 2), "at least 0.50 USD");
  EXPECT_EQ(cost_json(0, 0), 0.0);
  EXPECT_TRUE(cost_json(0.5, 9).is_null());
}

}  // namespace
}  // namespace epicrisis
