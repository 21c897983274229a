#include "epicrisis/image/fingerprint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/image/resize.h"
#include "image/plane.h"

namespace epicrisis {
namespace {

constexpr int kSide = kThumbnailSide;
constexpr std::size_t kWaves = 8;

// Radius, in thumbnail pixels, of the disc that is compared: the dark corners and light reflexes of
// one camera are alike in all its pictures.
constexpr double kDisc = 13;
constexpr double kSameCorrelation = 0.65;

Thumbnail thumbnail_of(const Image& image, const Box& box) {
  const Plane gray = to_gray(resize_area(image, box, kSide, kSide));
  Thumbnail result{};
  std::copy(gray.values.begin(), gray.values.end(), result.begin());
  return result;
}

using CosineTable = std::array<std::array<double, kSide>, kWaves>;

CosineTable make_cosines() {
  CosineTable table{};
  for (std::size_t u = 0; u < kWaves; ++u) {
    for (std::size_t x = 0; x < kSide; ++x) {
      table[u][x] = std::cos(std::numbers::pi * (static_cast<double>(x) + 0.5) *
                             static_cast<double>(u) / kSide);
    }
  }
  return table;
}

// The 8 x 8 lowest waves of the cosine transform (DCT-II) of 32 x 32 gray values, each as one bit:
// above the median or not.
std::uint64_t hash_of(const Thumbnail& gray) {
  static const CosineTable cosines = make_cosines();
  std::array<std::array<double, kSide>, kWaves> across{};
  for (std::size_t u = 0; u < kWaves; ++u) {
    for (std::size_t y = 0; y < kSide; ++y) {
      double sum = 0;
      for (std::size_t x = 0; x < kSide; ++x) sum += gray[y * kSide + x] * cosines[u][x];
      across[u][y] = sum;
    }
  }
  std::array<double, kWaves * kWaves> waves{};
  for (std::size_t v = 0; v < kWaves; ++v) {
    for (std::size_t u = 0; u < kWaves; ++u) {
      double sum = 0;
      for (std::size_t y = 0; y < kSide; ++y) sum += across[u][y] * cosines[v][y];
      // Rounded, so that an even picture gives 0 and not the noise of the last digits.
      waves[v * kWaves + u] = std::round(sum * 1024) / 1024;
    }
  }
  auto sorted = waves;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    if (waves[i] > median) hash |= std::uint64_t{1} << i;
  }
  return hash;
}

// The fine structure inside the disc: each value less the mean of its 3 x 3 neighbours, then mean 0
// and length 1 (all 0 if there is no structure).
std::vector<double> fine_structure(const Thumbnail& gray) {
  std::vector<double> values;
  values.reserve(gray.size());
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double dx = x + 0.5 - kSide / 2.0;
      const double dy = y + 0.5 - kSide / 2.0;
      if (dx * dx + dy * dy > kDisc * kDisc) continue;
      const auto value = [&](int px, int py) {
        return static_cast<double>(
            gray[static_cast<std::size_t>(py) * kSide + static_cast<std::size_t>(px)]);
      };
      double sum = 0;
      for (int j = -1; j <= 1; ++j) {
        for (int i = -1; i <= 1; ++i) sum += value(x + i, y + j);
      }
      values.push_back(value(x, y) - sum / 9);
    }
  }
  double mean = 0;
  for (const double v : values) mean += v;
  mean /= static_cast<double>(values.size());
  double squares = 0;
  for (double& v : values) {
    v -= mean;
    squares += v * v;
  }
  const double length = std::sqrt(squares);
  for (double& v : values) v = length < 1e-6 ? 0 : v / length;
  return values;
}

bool same_region(std::uint64_t hash_a, const Thumbnail& a, std::uint64_t hash_b,
                 const Thumbnail& b) {
  if (std::popcount(hash_a ^ hash_b) > kNearDuplicateDistance) return false;
  return structure_correlation(a, b) >= kSameCorrelation;
}

}  // namespace

double structure_correlation(const Thumbnail& a, const Thumbnail& b) {
  const std::vector<double> first = fine_structure(a);
  const std::vector<double> second = fine_structure(b);
  double sum = 0;
  for (std::size_t i = 0; i < first.size(); ++i) sum += first[i] * second[i];
  return sum;
}

Fingerprint fingerprint(std::span<const std::byte> bytes, const Image& image) {
  if (image.width < 1 || image.height < 1) throw InternalError("fingerprint: no pixels");
  Fingerprint result;
  result.width = image.width;
  result.height = image.height;
  result.bytes_sha256 = sha256_hex(bytes);
  const std::string size = fmt::format("{}x{}", image.width, image.height);
  result.pixels_sha256 = sha256_of_fields(
      {size, {reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()}});
  const Box square = centre_square(image.width, image.height);
  const Box whole{0, 0, image.width, image.height};
  result.thumbnail = thumbnail_of(image, square);
  result.thumbnail_whole = square == whole ? result.thumbnail : thumbnail_of(image, whole);
  result.phash = hash_of(result.thumbnail);
  result.phash_whole = hash_of(result.thumbnail_whole);
  return result;
}

bool same_picture(const Fingerprint& a, const Fingerprint& b) {
  if (!a.pixels_sha256.empty() && a.pixels_sha256 == b.pixels_sha256) return true;
  return same_region(a.phash, a.thumbnail, b.phash, b.thumbnail) ||
         same_region(a.phash_whole, a.thumbnail_whole, b.phash_whole, b.thumbnail_whole);
}

}  // namespace epicrisis
