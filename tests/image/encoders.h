#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/image/image.h"

namespace epicrisis::test {

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A picture whose pixels are given by a function of x and y.
Image draw(int width, int height, const std::function<std::array<int, 3>(int x, int y)>& colour);

enum class JpegColour { kGray, kYcc, kCmyk, kYcck };

struct JpegOptions {
  JpegColour colour = JpegColour::kYcc;
  bool progressive = false;
  bool scan_each_wave = false;  // 190 scans, all of them sound
  bool adobe_marker = true;     // CMYK: with it, values are stored inverted, as Adobe does
  int quality = 95;
  int orientation = 0;  // 0: no EXIF
  bool big_endian_exif = false;
  bool padded_exif = false;  // other tags before the orientation
};
std::string jpeg_file(const Image& image, const JpegOptions& options = {});

enum class PngColour { kGray = 0, kRgb = 2, kPalette = 3, kGrayAlpha = 4, kRgba = 6 };

struct PngOptions {
  PngColour colour = PngColour::kRgb;
  int bits = 8;
  bool interlaced = false;
  int orientation = 0;
  std::vector<std::array<std::uint8_t, 3>> palette;
  std::vector<std::uint8_t> palette_alpha;  // tRNS of a palette
  int transparent_gray = -1;                // tRNS of gray
};
// `rows`: packed rows as PNG has them (big-endian 16 bit).
std::string png_file(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
                     const PngOptions& options = {});
std::string png_file(const Image& image, const PngOptions& options = {});

struct WebpOptions {
  bool lossless = false;
  int orientation = 0;  // wraps the file in the extended format with an EXIF chunk
};
// rgba: width * height * 4 bytes.
std::string webp_file(int width, int height, const std::vector<std::uint8_t>& rgba,
                      const WebpOptions& options = {});
std::string webp_file(const Image& image, const WebpOptions& options = {});

// An EXIF block (TIFF) with the orientation tag.
std::string exif_block(int orientation, bool big_endian = false, bool padded = false);

// Replaces IHDR's width and height and makes its CRC right again.
std::string with_png_size(std::string png, std::uint32_t width, std::uint32_t height);

}  // namespace epicrisis::test
