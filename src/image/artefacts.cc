#include "image/artefacts.h"

#include <algorithm>
#include <array>

namespace epicrisis {
namespace {

constexpr double kInkFull = 0.02;  // share of the picture from which ink is sure
constexpr int kTickDepth = 14;     // gray levels below the surroundings
constexpr int kReflex = 34;        // gray levels above them
constexpr double kManyBubbles = 12;

double ramp(double value, double from, double to) {
  return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

// How much more blue than red (green than red) a pixel is.
int blueness(const std::uint8_t* pixel) { return int{pixel[2]} - int{pixel[0]}; }
int greenness(const std::uint8_t* pixel) { return int{pixel[1]} - int{pixel[0]}; }

template <typename Value>
int median_outside(const Image& image, const Plane& inside, Value value) {
  std::array<int, 511> histogram{};
  int count = 0;
  for (std::size_t i = 0; i < inside.values.size(); ++i) {
    if (inside.values[i] != 0) continue;
    const int bin = value(&image.pixels[3 * i]) + 255;
    ++histogram[static_cast<std::size_t>(bin)];
    ++count;
  }
  int seen = 0;
  for (std::size_t v = 0; v < histogram.size(); ++v) {
    seen += histogram[v];
    if (2 * seen >= count) return static_cast<int>(v) - 255;
  }
  return 0;
}

// A pen's blue, violet or green beside what is usual in the picture, as lamps tint too. Hairs and
// shadows are as gray as they are dark: they are bluer than tissue, but no bluer than green.
double find_ink(const Image& image, const Plane& inside, Artefacts& found) {
  const int usual_blue = median_outside(image, inside, blueness);
  const int usual_green = median_outside(image, inside, greenness);
  Plane mask(image.width, image.height);
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    const std::uint8_t* pixel = &image.pixels[3 * i];
    if (inside.values[i] != 0 || std::max({pixel[0], pixel[1], pixel[2]}) < 60) continue;
    const bool violet = blueness(pixel) > usual_blue + 32 && pixel[2] > pixel[1] + 14;
    const bool green = greenness(pixel) > usual_green + 40 && pixel[1] > pixel[0] + 25;
    mask.values[i] = violet || green ? 1 : 0;
  }
  const Regions regions = find_regions(mask);
  double pixels = 0;
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    const auto label = static_cast<std::size_t>(regions.labels[i]);
    if (label == 0 || regions.areas[label - 1] < 12) continue;  // specks of compression
    ++pixels;
    found.marks[i] = Artefacts::kInk;
  }
  const double share = pixels / static_cast<double>(mask.values.size());
  return ramp(share, 0, 2 * kInkFull);
}

// How evenly `ticks` (of a side's length) repeat: the highest autocorrelation at a distance of 5 to
// 28 pixels, less that at half of it, which long stains have too.
double evenness(const std::vector<int>& ticks) {
  const auto n = static_cast<int>(ticks.size());
  double mean = 0;
  for (const int v : ticks) mean += v;
  mean /= n;
  const auto at = [&](int lag) {
    double sum = 0;
    for (int i = 0; i + lag < n; ++i) {
      const int later = i + lag;
      sum += (ticks[static_cast<std::size_t>(i)] - mean) *
             (ticks[static_cast<std::size_t>(later)] - mean);
    }
    return sum;
  };
  const double whole = at(0);
  if (whole <= 0) return 0;
  double best = 0;
  for (int lag = 5; lag <= std::min(28, n / 5); ++lag) {
    best = std::max(best, (std::min(at(lag), at(2 * lag)) - std::max(0.0, at(lag / 2))) / whole);
  }
  return best;
}

// Ticks along each side, in the outer sixth of the picture.
double find_ruler(const Plane& gray, const Plane& inside, Artefacts& found) {
  const Plane closed = erode(dilate(gray, 3), 3);
  Plane dark(gray.width, gray.height);
  for (std::size_t i = 0; i < gray.values.size(); ++i) {
    dark.values[i] =
        closed.values[i] - gray.values[i] >= kTickDepth && inside.values[i] == 0 ? 1 : 0;
  }
  double best = 0;
  for (int side = 0; side < 4; ++side) {
    const bool across = side < 2;
    const int length = across ? gray.width : gray.height;
    const int depth = (across ? gray.height : gray.width) / 6;
    const auto place = [&](int along, int in) {
      const int from = side % 2 == 0 ? in : (across ? gray.height : gray.width) - 1 - in;
      return across ? gray.index(along, from) : gray.index(from, along);
    };
    std::vector<int> ticks(static_cast<std::size_t>(length), 0);
    int total = 0;
    for (int along = 0; along < length; ++along) {
      for (int in = 0; in < depth; ++in) {
        ticks[static_cast<std::size_t>(along)] += dark.values[place(along, in)];
      }
      total += ticks[static_cast<std::size_t>(along)];
    }
    if (total < length / 3) continue;
    const double even = ramp(evenness(ticks), 0.1, 0.5);
    best = std::max(best, even);
    if (even < 0.5) continue;
    for (int along = 0; along < length; ++along) {
      for (int in = 0; in < depth; ++in) {
        const std::size_t i = place(along, in);
        if (dark.values[i] != 0) found.marks[i] = Artefacts::kTick;
      }
    }
  }
  return best;
}

double find_bubbles(const Plane& gray, Artefacts& found) {
  const Plane opened = dilate(erode(gray, 4), 4);
  Plane light(gray.width, gray.height);
  for (std::size_t i = 0; i < gray.values.size(); ++i) {
    light.values[i] = gray.values[i] - opened.values[i] >= kReflex && gray.values[i] >= 170 ? 1 : 0;
  }
  const Regions regions = find_regions(light);
  const std::vector<RegionBox> boxes = region_boxes(regions, gray.width);
  std::vector<bool> bubble(boxes.size(), false);
  double count = 0;
  for (std::size_t label = 1; label < boxes.size(); ++label) {
    const int area = regions.areas[label - 1];
    if (area < 4 || area > 150 || !is_compact(boxes[label], area)) continue;
    bubble[label] = true;
    ++count;
  }
  for (std::size_t i = 0; i < gray.values.size(); ++i) {
    if (bubble[static_cast<std::size_t>(regions.labels[i])]) found.marks[i] = Artefacts::kBubble;
  }
  return std::min(1.0, count / (2 * kManyBubbles));
}

// Mean gray of the corners, outside the ellipse that touches the sides, against that of a ring half
// way, without the subject. The lightest corner counts: a shadow is on one side, a vignette on all.
double find_vignette(const Plane& gray, const Plane& inside) {
  std::array<double, 4> corner{};
  std::array<double, 4> corner_pixels{};
  double ring = 0;
  double ring_pixels = 0;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(x, y) != 0) continue;
      const double dx = (2 * x + 1.0) / gray.width - 1;
      const double dy = (2 * y + 1.0) / gray.height - 1;
      const double radius = dx * dx + dy * dy;
      if (radius > 1.45) {
        const std::size_t k = (dx > 0 ? 1U : 0U) + (dy > 0 ? 2U : 0U);
        corner[k] += gray.at(x, y);
        ++corner_pixels[k];
      } else if (radius > 0.25 && radius < 0.7) {
        ring += gray.at(x, y);
        ++ring_pixels;
      }
    }
  }
  if (ring_pixels == 0 || ring == 0) return 0;
  double lightest = 0;
  for (std::size_t k = 0; k < corner.size(); ++k) {
    if (corner_pixels[k] == 0) return 0;
    lightest = std::max(lightest, corner[k] / corner_pixels[k]);
  }
  return ramp(1 - lightest / (ring / ring_pixels), 0.05, 0.45);
}

}  // namespace

Artefacts find_artefacts(const Image& image, const Plane& inside) {
  Artefacts found;
  found.marks.assign(inside.values.size(), Artefacts::kNone);
  const Plane gray = to_gray(image);
  found.bubbles = find_bubbles(gray, found);
  found.ruler = find_ruler(gray, inside, found);
  found.ink = find_ink(image, inside, found);
  found.vignette = find_vignette(gray, inside);
  return found;
}

}  // namespace epicrisis
