#include "epicrisis/image/prepare.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/segment.h"
#include "image/encoders.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using Colour = std::array<int, 3>;
constexpr Colour kSkin{225, 180, 160};
constexpr Colour kBrown{120, 75, 50};
constexpr Colour kHair{50, 40, 35};

// Skin with slight grain.
Image skin(int width, int height) {
  Random random(7);
  return draw(width, height, [&](int, int) {
    const int grain = static_cast<int>(random.below(5)) - 2;
    return Colour{kSkin[0] + grain, kSkin[1] + grain, kSkin[2] + grain};
  });
}

void paint(Image& image, int x, int y, const Colour& colour, double share = 1) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  for (std::size_t c = 0; c < 3; ++c) {
    std::uint8_t& v = image.at(x, y)[c];
    v = static_cast<std::uint8_t>(std::lround(v + share * (colour[c] - v)));
  }
}

// A disc with a soft edge of two pixels.
void disc(Image& image, double cx, double cy, double radius, const Colour& colour) {
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double out = std::hypot(x - cx, y - cy) - radius;
      paint(image, x, y, colour, std::clamp(0.5 - out / 2, 0.0, 1.0));
    }
  }
}

// A line with a soft edge of one pixel.
void line(Image& image, double x0, double y0, double x1, double y1, double width,
          const Colour& colour) {
  const double length = std::hypot(x1 - x0, y1 - y0);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length;
      const double across = std::abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length;
      if (along < 0 || along > length) continue;
      paint(image, x, y, colour, std::clamp(width / 2 + 0.5 - across, 0.0, 1.0));
    }
  }
}

int difference(const Image& a, const Image& b, int x, int y) {
  int largest = 0;
  for (int c = 0; c < 3; ++c) {
    largest = std::max(largest, std::abs(int{a.at(x, y)[c]} - int{b.at(x, y)[c]}));
  }
  return largest;
}

Image lesion_picture(int width, int height, double cx, double cy, double radius) {
  Image image = skin(width, height);
  disc(image, cx, cy, radius, kBrown);
  return image;
}

TEST(PrepareRecipe, IdNamesTheSteps) {
  PrepareRecipe recipe;
  EXPECT_EQ(recipe.id(), "v2-224-hair-border-lesion");
  recipe.remove_hair = recipe.crop_border = false;
  recipe.size = 64;
  EXPECT_EQ(recipe.id(), "v2-64-lesion");
}

TEST(Prepare, SquareOfTheRightSizeComesBackByteForByte) {
  const Image image = lesion_picture(224, 224, 120, 100, 50);
  const Prepared prepared = prepare_image(image, {});
  EXPECT_EQ(prepared.image.pixels, image.pixels);
  EXPECT_EQ(prepared.hair_fraction, 0);
  EXPECT_FALSE(prepared.border_cropped);
  EXPECT_FALSE(prepared.subject_cropped);
  EXPECT_EQ(prepared.crop, (Box{0, 0, 224, 224}));
}

TEST(Prepare, RefusesWhatItCannotDo) {
  PrepareRecipe recipe;
  recipe.size = 15;
  EXPECT_THROW(prepare_image(skin(20, 20), recipe), UsageError);
  recipe.size = 2049;
  EXPECT_THROW(prepare_image(skin(20, 20), recipe), UsageError);
  EXPECT_THROW(prepare_image(Image(), {}), InputError);
}

TEST(Prepare, TinyAndExtremeShapesGiveTheSize) {
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 500}, {700, 2}, {33, 32}, {3000, 40}}) {
    const Prepared prepared = prepare_image(skin(w, h), {});
    EXPECT_EQ(prepared.image.width, 224);
    EXPECT_EQ(prepared.image.height, 224);
  }
}

TEST(Hair, IsPaintedOverWithTheSkinBesideIt) {
  const Image clean = lesion_picture(448, 448, 224, 224, 100);
  Image image = clean;
  line(image, 20, 30, 400, 90, 3, kHair);    // over skin
  line(image, 60, 300, 420, 140, 3, kHair);  // across the lesion
  line(image, 380, 200, 430, 430, 4, kHair);
  const Image hairy = image;
  const double share = remove_hair(image);
  EXPECT_GT(share, 0.005);
  EXPECT_LT(share, 0.05);
  int left = 0;
  int hairs = 0;
  for (int y = 0; y < 448; ++y) {
    for (int x = 0; x < 448; ++x) {
      if (difference(hairy, clean, x, y) < 40) continue;
      ++hairs;
      if (difference(image, clean, x, y) > 25) ++left;
    }
  }
  ASSERT_GT(hairs, 2500);
  EXPECT_LT(left, hairs / 20);
}

