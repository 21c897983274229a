#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/image/prepare.h"
#include "image/plane.h"

namespace epicrisis {
namespace {

// All lengths are shares of the short side, so that a picture and its half agree.
constexpr double kWindow = 0.030;         // dark structures up to this width are looked at
constexpr double kMaxWidth = 0.020;       // half-depth width of a hair; ink of a pen is wider
constexpr double kMaxBlackWidth = 0.030;  // of one that is black on light background
constexpr double kBlackContrast = 60;
constexpr double kMinRun = 0.12;        // a hair runs straight for at least so long
constexpr double kMinBend = 0.045;      // and for so long where it goes on in another direction
constexpr int kMinContrast = 12;        // levels of red below its surroundings, every pixel
constexpr double kMeanContrast = 22;    // and on average along a run
constexpr double kMaxDeviation = 0.35;  // standard deviation of red along a run, of its contrast
constexpr double kMaxBlue = 16;         // blue over red on average: pen ink
constexpr int kDirections = 32;
constexpr double kMaxFlankShare = 0.28;  // of thin dark structure beside a run: more is a network
constexpr double kMaxRedness = 2;        // fall of green over fall of red: more is blood
constexpr double kMaxHairShare = 0.35;   // of the picture: more is no hair but texture

struct Offset {
  int x = 0;
  int y = 0;
};

// The pixels 0 to count - 1 of a digital line along direction k of the half turn's kDirections; one
// step is one pixel along x or y, whichever the line follows more.
std::vector<Offset> digital_line(int k, int count) {
  const double angle = std::numbers::pi * k / kDirections;
  const double dx = std::cos(angle);
  const double dy = std::sin(angle);
  const double scale = 1 / std::max(std::abs(dx), std::abs(dy));
  std::vector<Offset> line;
  line.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    line.push_back({static_cast<int>(std::lround(i * dx * scale)),
                    static_cast<int>(std::lround(i * dy * scale))});
  }
  return line;
}

// Works on the red channel: hair is dark in it, while blood vessels (red) nearly vanish and pigment
// network (brown) is faint. Both must stay.
class HairFinder {
 public:
  explicit HairFinder(const Image& image)
      : image_(image),
        side_(std::min(image.width, image.height)),
        radius_(std::max(2, static_cast<int>(std::lround(side_ * kWindow / 2)))),
        min_run_(std::max(20, static_cast<int>(std::lround(side_ * kMinRun)))),
        min_bend_(std::max(10, static_cast<int>(std::lround(side_ * kMinBend)))) {
    Plane red(image.width, image.height);
    for (std::size_t i = 0; i < red.values.size(); ++i) red.values[i] = image.pixels[3 * i];
    // Black top-hat: what a closing fills, dark structures narrower than the square.
    depth_ = erode(dilate(red, radius_), radius_);
    for (std::size_t i = 0; i < red.values.size(); ++i) {
      depth_.values[i] = static_cast<std::uint8_t>(depth_.values[i] - red.values[i]);
    }
  }

  // 1 where a hair is.
  Plane find() {
    core_ = Plane(depth_.width, depth_.height);
    list_thin_pixels();
    // Two steps more than the longest side, so that every line ends outside.
    const int longest = std::max(depth_.width, depth_.height) + 3;
    for (int k = 0; k < kDirections; ++k) lines_.push_back(digital_line(k, longest));
    for (int k = 0; k < kDirections; ++k) mark_runs(k);
    follow_bends();
    grow();
    return core_;
  }

  // Thin dark structure of any kind: nothing to take a colour from.
  bool is_thin(int x, int y) const { return depth_.at(x, y) >= kMinContrast; }

