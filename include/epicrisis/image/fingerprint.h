#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "epicrisis/image/image.h"

namespace epicrisis {

inline constexpr int kThumbnailSide = 16;
using Thumbnail = std::array<std::uint8_t, std::size_t{kThumbnailSide} * kThumbnailSide>;

// Grows when any field below changes its meaning: stored fingerprints of another version are
// computed again.
inline constexpr int kFingerprintVersion = 1;

// What tells whether two files show the same picture, from "the same bytes" to "the same
// photograph, scaled, cropped to its centre square or squeezed to a square, and compressed again".
struct Fingerprint {
  std::string bytes_sha256;   // of the file
  std::string pixels_sha256;  // of width, height and upright RGB: the same for a file re-packed
                              // without loss
  // 64-bit perceptual hashes of the centre square and of the whole picture squeezed to a square.
  // Two are needed: data sets crop to the one or scale to the other. The same for square pictures.
  std::uint64_t phash = 0;
  std::uint64_t phash_whole = 0;
  // The same two regions in gray, small, for the second look that same_picture() takes.
  Thumbnail thumbnail{};
  Thumbnail thumbnail_whole{};
  int width = 0;
  int height = 0;
};

// `bytes` is the file, `image` what it decodes to.
Fingerprint fingerprint(std::span<const std::byte> bytes, const Image& image);

// Pairs whose phash (or phash_whole) differ in at most so many bits are worth same_picture().
inline constexpr int kNearDuplicateDistance = 10;

// Whether both show the same photograph, by hashes and thumbnails.
bool same_picture(const Fingerprint& a, const Fingerprint& b);

}  // namespace epicrisis
