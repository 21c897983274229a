#include "epicrisis/image/segment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "image/plane.h"

namespace epicrisis {
namespace {

constexpr int kLongSide = 128;
constexpr int kDarkField = 56;       // as in field.cc: frame and corners are no background
constexpr double kMinContrast = 18;  // gray levels between subject and background
constexpr double kMinArea = 0.004;   // of the picture
constexpr double kMaxArea = 0.65;
constexpr double kMaxTouch = 0.04;   // of the picture's rim that the subject may cover
constexpr double kMaxSecond = 0.35;  // area of the next region: more, and which is the subject?
constexpr double kMinFill = 0.35;    // of the bounding box

std::uint8_t median(std::array<int, 256> histogram) {
  int total = 0;
  for (const int n : histogram) total += n;
  int seen = 0;
  for (std::size_t v = 0; v < histogram.size(); ++v) {
    seen += histogram[v];
    if (2 * seen >= total) return static_cast<std::uint8_t>(v);
  }
  return 255;
}

bool is_dark_field(const std::uint8_t* pixel) {
  return std::max({pixel[0], pixel[1], pixel[2]}) <= kDarkField;
}

// The usual colour of the outer tenth of the picture.
std::array<std::uint8_t, 3> background_colour(const Image& small) {
  const int margin = std::max(2, std::min(small.width, small.height) / 10);
  std::array<std::array<int, 256>, 3> histograms{};
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      const bool rim =
          x < margin || y < margin || x >= small.width - margin || y >= small.height - margin;
      const std::uint8_t* pixel = small.at(x, y);
      if (!rim || is_dark_field(pixel)) continue;
      for (std::size_t c = 0; c < 3; ++c) ++histograms[c][pixel[c]];
    }
  }
  return {median(histograms[0]), median(histograms[1]), median(histograms[2])};
}

// How much darker than the background each pixel is, mean of the channels; smoothed. Frame and dark
// corners count as background.
Plane darkness(const Image& small) {
  const auto background = background_colour(small);
  Plane result(small.width, small.height);
  const auto rim = [&](std::size_t i) {
    const auto x = static_cast<int>(i % static_cast<std::size_t>(small.width));
    const auto y = static_cast<int>(i / static_cast<std::size_t>(small.width));
    const double dx = (x + 0.5) / small.width - 0.5;
    const double dy = (y + 0.5) / small.height - 0.5;
    return dx * dx + dy * dy > 0.18;  // outside the ellipse that a round field would leave light
  };
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const std::uint8_t* pixel = &small.pixels[3 * i];
    if (is_dark_field(pixel) && rim(i)) continue;
    int sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::max(0, background[c] - pixel[c]);
    result.values[i] = static_cast<std::uint8_t>(sum / 3);
  }
  return box_blur(result, 2);
}

// Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE SMC 9, 1979: the cut that
// makes the two classes' means differ most.
int otsu_threshold(const Plane& plane) {
  std::array<double, 256> histogram{};
  for (const std::uint8_t v : plane.values) histogram[v] += 1;
  const auto total = static_cast<double>(plane.values.size());
  double sum = 0;
  for (std::size_t v = 0; v < 256; ++v) sum += static_cast<double>(v) * histogram[v];
  double below = 0;
  double below_sum = 0;
  double best = -1;
  int threshold = 255;
  for (std::size_t v = 0; v + 1 < 256; ++v) {
    below += histogram[v];
    below_sum += static_cast<double>(v) * histogram[v];
    if (below == 0 || below == total) continue;
    const double difference = below_sum / below - (sum - below_sum) / (total - below);
    const double between = below * (total - below) * difference * difference;
    if (between > best) {
      best = between;
      threshold = static_cast<int>(v) + 1;
    }
  }
  return threshold;
}

// Regions of the background that do not reach the rim become part of the mask.
void fill_holes(Plane& mask) {
  Plane background(mask.width, mask.height);
  for (std::size_t i = 0; i < mask.values.size(); ++i) background.values[i] = mask.values[i] == 0;
  const Regions regions = find_regions(background);
  std::vector<bool> open(regions.areas.size() + 1, false);
  for (int x = 0; x < mask.width; ++x) {
    open[static_cast<std::size_t>(regions.labels[mask.index(x, 0)])] = true;
    open[static_cast<std::size_t>(regions.labels[mask.index(x, mask.height - 1)])] = true;
  }
  for (int y = 0; y < mask.height; ++y) {
    open[static_cast<std::size_t>(regions.labels[mask.index(0, y)])] = true;
    open[static_cast<std::size_t>(regions.labels[mask.index(mask.width - 1, y)])] = true;
  }
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    const auto label = static_cast<std::size_t>(regions.labels[i]);
    if (label != 0 && !open[label]) mask.values[i] = 1;
  }
}

