#include "epicrisis/image/picture_measures.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/measure.h"
#include "image/encoders.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using Colour = std::array<int, 3>;
constexpr Colour kGround{225, 180, 160};
constexpr Colour kBrown{150, 105, 75};

// A brown disc on pale ground, 224 pixels a side; `over` gives how much darker a pixel is.
Image disc(const std::function<int(int x, int y)>& over) {
  return draw(224, 224, [&](int x, int y) {
    Colour colour = std::hypot(x - 112, y - 112) < 60 ? kBrown : kGround;
    for (int& v : colour) v = std::clamp(v - over(x, y), 0, 255);
    return colour;
  });
}

bool is_inside(int x, int y) { return std::hypot(x - 112, y - 112) < 56; }
int nothing(int, int) { return 0; }
// Dark lines, 8 pixels apart, in both directions.
int net(int x, int y) { return is_inside(x, y) && (x % 8 < 2 || y % 8 < 2) ? 30 : 0; }
int spots(int x, int y) {
  const int dx = x % 16 - 8;
  const int dy = y % 16 - 8;
  return is_inside(x, y) && dx * dx + dy * dy < 8 ? 40 : 0;
}
// Dark lines from the rim outwards.
int rays(int x, int y) {
  const double r = std::hypot(x - 112, y - 112);
  const double turn = std::atan2(y - 112, x - 112) * 18 / 3.14159265;
  return r > 40 && r < 66 && std::abs(turn - std::round(turn)) < 0.18 ? 50 : 0;
}

TEST(PictureMeasures, NamesAreThereOnce) {
  const auto names = picture_measure_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  const PictureMeasures found = measure_picture(disc(nothing));
  EXPECT_EQ(found.values.size(), names.size());
  EXPECT_THROW((void)found["colour of the sky"], InternalError);
}

TEST(PictureMeasures, HoldWhatIsMeasuredOfTheSubject) {
  const Image image = disc(nothing);
  const PictureMeasures found = measure_picture(image);
  const Measurements alone = measure(image);
  ASSERT_TRUE(found.found);
  EXPECT_GE(found["certainty"], 0.5);
  EXPECT_EQ(found["area"], alone.area);
  EXPECT_EQ(found["shape_asymmetry"], alone.shape_asymmetry);
  EXPECT_EQ(found["sharp_share"], alone.sharp_share);
  EXPECT_GT(found["light brown"] + found["dark brown"], 0.8);
  EXPECT_LT(found["lightness"], -20);
  EXPECT_GT(found["plain"], 0.8);
  EXPECT_EQ(found["side"], 224);
}

TEST(PictureMeasures, TellsStructuresApart) {
  const PictureMeasures plain = measure_picture(disc(nothing));
  const PictureMeasures netted = measure_picture(disc(net));
  const PictureMeasures spotted = measure_picture(disc(spots));
  const PictureMeasures rayed = measure_picture(disc(rays));
  EXPECT_GT(netted["meshes"], 5);
  EXPECT_GT(netted["mesh_share"], 0.3);
  EXPECT_EQ(plain["meshes"], 0);
  EXPECT_LT(spotted["meshes"], netted["meshes"] / 4);
  EXPECT_GT(spotted["spots"], 2);
  EXPECT_LT(plain["spots"], 0.5);
  EXPECT_LT(netted["plain"], 0.2);
  EXPECT_GT(rayed["rays"], plain["rays"] + 0.05);
}

