#include "image/texture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace epicrisis {
namespace {

constexpr int kUnit = 64;       // of a gray level, in the smoothed values
constexpr int kFinePasses = 2;  // each adds 1/2 to the variance
constexpr int kCoarsePasses = 6;
constexpr double kFaint = 1.5;     // gray levels of curvature: lines of a mesh
constexpr double kClear = 3;       // dots, spots, what is not plain
constexpr int kMaxMesh = 150;      // pixels that dark lines enclose
constexpr double kOutwards = 0.9;  // cosine to the radius, from here on a line runs outwards
constexpr double kAlong = 0.43;    // to here along the rim

// One pass of [1 2 1] / 4 in both directions; its variance is 1/2 a direction.
void smooth(std::vector<int>& values, int width, int height, std::vector<int>& spare) {
  spare.resize(values.size());
  const auto w = static_cast<std::size_t>(width);
  const auto h = static_cast<std::size_t>(height);
  for (std::size_t y = 0; y < h; ++y) {
    const int* from = values.data() + y * w;
    int* to = spare.data() + y * w;
    to[0] = 3 * from[0] + from[1];
    for (std::size_t x = 1; x + 1 < w; ++x) to[x] = from[x - 1] + 2 * from[x] + from[x + 1];
    to[w - 1] = from[w - 2] + 3 * from[w - 1];
  }
  for (std::size_t y = 0; y < h; ++y) {
    const int* above = spare.data() + (y == 0 ? 0 : y - 1) * w;
    const int* here = spare.data() + y * w;
    const int* below = spare.data() + std::min(h - 1, y + 1) * w;
    int* to = values.data() + y * w;
    for (std::size_t x = 0; x < w; ++x) to[x] = (above[x] + 2 * here[x] + below[x] + 8) / 16;
  }
}

// Curvatures of the gray surface, scale normalised, in gray levels; high >= low. Dark lines have a
// high one alone, dark spots both, light spots neither.
struct Curvature {
  std::vector<float> high, low;
};

Curvature curvature(const std::vector<int>& values, int width, int height, int passes) {
  Curvature result;
  result.high.resize(values.size());
  result.low.resize(values.size());
  const double scale = 0.5 * passes / kUnit;
  const auto w = static_cast<std::size_t>(width);
  for (std::size_t y = 1; y + 1 < static_cast<std::size_t>(height); ++y) {
    for (std::size_t x = 1; x + 1 < w; ++x) {
      const std::size_t i = y * w + x;
      const int* v = values.data() + i;
      const double xx = v[1] - 2 * v[0] + *(v - 1);
      const double yy = values[i + w] - 2 * v[0] + values[i - w];
      const double xy4 = values[i + w + 1] - values[i + w - 1] - values[i - w + 1] +
                         values[i - w - 1];  // four times the mixed one
      const double root = std::sqrt((xx - yy) * (xx - yy) + xy4 * xy4 / 4);
      result.high[i] = static_cast<float>(scale * (xx + yy + root) / 2);
      result.low[i] = static_cast<float>(scale * (xx + yy - root) / 2);
    }
  }
  return result;
}

bool is_line(double high, double low, double from) { return high > from && low < 0.4 * high; }

// Counts what a subject holds and marks it.
class Finder {
 public:
  Finder(const Image& image, const Plane& inside)
      : width_(image.width), height_(image.height), inside_(inside), core_(erode(inside, 2)) {
    for (const std::uint8_t v : core_.values) area_ += v;
    values_.resize(inside.values.size());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::uint8_t* pixel = &image.pixels[3 * i];
      values_[i] = kUnit * (77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2]) / 256;
    }
    result_.marks.assign(values_.size(), Texture::kNone);
  }

  Texture find() {
    if (area_ < 200) return result_;
    std::vector<int> spare;
    for (int pass = 0; pass < kFinePasses; ++pass) smooth(values_, width_, height_, spare);
    const Curvature fine = curvature(values_, width_, height_, kFinePasses);
    for (int pass = kFinePasses; pass < kCoarsePasses; ++pass) {
      smooth(values_, width_, height_, spare);
    }
    const Curvature coarse = curvature(values_, width_, height_, kCoarsePasses);
    find_plain(coarse);
    count(fine, result_.lines, result_.holes, result_.dots, Texture::kDot);
    count(coarse, result_.lines_coarse, result_.holes_coarse, result_.spots, Texture::kSpot);
    result_.grain = mean(fine);
    result_.relief = mean(coarse);
    find_patches(dark_structure(coarse));
    find_meshes(dark_structure(fine));
    find_rays(coarse);
    return std::move(result_);
  }

 private:
  std::size_t index(int x, int y) const { return inside_.index(x, y); }
  double per_thousand(double count) const { return 1000 * count / area_; }

  void mark(std::size_t at, Texture::Mark mark) { result_.marks[at] = mark; }

  void count(const Curvature& c, double& lines, double& holes, double& dots, Texture::Mark what) {
    double line = 0;
    double hole = 0;
    double dot = 0;
    const auto w = static_cast<std::ptrdiff_t>(width_);
    const std::array<std::ptrdiff_t, 8> around{-w - 1, -w, -w + 1, -1, 1, w - 1, w, w + 1};
    for (int y = 2; y + 2 < height_; ++y) {
      for (int x = 2; x + 2 < width_; ++x) {
        const std::size_t i = index(x, y);
        if (core_.values[i] == 0) continue;
        const float high = c.high[i];
        const float low = c.low[i];
        if (is_line(high, low, kClear)) ++line;
        const auto at = [i](std::ptrdiff_t step) {
          return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + step);
        };
        if (low > kClear && std::ranges::all_of(around, [&](std::ptrdiff_t step) {
              return c.low[at(step)] <= low;
            })) {
          ++dot;
          mark(i, what);
          for (const std::ptrdiff_t step : around) mark(at(step), what);
        }
        if (high < -kClear && std::ranges::all_of(around, [&](std::ptrdiff_t step) {
              return c.high[at(step)] >= high;
            })) {
          ++hole;
        }
      }
    }
    lines = line / area_;
    holes = per_thousand(hole);
    dots = per_thousand(dot);
  }

  double mean(const Curvature& c) const {
    double sum = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (core_.values[i] != 0) sum += std::max(std::abs(c.high[i]), std::abs(c.low[i]));
    }
    return sum / area_;
  }

  void find_plain(const Curvature& c) {
    Plane strong(width_, height_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      strong.values[i] = std::max(std::abs(c.high[i]), std::abs(c.low[i])) > kClear ? 1 : 0;
    }
    const Plane near = dilate(strong, 3);
    double plain = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (core_.values[i] == 0 || near.values[i] != 0) continue;
      ++plain;
      mark(i, Texture::kPlain);
    }
    result_.plain = plain / area_;
  }

  // Pixels of each region that lie in the subject's core.
  std::vector<int> core_pixels(const Regions& regions) const {
    std::vector<int> pixels(regions.areas.size() + 1, 0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (core_.values[i] != 0) ++pixels[static_cast<std::size_t>(regions.labels[i])];
    }
    return pixels;
  }

  // 1 on dark lines and spots.
  Plane dark_structure(const Curvature& c) const {
    Plane dark(width_, height_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      dark.values[i] = c.high[i] > kFaint && c.low[i] > -0.5F * c.high[i] ? 1 : 0;
    }
    return dark;
  }

  // Of fine lines: at a coarse scale a net has saddles between its crossings, where it would leak.
  void find_meshes(const Plane& dark) {
    // Regions are joined across corners, so that lines must not be crossed there.
    Plane rest(width_, height_);
    for (std::size_t i = 0; i < values_.size(); ++i) rest.values[i] = dark.values[i] == 0 ? 1 : 0;
    for (int y = 0; y + 1 < height_; ++y) {
      for (int x = 0; x + 1 < width_; ++x) {
        const bool falling = dark.at(x, y) != 0 && dark.at(x + 1, y + 1) != 0;
        const bool rising = dark.at(x + 1, y) != 0 && dark.at(x, y + 1) != 0;
        if (falling && !rising) rest.at(x + 1, y) = 0;
        if (rising && !falling) rest.at(x, y) = 0;
      }
    }
    const Regions regions = find_regions(rest);
    const std::vector<int> pixels = core_pixels(regions);
    std::vector<bool> mesh(pixels.size(), false);
    double meshes = 0;
    double share = 0;
    for (std::size_t label = 1; label < pixels.size(); ++label) {
      const int area = regions.areas[label - 1];
      if (area < 4 || area > kMaxMesh || 2 * pixels[label] < area) continue;
      mesh[label] = true;
      ++meshes;
      share += area;
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (mesh[static_cast<std::size_t>(regions.labels[i])]) mark(i, Texture::kMesh);
    }
    result_.meshes = per_thousand(meshes);
    result_.mesh_share = share / area_;
  }

  // Compact dark regions, and the largest of any form.
  void find_patches(const Plane& dark) {
    const Regions regions = find_regions(dark);
    const std::vector<int> pixels = core_pixels(regions);
    const std::vector<RegionBox> boxes = region_boxes(regions, width_);
    double patches = 0;
    int largest = 0;
    for (std::size_t label = 1; label < pixels.size(); ++label) {
      largest = std::max(largest, pixels[label]);
      const int area = regions.areas[label - 1];
      if (2 * pixels[label] < area || area < 20 || area >= 150) continue;
      if (is_compact(boxes[label], area)) ++patches;
    }
    result_.patches = per_thousand(patches);
    result_.largest = largest / area_;
  }

  void find_rays(const Curvature& c) {
    double x_sum = 0;
    double y_sum = 0;
    double count = 0;
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        if (inside_.at(x, y) == 0) continue;
        ++count;
        x_sum += x;
        y_sum += y;
      }
    }
    const int depth = std::max(3, static_cast<int>(0.12 * std::sqrt(count)));
    const Plane outer = dilate(inside_, 6);
    const Plane deep = erode(inside_, depth);
    double band = 0;
    double outwards = 0;
    double along = 0;
    for (int y = 2; y + 2 < height_; ++y) {
      for (int x = 2; x + 2 < width_; ++x) {
        const std::size_t i = index(x, y);
        if (outer.values[i] == 0 || deep.values[i] != 0) continue;
        ++band;
        if (!is_line(c.high[i], c.low[i], kClear)) continue;
        const double cosine = line_cosine(x, y, x - x_sum / count, y - y_sum / count);
        if (cosine > kOutwards) {
          ++outwards;
          mark(i, Texture::kRay);
        } else if (cosine < kAlong) {
          ++along;
        }
      }
    }
    result_.rays = band > 0 ? (outwards - along) / band : 0;
  }

  // Of the angle between the dark line through a pixel and the direction (dx, dy).
  double line_cosine(int x, int y, double dx, double dy) const {
    const auto value = [&](int right, int down) { return values_[index(x + right, y + down)]; };
    const double xx = value(1, 0) - 2 * value(0, 0) + value(-1, 0);
    const double yy = value(0, 1) - 2 * value(0, 0) + value(0, -1);
    const double xy = (value(1, 1) - value(-1, 1) - value(1, -1) + value(-1, -1)) / 4.0;
    const double high = (xx + yy + std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2;
    // Across the line, which is the eigenvector of the higher curvature.
    double across_x = xy;
    double across_y = high - xx;
    if (across_x == 0 && across_y == 0) (xx >= yy ? across_x : across_y) = 1;
    const double length =
        std::sqrt((across_x * across_x + across_y * across_y) * std::max(1e-9, dx * dx + dy * dy));
    return std::abs(across_x * dy - across_y * dx) / length;
  }

  int width_;
  int height_;
  const Plane& inside_;
  Plane core_;
  double area_ = 0;
  std::vector<int> values_;
  Texture result_;
};

}  // namespace

Texture find_texture(const Image& image, const Plane& inside) {
  return Finder(image, inside).find();
}

}  // namespace epicrisis
