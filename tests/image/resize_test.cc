#include "epicrisis/image/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/contact_sheet.h"
#include "epicrisis/image/normalize.h"
#include "image/encoders.h"
#include "image/plane.h"

namespace epicrisis::test {
namespace {

Image noise(int width, int height, std::uint64_t seed) {
  Random random(seed);
  return draw(width, height, [&](int, int) {
    return std::array{static_cast<int>(random.below(256)), static_cast<int>(random.below(256)),
                      static_cast<int>(random.below(256))};
  });
}

// The definition in floating point: the mean over the covered area.
double area_mean(const Image& image, const Box& box, int width, int height, int x, int y, int c) {
  const double left = box.x + double(x) * box.width / width;
  const double right = box.x + double(x + 1) * box.width / width;
  const double top = box.y + double(y) * box.height / height;
  const double bottom = box.y + double(y + 1) * box.height / height;
  double sum = 0;
  for (int sy = static_cast<int>(top); sy < bottom - 1e-9; ++sy) {
    const double down = std::min<double>(bottom, sy + 1) - std::max<double>(top, sy);
    for (int sx = static_cast<int>(left); sx < right - 1e-9; ++sx) {
      const double across = std::min<double>(right, sx + 1) - std::max<double>(left, sx);
      sum += down * across * image.at(sx, sy)[c];
    }
  }
  return sum / ((right - left) * (bottom - top));
}

TEST(ResizeArea, AgreesWithTheDefinition) {
  const Image image = noise(67, 45, 1);
  for (const Box& box : {Box{0, 0, 67, 45}, Box{5, 3, 41, 40}, Box{66, 44, 1, 1}}) {
    for (const auto& [w, h] : {std::pair{1, 1}, {7, 5}, {32, 32}, {40, 39}}) {
      if (w > box.width || h > box.height) continue;
      const Image small = resize_area(image, box, w, h);
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          for (int c = 0; c < 3; ++c) {
            ASSERT_NEAR(small.at(x, y)[c], area_mean(image, box, w, h, x, y, c), 0.52)
                << x << "," << y;
          }
        }
      }
    }
  }
}

TEST(ResizeArea, SameSizeIsTheSameBytes) {
  const Image image = noise(31, 17, 2);
  EXPECT_EQ(resize_area(image, 31, 17).pixels, image.pixels);
}

TEST(ResizeArea, EvenPicturesStayEven) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Image image = draw(37, 53, [&](int, int) { return std::array{value, value, value}; });
    for (const auto& [w, h] : {std::pair{1, 1}, {13, 90}, {224, 224}, {36, 52}, {38, 54}}) {
      const Image other = resize_area(image, w, h);
      EXPECT_TRUE(std::all_of(other.pixels.begin(), other.pixels.end(),
                              [&](std::uint8_t v) { return v == value; }))
          << value << " to " << w << "x" << h;
    }
  }
}

TEST(ResizeArea, GrowsLinearlyBetweenPixelCentres) {
  const Image two = draw(2, 1, [](int x, int) { return std::array{x * 200, 0, 100}; });
  const Image four = resize_area(two, 4, 1);
  EXPECT_EQ(four.at(0, 0)[0], 0);
  EXPECT_EQ(four.at(1, 0)[0], 50);
  EXPECT_EQ(four.at(2, 0)[0], 150);
  EXPECT_EQ(four.at(3, 0)[0], 200);
  EXPECT_EQ(four.at(1, 0)[2], 100);
}

