#include "image/subject.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "epicrisis/image/resize.h"
#include "image/plane.h"

namespace epicrisis {
namespace {

constexpr double kSharpEdge = 10;  // rise in L* within a twentieth of the diameter
constexpr int kRays = 64;

// The named colour of a subject's pixel, judged beside the background, so that the tint of the lamp
// counts less.
SubjectColour name_colour(const Lab& pixel, const Lab& background) {
  if (pixel.l < 22) return kBlack;
  if (delta_e(pixel, background) < 7) return kSubjectColours;
  if (pixel.l > background.l + 4 && pixel.chroma() < background.chroma()) return kWhite;
  if (pixel.b < background.b - 6 && pixel.b < 4 && pixel.a < background.a + 6) return kBlueGray;
  // Blood turns it towards red, pigment towards yellow.
  const bool redder =
      pixel.a > background.a + 5 && pixel.hue() < std::min(38.0, background.hue() - 2);
  const bool purple = pixel.a > background.a + 8 && pixel.hue() < 15;
  if ((redder || purple) && pixel.l > 25) return kRed;
  return pixel.l < 42 ? kDarkBrown : kLightBrown;
}

// The value below which `share` of the list lies; the list is reordered.
double quantile(std::vector<double>& list, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(list.size() - 1));
  std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(at), list.end());
  return list[at];
}

}  // namespace

Subject::Subject(const Image& image, const SubjectMask& mask)
    : share_(mask.area), certain_(mask.certain) {
  constexpr int kLongSide = 160;
  const int margin = static_cast<int>(0.3 * std::max(mask.box.width, mask.box.height)) + 2;
  box_.x = std::max(0, mask.box.x - margin);
  box_.y = std::max(0, mask.box.y - margin);
  box_.width = std::min(image.width, mask.box.x + mask.box.width + margin) - box_.x;
  box_.height = std::min(image.height, mask.box.y + mask.box.height + margin) - box_.y;
  const int longest = std::max(box_.width, box_.height);
  const int side = std::min(kLongSide, longest);
  mask_.width = std::max(1, box_.width * side / longest);
  mask_.height = std::max(1, box_.height * side / longest);
  const Image small = resize_area(image, box_, mask_.width, mask_.height);
  mask_.inside.reserve(small.pixels.size() / 3);
  const auto from = [](double at, int width, int of, int to) {
    return std::min(to - 1, static_cast<int>(at * width / of));
  };
  for (int y = 0; y < mask_.height; ++y) {
    const double down = box_.y + (y + 0.5) * box_.height / mask_.height;
    const int row = from(down, mask.height, image.height, mask.height);
    for (int x = 0; x < mask_.width; ++x) {
      const double across = box_.x + (x + 0.5) * box_.width / mask_.width;
      const int column = from(across, mask.width, image.width, mask.width);
      mask_.inside.push_back(
          mask.inside[static_cast<std::size_t>(row) * static_cast<std::size_t>(mask.width) +
                      static_cast<std::size_t>(column)]);
    }
  }
  Plane channel(mask_.width, mask_.height);
  std::array<Plane, 3> smooth;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < channel.values.size(); ++i) {
      channel.values[i] = small.pixels[3 * i + c];
    }
    smooth[c] = box_blur(channel, 1);
  }
  colours_.reserve(channel.values.size());
  for (std::size_t i = 0; i < channel.values.size(); ++i) {
    const std::array<std::uint8_t, 3> pixel{smooth[0].values[i], smooth[1].values[i],
                                            smooth[2].values[i]};
    colours_.push_back(to_lab(pixel.data()));
  }
  find_axes();
  find_background();
}

double Subject::diameter() const { return std::sqrt(4 * area_ / std::numbers::pi); }

bool Subject::inside(double x, double y) const {
  return inside(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y)));
}

SubjectColour Subject::colour_name(int x, int y) const {
  return name_colour(colour(x, y), background_);
}

// Shape and colour against the mirror image at the two main axes; the worse of the two counts.
std::pair<double, double> Subject::asymmetry() const {
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
std::vector<double> Subject::edge_steps() const {
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

double Subject::perimeter() const {
  double edges = 0;
  each([&](int x, int y) {
    edges += !inside(x - 1, y) + !inside(x + 1, y) + !inside(x, y - 1) + !inside(x, y + 1);
  });
  // Pixel edges overstate a slanting line; pi / 4 is the mean over all directions.
  return edges * std::numbers::pi / 4;
}

std::array<double, kSubjectColours> Subject::colour_shares() const {
  std::array<double, kSubjectColours> shares{};
  each([&](int x, int y) {
    const SubjectColour name = colour_name(x, y);
    if (name != kSubjectColours) shares[name] += 1 / area_;
  });
  return shares;
}

// Middle and direction of the longer axis, from the moments of the mask.
void Subject::find_axes() {
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
void Subject::find_background() {
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

Measurements Subject::measurements() const {
  Measurements result;
  result.certain = certain_;
  result.area = share_;
  std::tie(result.shape_asymmetry, result.colour_asymmetry) = asymmetry();
  std::vector<double> steps = edge_steps();
  if (!steps.empty()) {
    std::sort(steps.begin(), steps.end());
    result.border_step = steps[steps.size() / 2];
    const auto sharp =
        std::count_if(steps.begin(), steps.end(), [](double step) { return step >= kSharpEdge; });
    result.sharp_share = static_cast<double>(sharp) / static_cast<double>(steps.size());
  }
  const double around = perimeter();
  result.compactness = std::min(1.0, 4 * std::numbers::pi * area_ / (around * around));
  const auto shares = colour_shares();
  for (std::size_t c = 0; c < kSubjectColours; ++c) {
    result.colours.emplace_back(kColourNames[c], shares[c]);
  }
  return result;
}

ColourSpread Subject::spread() const {
  std::array<std::vector<double>, 3> values;
  Lab sum;
  Lab squares;
  each([&](int x, int y) {
    const Lab& pixel = colour(x, y);
    values[0].push_back(pixel.l);
    values[1].push_back(pixel.a);
    values[2].push_back(pixel.b);
    sum = {sum.l + pixel.l, sum.a + pixel.a, sum.b + pixel.b};
    squares = {squares.l + pixel.l * pixel.l, squares.a + pixel.a * pixel.a,
               squares.b + pixel.b * pixel.b};
  });
  const auto deviation = [&](double total, double square) {
    return std::sqrt(std::max(0.0, square / area_ - (total / area_) * (total / area_)));
  };
  ColourSpread result;
  result.difference = {sum.l / area_ - background_.l, sum.a / area_ - background_.a,
                       sum.b / area_ - background_.b};
  result.deviation = {deviation(sum.l, squares.l), deviation(sum.a, squares.a),
                      deviation(sum.b, squares.b)};
  result.darkest = quantile(values[0], 0.05);
  result.palest = quantile(values[0], 0.95) - background_.l;
  result.reddest = quantile(values[1], 0.95) - background_.a;
  result.bluest = quantile(values[2], 0.05) - background_.b;
  return result;
}

}  // namespace epicrisis
