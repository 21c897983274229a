#include "epicrisis/image/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/resize.h"
#include "image/encoders.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

// A blob with structure on textured skin; another seed is another lesion.
Image lesion(int width, int height, std::uint64_t seed) {
  Random random(seed);
  Image coarse = draw(24, 24, [&](int x, int y) {
    const bool inside = (x - 12) * (x - 12) + (y - 12) * (y - 12) < 49;
    const int base = inside ? 90 : 200;
    const int v = base + static_cast<int>(random.below(70)) - 35;
    return std::array{v, v * 3 / 4, v * 2 / 3};
  });
  return resize_area(coarse, width, height);
}

Fingerprint print_of(const Image& image) {
  const std::string file = encode_png(image);
  return fingerprint(bytes_of(file), image);
}

TEST(Fingerprint, HashesBytesAndPixelsApart) {
  const Image image = lesion(60, 60, 1);
  const std::string first = encode_png(image);
  PngOptions interlaced;
  interlaced.interlaced = true;
  const std::string second = png_file(image, interlaced);
  const Fingerprint a = fingerprint(bytes_of(first), decode_image(bytes_of(first), "a"));
  const Fingerprint b = fingerprint(bytes_of(second), decode_image(bytes_of(second), "b"));
  EXPECT_EQ(a.bytes_sha256, sha256_hex(first));
  EXPECT_NE(a.bytes_sha256, b.bytes_sha256);
  EXPECT_EQ(a.pixels_sha256, b.pixels_sha256);
  EXPECT_EQ(a.width, 60);
  EXPECT_EQ(a.pixels_sha256.size(), 64U);
  EXPECT_EQ(a.phash, a.phash_whole);  // a square picture
}

TEST(Fingerprint, SizeIsPartOfThePixelHash) {
  Image wide(6, 2);
  Image tall(2, 6);
  EXPECT_NE(print_of(wide).pixels_sha256, print_of(tall).pixels_sha256);
}

TEST(Fingerprint, HalfOfTheBitsAreSet) {
  // A median cut: a hash with all bits alike would find everything near.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(std::popcount(print_of(lesion(100, 100, seed)).phash), 32);
  }
}

TEST(SamePicture, SurvivesScalingCompressionTintAndCentreCrop) {
  const Image image = lesion(600, 450, 3);
  const Fingerprint original = print_of(image);
  const Image scaled = resize_area(image, 300, 225);
  EXPECT_TRUE(same_picture(original, print_of(scaled)));
  const Image cropped = resize_area(image, centre_square(600, 450), 224, 224);
  EXPECT_TRUE(same_picture(original, print_of(cropped)));
  const Image squeezed = resize_area(image, 256, 256);
  EXPECT_TRUE(same_picture(original, print_of(squeezed)));
  const std::string jpeg = encode_jpeg(image, 40);
  EXPECT_TRUE(same_picture(original, print_of(decode_image(bytes_of(jpeg), "a"))));
  Image tinted = image;
  for (std::size_t i = 0; i < tinted.pixels.size(); i += 3) {
    tinted.pixels[i] = static_cast<std::uint8_t>(tinted.pixels[i] * 4 / 5);
    tinted.pixels[i + 2] = static_cast<std::uint8_t>(std::min(255, tinted.pixels[i + 2] * 5 / 4));
  }
  EXPECT_TRUE(same_picture(original, print_of(tinted)));
}

// The picture in one of the eight ways to lay it.
Image laid(const Image& image, bool across, bool down, bool diagonal) {
  Image result(diagonal ? image.height : image.width, diagonal ? image.width : image.height);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      const int from_x = diagonal ? y : x;
      const int from_y = diagonal ? x : y;
      std::copy_n(image.at(across ? image.width - 1 - from_x : from_x,
                           down ? image.height - 1 - from_y : from_y),
                  3, result.at(x, y));
    }
  }
  return result;
}

TEST(SamePicture, FindsTurnedAndMirroredCopies) {
  const Image image = lesion(600, 450, 3);
  const Fingerprint original = print_of(image);
  EXPECT_FALSE(same_picture_turned(original, original));
  for (int way = 1; way < 8; ++way) {
    const Image copy = laid(image, (way & 1) != 0, (way & 2) != 0, (way & 4) != 0);
    EXPECT_FALSE(same_picture(original, print_of(copy))) << way;
    EXPECT_TRUE(same_picture_turned(original, print_of(copy))) << way;
    const std::string jpeg = encode_jpeg(resize_area(copy, copy.width / 2, copy.height / 2), 50);
    EXPECT_TRUE(same_picture_turned(print_of(decode_image(bytes_of(jpeg), "a")), original)) << way;
    // What is searched for is what is compared.
    const Fingerprint other = print_of(copy);
    int nearest = 64;
    for (const std::uint64_t hash : turned_hashes(other.thumbnail)) {
      nearest = std::min(nearest, std::popcount(hash ^ original.phash));
    }
    EXPECT_LE(nearest, 2) << way;
  }
  for (std::uint64_t seed = 10; seed < 60; ++seed) {
    EXPECT_FALSE(same_picture_turned(original, print_of(lesion(600, 450, seed)))) << seed;
  }
}

TEST(SamePicture, TellsLesionsOfOneShapeApart) {
  std::vector<Fingerprint> prints;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    prints.push_back(print_of(lesion(224, 224, seed)));
  }
  for (std::size_t i = 0; i < prints.size(); ++i) {
    for (std::size_t j = 0; j < prints.size(); ++j) {
      ASSERT_EQ(same_picture(prints[i], prints[j]), i == j) << i << " " << j;
    }
  }
}