 private:
  // The thin dark pixels that may belong to a hair, and a map of them with two clear pixels around,
  // in which a line that leaves the picture ends by itself. Specks, most of the pixels, are left
  // out: a hair may be broken, but not into such small pieces.
  void list_thin_pixels() {
    Plane mask(depth_.width, depth_.height);
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
      mask.values[i] = depth_.values[i] >= kMinContrast ? 1 : 0;
    }
    const Regions regions = find_regions(mask);
    std::vector<Box> boxes(regions.areas.size() + 1);  // width and height as last column and row
    for (int y = 0; y < mask.height; ++y) {
      for (int x = 0; x < mask.width; ++x) {
        const std::int32_t label = regions.labels[mask.index(x, y)];
        if (label == 0) continue;
        Box& box = boxes[static_cast<std::size_t>(label)];
        if (box.width == 0) box = {x, y, x + 1, y + 1};
        box.x = std::min(box.x, x);
        box.width = std::max(box.width, x + 1);
        box.height = std::max(box.height, y + 1);
      }
    }
    stride_ = depth_.width + 4;
    thin_.assign(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(depth_.height + 4),
                 0);
    for (int y = 0; y < mask.height; ++y) {
      for (int x = 0; x < mask.width; ++x) {
        const std::int32_t label = regions.labels[mask.index(x, y)];
        if (label == 0) continue;
        const Box& box = boxes[static_cast<std::size_t>(label)];
        if (3 * std::max(box.width - box.x, box.height - box.y) < min_run_) continue;
        thin_[place(x, y)] = 1;
        pixels_.push_back({x, y});
      }
    }
  }

  std::size_t place(int x, int y) const {
    return static_cast<std::size_t>(y + 2) * static_cast<std::size_t>(stride_) +
           static_cast<std::size_t>(x + 2);
  }

  // Straight thin dark pixels along one of the directions.
  struct Run {
    Offset from;
    int direction = 0;
    int length = 0;
  };

  // Marks the straight runs of thin dark pixels in one direction that are long, dark, even and
  // narrow enough and have clear background (or plain subject) on both sides. Keeps the shorter
  // ones.
  void mark_runs(int direction) {
    const std::vector<Offset>& line = line_of(direction);
    across_ = digital_line((direction + kDirections / 2) % kDirections, 5 * radius_ + 1);
    std::vector<std::ptrdiff_t> ahead;
    ahead.reserve(line.size());
    for (const Offset& at : line) ahead.push_back(std::ptrdiff_t{at.y} * stride_ + at.x);
    const std::ptrdiff_t before = -ahead[1];
    for (const auto& [x, y] : pixels_) {
      const std::uint8_t* start = &thin_[place(x, y)];
      if (start[before] != 0) continue;
      int length = 0;
      for (int i = 0, gap = 0; gap <= 1; ++i) {
        if (start[ahead[static_cast<std::size_t>(i)]] != 0) {
          length = i + 1;
          gap = 0;
        } else {
          ++gap;
        }
      }
      const Run run{{x, y}, direction, length};
      if (length < min_bend_ || !is_hair(run)) continue;
      if (length < min_run_) {
        bends_.push_back(run);
      } else {
        mark(run);
      }
    }
  }

  const std::vector<Offset>& line_of(int direction) const {
    return lines_[static_cast<std::size_t>(direction)];
  }

  // The pixel `i` of a run.
  Offset pixel_of(const Run& run, int i) const {
    const Offset& at = line_of(run.direction)[static_cast<std::size_t>(i)];
    return {run.from.x + at.x, run.from.y + at.y};
  }

  void mark(const Run& run) {
    for (int i = 0; i < run.length; ++i) {
      const auto [x, y] = pixel_of(run, i);
      core_.at(x, y) = 1;
    }
  }

  // Bent hairs: from what is marked on through short runs that touch it.
  void follow_bends() {
    for (bool found = true; found;) {
      found = false;
      std::vector<Run> left;
      for (const Run& bend : bends_) {
        if (touches_marked(bend)) {
          mark(bend);
          found = true;
        } else {
          left.push_back(bend);
        }
      }
      bends_ = std::move(left);
    }
  }

  // Whether a pixel of the run, or a neighbour of one, is marked.
  bool touches_marked(const Run& run) const {
    for (int i = 0; i < run.length; ++i) {
      const auto [cx, cy] = pixel_of(run, i);
      for (int y = std::max(0, cy - 1); y <= std::min(core_.height - 1, cy + 1); ++y) {
        for (int x = std::max(0, cx - 1); x <= std::min(core_.width - 1, cx + 1); ++x) {
          if (core_.at(x, y) != 0) return true;
        }
      }
    }
    return false;
  }

