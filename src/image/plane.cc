#include "image/plane.h"

#include <algorithm>

namespace epicrisis {
namespace {

struct Highest {
  static constexpr std::uint8_t kNeutral = 0;
  static std::uint8_t of(std::uint8_t a, std::uint8_t b) { return a > b ? a : b; }
};
struct Lowest {
  static constexpr std::uint8_t kNeutral = 255;
  static std::uint8_t of(std::uint8_t a, std::uint8_t b) { return a < b ? a : b; }
};

// values[i * step + c] for i in [0, count - window], c in [0, step): combines `window` entries that
// are `step` apart. The window doubles each round, from one buffer to the other, so that the loop
// is plain and the compiler uses vectors.
template <typename Pick>
void slide(std::vector<std::uint8_t>& values, std::vector<std::uint8_t>& spare, std::size_t count,
           std::size_t step, std::size_t window) {
  spare.resize(values.size());
  std::size_t done = 1;
  while (done < window) {
    const std::size_t shift = std::min(done, window - done);
    const std::size_t end = (count - done - shift + 1) * step;
    const std::uint8_t* __restrict from = values.data();
    const std::uint8_t* __restrict ahead = from + shift * step;
    std::uint8_t* __restrict to = spare.data();
    for (std::size_t i = 0; i < end; ++i) to[i] = Pick::of(from[i], ahead[i]);
    values.swap(spare);
    done += shift;
  }
}

template <typename Pick>
Plane filter_square(const Plane& plane, int radius) {
  const auto width = static_cast<std::size_t>(plane.width);
  const auto height = static_cast<std::size_t>(plane.height);
  const auto margin = static_cast<std::size_t>(radius);
  const std::size_t window = 2 * margin + 1;
  // Rows first, each in a padded copy; then all columns at once, with padding rows.
  std::vector<std::uint8_t> padded((height + 2 * margin) * width, Pick::kNeutral);
  std::vector<std::uint8_t> row(width + 2 * margin);
  std::vector<std::uint8_t> spare;
  for (std::size_t y = 0; y < height; ++y) {
    std::fill(row.begin(), row.end(), Pick::kNeutral);
    std::copy_n(plane.values.data() + y * width, width, row.data() + margin);
    slide<Pick>(row, spare, row.size(), 1, window);
    std::copy_n(row.data(), width, padded.data() + (y + margin) * width);
  }
  slide<Pick>(padded, spare, height + 2 * margin, width, window);
  Plane result(plane.width, plane.height);
  std::copy_n(padded.data(), result.values.size(), result.values.data());
  return result;
}

}  // namespace

Plane to_gray(const Image& image) {
  Plane gray(image.width, image.height);
  const std::uint8_t* from = image.pixels.data();
  for (std::size_t i = 0; i < gray.values.size(); ++i, from += 3) {
    gray.values[i] = static_cast<std::uint8_t>(
        (19595U * from[0] + 38470U * from[1] + 7471U * from[2] + 32768U) >> 16);
  }
  return gray;
}

Plane dilate(const Plane& plane, int radius) { return filter_square<Highest>(plane, radius); }
Plane erode(const Plane& plane, int radius) { return filter_square<Lowest>(plane, radius); }

Plane box_blur(const Plane& plane, int radius) {
  const int window = 2 * radius + 1;
  Plane across(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    int sum = 0;
    const auto value = [&](int x) { return plane.at(std::clamp(x, 0, plane.width - 1), y); };
    for (int x = -radius; x <= radius; ++x) sum += value(x);
    for (int x = 0; x < plane.width; ++x) {
      across.at(x, y) = static_cast<std::uint8_t>((sum + radius) / window);
      sum += value(x + radius + 1) - value(x - radius);
    }
  }
  Plane result(plane.width, plane.height);
  std::vector<int> sums(static_cast<std::size_t>(plane.width));
  const auto row = [&](int y) {
    return &across.values[across.index(0, std::clamp(y, 0, plane.height - 1))];
  };
  for (int y = -radius; y <= radius; ++y) {
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += row(y)[x];
  }
  for (int y = 0; y < plane.height; ++y) {
    const std::uint8_t* in = row(y + radius + 1);
    const std::uint8_t* out = row(y - radius);
    for (std::size_t x = 0; x < sums.size(); ++x) {
      result.at(static_cast<int>(x), y) = static_cast<std::uint8_t>((sums[x] + radius) / window);
      sums[x] += in[x] - out[x];
    }
  }
  return result;
}

Regions find_regions(const Plane& mask) {
  Regions regions;
  regions.labels.assign(mask.values.size(), 0);
  std::vector<std::size_t> open;
  for (std::size_t start = 0; start < mask.values.size(); ++start) {
    if (mask.values[start] == 0 || regions.labels[start] != 0) continue;
    const auto label = static_cast<std::int32_t>(regions.areas.size() + 1);
    int area = 0;
    regions.labels[start] = label;
    open.push_back(start);
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      ++area;
      const int x = static_cast<int>(at % static_cast<std::size_t>(mask.width));
      const int y = static_cast<int>(at / static_cast<std::size_t>(mask.width));
      for (int ny = std::max(0, y - 1); ny <= std::min(mask.height - 1, y + 1); ++ny) {
        for (int nx = std::max(0, x - 1); nx <= std::min(mask.width - 1, x + 1); ++nx) {
          const std::size_t next = mask.index(nx, ny);
          if (mask.values[next] == 0 || regions.labels[next] != 0) continue;
          regions.labels[next] = label;
          open.push_back(next);
        }
      }
    }
    regions.areas.push_back(area);
  }
  return regions;
}

std::vector<RegionBox> region_boxes(const Regions& regions, int width) {
  const int height = static_cast<int>(regions.labels.size()) / std::max(width, 1);
  std::vector<RegionBox> boxes(regions.areas.size() + 1, {width, height, -1, -1});
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x);
      RegionBox& box = boxes[static_cast<std::size_t>(regions.labels[at])];
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x),
             std::max(box.bottom, y)};
    }
  }
  return boxes;
}

bool is_compact(const RegionBox& box, int area) {
  return std::max(box.width(), box.height()) <= 2 * std::min(box.width(), box.height()) &&
         2 * area >= box.width() * box.height();
}

}  // namespace epicrisis
