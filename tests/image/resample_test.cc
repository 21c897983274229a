#include "epicrisis/image/resample.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "image/encoders.h"

namespace epicrisis {
namespace {

// The twin of picture() in make_resample_expectations.py.
Image waves(int width, int height) {
  return test::draw(width, height, [](int x, int y) {
    const auto value = [&](int c) { return (x * 37 + y * 101 + c * 59 + x * y * 13) % 256; };
    return std::array{value(0), value(1), value(2)};
  });
}

Json expectations() {
  const Path file = Path(EPICRISIS_SOURCE_DIR) / "tests/image/resample_expectations.json";
  return parse_json(read_file(file), file.string());
}

std::string hex_of(const Image& image) {
  std::string text;
  for (const std::uint8_t byte : image.pixels) text += fmt::format("{:02x}", byte);
  return text;
}

ResampleFilter filter_called(const std::string& name) {
  for (const ResampleFilter filter :
       {ResampleFilter::kBox, ResampleFilter::kBilinear, ResampleFilter::kHamming,
        ResampleFilter::kBicubic, ResampleFilter::kLanczos}) {
    if (resample_filter_name(filter) == name) return filter;
  }
  throw InternalError("no filter {}", name);
}

TEST(Resample, GivesPillowsBytes) {
  const Image picture = waves(61, 43);
  int cases = 0;
  const Json expected = expectations();
  for (const Json& one : expected["resized"]) {
    const Image got = resample(picture, one["width"], one["height"], filter_called(one["filter"]));
    EXPECT_EQ(hex_of(got), one["pixels"]) << one["filter"] << one["width"] << one["height"];
    ++cases;
  }
  EXPECT_EQ(cases, 20);
  EXPECT_EQ(resample(picture, 61, 43, ResampleFilter::kLanczos).pixels, picture.pixels);
}

TEST(Resample, FitsPicturesAsTorchvisionDoes) {
  int cases = 0;
  const Json expected = expectations();
  for (const Json& one : expected["fitted"]) {
    PictureFit fit;
    fit.fitting = one["fitting"] == "squash" ? PictureFitting::kSquash : PictureFitting::kShortest;
    fit.size = one["size"];
    fit.resized = one["resized"];
    const Image got = fit_picture(waves(one["width"], one["height"]), fit);
    EXPECT_EQ(got.width, fit.size);
    EXPECT_EQ(hex_of(got), one["pixels"])
        << one["fitting"] << one["size"] << one["resized"] << one["width"];
    ++cases;
  }
  EXPECT_EQ(cases, 15);
}

TEST(Resample, FillsWhatThePictureDoesNotReach) {
  PictureFit fit;
  fit.fitting = PictureFitting::kLongest;
  fit.size = fit.resized = 20;
  fit.fill = 7;
  const Image got = fit_picture(waves(40, 20), fit);  // becomes 20 x 10
  EXPECT_EQ(*got.at(3, 4), 7);
  EXPECT_EQ(*got.at(3, 15), 7);
  const Image middle = resample(waves(40, 20), 20, 10, fit.filter);
  for (int y = 0; y < 10; ++y) {
    EXPECT_TRUE(std::equal(middle.at(0, y), middle.at(0, y) + 60, got.at(0, y + 5))) << y;
  }
}

TEST(Resample, OfAPixelAndOfOddSizes) {
  PictureFit fit;
  fit.size = fit.resized = 16;
  EXPECT_EQ(fit_picture(waves(1, 1), fit).width, 16);
  EXPECT_EQ(fit_picture(waves(1, 60000), fit).height, 16);  // of 960000, cut
  EXPECT_THROW(fit_picture(Image(), fit), InputError);
  fit.size = 4000;
  EXPECT_THROW(fit_picture(waves(1, 1), fit), UsageError);
}

}  // namespace
}  // namespace epicrisis
