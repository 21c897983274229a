#include "epicrisis/image/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <tuple>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/image/segment.h"
#include "image/plane.h"

namespace epicrisis {
namespace {

constexpr double kMirrorShape = 0.13;  // share without a mirror image, from here on asymmetric
constexpr double kMirrorColour = 9;    // Delta E
constexpr double kSharpEdge = 10;      // rise in L* within a twentieth of the diameter
constexpr double kColourShare = 0.05;  // of the subject, for a colour to be named
constexpr int kRays = 64;

struct Lab {
  double l = 0;
  double a = 0;
  double b = 0;
  double chroma() const { return std::hypot(a, b); }
  double hue() const { return std::atan2(b, a) * 180 / std::numbers::pi; }  // degrees, 0 red
};

double delta_e(const Lab& x, const Lab& y) {
  return std::sqrt((x.l - y.l) * (x.l - y.l) + (x.a - y.a) * (x.a - y.a) +
                   (x.b - y.b) * (x.b - y.b));
}

// sRGB (IEC 61966-2-1) to CIE L*a*b* under D65.
Lab to_lab(const std::uint8_t* pixel) {
  std::array<double, 3> linear{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double v = pixel[c] / 255.0;
    linear[c] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  }
  const auto [r, g, b] = linear;
  const auto f = [](double t) {
    constexpr double kDelta = 6.0 / 29;
    return t > kDelta * kDelta * kDelta ? std::cbrt(t) : t / (3 * kDelta * kDelta) + 4.0 / 29;
  };
  const double x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const double y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
  const double z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

enum Colour : std::size_t { kWhite, kRed, kLightBrown, kDarkBrown, kBlueGray, kBlack, kColours };
constexpr std::array<const char*, kColours> kColourNames{"white",      "red",       "light brown",
                                                         "dark brown", "blue-gray", "black"};

// The named colour of a subject's pixel, judged beside the background, so that the tint of the lamp counts
// less; kColours for background itself.
Colour name_colour(const Lab& pixel, const Lab& background) {
  if (pixel.l < 22) return kBlack;
  if (delta_e(pixel, background) < 7) return kColours;
  if (pixel.l > background.l + 4 && pixel.chroma() < background.chroma()) return kWhite;
  if (pixel.b < background.b - 6 && pixel.b < 4 && pixel.a < background.a + 6) return kBlueGray;
  // Blood turns it towards red, pigment towards yellow.
  const bool redder =
      pixel.a > background.a + 5 && pixel.hue() < std::min(38.0, background.hue() - 2);
  const bool purple = pixel.a > background.a + 8 && pixel.hue() < 15;
  if ((redder || purple) && pixel.l > 25) return kRed;
  return pixel.l < 42 ? kDarkBrown : kLightBrown;
}

// The subject with a rim of background, on a grid of its own, so that small and large ones are measured
// alike.
struct CloseUp {
  Image image;
  SubjectMask mask;  // width, height and inside alone
};

CloseUp close_up(const Image& image, const SubjectMask& mask) {
  constexpr int kLongSide = 160;
  const int margin = static_cast<int>(0.3 * std::max(mask.box.width, mask.box.height)) + 2;
  Box box;
  box.x = std::max(0, mask.box.x - margin);
  box.y = std::max(0, mask.box.y - margin);
  box.width = std::min(image.width, mask.box.x + mask.box.width + margin) - box.x;
  box.height = std::min(image.height, mask.box.y + mask.box.height + margin) - box.y;
  const int longest = std::max(box.width, box.height);
  const int side = std::min(kLongSide, longest);
  CloseUp result;
  result.mask.width = std::max(1, box.width * side / longest);
  result.mask.height = std::max(1, box.height * side / longest);
  result.image = resize_area(image, box, result.mask.width, result.mask.height);
  result.mask.inside.reserve(result.image.pixels.size() / 3);
  const auto from = [](double at, int width, int of, int to) {
    return std::min(to - 1, static_cast<int>(at * width / of));
  };
  for (int y = 0; y < result.mask.height; ++y) {
    const double down = box.y + (y + 0.5) * box.height / result.mask.height;
    const int row = from(down, mask.height, image.height, mask.height);
    for (int x = 0; x < result.mask.width; ++x) {
      const double across = box.x + (x + 0.5) * box.width / result.mask.width;
      const int column = from(across, mask.width, image.width, mask.width);
      result.mask.inside.push_back(
          mask.inside[static_cast<std::size_t>(row) * static_cast<std::size_t>(mask.width) +
                      static_cast<std::size_t>(column)]);
    }
  }
  return result;
}

// The subject on the grid of its mask.
class Subject {
 public:
  // `mask` has the size of `small` and must outlive this.
  Subject(const Image& small, const SubjectMask& mask) : mask_(mask) {
    Plane channel(mask.width, mask.height);
    std::array<Plane, 3> smooth;
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < channel.values.size(); ++i) {
        channel.values[i] = small.pixels[3 * i + c];
      }
      smooth[c] = box_blur(channel, 1);
    }
    for (std::size_t i = 0; i < channel.values.size(); ++i) {
      const std::array<std::uint8_t, 3> pixel{smooth[0].values[i], smooth[1].values[i],
                                              smooth[2].values[i]};
      colours_.push_back(to_lab(pixel.data()));
    }
    find_axes();
    find_background();
  }

