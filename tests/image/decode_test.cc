#include "epicrisis/image/decode.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "image/encoders.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

// Four flat quarters of strong colours: every flip and turn shows.
Image quarters(int width, int height) {
  return draw(width, height, [&](int x, int y) -> std::array<int, 3> {
    const bool right = x >= width / 2;
    const bool low = y >= height / 2;
    if (!right && !low) return {220, 40, 40};
    if (right && !low) return {40, 200, 60};
    if (!right) return {50, 60, 210};
    return {230, 220, 60};
  });
}

int largest_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 999;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return largest;
}

// Compares the middles of the four quarters only: a lossy file may ring at their borders.
int quarter_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 999;
  int largest = 0;
  for (const int y : {a.height / 4, 3 * a.height / 4}) {
    for (const int x : {a.width / 4, 3 * a.width / 4}) {
      for (int c = 0; c < 3; ++c) {
        largest = std::max(largest, std::abs(int{a.at(x, y)[c]} - int{b.at(x, y)[c]}));
      }
    }
  }
  return largest;
}

std::string error_of(const std::string& file, const DecodeLimits& limits = {}) {
  try {
    decode_image(bytes_of(file), "the-name", limits);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// The picture as it would be stored, row by row, under an EXIF orientation, after the EXIF 2.32
// table of what the stored rows and columns are on the upright picture.
Image stored_for(const Image& upright, int orientation) {
  const int w = upright.width;
  const int h = upright.height;
  const bool turned = orientation >= 5;
  return draw(turned ? h : w, turned ? w : h, [&](int column, int row) -> std::array<int, 3> {
    int x = column;
    int y = row;
    switch (orientation) {
      case 2:  // first row is the top, first column the right side
        x = w - 1 - column;
        break;
      case 3:  // bottom, right
        x = w - 1 - column;
        y = h - 1 - row;
        break;
      case 4:  // bottom, left
        y = h - 1 - row;
        break;
      case 5:  // first row is the left side, first column the top
        x = row;
        y = column;
        break;
      case 6:  // right, top
        x = w - 1 - row;
        y = column;
        break;
      case 7:  // right, bottom
        x = w - 1 - row;
        y = h - 1 - column;
        break;
      case 8:  // left, bottom
        x = row;
        y = h - 1 - column;
        break;
      default:
        break;
    }
    const std::uint8_t* pixel = upright.at(x, y);
    return {pixel[0], pixel[1], pixel[2]};
  });
}

TEST(DecodeJpeg, BaselineAndProgressive) {
  const Image image = quarters(48, 32);
  for (const bool progressive : {false, true}) {
    JpegOptions options;
    options.progressive = progressive;
    const Image decoded = decode_image(bytes_of(jpeg_file(image, options)), "a");
    EXPECT_LE(quarter_difference(decoded, image), 3) << progressive;
  }
}

TEST(DecodeJpeg, GrayBecomesThreeEqualChannels) {
  const Image image = draw(16, 16, [](int x, int) { return std::array{x * 16, x * 16, x * 16}; });
  JpegOptions options;
  options.colour = JpegColour::kGray;
  const std::string file = jpeg_file(image, options);
  EXPECT_EQ(read_image_header(bytes_of(file), "a").channels, 1);
  const Image decoded = decode_image(bytes_of(file), "a");
  EXPECT_LE(largest_difference(decoded, image), 8);
  for (std::size_t i = 0; i < decoded.pixels.size(); i += 3) {
    ASSERT_EQ(decoded.pixels[i], decoded.pixels[i + 1]);
    ASSERT_EQ(decoded.pixels[i], decoded.pixels[i + 2]);
  }
}

TEST(DecodeJpeg, CmykAndYcckWithAndWithoutAdobeInversion) {
  const Image image = quarters(32, 32);
  for (const JpegColour colour : {JpegColour::kCmyk, JpegColour::kYcck}) {
    for (const bool adobe : {true, false}) {
      // Without Adobe's marker YCCK cannot be told from CMYK; no such files exist.
      if (colour == JpegColour::kYcck && !adobe) continue;
      JpegOptions options;
      options.colour = colour;
      options.adobe_marker = adobe;
      const std::string file = jpeg_file(image, options);
      EXPECT_EQ(read_image_header(bytes_of(file), "a").channels, 4);
      EXPECT_LE(quarter_difference(decode_image(bytes_of(file), "a"), image), 6)
          << static_cast<int>(colour) << adobe;
    }
  }
}

TEST(DecodeJpeg, TooManyScansAreRefused) {
  JpegOptions options;
  options.scan_each_wave = true;
  EXPECT_THAT(error_of(jpeg_file(quarters(16, 16), options)), HasSubstr("100 scans"));
}

TEST(DecodePng, EveryKindOfPixel) {
  // Gray, 1 to 16 bits: a ramp of two pixels, black and white.
  for (const int bits : {1, 2, 4, 8, 16}) {
    PngOptions options;
    options.colour = PngColour::kGray;
    options.bits = bits;
    const std::vector<std::uint8_t> row =
        bits == 16  ? std::vector<std::uint8_t>{0, 0, 255, 255}
        : bits == 8 ? std::vector<std::uint8_t>{0, 255}
                    : std::vector<std::uint8_t>{
                          static_cast<std::uint8_t>(((1 << bits) - 1) << (8 - 2 * bits))};
    const Image image = decode_image(bytes_of(png_file(2, 1, {row}, options)), "a");
    EXPECT_THAT(image.pixels, testing::ElementsAre(0, 0, 0, 255, 255, 255)) << bits;
  }
}

TEST(DecodePng, SixteenBitsAreRoundedNotCut) {
  PngOptions options;
  options.colour = PngColour::kGray;
  options.bits = 16;
  // 0x00FF / 257 = 0.99: 1, where cutting gives 0.
  const Image image = decode_image(bytes_of(png_file(1, 1, {{0x00, 0xFF}}, options)), "a");
  EXPECT_EQ(image.pixels[0], 1);
}

TEST(DecodePng, TransparencyLiesOnWhite) {
  PngOptions rgba;
  rgba.colour = PngColour::kRgba;
  Image image = decode_image(
      bytes_of(png_file(3, 1, {{200, 0, 0, 255, 200, 0, 0, 0, 200, 0, 0, 128}}, rgba)), "a");
  EXPECT_THAT(image.pixels, testing::ElementsAre(200, 0, 0, 255, 255, 255, 227, 127, 127));

  PngOptions gray;
  gray.colour = PngColour::kGrayAlpha;
  image = decode_image(bytes_of(png_file(2, 1, {{10, 255, 10, 0}}, gray)), "a");
  EXPECT_THAT(image.pixels, testing::ElementsAre(10, 10, 10, 255, 255, 255));

  PngOptions palette;
  palette.colour = PngColour::kPalette;
  palette.palette = {{1, 2, 3}, {4, 5, 6}};
  palette.palette_alpha = {255, 0};
  image = decode_image(bytes_of(png_file(2, 1, {{0, 1}}, palette)), "a");
  EXPECT_THAT(image.pixels, testing::ElementsAre(1, 2, 3, 255, 255, 255));

  PngOptions key;
  key.colour = PngColour::kGray;
  key.transparent_gray = 7;
  image = decode_image(bytes_of(png_file(2, 1, {{7, 8}}, key)), "a");
  EXPECT_THAT(image.pixels, testing::ElementsAre(255, 255, 255, 8, 8, 8));
}

TEST(DecodePng, InterlacedGivesTheSamePixels) {
  const Image image = draw(23, 17, [](int x, int y) {
    return std::array{x * 11, y * 15, (x * y) % 256};
  });
  PngOptions options;
  options.interlaced = true;
  EXPECT_EQ(decode_image(bytes_of(png_file(image, options)), "a").pixels, image.pixels);
  // With alpha as well: then rows are kept between the passes.
  std::vector<std::vector<std::uint8_t>> rows(17);
  for (int y = 0; y < 17; ++y) {
    for (int x = 0; x < 23; ++x) {
      const std::uint8_t* pixel = image.at(x, y);
      rows[static_cast<std::size_t>(y)].insert(rows[static_cast<std::size_t>(y)].end(),
                                               {pixel[0], pixel[1], pixel[2], 255});
    }
  }
  options.colour = PngColour::kRgba;
  EXPECT_EQ(decode_image(bytes_of(png_file(23, 17, rows, options)), "a").pixels, image.pixels);
}

TEST(DecodeWebp, LossyLosslessAndAlpha) {
  const Image image = quarters(40, 24);
  EXPECT_LE(quarter_difference(decode_image(bytes_of(webp_file(image)), "a"), image), 8);
  EXPECT_EQ(decode_image(bytes_of(webp_file(image, {true, 0})), "a").pixels, image.pixels);
  const std::vector<std::uint8_t> rgba{200, 0, 0, 255, 200, 0, 0, 0};
  const Image mixed = decode_image(bytes_of(webp_file(2, 1, rgba, {true, 0})), "a");
  EXPECT_THAT(mixed.pixels, testing::ElementsAre(200, 0, 0, 255, 255, 255));
}

TEST(DecodeWebp, AnimationIsRefusedByName) {
  std::string body = "WEBPVP8X";
  body += std::string("\x0A\0\0\0\x02\0\0\0\x03\0\0\x03\0\0", 14);
  body += std::string("ANIM\x06\0\0\0\0\0\0\0\0\0", 14);
  const std::string file =
      "RIFF" + std::string(1, static_cast<char>(body.size())) + std::string(3, '\0') + body;
  EXPECT_THAT(error_of(file), HasSubstr("animation"));
}

TEST(Orientation, AllEightOfAllFormats) {
  const Image upright = quarters(48, 32);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image stored = stored_for(upright, orientation);
    PngOptions png;
    png.orientation = orientation;
    const std::string file = png_file(stored, png);
    EXPECT_EQ(read_image_header(bytes_of(file), "a").orientation, orientation);
    EXPECT_EQ(decode_image(bytes_of(file), "a").pixels, upright.pixels) << orientation;
    EXPECT_EQ(decode_image(bytes_of(webp_file(stored, {true, orientation})), "a").pixels,
              upright.pixels)
        << orientation;
    for (const bool big : {false, true}) {
      JpegOptions jpeg;
      jpeg.orientation = orientation;
      jpeg.big_endian_exif = big;
      jpeg.padded_exif = big;
      EXPECT_LE(quarter_difference(decode_image(bytes_of(jpeg_file(stored, jpeg)), "a"), upright),
                3)
          << orientation;
    }
  }
}

TEST(Orientation, WrongValuesCountAsNone) {
  for (const int orientation : {9, 255, 0xFFFF}) {
    JpegOptions options;
    options.orientation = orientation;
    EXPECT_EQ(read_image_header(bytes_of(jpeg_file(quarters(8, 8), options)), "a").orientation, 1);
  }
}

TEST(Header, TellsFormatByContentNotByName) {
  const Image image = quarters(20, 10);
  const std::string png = png_file(image);
  const ImageInfo info = read_image_header(bytes_of(png), "photo.jpg");
  EXPECT_EQ(info.format, ImageFormat::kPng);
  EXPECT_EQ(info.width, 20);
  EXPECT_EQ(info.height, 10);
  EXPECT_EQ(info.channels, 3);
  EXPECT_EQ(info.bits, 8);
  EXPECT_EQ(read_image_header(bytes_of(jpeg_file(image)), "a.png").format, ImageFormat::kJpeg);
  EXPECT_EQ(read_image_header(bytes_of(webp_file(image)), "a.png").format, ImageFormat::kWebp);
}

TEST(Header, NamesWhatIsNotAnImage) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "empty"},
      {"GIF89a....", "GIF"},
      {"BM......", "BMP"},
      {"%PDF-1.7", "PDF"},
      {"<!doctype html>", "web page"},
      {"version https://git-lfs.github.com/spec/v1", "LFS"},
      {std::string(128, '\0') + "DICM", "DICOM"},
      {std::string("\0\0\0\x18"
                   "ftypheic",
                   12),
       "HEIC"},
      {"random words", "unknown"},
  };
  for (const auto& [file, word] : cases) {
    EXPECT_THAT(error_of(file), HasSubstr(word));
    EXPECT_THAT(error_of(file), HasSubstr("the-name"));
  }
}