  bool is_hair(const Run& run) const {
    const int length = run.length;
    double depth = 0;
    double red = 0;
    double red_squares = 0;
    double green = 0;
    double blue = 0;
    for (int i = 0; i < length; ++i) {
      const auto [x, y] = pixel_of(run, i);
      const std::uint8_t* pixel = image_.at(x, y);
      depth += depth_.at(x, y);
      red += pixel[0];
      red_squares += static_cast<double>(pixel[0]) * pixel[0];
      green += pixel[1];
      blue += pixel[2];
    }
    if (depth < kMeanContrast * length) return false;
    if (blue - red > kMaxBlue * length) return false;
    const double mean = red / length;
    const double contrast = depth / length;
    const double deviation = std::max(12.0, kMaxDeviation * contrast);
    // Between its middle and its edge, where a thin one is met, a hair is less even.
    if (red_squares / length - mean * mean > 4 * deviation * deviation) return false;
    if (variance_of_middle(run) > deviation * deviation) return false;
    const double width = contrast >= kBlackContrast ? kMaxBlackWidth : kMaxWidth;
    if (mean_width(run) > std::max(3.0, side_ * width)) return false;
    const Flank left = look_beside(run, -1);
    const Flank right = look_beside(run, 1);
    if (std::max(left.thin_share(), right.thin_share()) > kMaxFlankShare) return false;
    const double clear = left.clear + right.clear;
    if (clear == 0) return false;
    const double fall_of_red = (left.red + right.red) / clear - mean;
    const double fall_of_green = (left.green + right.green) / clear - green / length;
    return fall_of_green <= kMaxRedness * fall_of_red;
  }

  // Of red along the middle of the run.
  double variance_of_middle(const Run& run) const {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < run.length; ++i) {
      const auto [x, y] = pixel_of(run, i);
      const double darkest = darkest_across(x, y);
      sum += darkest;
      squares += darkest * darkest;
    }
    const double mean = sum / run.length;
    return squares / run.length - mean * mean;
  }

  // Red at the middle of a hair that the digital line may pass by a pixel.
  int darkest_across(int x, int y) const {
    int darkest = image_.at(x, y)[0];
    for (const int sign : {-1, 1}) {
      const int px = x + sign * across_[1].x;
      const int py = y + sign * across_[1].y;
      if (px < 0 || py < 0 || px >= depth_.width || py >= depth_.height) continue;
      darkest = std::min<int>(darkest, image_.at(px, py)[0]);
    }
    return darkest;
  }

  // Pixels across the run that are at least half as deep as its own, on average.
  double mean_width(const Run& run) const {
    const Offset& far = across_.back();
    const double pixels_a_step = std::hypot(far.x, far.y) / static_cast<double>(across_.size() - 1);
    int seen = 0;
    int wide = 0;
    for (int i = 0; i < run.length; i += 5) {
      const auto [cx, cy] = pixel_of(run, i);
      const int half = std::max(kMinContrast, depth_.at(cx, cy) / 2);
      ++seen;
      ++wide;
      for (const int sign : {-1, 1}) {
        for (int d = 1; d <= 3 * radius_; ++d) {
          const Offset& step = across_[static_cast<std::size_t>(d)];
          const int px = cx + sign * step.x;
          const int py = cy + sign * step.y;
          if (px < 0 || py < 0 || px >= depth_.width || py >= depth_.height) break;
          if (depth_.at(px, py) < half) break;
          ++wide;
        }
      }
    }
    return pixels_a_step * wide / seen;
  }

  // The pixels from one to two and a half hair widths beside a run, on one side.
  struct Flank {
    double seen = 0;
    double clear = 0;  // of those seen, not thin and dark themselves
    double red = 0;    // sums over the clear ones
    double green = 0;
    double thin_share() const { return seen == 0 ? 0 : 1 - clear / seen; }
  };

  // Clear beside a hair; full of meshes beside a line of pigment network.
  Flank look_beside(const Run& run, int side) const {
    Flank flank;
    for (int i = 0; i < run.length; i += 4) {
      const auto [cx, cy] = pixel_of(run, i);
      for (int distance = 2 * radius_; distance <= 5 * radius_; distance += 2) {
        const Offset& step = across_[static_cast<std::size_t>(distance)];
        const int px = cx + side * step.x;
        const int py = cy + side * step.y;
        if (px < 0 || py < 0 || px >= depth_.width || py >= depth_.height) break;
        ++flank.seen;
        if (is_thin(px, py)) continue;
        ++flank.clear;
        const std::uint8_t* pixel = image_.at(px, py);
        flank.red += pixel[0];
        flank.green += pixel[1];
      }
    }
    return flank;
  }

  // From the runs to the full width and the bent ends: thin dark pixels that touch, one hair width
  // far; then one pixel of half-dark edge.
  void grow() {
    std::vector<Offset> all;
    for (int y = 0; y < core_.height; ++y) {
      for (int x = 0; x < core_.width; ++x) {
        if (core_.at(x, y) != 0) all.push_back({x, y});
      }
    }
    std::vector<Offset> front = all;
    for (int round = 0; round <= radius_ && !front.empty(); ++round) {
      front = spread(front, kMinContrast / 2);
      all.insert(all.end(), front.begin(), front.end());
    }
    spread(all, 0);
  }

  // Marks the neighbours that are at least so deep and returns those that are new.
  std::vector<Offset> spread(const std::vector<Offset>& from, int least) {
    std::vector<Offset> added;
    for (const auto& [cx, cy] : from) {
      for (int y = std::max(0, cy - 1); y <= std::min(core_.height - 1, cy + 1); ++y) {
        for (int x = std::max(0, cx - 1); x <= std::min(core_.width - 1, cx + 1); ++x) {
          if (core_.at(x, y) != 0 || depth_.at(x, y) < least) continue;
          core_.at(x, y) = 1;
          added.push_back({x, y});
        }
      }
    }
    return added;
  }

  const Image& image_;
  int side_;
  int radius_;
  int min_run_;
  int min_bend_;
  std::vector<Run> bends_;  // too short to be hairs by themselves
  Plane depth_;
  Plane core_;
  int stride_ = 0;
  std::vector<std::uint8_t> thin_;
  std::vector<Offset> pixels_;
  std::vector<std::vector<Offset>> lines_;  // by direction
  std::vector<Offset> across_;              // across the direction at hand
};

