#include "epicrisis/core/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace epicrisis {
namespace {

using ::testing::ElementsAre;

// The expected numbers come from an implementation of the published algorithms in another language.

TEST(Random, FollowsTheReference) {
  Random random(0);
  random.set_state({1, 2, 3, 4});
  for (const std::uint64_t expected :
       {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL,
        607988272756665600ULL, 16172922978634559625ULL, 8476171486693032832ULL,
        10595114339597558777ULL, 2904607092377533576ULL}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, SeedsThroughSplitmix) {
  Random zero(0);
  EXPECT_EQ(zero.next(), 11091344671253066420ULL);
  EXPECT_EQ(zero.next(), 13793997310169335082ULL);
  Random random(42);
  EXPECT_EQ(random.next(), 1546998764402558742ULL);
  for (int i = 2; i < 1'000'000; ++i) random.next();
  EXPECT_EQ(random.next(), 6183268386575283541ULL);
}

TEST(Random, StreamsAreNamed) {
  Random split(7, "split");
  EXPECT_EQ(split.next(), 8991701991916692014ULL);
  EXPECT_EQ(split.next(), 15610167607718047678ULL);
  EXPECT_NE(Random(7, "batches").next(), Random(7, "split").next());
}

TEST(Random, UniformAndNormalFollowTheReference) {
  Random uniform(42);
  EXPECT_EQ(uniform.uniform(), 0.08386297105988216);
  EXPECT_EQ(uniform.uniform(), 0.3789802506626686);
  Random normal(42);
  EXPECT_NEAR(normal.normal(), -0.303263064678738, 1e-14);
  EXPECT_NEAR(normal.normal(), 1.3438117634372806, 1e-14);
}

TEST(Random, ShuffleFollowsTheReference) {
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  Random(9).shuffle(std::span(items));
  EXPECT_THAT(items, ElementsAre(9, 2, 6, 4, 3, 5, 8, 7, 1, 0));
}

TEST(Random, AStateGoesOnWhereItWas) {
  Random first(1);
  for (int i = 0; i < 10; ++i) first.normal();
  Random second(2);
  second.set_state(first.state());
  EXPECT_EQ(first.normal(), second.normal());
}

TEST(Random, BelowIsUnbiasedWhereTheRemainderIsLarge) {
  // With n = 3/4 of the range, plain modulo would put half of all values into the lowest third.
  constexpr std::uint64_t kN = 3ULL << 62;
  Random random(3);
  int low = 0;
  constexpr int kRounds = 30000;
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t value = random.below(kN);
    ASSERT_LT(value, kN);
    if (value < kN / 3) ++low;
  }
  EXPECT_NEAR(static_cast<double>(low) / kRounds, 1.0 / 3, 0.015);  // 5 standard deviations
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, MomentsAreRight) {
  Random random(4);
  constexpr int kRounds = 200000;
  double sum = 0;
  double squares = 0;
  double highest = 0;
  for (int i = 0; i < kRounds; ++i) {
    const double value = random.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    highest = std::max(highest, random.uniform());
  }
  EXPECT_NEAR(sum / kRounds, 0, 0.012);
  EXPECT_NEAR(squares / kRounds, 1, 0.016);
  EXPECT_LT(highest, 1.0);
  const double value = random.uniform(-2, 3);
  EXPECT_TRUE(value >= -2 && value < 3);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
}

}  // namespace
}  // namespace epicrisis