TEST(Hair, NothingElseIsTouched) {
  Image image = lesion_picture(448, 448, 224, 224, 100);
  line(image, 20, 30, 400, 90, 3, kHair);
  const Image before = image;
  remove_hair(image);
  for (int y = 0; y < 448; ++y) {
    for (int x = 0; x < 448; ++x) {
      const double along = 30 + (x - 20) * 60.0 / 380;
      if (std::abs(y - along) < 14) continue;
      ASSERT_EQ(difference(image, before, x, y), 0) << x << "," << y;
    }
  }
}

// What must not be taken for hair, each on its own: the picture stays byte for byte.
TEST(Hair, LesionStructuresStay) {
  std::vector<std::pair<std::string, Image>> pictures;
  Image network = lesion_picture(448, 448, 224, 224, 130);
  for (int k = -8; k <= 8; ++k) {  // a mesh of brown lines, cells of 14 pixels
    line(network, 224 + 14 * k, 120, 224 + 14 * k, 328, 3, {70, 45, 35});
    line(network, 120, 224 + 14 * k, 328, 224 + 14 * k, 3, {70, 45, 35});
  }
  pictures.emplace_back("pigment network", network);
  Image vessels = skin(448, 448);
  line(vessels, 40, 60, 400, 150, 3, {205, 90, 90});
  line(vessels, 200, 100, 260, 400, 3, {205, 90, 90});
  pictures.emplace_back("blood vessels", vessels);
  Image pen = skin(448, 448);
  line(pen, 40, 60, 400, 150, 6, {60, 60, 150});
  pictures.emplace_back("pen ink", pen);
  Image dots = lesion_picture(448, 448, 224, 224, 120);
  for (int k = 0; k < 40; ++k) {
    disc(dots, 150 + (k * 37) % 150, 150 + (k * 61) % 150, 3, {40, 30, 30});
  }
  pictures.emplace_back("dots", dots);
  Image streaks = lesion_picture(448, 448, 224, 224, 80);
  for (int k = 0; k < 24; ++k) {
    const double a = k * 0.2618;
    line(streaks, 224 + 75 * std::cos(a), 224 + 75 * std::sin(a), 224 + 105 * std::cos(a),
         224 + 105 * std::sin(a), 4, kBrown);
  }
  pictures.emplace_back("streaks", streaks);
  Image band = skin(448, 448);
  line(band, 40, 200, 400, 240, 20, kBrown);
  pictures.emplace_back("a long lesion", band);
  for (auto& [name, image] : pictures) {
    const Image before = image;
    EXPECT_EQ(remove_hair(image), 0) << name;
    EXPECT_EQ(image.pixels, before.pixels) << name;
  }
}

// It goes on where it bends, and across the border of a lesion.
TEST(Hair, ABentHairGoesAsAWhole) {
  const Image plain = lesion_picture(448, 448, 224, 224, 90);
  Image image = plain;
  double x = 60;
  double y = 250;
  std::vector<std::pair<double, double>> bend;
  for (int k = 0; k < 8; ++k) {
    const double angle = -0.4 * std::max(0, k - 3);
    const double to_x = x + 34 * std::cos(angle);
    const double to_y = y + 34 * std::sin(angle);
    line(image, x, y, to_x, to_y, 3, kHair);
    bend.emplace_back((x + to_x) / 2, (y + to_y) / 2);
    x = to_x;
    y = to_y;
  }
  EXPECT_GT(remove_hair(image), 0);
  for (const auto& [at_x, at_y] : bend) {
    EXPECT_LT(difference(image, plain, static_cast<int>(at_x), static_cast<int>(at_y)), 60)
        << at_x << ", " << at_y;
  }
}

