#include "epicrisis/image/resize.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

// Weights are whole numbers so that every machine gives the same bytes.
constexpr std::uint32_t kOne = 1 << 16;

// Which source pixels make one target pixel: `count` weights from `first`; they add up to kOne.
struct Span {
  int first = 0;
  std::size_t weights = 0;  // offset into Axis::weights
  int count = 0;
};

struct Axis {
  std::vector<Span> spans;
  std::vector<std::uint32_t> weights;
};

// In units of 1/to of a source pixel, target pixel i covers [i * from, (i + 1) * from).
Axis shrink_axis(int from, int to) {
  Axis axis;
  for (std::int64_t i = 0; i < to; ++i) {
    const std::int64_t begin = i * from;
    const std::int64_t end = begin + from;
    Span span;
    span.first = static_cast<int>(begin / to);
    span.weights = axis.weights.size();
    std::int64_t covered = 0;
    std::int64_t given = 0;
    for (std::int64_t j = span.first; j * to < end; ++j) {
      covered += std::min(end, (j + 1) * to) - std::max(begin, j * to);
      // Rounding the running sum, not each weight, keeps the total exact.
      const std::int64_t sum = (covered * kOne + from / 2) / from;
      axis.weights.push_back(static_cast<std::uint32_t>(sum - given));
      given = sum;
      ++span.count;
    }
    axis.spans.push_back(span);
  }
  return axis;
}

// Linear between the two nearest pixel centres.
Axis grow_axis(int from, int to) {
  Axis axis;
  for (std::int64_t i = 0; i < to; ++i) {
    // Twice the distance from the first pixel's centre, in units of 1/to.
    const std::int64_t twice =
        std::clamp<std::int64_t>((2 * i + 1) * from - to, 0, std::int64_t{2} * (from - 1) * to);
    Span span;
    span.first = static_cast<int>(twice / (2 * std::int64_t{to}));
    span.weights = axis.weights.size();
    const std::int64_t part = twice - std::int64_t{span.first} * 2 * to;
    const auto second = static_cast<std::uint32_t>((part * kOne + to) / (2 * std::int64_t{to}));
    axis.weights.push_back(kOne - second);
    span.count = 1;
    if (second != 0) {
      axis.weights.push_back(second);
      span.count = 2;
    }
    axis.spans.push_back(span);
  }
  return axis;
}

Axis make_axis(int from, int to) {
  return to <= from ? shrink_axis(from, to) : grow_axis(from, to);
}

void check_inside(const Image& image, const Box& box) {
  const bool inside = box.x >= 0 && box.y >= 0 && box.width >= 1 && box.height >= 1 &&
                      box.width <= image.width - box.x && box.height <= image.height - box.y;
  if (!inside) {
    throw InternalError("crop: box {},{} {}x{} in a picture of {}x{}", box.x, box.y, box.width,
                        box.height, image.width, image.height);
  }
}

}  // namespace

Image crop(const Image& image, const Box& box) {
  check_inside(image, box);
  Image result(box.width, box.height);
  for (int y = 0; y < box.height; ++y) {
    const std::uint8_t* from = image.at(box.x, box.y + y);
    std::copy(from, from + std::ptrdiff_t{3} * box.width, result.at(0, y));
  }
  return result;
}

Box centre_square(int width, int height) {
  const int side = std::min(width, height);
  return {(width - side) / 2, (height - side) / 2, side, side};
}

Image resize_area(const Image& image, int width, int height) {
  return resize_area(image, Box{0, 0, image.width, image.height}, width, height);
}

Image resize_area(const Image& image, const Box& box, int width, int height) {
  check_inside(image, box);
  if (width < 1 || height < 1) throw InternalError("resize_area: to {}x{}", width, height);
  if (width == box.width && height == box.height) return crop(image, box);
  const Axis across = make_axis(box.width, width);
  const Axis down = make_axis(box.height, height);
  const auto values = static_cast<std::size_t>(width) * 3;
  Image result(width, height);
  std::vector<std::uint16_t> row(values);  // one source row across the new width, 8 fraction bits
  std::vector<std::uint32_t> sum(values);
  int row_is = -1;
  for (int y = 0; y < height; ++y) {
    const Span& rows = down.spans[static_cast<std::size_t>(y)];
    std::fill(sum.begin(), sum.end(), 0);
    for (int k = 0; k < rows.count; ++k) {
      const int source_y = rows.first + k;
      if (source_y != row_is) {
        const std::uint8_t* source = image.at(box.x, box.y + source_y);
        for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
          const Span& columns = across.spans[x];
          const std::uint8_t* from = source + std::ptrdiff_t{3} * columns.first;
          std::uint32_t red = kOne >> 9;  // half of what the shift below cuts off
          std::uint32_t green = red;
          std::uint32_t blue = red;
          for (int j = 0; j < columns.count; ++j, from += 3) {
            const std::uint32_t weight =
                across.weights[columns.weights + static_cast<std::size_t>(j)];
            red += weight * from[0];
            green += weight * from[1];
            blue += weight * from[2];
          }
          row[3 * x] = static_cast<std::uint16_t>(red >> 8);
          row[3 * x + 1] = static_cast<std::uint16_t>(green >> 8);
          row[3 * x + 2] = static_cast<std::uint16_t>(blue >> 8);
        }
        row_is = source_y;
      }
      // At most 255 * 2^8 * 2^16, and weights of a span add up to 2^16: no overflow.
      const std::uint32_t weight = down.weights[rows.weights + static_cast<std::size_t>(k)];
      for (std::size_t i = 0; i < values; ++i) sum[i] += weight * row[i];
    }
    std::uint8_t* target = result.at(0, y);
    for (std::size_t i = 0; i < values; ++i) {
      target[i] = static_cast<std::uint8_t>((sum[i] + (1U << 23)) >> 24);
    }
  }
  return result;
}

}  // namespace epicrisis
