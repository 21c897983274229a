#include <webp/decode.h>

#include <algorithm>
#include <array>

#include "epicrisis/core/error.h"
#include "image/codecs.h"

namespace epicrisis {
namespace {

constexpr std::array<std::uint8_t, 8> kPngSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

bool is_jpeg(Bytes bytes) {
  return bytes.size() >= 3 && byte_at(bytes, 0) == 0xFF && byte_at(bytes, 1) == 0xD8 &&
         byte_at(bytes, 2) == 0xFF;
}

bool is_png(Bytes bytes) {
  if (bytes.size() < kPngSignature.size()) return false;
  for (std::size_t i = 0; i < kPngSignature.size(); ++i) {
    if (byte_at(bytes, i) != kPngSignature[i]) return false;
  }
  return true;
}

bool is_webp(Bytes bytes) { return has_text(bytes, 0, "RIFF") && has_text(bytes, 8, "WEBP"); }

// What people put in image folders by mistake.
std::string_view guess_other_kind(Bytes bytes) {
  if (bytes.empty()) return "an empty file";
  if (has_text(bytes, 0, "GIF8")) return "a GIF";
  if (has_text(bytes, 0, "BM")) return "a BMP";
  if (has_text(bytes, 0, "%PDF")) return "a PDF";
  if (has_text(bytes, 0, std::string_view("II*\0", 4)) ||
      has_text(bytes, 0, std::string_view("MM\0*", 4))) {
    return "a TIFF";
  }
  if (has_text(bytes, 128, "DICM")) return "a DICOM file";
  if (has_text(bytes, 4, "ftypavif")) return "an AVIF";
  if (has_text(bytes, 4, "ftyp")) return "an HEIC or MP4";
  if (has_text(bytes, 0, "PK\x03\x04")) return "a ZIP archive";
  if (has_text(bytes, 0, "version https://git-lfs")) {
    return "a Git LFS pointer; fetch the file itself with git lfs pull";
  }
  if (has_text(bytes, 0, "<")) return "a web page or SVG";
  return "of an unknown kind";
}

ImageInfo read_jpeg_header(Bytes bytes, std::string_view name) {
  ImageInfo info;
  info.format = ImageFormat::kJpeg;
  std::size_t at = 2;
  while (true) {
    // A marker is FF, any number of fill bytes FF, a code.
    if (at + 1 >= bytes.size()) break;
    if (byte_at(bytes, at) != 0xFF) {
      // libjpeg skips garbage between segments with a warning; so do we.
      ++at;
      continue;
    }
    const std::uint8_t code = byte_at(bytes, at + 1);
    if (code == 0xFF) {
      ++at;
      continue;
    }
    at += 2;
    if (code == 0x00 || code == 0x01 || (code >= 0xD0 && code <= 0xD7)) continue;  // no length
    if (code == 0xD9 || code == 0xDA) {
      throw InputError("Reading the JPEG header of {}: {} before the frame header (SOF)", name,
                       code == 0xD9 ? "end of image" : "start of scan");
    }
    if (at + 2 > bytes.size()) break;
    const std::size_t length = big16(bytes, at);
    if (length < 2) {
      throw InputError("Reading the JPEG header of {}: segment {:02X} of length {} at byte {}",
                       name, code, length, at);
    }
    if (at + length > bytes.size()) break;
    const Bytes segment = bytes.subspan(at + 2, length - 2);
    if (code == 0xE1 && has_text(segment, 0, std::string_view("Exif\0", 5))) {
      info.orientation = exif_orientation(segment);
    }
    const bool frame = code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC;
    if (frame) {
      if (segment.size() < 6) {
        throw InputError("Reading the JPEG header of {}: a frame header of {} bytes", name,
                         segment.size());
      }
      info.bits = byte_at(segment, 0);
      info.height = static_cast<int>(big16(segment, 1));
      info.width = static_cast<int>(big16(segment, 3));
      info.channels = byte_at(segment, 5);
      if (info.width == 0 || info.height == 0) {
        throw InputError("Reading the JPEG header of {}: {} x {} pixels", name, info.width,
                         info.height);
      }
      return info;
    }
    at += length;
  }
  throw InputError("Reading the JPEG header of {}: cut short after {} bytes", name, bytes.size());
}

ImageInfo read_png_header(Bytes bytes, std::string_view name) {
  constexpr std::size_t kHeaderEnd = 8 + 4 + 4 + 13 + 4;
  if (bytes.size() < kHeaderEnd) {
    throw InputError("Reading the PNG header of {}: cut short after {} bytes", name, bytes.size());
  }
  if (!has_text(bytes, 12, "IHDR") || big32(bytes, 8) != 13) {
    throw InputError("Reading the PNG header of {}: the first chunk is not IHDR", name);
  }
  const std::uint32_t width = big32(bytes, 16);
  const std::uint32_t height = big32(bytes, 20);
  if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) {
    throw InputError("Reading the PNG header of {}: {} x {} pixels", name, width, height);
  }
  ImageInfo info;
  info.format = ImageFormat::kPng;
  info.width = static_cast<int>(width);
  info.height = static_cast<int>(height);
  info.bits = byte_at(bytes, 24);
  const int colour = byte_at(bytes, 25);
  switch (colour) {
    case 0:
    case 3:
      info.channels = 1;
      break;
    case 2:
      info.channels = 3;
      break;
    case 4:
      info.channels = 2;
      break;
    case 6:
      info.channels = 4;
      break;
    default:
      throw InputError("Reading the PNG header of {}: unknown colour type {}", name, colour);
  }
  // eXIf may stand before or after the pixels.
  std::size_t at = kHeaderEnd;
  while (at + 12 <= bytes.size()) {
    const std::size_t length = big32(bytes, at);
    if (length > bytes.size() - at - 12) break;
    if (has_text(bytes, at + 4, "eXIf")) {
      info.orientation = exif_orientation(bytes.subspan(at + 8, length));
      break;
    }
    at += 12 + length;
  }
  return info;
}

ImageInfo read_webp_header(Bytes bytes, std::string_view name) {
  const std::size_t stated = std::size_t{little32(bytes, 4)} + 8;
  WebPBitstreamFeatures features;
  const VP8StatusCode status =
      WebPGetFeatures(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA || stated > bytes.size()) {
    throw InputError("Reading the WebP header of {}: cut short, {} bytes of {}", name, bytes.size(),
                     stated);
  }
  if (status != VP8_STATUS_OK || features.width <= 0 || features.height <= 0) {
    throw InputError("Reading the WebP header of {}: a broken header", name);
  }
  if (features.has_animation != 0) {
    throw InputError("Reading the WebP header of {}: an animation; a still picture is wanted",
                     name);
  }
  ImageInfo info;
  info.format = ImageFormat::kWebp;
  info.width = features.width;
  info.height = features.height;
  info.channels = features.has_alpha != 0 ? 4 : 3;
  std::size_t at = 12;
  while (at + 8 <= bytes.size()) {
    const std::size_t length = little32(bytes, at + 4);
    if (length > bytes.size() - at - 8) break;
    if (has_text(bytes, at, "EXIF")) {
      info.orientation = exif_orientation(bytes.subspan(at + 8, length));
      break;
    }
    at += 8 + length + length % 2;
  }
  return info;
}

}  // namespace