  double diameter() const { return std::sqrt(4 * area_ / std::numbers::pi); }

  // Shape and colour against the mirror image at the two main axes; the worse of the two counts.
  std::pair<double, double> asymmetry() const {
    std::pair<double, double> worst{0, 0};
    for (const double angle : {angle_, angle_ + std::numbers::pi / 2}) {
      const double cosine = std::cos(2 * angle);
      const double sine = std::sin(2 * angle);
      double missing = 0;
      double matched = 0;
      double difference = 0;
      each([&](int x, int y) {
        const double dx = x - centre_x_;
        const double dy = y - centre_y_;
        const int mx = static_cast<int>(std::lround(centre_x_ + cosine * dx + sine * dy));
        const int my = static_cast<int>(std::lround(centre_y_ + sine * dx - cosine * dy));
        if (!inside(mx, my)) {
          ++missing;
          return;
        }
        ++matched;
        difference += delta_e(colour(x, y), colour(mx, my));
      });
      worst.first = std::max(worst.first, missing / area_);
      if (matched > 0) worst.second = std::max(worst.second, difference / matched);
    }
    return worst;
  }

  // For each of 64 directions from the middle, the steepest rise in lightness across the edge
  // within a twentieth of the diameter, in L*.
  std::vector<double> edge_steps() const {
    std::vector<double> steps;
    const double reach = 0.2 * diameter();
    for (int k = 0; k < kRays; ++k) {
      const double angle = 2 * std::numbers::pi * k / kRays;
      const double dx = std::cos(angle);
      const double dy = std::sin(angle);
      double rim = 0;
      for (int step = 0; step < 2 * (mask_.width + mask_.height); ++step) {
        const double r = 0.5 * step;
        if (inside(centre_x_ + r * dx, centre_y_ + r * dy)) rim = r;
      }
      std::vector<double> profile;
      bool whole = true;
      for (int step = 0; 0.25 * step <= 2 * reach; ++step) {
        const double r = rim - reach + 0.25 * step;
        const int x = static_cast<int>(std::lround(centre_x_ + r * dx));
        const int y = static_cast<int>(std::lround(centre_y_ + r * dy));
        if (x < 0 || y < 0 || x >= mask_.width || y >= mask_.height) whole = false;
        if (!whole) break;
        profile.push_back(colour(x, y).l);
      }
      if (!whole || profile.size() < 8) continue;
      double steepest = 0;  // rise over a twentieth of the diameter
      const auto window = static_cast<std::size_t>(std::max(1.0, 0.05 * diameter() / 0.25));
      for (std::size_t i = window; i < profile.size(); ++i) {
        steepest = std::max(steepest, profile[i] - profile[i - window]);
      }
      steps.push_back(steepest);
    }
    return steps;
  }

  double perimeter() const {
    double edges = 0;
    each([&](int x, int y) {
      edges += !inside(x - 1, y) + !inside(x + 1, y) + !inside(x, y - 1) + !inside(x, y + 1);
    });
    // Pixel edges overstate a slanting line; pi / 4 is the mean over all directions.
    return edges * std::numbers::pi / 4;
  }

  std::array<double, kColours> colour_shares() const {
    std::array<double, kColours> shares{};
    each([&](int x, int y) {
      const Colour name = name_colour(colour(x, y), background_);
      if (name != kColours) shares[name] += 1 / area_;
    });
    return shares;
  }

  double area() const { return area_; }