TEST(ResizeArea, LongSidesDoNotOverflow) {
  Image image(20'000, 2);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{255});
  const Image small = resize_area(image, 3, 1);
  for (const std::uint8_t v : small.pixels) EXPECT_EQ(v, 255);
  const Image large = resize_area(draw(2, 2,
                                       [](int, int) {
                                         return std::array{9, 9, 9};
                                       }),
                                  20'000, 3);
  EXPECT_EQ(large.at(19'999, 2)[0], 9);
}

TEST(Crop, RefusesBoxesOutside) {
  const Image image(10, 10);
  for (const Box& box : {Box{-1, 0, 5, 5}, Box{6, 0, 5, 5}, Box{0, 0, 0, 5}, Box{0, 0, 5, 11},
                         Box{2147483647, 0, 5, 5}, Box{5, 5, 2147483647, 1}}) {
    EXPECT_THROW(crop(image, box), InternalError);
  }
}

TEST(CentreSquare, OddRestsGoToTheUpperLeft) {
  EXPECT_EQ(centre_square(600, 450), (Box{75, 0, 450, 450}));
  EXPECT_EQ(centre_square(3, 8), (Box{0, 2, 3, 3}));
}

TEST(Planes, DilateAndErodeAgreeWithTheDefinition) {
  Random random(3);
  Plane plane(29, 23);
  for (auto& v : plane.values) v = static_cast<std::uint8_t>(random.below(256));
  for (const int radius : {1, 2, 5, 11, 40}) {
    const Plane high = dilate(plane, radius);
    const Plane low = erode(plane, radius);
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x) {
        int highest = 0;
        int lowest = 255;
        for (int j = std::max(0, y - radius); j <= std::min(plane.height - 1, y + radius); ++j) {
          for (int i = std::max(0, x - radius); i <= std::min(plane.width - 1, x + radius); ++i) {
            highest = std::max<int>(highest, plane.at(i, j));
            lowest = std::min<int>(lowest, plane.at(i, j));
          }
        }
        ASSERT_EQ(high.at(x, y), highest) << radius;
        ASSERT_EQ(low.at(x, y), lowest) << radius;
      }
    }
  }
}

TEST(Planes, BoxBlurAgreesWithTheDefinition) {
  Random random(4);
  Plane plane(19, 13);
  for (auto& v : plane.values) v = static_cast<std::uint8_t>(random.below(256));
  const int radius = 2;
  const Plane blurred = box_blur(plane, radius);
  for (int y = 0; y < plane.height; ++y) {
    for (int x = 0; x < plane.width; ++x) {
      double sum = 0;
      for (int j = y - radius; j <= y + radius; ++j) {
        for (int i = x - radius; i <= x + radius; ++i) {
          sum += plane.at(std::clamp(i, 0, plane.width - 1), std::clamp(j, 0, plane.height - 1));
        }
      }
      ASSERT_NEAR(blurred.at(x, y), sum / 25, 1.01);
    }
  }
}

TEST(Planes, RegionsTouchAtCorners) {
  Plane mask(5, 3);
  mask.at(0, 0) = mask.at(1, 1) = mask.at(4, 0) = mask.at(4, 1) = mask.at(4, 2) = 1;
  const Regions regions = find_regions(mask);
  EXPECT_EQ(regions.areas, (std::vector<int>{2, 3}));
  EXPECT_EQ(regions.labels[mask.index(1, 1)], 1);
  EXPECT_EQ(regions.labels[mask.index(4, 2)], 2);
}

TEST(ContactSheet, PlacesPicturesAndKeepsAspect) {
  const std::vector<Image> images{draw(20, 10,
                                       [](int, int) {
                                         return std::array{255, 0, 0};
                                       }),
                                  draw(10, 10,
                                       [](int, int) {
                                         return std::array{0, 255, 0};
                                       }),
                                  draw(5, 10, [](int, int) {
                                    return std::array{0, 0, 255};
                                  })};
  const Image sheet = contact_sheet(images, 2, 20, 4);
  EXPECT_EQ(sheet.width, 44);
  EXPECT_EQ(sheet.height, 44);
  EXPECT_EQ(sheet.at(10, 2)[1], 255);  // above the wide one: white
  EXPECT_EQ(sheet.at(10, 10)[1], 0);
  EXPECT_EQ(sheet.at(25, 1)[0], 0);     // the square one fills its cell
  EXPECT_EQ(sheet.at(22, 10)[2], 255);  // gap
  EXPECT_EQ(sheet.at(22, 10)[0], 255);
  EXPECT_EQ(sheet.at(10, 30)[2], 255);
  EXPECT_EQ(sheet.at(10, 30)[0], 0);
  EXPECT_EQ(contact_sheet({}, 3, 10, 1).height, 0);
  EXPECT_THROW(contact_sheet(images, 0, 20, 4), UsageError);
  EXPECT_THROW(contact_sheet(images, 1, 1 << 30, 0), UsageError);
}

TEST(Normalize, IsTheFormulaInPlanes) {
  const std::vector<std::uint8_t> pixels{0, 128, 255, 10, 20, 30};
  std::vector<float> output(6);
  normalize_into(pixels, kImageNetStatistics, output);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const double expected = (pixels[3 * i + c] / 255.0 - kImageNetStatistics.mean[c]) /
                              kImageNetStatistics.deviation[c];
      EXPECT_NEAR(output[c * 2 + i], expected, 1e-6);
    }
  }
  std::vector<float> wrong(5);
  EXPECT_THROW(normalize_into(pixels, kImageNetStatistics, wrong), InternalError);
}

}  // namespace
}  // namespace epicrisis::test
