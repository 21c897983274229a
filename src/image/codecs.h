#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "epicrisis/image/decode.h"

namespace epicrisis {

using Bytes = std::span<const std::byte>;

inline std::uint8_t byte_at(Bytes bytes, std::size_t i) {
  return std::to_integer<std::uint8_t>(bytes[i]);
}
inline std::uint32_t big16(Bytes bytes, std::size_t i) {
  return std::uint32_t{byte_at(bytes, i)} << 8 | byte_at(bytes, i + 1);
}
inline std::uint32_t big32(Bytes bytes, std::size_t i) {
  return big16(bytes, i) << 16 | big16(bytes, i + 2);
}
inline std::uint32_t little32(Bytes bytes, std::size_t i) {
  return std::uint32_t{byte_at(bytes, i + 3)} << 24 | std::uint32_t{byte_at(bytes, i + 2)} << 16 |
         std::uint32_t{byte_at(bytes, i + 1)} << 8 | byte_at(bytes, i);
}
bool has_text(Bytes bytes, std::size_t offset, std::string_view text);

// The orientation tag (0x0112) of the first directory of a TIFF block, as EXIF is; 1 if there is
// none or anything is wrong with the block. A leading "Exif\0\0" is passed over.
int exif_orientation(Bytes tiff);

// Turns a stored picture upright.
Image apply_orientation(Image image, int orientation);

// Each takes a header that read_image_header() has read and found within the limits.
Image decode_jpeg(Bytes bytes, std::string_view name, const ImageInfo& info);
Image decode_png(Bytes bytes, std::string_view name, const ImageInfo& info);
Image decode_webp(Bytes bytes, std::string_view name, const ImageInfo& info);

// `pixels` of red, green, blue, alpha laid over white, into red, green, blue.
void lay_over_white(const std::uint8_t* rgba, std::size_t pixels, std::uint8_t* rgb);

}  // namespace epicrisis