 private:
  bool inside(double x, double y) const {
    return inside(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y)));
  }
  bool inside(int x, int y) const {
    return x >= 0 && y >= 0 && x < mask_.width && y < mask_.height &&
           mask_.inside[index(x, y)] != 0;
  }
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(mask_.width) +
           static_cast<std::size_t>(x);
  }
  const Lab& colour(int x, int y) const { return colours_[index(x, y)]; }

  template <typename Visit>
  void each(Visit visit) const {
    for (int y = 0; y < mask_.height; ++y) {
      for (int x = 0; x < mask_.width; ++x) {
        if (mask_.inside[index(x, y)] != 0) visit(x, y);
      }
    }
  }

  // Middle and direction of the longer axis, from the moments of the mask.
  void find_axes() {
    each([&](int x, int y) {
      ++area_;
      centre_x_ += x;
      centre_y_ += y;
    });
    centre_x_ /= area_;
    centre_y_ /= area_;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    each([&](int x, int y) {
      const double dx = x - centre_x_;
      const double dy = y - centre_y_;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    });
    angle_ = 0.5 * std::atan2(2 * xy, xx - yy);
  }

  // Median of what lies outside the subject, each channel apart.
  void find_background() {
    std::array<std::vector<double>, 3> values;
    for (std::size_t i = 0; i < colours_.size(); ++i) {
      if (mask_.inside[i] != 0) continue;
      values[0].push_back(colours_[i].l);
      values[1].push_back(colours_[i].a);
      values[2].push_back(colours_[i].b);
    }
    for (auto& list : values) {
      if (list.empty()) return;
      std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2),
                       list.end());
    }
    background_ = {values[0][values[0].size() / 2], values[1][values[1].size() / 2],
                   values[2][values[2].size() / 2]};
  }

  const SubjectMask& mask_;
  std::vector<Lab> colours_;
  double area_ = 0;
  double centre_x_ = 0;
  double centre_y_ = 0;
  double angle_ = 0;
  Lab background_;
};

std::string size_words(double area) {
  if (area < 0.03) return "a very small part of the picture";
  if (area < 0.075) return "about a twentieth of the picture";
  if (area < 0.15) return "about a tenth of the picture";
  if (area < 0.225) return "about a fifth of the picture";
  if (area < 0.29) return "about a quarter of the picture";
  if (area < 0.42) return "about a third of the picture";
  return "about half of the picture";
}

}  // namespace

Measurements measure(const Image& image) {
  Measurements result;
  const SubjectMask mask = segment_subject(image);
  if (!mask.certain) return result;
  const CloseUp close = close_up(image, mask);
  const Subject subject(close.image, close.mask);
  result.certain = true;
  result.area = mask.area;
  std::tie(result.shape_asymmetry, result.colour_asymmetry) = subject.asymmetry();
  std::vector<double> steps = subject.edge_steps();
  if (!steps.empty()) {
    std::sort(steps.begin(), steps.end());
    result.border_step = steps[steps.size() / 2];
    const auto sharp =
        std::count_if(steps.begin(), steps.end(), [](double step) { return step >= kSharpEdge; });
    result.sharp_share = static_cast<double>(sharp) / static_cast<double>(steps.size());
  }
  const double perimeter = subject.perimeter();
  result.compactness =
      std::min(1.0, 4 * std::numbers::pi * subject.area() / (perimeter * perimeter));
  const auto shares = subject.colour_shares();
  for (std::size_t c = 0; c < kColours; ++c)
    result.colours.emplace_back(kColourNames[c], shares[c]);
  return result;
}

std::vector<std::pair<std::string, std::string>> measure_findings(const Image& image) {
  const Measurements found = measure(image);
  std::vector<std::pair<std::string, std::string>> words;
  if (!found.certain) return words;
  const bool shape = found.shape_asymmetry > kMirrorShape;
  const bool colour = found.colour_asymmetry > kMirrorColour;
  words.emplace_back("asymmetry", shape && colour ? "asymmetric in shape and colour"
                                  : shape         ? "asymmetric in shape"
                                  : colour        ? "asymmetric in colour"
                                                  : "symmetric");
  if (found.border_step > 0) {
    words.emplace_back("border", found.sharp_share >= 0.7   ? "sharp"
                                 : found.sharp_share <= 0.3 ? "indistinct"
                                                            : "mixed");
  }
  std::vector<std::string> colours;
  for (const auto& [name, share] : found.colours) {
    if (share >= kColourShare) colours.push_back(name);
  }
  if (!colours.empty()) words.emplace_back("colours", join(colours, ", "));
  words.emplace_back("size", size_words(found.area));
  return words;
}

}  // namespace epicrisis