TEST(Hair, TextureAllOverIsLeftAlone) {
  Image image = skin(256, 256);
  for (int k = 0; k < 128; k += 1) line(image, 0, 2 * k, 255, 2 * k, 1, kHair);
  const Image before = image;
  EXPECT_EQ(remove_hair(image), 0);
  EXPECT_EQ(image.pixels, before.pixels);
}

TEST(Hair, AtThePicturesEdge) {
  Image image = skin(256, 256);
  line(image, 0, 1, 255, 1, 3, kHair);
  line(image, 254, 0, 254, 255, 3, kHair);
  EXPECT_GT(remove_hair(image), 0);
  for (int i = 10; i < 240; ++i) {
    EXPECT_LT(difference(image, skin(256, 256), i, 1), 40);
    EXPECT_LT(difference(image, skin(256, 256), 254, i), 40);
  }
}

TEST(Field, FindsABlackFrame) {
  Image image = draw(400, 300, [](int, int) { return Colour{4, 3, 5}; });
  const Image inner = lesion_picture(320, 260, 160, 130, 60);
  for (int y = 0; y < 260; ++y) {
    std::copy_n(inner.at(0, y), 960, image.at(50, y + 20));
  }
  const Box field = find_field(image);
  EXPECT_NEAR(field.x, 50, 3);
  EXPECT_NEAR(field.y, 20, 3);
  EXPECT_NEAR(field.x + field.width, 370, 3);
  EXPECT_NEAR(field.y + field.height, 280, 3);
  const Prepared prepared = prepare_image(image, {});
  EXPECT_TRUE(prepared.border_cropped);
  for (int i = 0; i < 224; ++i) {
    EXPECT_GT(prepared.image.at(i, 0)[0], 100);
    EXPECT_GT(prepared.image.at(0, i)[0], 100);
    EXPECT_GT(prepared.image.at(223, i)[0], 100);
  }
}

TEST(Field, CutsTheCornersOfARoundFieldButNotTheLesion) {
  Image image = lesion_picture(300, 300, 150, 150, 70);
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      if (std::hypot(x - 150, y - 150) > 148) paint(image, x, y, {3, 3, 3});
    }
  }
  const Box field = find_field(image);
  EXPECT_LT(field.width, 290);
  EXPECT_LE(field.x, 75);
  EXPECT_GE(field.x + field.width, 225);
}

TEST(Field, KeepsPicturesWithoutAFrame) {
  const Box whole{0, 0, 300, 200};
  EXPECT_EQ(find_field(lesion_picture(300, 200, 150, 100, 60)), whole);
  // A black lesion at a corner is not smooth black.
  Image corner = skin(300, 200);
  disc(corner, 10, 10, 60, {45, 40, 42});
  EXPECT_EQ(find_field(corner), whole);
  // All black: nothing to find.
  const Image black = draw(300, 200, [](int, int) { return Colour{0, 0, 0}; });
  const Box field = find_field(black);
  EXPECT_GE(field.width, 150);
  EXPECT_GE(field.height, 100);
  EXPECT_EQ(find_field(Image(1, 1)), (Box{0, 0, 1, 1}));
}

TEST(LesionCrop, MovesNoFurtherThanNeeded) {
  // In the centre square already: stays.
  Prepared prepared = prepare_image(lesion_picture(600, 450, 320, 220, 80), {});
  EXPECT_EQ(prepared.crop, (Box{75, 0, 450, 450}));
  EXPECT_FALSE(prepared.subject_cropped);
  // To the right of it: moved, and the lesion is whole.
  prepared = prepare_image(lesion_picture(600, 450, 480, 220, 90), {});
  EXPECT_TRUE(prepared.subject_cropped);
  EXPECT_GE(prepared.crop.x + prepared.crop.width, 572);
  EXPECT_LE(prepared.crop.x + prepared.crop.width, 600);
  // Upright picture: up.
  prepared = prepare_image(lesion_picture(450, 600, 220, 90, 70), {});
  EXPECT_TRUE(prepared.subject_cropped);
  EXPECT_LE(prepared.crop.y, 20);
  // Switched off: the centre.
  PrepareRecipe recipe;
  recipe.crop_to_subject = false;
  EXPECT_EQ(prepare_image(lesion_picture(600, 450, 480, 220, 90), recipe).crop,
            (Box{75, 0, 450, 450}));
}