bool has_text(Bytes bytes, std::size_t offset, std::string_view text) {
  if (offset > bytes.size() || bytes.size() - offset < text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte_at(bytes, offset + i) != static_cast<std::uint8_t>(text[i])) return false;
  }
  return true;
}

int exif_orientation(Bytes tiff) {
  if (has_text(tiff, 0, std::string_view("Exif\0", 5)) && tiff.size() >= 6) tiff = tiff.subspan(6);
  const bool little = has_text(tiff, 0, std::string_view("II*\0", 4));
  if (!little && !has_text(tiff, 0, std::string_view("MM\0*", 4))) return 1;
  if (tiff.size() < 8) return 1;
  const auto u16 = [&](std::size_t i) {
    const std::uint32_t value = big16(tiff, i);
    return little ? (value >> 8 | (value & 0xFF) << 8) : value;
  };
  const std::size_t directory = little ? little32(tiff, 4) : big32(tiff, 4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const std::size_t entries = u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * 12;
    if (tiff.size() - directory < 2 + (i + 1) * 12) return 1;
    if (u16(at) != 0x0112) continue;
    const std::uint32_t type = u16(at + 2);
    std::uint32_t value = 0;
    if (type == 3) value = u16(at + 8);
    if (type == 4) value = little ? little32(tiff, at + 8) : big32(tiff, at + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::string_view image_format_name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kWebp:
      return "WebP";
  }
  throw InternalError("image_format_name: format {}", static_cast<int>(format));
}

ImageInfo read_image_header(Bytes bytes, std::string_view name) {
  if (is_jpeg(bytes)) return read_jpeg_header(bytes, name);
  if (is_png(bytes)) return read_png_header(bytes, name);
  if (is_webp(bytes)) return read_webp_header(bytes, name);
  throw InputError("Reading the image {}: it is not a JPEG, PNG or WebP but {}", name,
                   guess_other_kind(bytes));
}

}  // namespace epicrisis
