#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "epicrisis/image/prepare.h"
#include "image/plane.h"

namespace epicrisis {
namespace {

constexpr int kSmallSide = 160;    // the search runs on a picture of this long side
constexpr int kDark = 44;          // brightest channel of a frame's pixel, at most
constexpr int kMaxStep = 2;        // median step between neighbours in a frame: hair has more
constexpr double kMaxMean = 26;    // mean brightness of a frame: a black subject has more
constexpr double kMaxDark = 0.35;  // dark share of a side that may stay
constexpr double kMaxCut = 0.25;   // of a side's length, from each end: a field is never smaller

// 1 where the picture is dark and smooth and the region reaches a corner, as a frame or the outside
// of a round field does; a black subject in the middle and dark hair at the rim do not.
Plane dark_corners(const Image& small) {
  Plane brightest(small.width, small.height);
  Plane dark(small.width, small.height);
  for (std::size_t i = 0; i < dark.values.size(); ++i) {
    const std::uint8_t* pixel = &small.pixels[3 * i];
    brightest.values[i] = std::max({pixel[0], pixel[1], pixel[2]});
    dark.values[i] = brightest.values[i] <= kDark ? 1 : 0;
  }
  const Regions regions = find_regions(dark);
  // Steps and brightness of each region; steps beyond the table count as its last entry.
  struct Look {
    std::array<int, kMaxStep + 2> steps{};
    int pairs = 0;
    double brightness = 0;
  };
  std::vector<Look> looks(regions.areas.size() + 1);
  for (std::size_t i = 0; i + 1 < dark.values.size(); ++i) {
    Look& look = looks[static_cast<std::size_t>(regions.labels[i])];
    look.brightness += brightest.values[i];
    if (regions.labels[i] == 0 || regions.labels[i] != regions.labels[i + 1]) continue;
    const int step = std::abs(int{brightest.values[i]} - int{brightest.values[i + 1]});
    ++look.steps[static_cast<std::size_t>(std::min(step, kMaxStep + 1))];
    ++look.pairs;
  }
  const auto is_frame = [&](std::size_t label) {
    const Look& look = looks[label];
    return look.brightness <= kMaxMean * regions.areas[label - 1] &&
           2 * look.steps.back() <= look.pairs;
  };
  std::vector<bool> frame(regions.areas.size() + 1, false);
  const int right = small.width - 1;
  const int bottom = small.height - 1;
  for (const std::size_t corner :
       {dark.index(0, 0), dark.index(right, 0), dark.index(0, bottom), dark.index(right, bottom)}) {
    const auto label = static_cast<std::size_t>(regions.labels[corner]);
    if (label != 0) frame[label] = is_frame(label);
  }
  for (std::size_t i = 0; i < dark.values.size(); ++i) {
    dark.values[i] = frame[static_cast<std::size_t>(regions.labels[i])] ? 1 : 0;
  }
  return dark;
}

struct Edges {
  int left, top, right, bottom;  // the first and last column and row that stay
};

// Dark share of each side of the rectangle: left, top, right, bottom.
std::array<double, 4> dark_shares(const Plane& dark, const Edges& e) {
  std::array<double, 4> shares{};
  for (int y = e.top; y <= e.bottom; ++y) {
    shares[0] += dark.at(e.left, y);
    shares[2] += dark.at(e.right, y);
  }
  for (int x = e.left; x <= e.right; ++x) {
    shares[1] += dark.at(x, e.top);
    shares[3] += dark.at(x, e.bottom);
  }
  const double height = e.bottom - e.top + 1;
  const double width = e.right - e.left + 1;
  return {shares[0] / height, shares[1] / width, shares[2] / height, shares[3] / width};
}

}  // namespace

Box find_field(const Image& image) {
  const Box whole{0, 0, image.width, image.height};
  const int longest = std::max(image.width, image.height);
  if (std::min(image.width, image.height) < 32) return whole;
  const int side = std::min(kSmallSide, longest);
  const int width = std::max(1, image.width * side / longest);
  const int height = std::max(1, image.height * side / longest);
  const Plane dark = dark_corners(resize_area(image, width, height));
  Edges edges{0, 0, width - 1, height - 1};
  const int most_x = static_cast<int>(width * kMaxCut);
  const int most_y = static_cast<int>(height * kMaxCut);
  // Takes the darkest side away, one row or column at a time, until all four are light enough.
  while (true) {
    std::array<double, 4> shares = dark_shares(dark, edges);
    if (edges.left >= most_x) shares[0] = 0;
    if (edges.top >= most_y) shares[1] = 0;
    if (width - 1 - edges.right >= most_x) shares[2] = 0;
    if (height - 1 - edges.bottom >= most_y) shares[3] = 0;
    const auto worst = std::max_element(shares.begin(), shares.end());
    if (*worst <= kMaxDark) break;
    switch (worst - shares.begin()) {
      case 0:
        ++edges.left;
        break;
      case 1:
        ++edges.top;
        break;
      case 2:
        --edges.right;
        break;
      default:
        --edges.bottom;
    }
  }
  // Back to whole pixels of the picture; rounded inwards where something was cut, so that no dark
  // line stays.
  const auto scaled = [](int value, int from, int to) {
    return static_cast<int>((std::int64_t{value} * to + from - 1) / from);
  };
  Box field;
  field.x = scaled(edges.left, width, image.width);
  field.y = scaled(edges.top, height, image.height);
  field.width = static_cast<int>(std::int64_t{edges.right + 1} * image.width / width) - field.x;
  field.height = static_cast<int>(std::int64_t{edges.bottom + 1} * image.height / height) - field.y;
  return field;
}

}  // namespace epicrisis
