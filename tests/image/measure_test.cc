#include "epicrisis/image/measure.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "epicrisis/image/decode.h"
#include "image/encoders.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using Colour = std::array<int, 3>;
constexpr Colour kSkin{225, 180, 160};
constexpr Colour kLightBrown{165, 115, 80};
constexpr Colour kDarkBrown{95, 60, 40};

// A lesion given by how far a point is outside its rim (negative inside) and its colour there; the
// rim fades over `fade` pixels.
Image lesion(const std::function<double(double x, double y)>& outside,
             const std::function<Colour(double x, double y)>& colour, double fade = 2) {
  return draw(300, 300, [&](int px, int py) {
    const double x = px - 150;
    const double y = py - 150;
    const double share = std::clamp(0.5 - outside(x, y) / fade, 0.0, 1.0);
    const Colour inside = colour(x, y);
    Colour result{};
    for (std::size_t c = 0; c < 3; ++c) {
      result[c] = static_cast<int>(kSkin[c] + share * (inside[c] - kSkin[c]));
    }
    return result;
  });
}

double disc(double x, double y) { return std::hypot(x, y) - 70; }
Colour plain(double, double) { return kLightBrown; }

std::map<std::string, std::string> words(const Image& image) {
  const auto found = measure_findings(image);
  return {found.begin(), found.end()};
}

double share_of(const Measurements& found, const std::string& name) {
  for (const auto& [colour, share] : found.colours) {
    if (colour == name) return share;
  }
  return -1;
}

TEST(Measure, ADiscIsSymmetricAndCompact) {
  const Measurements found = measure(lesion(disc, plain));
  ASSERT_TRUE(found.certain);
  EXPECT_NEAR(found.area, 3.14159 * 70 * 70 / 90000, 0.015);
  EXPECT_LT(found.shape_asymmetry, 0.05);
  EXPECT_LT(found.colour_asymmetry, 3);
  EXPECT_GT(found.compactness, 0.85);
  EXPECT_EQ(words(lesion(disc, plain))["asymmetry"], "symmetric");
}

TEST(Measure, ShapeWithoutAMirrorImage) {
  // A disc with a bulge on one side of both axes.
  const Image image = lesion(
      [](double x, double y) {
        return std::min(std::hypot(x, y * 1.3) - 60, std::hypot(x - 55, y - 50) - 38);
      },
      plain);
  EXPECT_GT(measure(image).shape_asymmetry, 0.13);
  EXPECT_THAT(words(image)["asymmetry"], testing::HasSubstr("shape"));
  EXPECT_THAT(words(image)["asymmetry"], testing::Not(testing::HasSubstr("colour")));
}

TEST(Measure, ColourWithoutAMirrorImage) {
  const auto left_dark = [](double x, double y) { return x + y < 0 ? kDarkBrown : kLightBrown; };
  const auto ellipse = [](double x, double y) { return (std::hypot(x, 1.4 * y) - 80); };
  const Image image = lesion(ellipse, left_dark);
  EXPECT_EQ(words(image)["asymmetry"], "asymmetric in colour");
  EXPECT_GT(measure(image).colour_asymmetry, 9);
}

TEST(Measure, BordersFromSharpToIndistinct) {
  EXPECT_EQ(words(lesion(disc, plain, 2))["border"], "sharp");
  EXPECT_EQ(words(lesion(disc, plain, 60))["border"], "indistinct");
  const Measurements sharp = measure(lesion(disc, plain, 2));
  const Measurements soft = measure(lesion(disc, plain, 30));
  EXPECT_GT(sharp.border_step, 2 * soft.border_step);
  // One half sharp, the other fading.
  const Image both = draw(300, 300, [](int px, int py) {
    const double fade = px < 150 ? 2 : 60;
    const double share =
        std::clamp(0.5 - (std::hypot(px - 150.0, py - 150.0) - 70) / fade, 0.0, 1.0);
    Colour result{};
    for (std::size_t c = 0; c < 3; ++c) {
      result[c] = static_cast<int>(kSkin[c] + share * (kLightBrown[c] - kSkin[c]));
    }
    return result;
  });
  EXPECT_EQ(words(both)["border"], "mixed");
}

TEST(Measure, NamesEachColour) {
  const std::vector<std::pair<std::string, Colour>> colours{{"light brown", kLightBrown},
                                                            {"dark brown", kDarkBrown},
                                                            {"black", {30, 25, 22}},
                                                            {"red", {190, 60, 60}},
                                                            {"blue-gray", {95, 105, 130}}};
  for (const auto& [name, colour] : colours) {
    const Image image = lesion(disc, [tint = colour](double, double) { return tint; });
    const Measurements found = measure(image);
    ASSERT_TRUE(found.certain) << name;
    EXPECT_GT(share_of(found, name), 0.8) << name;
    EXPECT_EQ(words(image)["colours"], name);
  }
  // White is lighter than the skin: a scar inside a brown lesion.
  const Image scar = lesion(disc, [](double x, double y) {
    return std::hypot(x, y) < 35 ? Colour{250, 240, 238} : kLightBrown;
  });
  EXPECT_NEAR(share_of(measure(scar), "white"), 0.25, 0.06);
  EXPECT_EQ(words(scar)["colours"], "white, light brown");
}

TEST(Measure, SaysNothingWhereNothingIsSure) {
  const Image skin = draw(200, 200, [](int, int) { return kSkin; });
  EXPECT_FALSE(measure(skin).certain);
  EXPECT_TRUE(measure_findings(skin).empty());
  EXPECT_TRUE(measure_findings(Image(3, 3)).empty());
  EXPECT_TRUE(measure_findings(Image()).empty());
}

TEST(Measure, KeysAreInOrder) {
  const auto found = measure_findings(lesion(disc, plain));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].first, "asymmetry");
  EXPECT_EQ(found[1].first, "border");
  EXPECT_EQ(found[2].first, "colours");
  EXPECT_EQ(found[3].first, "size");
  EXPECT_EQ(found[3].second, "about a fifth of the picture");
}

// All real pictures give finite numbers in range; about half to four fifths of dermoscopy is
// certain.
TEST(RealMeasure, StaysInRange) {
  EPICRISIS_NEEDS_SHARED_DATA();
  int seen = 0;
  int certain = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_folder() / "data/ham10000/images_600x450")) {
    const Measurements found = measure(load_image(entry.path()));
    ++seen;
    if (!found.certain) continue;
    ++certain;
    EXPECT_GE(found.shape_asymmetry, 0);
    EXPECT_LE(found.shape_asymmetry, 1);
    EXPECT_GE(found.compactness, 0);
    EXPECT_LE(found.compactness, 1);
    EXPECT_LT(found.colour_asymmetry, 60);
    EXPECT_LE(found.sharp_share, 1);
    double total = 0;
    for (const auto& [name, share] : found.colours) total += share;
    EXPECT_LE(total, 1.0001);
    EXPECT_GT(total, 0.3) << entry.path();
  }
  EXPECT_EQ(seen, 154);
  EXPECT_GT(certain, 100);
}

}  // namespace
}  // namespace epicrisis::test