TEST(SamePicture, EvenPicturesAreNotNearToAnything) {
  const Image white = draw(50, 50, [](int, int) { return std::array{255, 255, 255}; });
  const Image gray = draw(50, 50, [](int, int) { return std::array{99, 99, 99}; });
  EXPECT_FALSE(same_picture(print_of(white), print_of(gray)));
  EXPECT_TRUE(same_picture(print_of(white), print_of(white)));
  EXPECT_FALSE(same_picture(print_of(white), print_of(lesion(50, 50, 1))));
}

TEST(SamePicture, OnePixelPictures) {
  const Image one = draw(1, 1, [](int, int) { return std::array{1, 2, 3}; });
  EXPECT_TRUE(same_picture(print_of(one), print_of(one)));
}

struct RealPictures {
  std::vector<Path> files;
  std::vector<Fingerprint> prints;
};

RealPictures read_all(const std::vector<std::string>& folders) {
  RealPictures real;
  for (const std::string& folder : folders) {
    for (const auto& entry :
         std::filesystem::directory_iterator(shared_folder() / "data" / folder)) {
      if (entry.path().extension() == ".jpg" || entry.path().extension() == ".png") {
        real.files.push_back(entry.path());
      }
    }
  }
  std::sort(real.files.begin(), real.files.end());
  real.prints.resize(real.files.size());
  parallel_for(real.files.size(), 0, Job(), [&](std::size_t i) {
    const std::string bytes = read_file(real.files[i]);
    real.prints[i] =
        fingerprint(bytes_of(bytes), decode_image(bytes_of(bytes), real.files[i].string()));
  });
  return real;
}

// All pairs that same_picture() holds for, by file stem.
std::vector<std::pair<std::size_t, std::size_t>> same_pairs(const RealPictures& real) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < real.prints.size(); ++i) {
    for (std::size_t j = i + 1; j < real.prints.size(); ++j) {
      const Fingerprint& a = real.prints[i];
      const Fingerprint& b = real.prints[j];
      if (std::popcount(a.phash ^ b.phash) > kNearDuplicateDistance &&
          std::popcount(a.phash_whole ^ b.phash_whole) > kNearDuplicateDistance) {
        continue;
      }
      if (same_picture(a, b)) pairs.emplace_back(i, j);
    }
  }
  return pairs;
}

// Two sizes and crops of HAM10000, PNG and JPEG of PAD-UFES-20: all 110 ids that occur twice are
// found, and among 3,374 pictures no two of different lesions.
TEST(RealDuplicates, CopiesAreFoundAndNothingElse) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const RealPictures real = read_all({"ham10000/images", "ham10000/images_600x450",
                                      "pad_ufes_20/images", "pad_ufes_20/images_png"});
  ASSERT_EQ(real.files.size(), 2522U + 154 + 674 + 24);
  std::map<std::string, int> stems;
  for (const Path& file : real.files) ++stems[file.stem().string()];
  const auto twice = std::count_if(stems.begin(), stems.end(),
                                   [](const auto& entry) { return entry.second == 2; });
  EXPECT_EQ(twice, 110);
  std::set<std::string> found;
  std::set<std::string> others;
  for (const auto& [i, j] : same_pairs(real)) {
    const std::string a = real.files[i].stem().string();
    const std::string b = real.files[j].stem().string();
    if (a == b) {
      found.insert(a);
    } else {
      others.insert(std::min(a, b) + " " + std::max(a, b));
    }
  }
  EXPECT_EQ(found.size(), 110U);
  // The publisher's own duplicates, seen to be the same photograph.
  EXPECT_EQ(others, (std::set<std::string>{"PAT_701_1321_156 PAT_701_4056_457",
                                           "PAT_759_1433_914 PAT_759_1538_566"}));
}

// The duplicates in ISIC 2017: five files twice, and photographs in two versions of colour, size or
// compression. 24 of the 25 pairs were seen to be the same; ISIC_0009929 and ISIC_0015985 are not.
TEST(RealDuplicates, Isic2017) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const RealPictures real = read_all({"isic2017/images"});
  std::map<std::string, std::vector<std::string>> by_pixels;
  for (std::size_t i = 0; i < real.files.size(); ++i) {
    by_pixels[real.prints[i].pixels_sha256].push_back(real.files[i].stem().string());
  }
  EXPECT_EQ(std::count_if(by_pixels.begin(), by_pixels.end(),
                          [](const auto& entry) { return entry.second.size() == 2; }),
            5);
  std::set<std::string> found;
  for (const auto& [i, j] : same_pairs(real)) {
    found.insert(real.files[i].stem().string() + " " + real.files[j].stem().string());
  }
  for (const char* pair :
       {"ISIC_0012127 ISIC_0012970", "ISIC_0012887 ISIC_0012989", "ISIC_0000171 ISIC_0015124",
        "ISIC_0000162 ISIC_0014826", "ISIC_0000186 ISIC_0014698", "ISIC_0012672 ISIC_0012673",
        "ISIC_0015986 ISIC_0015987"}) {
    EXPECT_TRUE(found.contains(pair)) << pair;
  }
  EXPECT_EQ(found.size(), 25U);
}

}  // namespace
}  // namespace epicrisis::test