TEST(PictureMeasures, FindsWhatBelongsToTheTaking) {
  const Image clean = disc(nothing);
  for (const char* name : {"ink", "ruler", "bubbles", "vignette"}) {
    EXPECT_LT(measure_picture(clean)[name], 0.2) << name;
  }
  Image inked = clean;
  for (int x = 10; x < 60; ++x) {
    for (int y = 180; y < 190; ++y) {
      const Colour ink{60, 50, 160};
      for (std::size_t c = 0; c < 3; ++c) {
        inked.at(x, y)[c] = static_cast<std::uint8_t>(ink.at(c));
      }
    }
  }
  EXPECT_GT(measure_picture(inked)["ink"], 0.2);
  Image ruled = clean;
  for (int x = 0; x < 224; x += 11) {
    for (int y = 204; y < 220; ++y) {
      for (int dx = 0; dx < 2 && x + dx < 224; ++dx) {
        std::fill_n(ruled.at(x + dx, y), 3, std::uint8_t{60});
      }
    }
  }
  EXPECT_GT(measure_picture(ruled)["ruler"], 0.5);
  Image bubbly = draw(224, 224, [](int x, int y) {
    return std::hypot(x - 112, y - 112) < 60 ? kBrown : Colour{190, 140, 120};
  });
  for (int k = 0; k < 24; ++k) {
    for (int y = -2; y <= 2; ++y) {
      for (int x = -2; x <= 2; ++x) {
        if (x * x + y * y > 5) continue;
        std::fill_n(bubbly.at(15 + (k % 8) * 27 + x, 12 + (k / 8) * 90 + y), 3, std::uint8_t{250});
      }
    }
  }
  EXPECT_GT(measure_picture(bubbly)["bubbles"], 0.5);
  const Image round = draw(224, 224, [](int x, int y) {
    const double r = std::hypot(x - 112, y - 112);
    if (r > 118) return Colour{8, 8, 8};
    return r < 50 ? kBrown : kGround;
  });
  EXPECT_GT(measure_picture(round)["vignette"], 0.9);
}

TEST(PictureMeasures, SaysNothingWhereNothingIs) {
  const Image ground = draw(224, 224, [](int, int) { return kGround; });
  const PictureMeasures none = measure_picture(ground);
  EXPECT_FALSE(none.found);
  EXPECT_EQ(none["meshes"], 0);
  for (const Image& image : {Image(), Image(3, 3), Image(47, 47), Image(1, 400)}) {
    EXPECT_FALSE(measure_picture(image).found);
    EXPECT_EQ(measure_picture(image).values.size(), picture_measure_names().size());
  }
}

TEST(PictureMeasures, LargePicturesAreLookedAtInOneSize) {
  const Image large = draw(
      672, 672, [](int x, int y) { return std::hypot(x - 336, y - 336) < 180 ? kBrown : kGround; });
  const PictureMeasures found = measure_picture(large);
  EXPECT_EQ(found["side"], 224);
  EXPECT_NEAR(found["area"], measure_picture(disc(nothing))["area"], 0.01);
}

TEST(PictureMeasures, EvidenceIsFourPanels) {
  const Image sheet = draw_evidence(disc(net), 100);
  EXPECT_EQ(sheet.width, 400);
  EXPECT_EQ(sheet.height, 100);
  // Green meshes in the last panel, a green outline in the second.
  const auto greens = [&](int panel) {
    int count = 0;
    for (int y = 0; y < 100; ++y) {
      for (int x = 100 * panel; x < 100 * panel + 100; ++x) {
        const std::uint8_t* p = sheet.at(x, y);
        count += p[1] > p[0] + 40 && p[1] > p[2] + 40 ? 1 : 0;
      }
    }
    return count;
  };
  EXPECT_EQ(greens(0), 0);
  EXPECT_GT(greens(1), 50);
  EXPECT_GT(greens(3), 300);
  EXPECT_EQ(draw_evidence(Image(3, 2), 100).width, 400);
}

TEST(RealPictureMeasures, AreFiniteAndInRange) {
  EPICRISIS_NEEDS_SHARED_DATA();
  for (const char* folder : {"data/ham10000/images_600x450", "data/pad_ufes_20/images_png"}) {
    for (const auto& entry : std::filesystem::directory_iterator(shared_folder() / folder)) {
      const PictureMeasures found = measure_picture(load_image(entry.path()));
      for (const double value : found.values) ASSERT_TRUE(std::isfinite(value)) << entry.path();
      for (const char* name : {"certainty", "area", "red", "lines", "plain", "mesh_share",
                               "largest", "hair", "ink", "ruler", "bubbles", "vignette"}) {
        EXPECT_GE(found[name], 0) << name << ' ' << entry.path();
        EXPECT_LE(found[name], 1.2) << name << ' ' << entry.path();
      }
    }
  }
}

}  // namespace
}  // namespace epicrisis::test