// Keeps the region with the most area, counted more the nearer a pixel is to the middle. Returns
// the largest other region's share of it.
double keep_main_region(Plane& mask) {
  const Regions regions = find_regions(mask);
  if (regions.areas.empty()) return 0;
  std::vector<double> weights(regions.areas.size() + 1, 0.0);
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      const auto label = static_cast<std::size_t>(regions.labels[mask.index(x, y)]);
      if (label == 0) continue;
      const double dx = 2 * (x + 0.5) / mask.width - 1;
      const double dy = 2 * (y + 0.5) / mask.height - 1;
      weights[label] += std::exp(-2 * (dx * dx + dy * dy));
    }
  }
  const auto main = static_cast<std::size_t>(std::max_element(weights.begin() + 1, weights.end()) -
                                             weights.begin());
  int second = 0;
  for (std::size_t label = 1; label < weights.size(); ++label) {
    if (label != main) second = std::max(second, regions.areas[label - 1]);
  }
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    mask.values[i] = static_cast<std::size_t>(regions.labels[i]) == main ? 1 : 0;
  }
  return static_cast<double>(second) / regions.areas[main - 1];
}

}  // namespace

SubjectMask segment_subject(const Image& image) {
  SubjectMask result;
  const int longest = std::max(image.width, image.height);
  if (std::min(image.width, image.height) < 16) return result;
  const int side = std::min(kLongSide, longest);
  result.width = std::max(1, static_cast<int>(std::int64_t{image.width} * side / longest));
  result.height = std::max(1, static_cast<int>(std::int64_t{image.height} * side / longest));
  const Image small = resize_area(image, result.width, result.height);
  const Plane dark = darkness(small);
  const int threshold = otsu_threshold(dark);
  Plane mask(result.width, result.height);
  for (std::size_t i = 0; i < mask.values.size(); ++i) mask.values[i] = dark.values[i] >= threshold;
  mask = dilate(erode(mask, 1), 1);  // hairs and specks
  const double second = keep_main_region(mask);
  fill_holes(mask);

  int count = 0;
  int rim = 0;
  double inside = 0;
  double outside = 0;
  int left = result.width;
  int top = result.height;
  int right = -1;
  int bottom = -1;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      (mask.at(x, y) != 0 ? inside : outside) += dark.at(x, y);
      if (mask.at(x, y) == 0) continue;
      ++count;
      if (x == 0 || y == 0 || x == mask.width - 1 || y == mask.height - 1) ++rim;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  result.inside = mask.values;
  const auto total = static_cast<double>(mask.values.size());
  if (count == 0 || count == static_cast<int>(mask.values.size())) return result;
  result.area = count / total;
  result.contrast = inside / count - outside / (total - count);
  const auto down = [](int v, int to, int from) {
    return static_cast<int>(std::int64_t{v} * to / from);
  };
  const auto up = [](int v, int to, int from) {
    return static_cast<int>((std::int64_t{v} * to + from - 1) / from);
  };
  result.box.x = down(left, image.width, mask.width);
  result.box.y = down(top, image.height, mask.height);
  result.box.width = up(right + 1, image.width, mask.width) - result.box.x;
  result.box.height = up(bottom + 1, image.height, mask.height) - result.box.y;
  const double touch = rim / (2.0 * (mask.width + mask.height));
  const double fill = count / (double(right - left + 1) * (bottom - top + 1));
  // Each is .5 at its limit.
  const auto below = [](double value, double limit) {
    return std::clamp(1 - value / (2 * limit), 0.0, 1.0);
  };
  const auto above = [](double value, double limit) {
    return std::clamp(value / (2 * limit), 0.0, 1.0);
  };
  result.certainty = std::min({above(result.area, kMinArea), below(result.area, kMaxArea),
                               above(result.contrast, kMinContrast), below(touch, kMaxTouch),
                               below(second, kMaxSecond), above(fill, kMinFill)});
  result.certain = result.area >= kMinArea && result.area <= kMaxArea &&
                   result.contrast >= kMinContrast && touch <= kMaxTouch && second <= kMaxSecond &&
                   fill >= kMinFill;
  return result;
}

}  // namespace epicrisis
