#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "image/codecs.h"

namespace epicrisis {
namespace {

void check_limits(Bytes bytes, std::string_view name, const ImageInfo& info,
                  const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    throw InputError("Decoding {}: {} bytes, {} are allowed", name, bytes.size(), limits.max_bytes);
  }
  const std::int64_t pixels = std::int64_t{info.width} * info.height;
  if (info.width > limits.max_side || info.height > limits.max_side || pixels > limits.max_pixels) {
    throw InputError("Decoding {}: {} x {} pixels; {} a side and {} in all are allowed", name,
                     info.width, info.height, limits.max_side, limits.max_pixels);
  }
}

}  // namespace

Image apply_orientation(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const int width = image.width;
  const int height = image.height;
  const bool turned = orientation >= 5;
  Image upright(turned ? height : width, turned ? width : height);
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      int from_x = turned ? y : x;
      int from_y = turned ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
        from_x = width - 1 - from_x;
      }
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
        from_y = height - 1 - from_y;
      }
      const std::uint8_t* from = image.at(from_x, from_y);
      std::copy(from, from + 3, upright.at(x, y));
    }
  }
  return upright;
}

void lay_over_white(const std::uint8_t* rgba, std::size_t pixels, std::uint8_t* rgb) {
  for (std::size_t i = 0; i < pixels; ++i) {
    const unsigned alpha = rgba[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned mixed = rgba[4 * i + c] * alpha + 255U * (255U - alpha);
      rgb[3 * i + c] = static_cast<std::uint8_t>((mixed + 127U) / 255U);
    }
  }
}

Image decode_image(std::span<const std::byte> bytes, std::string_view name,
                   const DecodeLimits& limits) {
  const ImageInfo info = read_image_header(bytes, name);
  check_limits(bytes, name, info, limits);
  Image image;
  switch (info.format) {
    case ImageFormat::kJpeg:
      image = decode_jpeg(bytes, name, info);
      break;
    case ImageFormat::kPng:
      image = decode_png(bytes, name, info);
      break;
    case ImageFormat::kWebp:
      image = decode_webp(bytes, name, info);
      break;
  }
  return apply_orientation(std::move(image), info.orientation);
}

Image load_image(const Path& path, const DecodeLimits& limits) {
  const std::string bytes = read_file(path, limits.max_bytes);
  return decode_image(std::as_bytes(std::span(bytes)), path.string(), limits);
}

}  // namespace epicrisis