TEST(LesionCrop, UnsureMeansTheCentre) {
  // Skin alone; two equal lesions; a lesion that runs out of the picture.
  Image two = lesion_picture(600, 450, 60, 220, 50);
  disc(two, 540, 220, 50, kBrown);
  for (const Image& image : {skin(600, 450), two, lesion_picture(600, 450, 600, 220, 150)}) {
    EXPECT_EQ(prepare_image(image, {}).crop, (Box{75, 0, 450, 450}));
  }
}

TEST(Segment, FindsADisc) {
  const SubjectMask mask = segment_subject(lesion_picture(600, 450, 350, 200, 90));
  EXPECT_TRUE(mask.certain);
  EXPECT_NEAR(mask.box.x, 260, 10);
  EXPECT_NEAR(mask.box.y, 110, 10);
  EXPECT_NEAR(mask.box.width, 180, 18);
  EXPECT_NEAR(mask.area, 3.14159 * 90 * 90 / (600 * 450), 0.01);
  EXPECT_GT(mask.contrast, 80);
  EXPECT_EQ(mask.inside.size(),
            static_cast<std::size_t>(mask.width) * static_cast<std::size_t>(mask.height));
}

TEST(Segment, HolesBelongToTheLesion) {
  Image image = lesion_picture(300, 300, 150, 150, 80);
  disc(image, 150, 150, 30, kSkin);
  const SubjectMask mask = segment_subject(image);
  EXPECT_TRUE(mask.certain);
  EXPECT_EQ(mask.inside[static_cast<std::size_t>(mask.height / 2 * mask.width + mask.width / 2)],
            1);
}

TEST(Segment, FaintAndMissingLesionsAreNotCertain) {
  EXPECT_FALSE(segment_subject(skin(300, 300)).certain);
  Image faint = skin(300, 300);
  disc(faint, 150, 150, 60, {kSkin[0] - 8, kSkin[1] - 8, kSkin[2] - 8});
  EXPECT_FALSE(segment_subject(faint).certain);
  EXPECT_FALSE(segment_subject(Image(5, 5)).certain);
  EXPECT_FALSE(segment_subject(draw(64, 64, [](int, int) { return Colour{0, 0, 0}; })).certain);
}

// The published 224 x 224 pictures: where no hair and no frame is found, nothing changes.
TEST(RealPreparation, PublishedSquaresPassUnchanged) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::vector<Path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_folder() / "data/ham10000/images")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<int> same(files.size(), -1);
  parallel_for(files.size() / 10, 0, Job(), [&](std::size_t i) {
    const Image image = load_image(files[10 * i]);
    const Prepared prepared = prepare_image(image, {});
    if (prepared.hair_fraction == 0 && !prepared.border_cropped) {
      same[i] = prepared.image.pixels == image.pixels ? 1 : 0;
    }
  });
  EXPECT_EQ(std::count(same.begin(), same.end(), 0), 0);
  EXPECT_GT(std::count(same.begin(), same.end(), 1), 150);
}

// The native pictures prepared are the published squares, but for those with hair or a moved crop.
TEST(RealPreparation, NativePicturesBecomeThePublishedSquares) {
  EPICRISIS_NEEDS_SHARED_DATA();
  int compared = 0;
  double worst = 0;
  double sum = 0;
  const Path data = shared_folder() / "data/ham10000";
  for (const auto& entry : std::filesystem::directory_iterator(data / "images_600x450")) {
    const Path published = data / "images" / entry.path().filename();
    if (!std::filesystem::exists(published)) continue;
    const Prepared prepared = prepare_image(load_image(entry.path()), {});
    if (prepared.hair_fraction > 0 || prepared.subject_cropped || prepared.border_cropped) continue;
    const Image reference = load_image(published);
    double difference = 0;
    for (std::size_t i = 0; i < reference.pixels.size(); ++i) {
      difference += std::abs(int{reference.pixels[i]} - int{prepared.image.pixels[i]});
    }
    difference /= static_cast<double>(reference.pixels.size());
    worst = std::max(worst, difference);
    sum += difference;
    ++compared;
  }
  EXPECT_GT(compared, 30);
  EXPECT_LT(sum / compared, 4);  // gray levels: another scaling filter and JPEG
  EXPECT_LT(worst, 10);
}

}  // namespace
}  // namespace epicrisis::test
