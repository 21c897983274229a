#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"
#include "epicrisis/image/image.h"

namespace epicrisis {

enum class ImageFormat { kJpeg, kPng, kWebp };
std::string_view image_format_name(ImageFormat format);  // "JPEG", "PNG", "WebP"

// Checked against the header, before anything is allocated for pixels.
struct DecodeLimits {
  int max_side = 20'000;                               // pixels
  std::int64_t max_pixels = 64'000'000;                // width * height
  std::uint64_t max_bytes = std::uint64_t{256} << 20;  // of the encoded file
};

struct ImageInfo {
  ImageFormat format = ImageFormat::kJpeg;
  int width = 0;  // as stored: before the orientation is applied
  int height = 0;
  int channels = 0;     // as stored: 1 gray or palette, 2 gray + alpha, 3, 4 (RGBA or CMYK)
  int bits = 8;         // of a channel or palette index
  int orientation = 1;  // EXIF 1 to 8; 1 where there is none or a wrong one
};

// What a file's first bytes say it is; the format is told by them and never by a name. Reads no
// pixels and allocates nothing. `name` stands for the file in errors. InputError: not a JPEG, PNG
// or WebP (naming what it is instead, if known), a header that is cut short or lies, no pixels.
// Does not apply DecodeLimits: a lying width is reported, not refused.
ImageInfo read_image_header(std::span<const std::byte> bytes, std::string_view name);

// The picture as 8-bit RGB, upright (EXIF orientation of JPEG APP1, PNG eXIf, WebP EXIF applied).
// Gray and palette are widened, 16 bits rounded to 8, CMYK and YCCK (Adobe's inverted ones too)
// turned to RGB by plain ink multiplication, transparency is laid over white. Colour profiles and
// gamma chunks are not applied: the published data sets are read so by every other reader.
// InputError naming the file for everything that is not a whole, sound picture within the limits:
// data cut short, a broken stream, an animated WebP, more than 100 scans in a progressive JPEG.
Image decode_image(std::span<const std::byte> bytes, std::string_view name,
                   const DecodeLimits& limits = {});

// Reads and decodes. SystemError if it cannot be read.
Image load_image(const Path& path, const DecodeLimits& limits = {});

// Encoded files carry no metadata. Quality 1 to 100, chroma 4:4:4 from 90 up, else 4:2:0.
std::string encode_jpeg(const Image& image, int quality = 90);
std::string encode_png(const Image& image);

}  // namespace epicrisis
