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
constexpr double kTurnedCorrelation = 0.75;  // seven more chances to be alike by chance

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

// The 8 x 8 lowest waves of the cosine transform (DCT-II) of 32 x 32 gray values, a row for each
// wave down.
using Waves = std::array<double, kWaves * kWaves>;

Waves waves_of(const Thumbnail& gray) {
  static const CosineTable cosines = make_cosines();
  std::array<std::array<double, kSide>, kWaves> across{};
  for (std::size_t u = 0; u < kWaves; ++u) {
    for (std::size_t y = 0; y < kSide; ++y) {
      double sum = 0;
      for (std::size_t x = 0; x < kSide; ++x) sum += gray[y * kSide + x] * cosines[u][x];
      across[u][y] = sum;
    }
  }
  Waves waves{};
  for (std::size_t v = 0; v < kWaves; ++v) {
    for (std::size_t u = 0; u < kWaves; ++u) {
      double sum = 0;
      for (std::size_t y = 0; y < kSide; ++y) sum += across[u][y] * cosines[v][y];
      // Rounded, so that an even picture gives 0 and not the noise of the last digits.
      waves[v * kWaves + u] = std::round(sum * 1024) / 1024;
    }
  }
  return waves;
}

// Each as one bit: above the median or not.
std::uint64_t hash_of(const Waves& waves) {
  auto sorted = waves;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    if (waves[i] > median) hash |= std::uint64_t{1} << i;
  }
  return hash;
}

std::uint64_t hash_of(const Thumbnail& gray) { return hash_of(waves_of(gray)); }

// The ways to turn and mirror a square, as bits: left to right, upside down, then along the
// diagonal. 0 leaves it as it is.
constexpr unsigned kAcross = 1;
constexpr unsigned kDown = 2;
constexpr unsigned kDiagonal = 4;

Thumbnail turned(const Thumbnail& gray, unsigned way) {
  Thumbnail result{};
  constexpr std::size_t kEdge = kSide;
  for (std::size_t y = 0; y < kEdge; ++y) {
    for (std::size_t x = 0; x < kEdge; ++x) {
      std::size_t from_x = (way & kDiagonal) != 0 ? y : x;
      std::size_t from_y = (way & kDiagonal) != 0 ? x : y;
      if ((way & kAcross) != 0) from_x = kEdge - 1 - from_x;
      if ((way & kDown) != 0) from_y = kEdge - 1 - from_y;
      result[y * kEdge + x] = gray[from_y * kEdge + from_x];
    }
  }
  return result;
}

// A mirrored picture has the same waves, the odd ones with the other sign.
Waves turned(const Waves& waves, unsigned way) {
  Waves result{};
  for (std::size_t v = 0; v < kWaves; ++v) {
    for (std::size_t u = 0; u < kWaves; ++u) {
      const std::size_t from_u = (way & kDiagonal) != 0 ? v : u;
      const std::size_t from_v = (way & kDiagonal) != 0 ? u : v;
      const bool minus =
          ((way & kAcross) != 0 && from_u % 2 == 1) != ((way & kDown) != 0 && from_v % 2 == 1);
      const double wave = waves[from_v * kWaves + from_u];
      result[v * kWaves + u] = minus ? -wave : wave;
    }
  }
  return result;
}

std::optional<int> turned_distance(std::uint64_t hash, const Thumbnail& gray,
                                   const Thumbnail& other) {
  std::optional<int> nearest;
  const TurnedHashes hashes = turned_hashes(other);
  for (unsigned way = 1; way <= hashes.size(); ++way) {
    const int distance = std::popcount(hash ^ hashes[way - 1]);
    if (distance > kTurnedDistance || (nearest && distance >= *nearest)) continue;
    if (structure_correlation(gray, turned(other, way)) >= kTurnedCorrelation) nearest = distance;
  }
  return nearest;
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

TurnedHashes turned_hashes(const Thumbnail& thumbnail) {
  const Waves waves = waves_of(thumbnail);
  TurnedHashes hashes{};
  for (unsigned way = 1; way <= hashes.size(); ++way) hashes[way - 1] = hash_of(turned(waves, way));
  return hashes;
}

std::optional<int> same_picture_turned(const Fingerprint& a, const Fingerprint& b) {
  const auto centre = turned_distance(a.phash, a.thumbnail, b.thumbnail);
  const auto whole = turned_distance(a.phash_whole, a.thumbnail_whole, b.thumbnail_whole);
  if (centre && whole) return std::min(*centre, *whole);
  return centre ? centre : whole;
}

bool same_picture(const Fingerprint& a, const Fingerprint& b) {
  if (!a.pixels_sha256.empty() && a.pixels_sha256 == b.pixels_sha256) return true;
  return same_region(a.phash, a.thumbnail, b.phash, b.thumbnail) ||
         same_region(a.phash_whole, a.thumbnail_whole, b.phash_whole, b.thumbnail_whole);
}

}  // namespace epicrisis
