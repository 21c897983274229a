#include "epicrisis/image/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "epicrisis/core/error.h"
#include "image/encoders.h"

namespace epicrisis::test {
namespace {

AugmentConfig nothing() {
  AugmentConfig config;
  config.flip_horizontal = config.flip_vertical = config.quarter_turn = 0;
  config.resized_crop = config.colour_shift = 0;
  return config;
}

// No two pixels alike, no symmetry.
Image numbered(int size) {
  return draw(size, size, [](int x, int y) { return std::array{x * 5, y * 5, 200 - x}; });
}

Image mapped(const Image& image, const std::function<std::pair<int, int>(int, int)>& from) {
  return draw(image.width, image.height, [&](int x, int y) -> std::array<int, 3> {
    const auto [sx, sy] = from(x, y);
    const std::uint8_t* pixel = image.at(sx, sy);
    return {pixel[0], pixel[1], pixel[2]};
  });
}

TEST(Augment, NothingChangesNothing) {
  Random random(1);
  const Image image = numbered(20);
  EXPECT_EQ(augment(image, nothing(), random).pixels, image.pixels);
}

TEST(Augment, FlipsAreMirrors) {
  const Image image = numbered(20);
  Random random(1);
  AugmentConfig config = nothing();
  config.flip_horizontal = 1;
  EXPECT_EQ(augment(image, config, random).pixels, mapped(image, [](int x, int y) {
                                                     return std::pair{19 - x, y};
                                                   }).pixels);
  config = nothing();
  config.flip_vertical = 1;
  EXPECT_EQ(augment(image, config, random).pixels, mapped(image, [](int x, int y) {
                                                     return std::pair{x, 19 - y};
                                                   }).pixels);
}

TEST(Augment, QuarterTurnsAreTheThreeTurns) {
  const Image image = numbered(20);
  const std::vector<Image> turns{mapped(image,
                                        [](int x, int y) {
                                          return std::pair{y, 19 - x};
                                        }),  // clockwise
                                 mapped(image,
                                        [](int x, int y) {
                                          return std::pair{19 - x, 19 - y};
                                        }),  // half
                                 mapped(image, [](int x, int y) {
                                   return std::pair{19 - y, x};
                                 })};  // other way
  AugmentConfig config = nothing();
  config.quarter_turn = 1;
  Random random(1);
  std::vector<int> seen(3);
  for (int i = 0; i < 300; ++i) {
    const Image result = augment(image, config, random);
    const auto found = std::find_if(turns.begin(), turns.end(), [&](const Image& turn) {
      return turn.pixels == result.pixels;
    });
    ASSERT_NE(found, turns.end());
    ++seen[static_cast<std::size_t>(found - turns.begin())];
  }
  for (const int count : seen) EXPECT_NEAR(count, 100, 40);
}

TEST(Augment, FlipAndTurnTogetherReachAllEightPositions) {
  const Image image = numbered(9);
  AugmentConfig config = nothing();
  config.flip_horizontal = config.flip_vertical = config.quarter_turn = 0.5;
  Random random(5);
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const Image result = augment(image, config, random);
    seen.insert(std::string(result.pixels.begin(), result.pixels.end()));
  }
  EXPECT_EQ(seen.size(), 8U);
}

TEST(Augment, ShiftsEachChannelWithinItsRange) {
  const Image image = draw(4, 4, [](int, int) { return std::array{100, 100, 250}; });
  AugmentConfig config = nothing();
  config.colour_shift = 1;
  Random random(2);
  std::set<int> red;
  bool differ = false;
  for (int i = 0; i < 2000; ++i) {
    const Image result = augment(image, config, random);
    const int r = result.pixels[0] - 100;
    const int g = result.pixels[1] - 100;
    ASSERT_GE(r, -50);
    ASSERT_LE(r, 10);
    ASSERT_GE(result.pixels[2], 200);  // clamped at 255, not wrapped
    red.insert(r);
    differ |= r != g;
  }
  EXPECT_EQ(red.size(), 61U);  // both ends included
  EXPECT_TRUE(differ);
}

TEST(Augment, CropKeepsBetweenScaleLowAndHighOfTheArea) {
  // A ramp: the range of what is left tells the crop's side.
  const Image image = draw(224, 224, [](int x, int) { return std::array{x, x, x}; });
  AugmentConfig config = nothing();
  config.resized_crop = 1;
  Random random(3);
  double smallest = 1;
  double largest = 0;
  int leftmost = 255;
  for (int i = 0; i < 400; ++i) {
    const Image result = augment(image, config, random);
    const int low = result.at(0, 100)[0];
    const int high = result.at(223, 100)[0];
    const double area = (high - low + 1) / 224.0 * (high - low + 1) / 224.0;
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    leftmost = std::min(leftmost, low);
    for (int x = 1; x < 224; ++x) ASSERT_GE(result.at(x, 5)[0], result.at(x - 1, 5)[0]);
  }
  EXPECT_NEAR(smallest, 0.8, 0.03);
  EXPECT_NEAR(largest, 0.95, 0.03);
  EXPECT_LE(leftmost, 2);
}

TEST(Augment, ProbabilitiesAreKept) {
  const Image image = numbered(8);
  AugmentConfig config = nothing();
  config.flip_horizontal = 0.5;
  Random random(4);
  int changed = 0;
  for (int i = 0; i < 4000; ++i) changed += augment(image, config, random).pixels != image.pixels;
  EXPECT_NEAR(changed, 2000, 160);  // 5 standard deviations
}

TEST(Augment, SameSeedSamePictures) {
  const Image image = numbered(32);
  Random first(9);
  Random second(9);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(augment(image, {}, first).pixels, augment(image, {}, second).pixels);
  }
}

// How many numbers are drawn must not depend on the outcome: else one setting would change all
// later pictures.
TEST(Augment, DrawsTheSameNumberOfRandomNumbersAlways) {
  const Image image = numbered(8);
  for (int i = 0; i < 50; ++i) {
    Random all(static_cast<std::uint64_t>(i));
    Random none(static_cast<std::uint64_t>(i));
    augment(image, {}, all);
    augment(image, nothing(), none);
    EXPECT_EQ(all.next(), none.next());
  }
}

TEST(Augment, RefusesWrongBuffersAndSettings) {
  Random random(1);
  std::vector<std::uint8_t> source(12);
  std::vector<std::uint8_t> small(9);
  EXPECT_THROW(augment_into(source, 2, {}, random, small), InternalError);
  EXPECT_THROW(augment_into(source, 3, {}, random, source), InternalError);
  EXPECT_THROW(augment_into({}, -1, {}, random, {}), InternalError);
  EXPECT_THROW(augment(Image(3, 2), {}, random), InternalError);
  AugmentConfig wrong;
  wrong.scale_low = 0;
  EXPECT_THROW(augment(Image(3, 3), wrong, random), UsageError);
  wrong = {};
  wrong.shift_low = 20;
  EXPECT_THROW(augment(Image(3, 3), wrong, random), UsageError);
}

TEST(Augment, OnePixelPicturesSurvive) {
  Random random(1);
  const Image image = numbered(1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(augment(image, {}, random).pixels.size(), 3U);
}

}  // namespace
}  // namespace epicrisis::test