// Replaces each marked pixel by the blend of the nearest clear pixels on both sides, across the
// hair: of four directions the one with the shortest way through.
void paint_over(Image& image, const Plane& mask) {
  constexpr std::array<Offset, 4> kAcross{{{1, 0}, {0, 1}, {1, 1}, {1, -1}}};
  constexpr std::array<int, 4> kLength{10, 10, 14, 14};  // tenths of a pixel a step
  const Image source = image;
  const int reach = std::max(8, std::min(image.width, image.height) / 8);
  const auto clear_after = [&](int x, int y, Offset step) {
    for (int i = 1; i < reach; ++i) {
      const int px = x + i * step.x;
      const int py = y + i * step.y;
      if (px < 0 || py < 0 || px >= mask.width || py >= mask.height) return 0;
      if (mask.at(px, py) == 0) return i;
    }
    return 0;
  };
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.at(x, y) != 1) continue;
      int best = 0;
      int forward = 0;
      int backward = 0;
      Offset step;
      for (std::size_t d = 0; d < kAcross.size(); ++d) {
        const Offset back{-kAcross[d].x, -kAcross[d].y};
        const int f = clear_after(x, y, kAcross[d]);
        const int b = clear_after(x, y, back);
        // One side may be the picture's edge: then the other side's colour is taken, at a price.
        if (f == 0 && b == 0) continue;
        const int way = kLength[d] * (f == 0 || b == 0 ? 4 * (f + b) : f + b);
        if (best != 0 && way >= best) continue;
        best = way;
        forward = f;
        backward = b;
        step = kAcross[d];
      }
      if (best == 0) continue;
      const int total = forward + backward;
      const std::uint8_t* ahead = source.at(x + forward * step.x, y + forward * step.y);
      const std::uint8_t* behind = source.at(x - backward * step.x, y - backward * step.y);
      if (forward == 0) ahead = behind;
      if (backward == 0) behind = ahead;
      std::uint8_t* target = image.at(x, y);
      for (int c = 0; c < 3; ++c) {
        // The nearer side counts more.
        const int blend = forward == 0 || backward == 0 ? ahead[c] * total
                                                        : ahead[c] * backward + behind[c] * forward;
        target[c] = static_cast<std::uint8_t>((blend + total / 2) / total);
      }
    }
  }
}

}  // namespace

double remove_hair(Image& image) {
  if (std::min(image.width, image.height) < 32) return 0;
  HairFinder finder(image);
  Plane mask = finder.find();
  const auto marked = std::count(mask.values.begin(), mask.values.end(), 1);
  const double share = static_cast<double>(marked) / static_cast<double>(mask.values.size());
  if (marked == 0 || share > kMaxHairShare) return 0;
  // Other thin structure, a hair that stays among them, is no source of colour.
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.at(x, y) == 0 && finder.is_thin(x, y)) mask.at(x, y) = 2;
    }
  }
  paint_over(image, mask);
  return share;
}

}  // namespace epicrisis
