#include "epicrisis/image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/image/resize.h"

namespace epicrisis {
namespace {

constexpr int kFractionBits = 22;  // of weights: 8 bits of a pixel and 2 of overshoot beside them

// As Pillow cuts the ends of a window, of numbers below 0 too.
int towards_zero(double value) { return static_cast<int>(value); }

// Half the width of a filter, in pixels of the smaller picture.
double support_of(ResampleFilter filter) {
  switch (filter) {
    case ResampleFilter::kBox:
      return .5;
    case ResampleFilter::kBilinear:
    case ResampleFilter::kHamming:
      return 1;
    case ResampleFilter::kBicubic:
      return 2;
    case ResampleFilter::kLanczos:
      return 3;
  }
  return 1;
}

double sinc(double x) {
  if (x == 0) return 1;
  const double angle = x * std::numbers::pi;
  return std::sin(angle) / angle;
}

// The value at a distance from the centre.
double weight_at(ResampleFilter filter, double x) {
  const double distance = std::abs(x);
  switch (filter) {
    case ResampleFilter::kBox:
      return x > -.5 && x <= .5 ? 1 : 0;
    case ResampleFilter::kBilinear:
      return distance < 1 ? 1 - distance : 0;
    case ResampleFilter::kHamming:
      return distance < 1 ? sinc(distance) * (.54 + .46 * std::cos(distance * std::numbers::pi))
                          : 0;
    case ResampleFilter::kBicubic: {  // Keys 1981, with a = -1/2
      constexpr double kA = -.5;
      if (distance < 1) return ((kA + 2) * distance - (kA + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * kA;
      return 0;
    }
    case ResampleFilter::kLanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

// The source pixels of one pixel: `count` weights from `first`.
struct Reach {
  int first = 0;
  int count = 0;
  std::size_t weights = 0;  // offset into FilterAxis::weights
};

struct FilterAxis {
  std::vector<Reach> reaches;
  std::vector<std::int32_t> weights;
};

// Of the pixels [first, first + count) of `to`.
FilterAxis filter_axis(int from, int to, int first, int count, ResampleFilter filter) {
  const double scale = static_cast<double>(from) / to;
  const double widened = std::max(scale, 1.);
  const double support = support_of(filter) * widened;
  FilterAxis axis;
  std::vector<double> values;
  for (int i = first; i < first + count; ++i) {
    Reach reach;
    reach.weights = axis.weights.size();
    if (from == to) {
      reach.first = i;
      reach.count = 1;
      axis.weights.push_back(1 << kFractionBits);
      axis.reaches.push_back(reach);
      continue;
    }
    const double centre = (i + .5) * scale;
    reach.first = std::max(towards_zero(centre - support + .5), 0);
    reach.count = std::min(towards_zero(centre + support + .5), from) - reach.first;
    values.clear();
    double sum = 0;
    for (int k = 0; k < reach.count; ++k) {
      values.push_back(weight_at(filter, (k + reach.first - centre + .5) * (1 / widened)));
      sum += values.back();
    }
    for (const double value : values) {
      const double part = (sum == 0 ? value : value / sum) * (1 << kFractionBits);
      axis.weights.push_back(static_cast<std::int32_t>(part < 0 ? part - .5 : part + .5));
    }
    axis.reaches.push_back(reach);
  }
  return axis;
}

std::uint8_t as_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

// Pixels of `stride` bytes from each other, weighted.
void weigh(const std::uint8_t* from, std::ptrdiff_t stride, const FilterAxis& axis,
           const Reach& reach, std::uint8_t* to) {
  std::int32_t sums[3] = {1 << (kFractionBits - 1), 1 << (kFractionBits - 1),
                          1 << (kFractionBits - 1)};
  for (int k = 0; k < reach.count; ++k, from += stride) {
    const std::int32_t weight = axis.weights[reach.weights + static_cast<std::size_t>(k)];
    for (int c = 0; c < 3; ++c) sums[c] += weight * from[c];
  }
  for (int c = 0; c < 3; ++c) to[c] = as_byte(sums[c]);
}

// The part `window` of the whole picture resampled to width x height, and no more than it needs: a
// thin picture would become a very long one.
Image resample_window(const Image& image, int width, int height, const Box& window,
                      ResampleFilter filter) {
  const FilterAxis across = filter_axis(image.width, width, window.x, window.width, filter);
  const FilterAxis down = filter_axis(image.height, height, window.y, window.height, filter);
  const int first = down.reaches.front().first;
  const int rows = down.reaches.back().first + down.reaches.back().count - first;
  Image narrow(window.width, rows);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < window.width; ++x) {
      const Reach& reach = across.reaches[static_cast<std::size_t>(x)];
      weigh(image.at(reach.first, first + y), 3, across, reach, narrow.at(x, y));
    }
  }
  Image result(window.width, window.height);
  for (int y = 0; y < window.height; ++y) {
    const Reach& reach = down.reaches[static_cast<std::size_t>(y)];
    for (int x = 0; x < window.width; ++x) {
      weigh(narrow.at(x, reach.first - first), std::ptrdiff_t{3} * window.width, down, reach,
            result.at(x, y));
    }
  }
  return result;
}

// The side that belongs to `resized` as `side` does to `whole`, cut as torchvision and transformers
// do.
int in_proportion(int resized, int side, int whole) {
  const double length = static_cast<double>(resized) * side / whole;
  return std::max(static_cast<int>(length), 1);
}

std::pair<int, int> fitted_size(const Image& image, const PictureFit& fit) {
  const bool wide = image.width > image.height;
  switch (fit.fitting) {
    case PictureFitting::kSquash:
      return {fit.resized, fit.resized};
    case PictureFitting::kShortest:
      return wide ? std::pair(in_proportion(fit.resized, image.width, image.height), fit.resized)
                  : std::pair(fit.resized, in_proportion(fit.resized, image.height, image.width));
    case PictureFitting::kLongest: {
      const double ratio = static_cast<double>(std::max(image.width, image.height)) / fit.resized;
      const auto side = [&](int pixels) {
        return std::max(static_cast<int>(std::nearbyint(pixels / ratio)), 1);
      };
      return {side(image.width), side(image.height)};
    }
  }
  throw InternalError("no way to fit a picture");
}

// Where a centred square begins on a side, half of an odd rest to the even number as Python
// rounds; below 0 where it reaches beyond.
int begin_of_cut(int side, int size) {
  return side >= size ? static_cast<int>(std::nearbyint((side - size) / 2.)) : -((size - side) / 2);
}

}  // namespace

std::string_view resample_filter_name(ResampleFilter filter) {
  switch (filter) {
    case ResampleFilter::kBox:
      return "box";
    case ResampleFilter::kBilinear:
      return "bilinear";
    case ResampleFilter::kHamming:
      return "hamming";
    case ResampleFilter::kBicubic:
      return "bicubic";
    case ResampleFilter::kLanczos:
      return "lanczos";
  }
  return "";
}

std::string_view picture_fitting_name(PictureFitting fitting) {
  switch (fitting) {
    case PictureFitting::kShortest:
      return "shortest";
    case PictureFitting::kSquash:
      return "squash";
    case PictureFitting::kLongest:
      return "longest";
  }
  return "";
}

Image resample(const Image& image, int width, int height, ResampleFilter filter) {
  if (width < 1 || height < 1) throw InternalError("resample: to {}x{}", width, height);
  return resample_window(image, width, height, {0, 0, width, height}, filter);
}

Image fit_picture(const Image& image, const PictureFit& fit) {
  constexpr int kMin = 16;
  constexpr int kMax = 2048;
  for (const int side : {fit.size, fit.resized}) {
    if (side < kMin || side > kMax) {
      throw UsageError("Fitting pictures to {} pixels; {} to {} are possible", side, kMin, kMax);
    }
  }
  if (image.width < 1 || image.height < 1) throw InputError("Fitting a picture without pixels");
  const auto [width, height] = fitted_size(image, fit);
  const int left = begin_of_cut(width, fit.size);
  const int top = begin_of_cut(height, fit.size);
  const Box window{std::max(left, 0), std::max(top, 0), std::min(width, fit.size),
                   std::min(height, fit.size)};
  Image part = resample_window(image, width, height, window, fit.filter);
  if (part.width == fit.size && part.height == fit.size) return part;
  Image result(fit.size, fit.size);
  std::ranges::fill(result.pixels, fit.fill);
  for (int y = 0; y < part.height; ++y) {
    const std::uint8_t* from = part.at(0, y);
    std::copy(from, from + std::ptrdiff_t{3} * part.width,
              result.at(std::max(-left, 0), y + std::max(-top, 0)));
  }
  return result;
}

}  // namespace epicrisis