TEST(Limits, HugeHeadersAreRefusedBeforePixels) {
  const std::string png = with_png_size(png_file(quarters(4, 4)), 60'000, 60'000);
  EXPECT_EQ(read_image_header(bytes_of(png), "a").width, 60'000);
  EXPECT_THAT(error_of(png), HasSubstr("60000 x 60000"));
  EXPECT_THAT(error_of(with_png_size(png, 0x7FFFFFFF, 0x7FFFFFFF)), HasSubstr("2147483647"));
  EXPECT_THAT(error_of(with_png_size(png, 0, 5)), HasSubstr("0 x 5"));
  EXPECT_THAT(error_of(with_png_size(png, 0xFFFFFFFF, 1)), HasSubstr("4294967295"));
  // Below the side limit, above the pixel limit.
  EXPECT_THAT(error_of(with_png_size(png, 19'000, 19'000)), HasSubstr("19000 x 19000"));

  std::string jpeg = jpeg_file(quarters(8, 8));
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg.replace(frame + 5, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_THAT(error_of(jpeg), HasSubstr("65535 x 65535"));

  DecodeLimits small;
  small.max_side = 7;
  EXPECT_THAT(error_of(png_file(quarters(8, 4)), small), HasSubstr("8 x 4"));
  small = {};
  small.max_pixels = 31;
  EXPECT_THAT(error_of(png_file(quarters(8, 4)), small), HasSubstr("8 x 4"));
  small = {};
  small.max_bytes = 10;
  EXPECT_THAT(error_of(png_file(quarters(8, 4)), small), HasSubstr("10 are allowed"));
}

// A header that promises more rows than the stream has.
TEST(Limits, LyingHeadersAreErrors) {
  EXPECT_NE(error_of(with_png_size(png_file(quarters(16, 16)), 16, 500)), "no error");
  EXPECT_NE(error_of(with_png_size(png_file(quarters(16, 16)), 500, 16)), "no error");
  std::string jpeg = jpeg_file(quarters(16, 16));
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg[frame + 5] = '\x04';  // 1040 rows
  EXPECT_NE(error_of(jpeg), "no error");
  // Two frame headers.
  std::string twice = jpeg_file(quarters(16, 16));
  const std::size_t at = twice.find("\xFF\xC0");
  std::string second = twice.substr(at, 19);
  second[6] = 8;
  twice.insert(at, second);
  EXPECT_NE(error_of(twice), "no error");
}

TEST(Truncation, EveryPrefixIsAnError) {
  const Image image = quarters(12, 10);
  JpegOptions progressive;
  progressive.progressive = true;
  JpegOptions exif;
  exif.orientation = 6;
  const std::vector<std::uint8_t> half(std::size_t{12} * 10 * 4, 128);
  const std::vector<std::string> files{
      jpeg_file(image),
      jpeg_file(image, progressive),
      jpeg_file(image, exif),
      png_file(image),
      webp_file(image),
      webp_file(image, {true, 0}),
      webp_file(image, {false, 3}),
      webp_file(12, 10, half),
  };
  for (std::size_t kind = 0; kind < files.size(); ++kind) {
    const std::string& file = files[kind];
    ASSERT_EQ(error_of(file), "no error") << kind;
    for (std::size_t length = 0; length < file.size(); ++length) {
      ASSERT_NE(error_of(file.substr(0, length)), "no error")
          << "kind " << kind << ", " << length << " bytes of " << file.size();
    }
  }
}

// Any byte changed: an error or a picture of the stated size, nothing else.
TEST(Corruption, EveryByteChanged) {
  const Image image = quarters(12, 10);
  JpegOptions progressive;
  progressive.progressive = true;
  progressive.orientation = 5;
  for (const std::string& file : {jpeg_file(image), jpeg_file(image, progressive), png_file(image),
                                  webp_file(image), webp_file(image, {true, 8})}) {
    for (std::size_t i = 0; i < file.size(); ++i) {
      for (const int change : {0x01, 0x80, 0xFF}) {
        std::string broken = file;
        broken[i] = static_cast<char>(broken[i] ^ change);
        DecodeLimits limits;
        limits.max_pixels = 1'000'000;
        try {
          const Image decoded = decode_image(bytes_of(broken), "a", limits);
          ASSERT_EQ(decoded.pixels.size(), static_cast<std::size_t>(decoded.width) *
                                               static_cast<std::size_t>(decoded.height) * 3);
        } catch (const InputError&) {
        }
      }
    }
  }
}

TEST(Truncation, BytesAfterTheEndDoNotMatter) {
  const Image image = quarters(12, 10);
  for (const std::string& file : {jpeg_file(image), png_file(image), webp_file(image)}) {
    EXPECT_EQ(decode_image(bytes_of(file + "trailing"), "a").pixels,
              decode_image(bytes_of(file), "a").pixels);
  }
}

TEST(Encode, RoundTripsAndCarriesNoMetadata) {
  const Image image = draw(37, 21, [](int x, int y) {
    return std::array{x * 6, y * 12, 128 + x - y};
  });
  EXPECT_EQ(decode_image(bytes_of(encode_png(image)), "a").pixels, image.pixels);
  const std::string jpeg = encode_jpeg(image, 95);
  EXPECT_LE(largest_difference(decode_image(bytes_of(jpeg), "a"), image), 12);
  EXPECT_EQ(jpeg.find("Exif"), std::string::npos);
  EXPECT_EQ(encode_png(image).find("eXIf"), std::string::npos);
  EXPECT_LT(encode_jpeg(image, 20).size(), jpeg.size());
  EXPECT_THROW(encode_jpeg(image, 0), UsageError);
  EXPECT_THROW(encode_jpeg(Image(), 90), InputError);
  EXPECT_THROW(encode_png(Image()), InputError);
  EXPECT_THROW(encode_jpeg(Image(70'000, 1), 90), InputError);
}

TEST(LoadImage, NamesTheFile) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "broken.png";
  write_file(path, png_file(quarters(8, 8)).substr(0, 60));
  try {
    load_image(path);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
  EXPECT_THROW(load_image(folder.path() / "absent.png"), SystemError);
}

TEST(RealData, EveryPadOriginalDecodes) {
  EPICRISIS_NEEDS_SHARED_DATA();
  int seen = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_folder() / "data/pad_ufes_20/images_png")) {
    const std::string bytes = read_file(entry.path());
    const ImageInfo info = read_image_header(bytes_of(bytes), entry.path().string());
    EXPECT_EQ(info.format, ImageFormat::kPng);
    const Image image = decode_image(bytes_of(bytes), entry.path().string());
    EXPECT_EQ(image.width, info.width);
    EXPECT_EQ(image.height, info.height);
    ++seen;
  }
  EXPECT_EQ(seen, 24);
}

TEST(RealData, EveryDermoscopyPictureHasTheStatedSize) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const std::vector<std::tuple<std::string, int, int, int>> folders{
      {"ham10000/images", 224, 224, 2522},
      {"ham10000/images_600x450", 600, 450, 154},
      {"isic2018_test/images", 224, 224, 1134},
      {"isic2017/images", 256, 256, 2062}};
  for (const auto& [folder, width, height, count] : folders) {
    int seen = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(shared_folder() / "data" / folder)) {
      if (entry.path().extension() != ".jpg") continue;
      // Headers of all, pixels of every tenth.
      const std::string bytes = read_file(entry.path());
      const ImageInfo info = read_image_header(bytes_of(bytes), entry.path().string());
      EXPECT_EQ(info.width, width);
      EXPECT_EQ(info.height, height);
      if (seen++ % 10 == 0) {
        EXPECT_EQ(decode_image(bytes_of(bytes), entry.path().string()).width, width);
      }
    }
    EXPECT_EQ(seen, count) << folder;
  }
}

}  // namespace
}  // namespace epicrisis::test
