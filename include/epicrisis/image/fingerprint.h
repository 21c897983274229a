#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "epicrisis/image/image.h"

namespace epicrisis {

inline constexpr int kThumbnailSide = 32;
using Thumbnail = std::array<std::uint8_t, std::size_t{kThumbnailSide} * kThumbnailSide>;

// Grows when any field below changes its meaning: stored fingerprints of another version are
// computed again.
inline constexpr int kFingerprintVersion = 1;

// What tells whether two files show the same picture, from "the same bytes" to "the same
// photograph, scaled, cropped to its centre square or squeezed to a square, tinted and compressed
// again".
struct Fingerprint {
  std::string bytes_sha256;   // of the file
  std::string pixels_sha256;  // of width, height and upright RGB: the same for a file re-packed
                              // without loss
  // 64-bit perceptual hashes of the centre square and of the whole picture squeezed to a square.
  // Two are needed: data sets crop to the one or scale to the other. The same for square pictures.
  // The lowest 8 x 8 waves of the cosine transform of 32 x 32 gray values, cut at their median
  // (after Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, but
  // with the lowest row and column, which here separate better).
  std::uint64_t phash = 0;
  std::uint64_t phash_whole = 0;
  // The same two regions in gray, for the second look that same_picture() takes.
  Thumbnail thumbnail{};
  Thumbnail thumbnail_whole{};
  int width = 0;
  int height = 0;
};

// `bytes` is the file, `image` what it decodes to.
Fingerprint fingerprint(std::span<const std::byte> bytes, const Image& image);

// Pairs whose phash or whose phash_whole differ in at most so many bits are worth same_picture().
// The hash alone is no verdict: subjects are blobs in the middle of background, and among 6,570
// real pictures 12,000 pairs come this near, of which about 140 are the same photograph.
inline constexpr int kNearDuplicateDistance = 12;

// Whether both show the same photograph: equal pixels, or hashes within kNearDuplicateDistance and
// fine structures of the same region that correlate by 0.65 or more. docs/preparation.md has what
// this finds and misses among real pictures.
bool same_picture(const Fingerprint& a, const Fingerprint& b);

// Hashes of a thumbnail in the seven other ways to lay it: turned by quarters, mirrored, both.
using TurnedHashes = std::array<std::uint64_t, 7>;
TurnedHashes turned_hashes(const Thumbnail& thumbnail);

// Turned or mirrored copies have hashes within so many bits: nothing but scaling and compression is
// between them, and seven times as many pairs come near by chance.
inline constexpr int kTurnedDistance = 6;

// Whether one shows the photograph of the other turned by quarters, mirrored or both: the bits in
// which their hashes differ then. As same_picture(), with hashes within kTurnedDistance and fine
// structures that correlate by 0.75 or more.
std::optional<int> same_picture_turned(const Fingerprint& a, const Fingerprint& b);

// Correlation, -1 to 1, of two thumbnails' fine structure (each value less the mean of its 3 x 3
// neighbours) inside a disc that leaves out the corners; 0 if one has none.
double structure_correlation(const Thumbnail& a, const Thumbnail& b);

}  // namespace epicrisis
