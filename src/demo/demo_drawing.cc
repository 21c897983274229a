#include "demo/demo_drawing.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis::demo {
namespace {

constexpr double kPi = std::numbers::pi;

// Value noise in -1..1 with smooth interpolation; the lattice comes from hashing, so that a lesion
// looks the same under each camera.
double lattice(std::uint64_t seed, int x, int y) {
  std::uint64_t h = seed + static_cast<std::uint64_t>(x) * 0x9e3779b97f4a7c15U +
                    static_cast<std::uint64_t>(y) * 0xc2b2ae3d27d4eb4fU;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((h ^ (h >> 31)) >> 11) * 0x1.0p-52 - 1.0;
}

double smooth_noise(std::uint64_t seed, double x, double y) {
  const int ix = static_cast<int>(std::floor(x));
  const int iy = static_cast<int>(std::floor(y));
  const double fx = x - ix;
  const double fy = y - iy;
  const double sx = fx * fx * (3 - 2 * fx);
  const double sy = fy * fy * (3 - 2 * fy);
  const double top = std::lerp(lattice(seed, ix, iy), lattice(seed, ix + 1, iy), sx);
  const double bottom = std::lerp(lattice(seed, ix, iy + 1), lattice(seed, ix + 1, iy + 1), sx);
  return std::lerp(top, bottom, sy);
}

double fractal_noise(std::uint64_t seed, double x, double y) {
  return 0.6 * smooth_noise(seed, x, y) + 0.3 * smooth_noise(seed + 1, 2 * x, 2 * y) +
         0.1 * smooth_noise(seed + 2, 4 * x, 4 * y);
}

void blend(Colour& colour, const Colour& other, double weight) {
  for (std::size_t c = 0; c < 3; ++c)
    colour[c] = std::lerp(colour[c], other[c], std::clamp(weight, 0.0, 1.0));
}

double smooth_step(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

struct Spot {
  double x, y, radius;
};

std::vector<Spot> scatter(std::uint64_t seed, int count, double reach, double radius) {
  Random random(seed);
  std::vector<Spot> spots;
  for (int i = 0; i < count; ++i) {
    const double angle = random.uniform(0, 2 * kPi);
    const double distance = reach * std::sqrt(random.uniform());
    spots.push_back({distance * std::cos(angle), distance * std::sin(angle),
                     radius * random.uniform(0.6, 1.3)});
  }
  return spots;
}

// The lesion's look, prepared once and sampled per pixel in lesion coordinates (radius 1).
class Painter {
 public:
  explicit Painter(const Lesion& lesion) : lesion_(lesion) {
    Random random(lesion.texture, "outline");
    for (auto& term : outline_) {
      term = {random.normal() * (0.035 + 0.11 * lesion.asymmetry), random.uniform(0, 2 * kPi)};
    }
    dark_side_ = random.uniform(0, 2 * kPi);
    if (lesion.dots) dots_ = scatter(lesion.texture + 11, 26, 0.85, 0.035);
    if (lesion.globules) globules_ = scatter(lesion.texture + 12, 11, 0.75, 0.095);
    if (lesion.vessels) {
      for (int i = 0; i < 4; ++i)
        vessels_.emplace_back(random.uniform(0, 2 * kPi), random.normal());
    }
  }

  // Paints over the skin colour at (u, v).
  void paint(double u, double v, Colour& colour) const {
    const double angle = std::atan2(v, u);
    const double distance = std::hypot(u, v) / edge(angle);
    const double softness = 0.04 + 0.42 * lesion_.border;
    double cover = 1 - smooth_step(1 - softness, 1 + softness * 0.6, distance);
    if (lesion_.streaks) {
      const double ray =
          std::pow(std::max(0.0, std::cos(11 * angle + lattice(lesion_.texture, 3, 3))), 6);
      cover = std::max(cover, ray * (1 - smooth_step(1.0, 1.32, distance)));
    }
    if (cover <= 0) return;
    Colour paint = lesion_.base;
    const double grain = fractal_noise(lesion_.texture + 5, 3.2 * u, 3.2 * v);
    for (auto& channel : paint) channel *= 1 + 0.16 * grain;
    const double side = std::cos(angle - dark_side_) * std::min(distance, 1.0);
    const double patch = fractal_noise(lesion_.texture + 7, 1.8 * u + 9, 1.8 * v);
    blend(paint, {0.24, 0.14, 0.09},
          0.55 * lesion_.asymmetry * smooth_step(-0.1, 0.7, side + 0.3 * patch));
    if (lesion_.has_dark) blend(paint, {0.10, 0.07, 0.07}, smooth_step(0.12, 0.4, patch));
    if (lesion_.has_blue) blend(paint, {0.33, 0.38, 0.47}, 0.8 * smooth_step(0.1, 0.45, -patch));
    if (lesion_.has_red) blend(paint, {0.76, 0.33, 0.31}, 0.7 * smooth_step(0.1, 0.5, grain));
    if (lesion_.has_white) blend(paint, {0.90, 0.84, 0.80}, 0.7 * smooth_step(0.25, 0.55, -grain));
    if (lesion_.network) {
      const double wobble = 0.5 * fractal_noise(lesion_.texture + 9, 2 * u, 2 * v);
      const double mesh = std::max(std::pow(std::abs(std::cos(15 * u + 3 * wobble)), 9),
                                   std::pow(std::abs(std::cos(15 * v - 3 * wobble)), 9));
      blend(paint, {0.22, 0.13, 0.08}, 0.55 * mesh);
    }
    for (const Spot& spot : dots_) stamp(spot, u, v, {0.12, 0.08, 0.07}, 0.85, paint);
    const Colour globule = lesion_.kind == Kind::kBasalCell   ? Colour{0.34, 0.37, 0.45}
                           : lesion_.kind == Kind::kKeratosis ? Colour{0.93, 0.86, 0.72}
                                                              : Colour{0.27, 0.15, 0.09};
    for (const Spot& spot : globules_) stamp(spot, u, v, globule, 0.8, paint);
    for (const auto& [direction, bend] : vessels_) {
      const double along = u * std::cos(direction) + v * std::sin(direction);
      const double across =
          -u * std::sin(direction) + v * std::cos(direction) - 0.15 * std::sin(4 * along + bend);
      if (along > 0)
        blend(paint, {0.66, 0.12, 0.14}, 0.8 * (1 - smooth_step(0.012, 0.035, std::abs(across))));
    }
    blend(colour, paint, cover);
  }

 private:
  double edge(double angle) const {
    double radius = 1;
    for (std::size_t k = 0; k < outline_.size(); ++k) {
      radius +=
          outline_[k].first * std::cos(static_cast<double>(k + 2) * angle + outline_[k].second);
    }
    return std::max(0.4, radius);
  }
  static void stamp(const Spot& spot, double u, double v, const Colour& ink, double weight,
                    Colour& paint) {
    const double distance = std::hypot(u - spot.x, v - spot.y) / spot.radius;
    if (distance < 1.2) blend(paint, ink, weight * (1 - smooth_step(0.7, 1.2, distance)));
  }

  const Lesion& lesion_;
  std::array<std::pair<double, double>, 5> outline_{};
  double dark_side_ = 0;
  std::vector<Spot> dots_, globules_;
  std::vector<std::pair<double, double>> vessels_;
};

void draw_hair(Image& image, Random& random) {
  const int count = 3 + static_cast<int>(random.below(6));
  for (int i = 0; i < count; ++i) {
    double x = random.uniform(0, image.width);
    double y = random.uniform(0, image.height);
    double direction = random.uniform(0, 2 * kPi);
    const double bend = random.normal() * 0.006;
    const double weight = random.uniform(0.55, 0.9);
    const int length = image.width / 3 +
                       static_cast<int>(random.below(static_cast<std::uint64_t>(image.width) / 2));
    for (int step = 0; step < length;
         ++step, x += std::cos(direction), y += std::sin(direction), direction += bend) {
      const int px = static_cast<int>(x);
      const int py = static_cast<int>(y);
      if (px < 0 || py < 0 || px >= image.width || py >= image.height) continue;
      for (int c = 0; c < 3; ++c) {
        auto& value = image.at(px, py)[c];
        value =
            static_cast<std::uint8_t>(std::lerp(static_cast<double>(value), 36.0 - 6 * c, weight));
      }
    }
  }
}

void box_blur(Image& image, int radius) {
  for (const bool horizontal : {true, false}) {
    const Image source = image;
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        for (int c = 0; c < 3; ++c) {
          int sum = 0;
          for (int d = -radius; d <= radius; ++d) {
            const int sx = horizontal ? std::clamp(x + d, 0, image.width - 1) : x;
            const int sy = horizontal ? y : std::clamp(y + d, 0, image.height - 1);
            sum += source.at(sx, sy)[c];
          }
          image.at(x, y)[c] = static_cast<std::uint8_t>(sum / (2 * radius + 1));
        }
      }
    }
  }
}

}  // namespace

Lesion draw_lesion_signs(Kind kind, Random& random) {
  // Odds per class, in the order nevus, melanoma, basal cell carcinoma, keratosis.
  const auto odds = [&](std::array<double, 4> by_kind) {
    return random.chance(by_kind[static_cast<std::size_t>(kind)]);
  };
  static constexpr std::array<Colour, 4> kBase = {
      Colour{0.50, 0.31, 0.20}, Colour{0.38, 0.23, 0.17}, Colour{0.72, 0.48, 0.42},
      Colour{0.58, 0.43, 0.29}};
  Lesion lesion;
  lesion.kind = kind;
  lesion.base = kBase[static_cast<std::size_t>(kind)];
  const double shade = random.uniform(0.80, 1.22);
  for (auto& channel : lesion.base)
    channel = std::min(0.95, channel * shade + 0.035 * random.normal());
  lesion.radius = random.uniform(0.20, 0.34);
  lesion.elongation = random.uniform(1.0, 1.45);
  lesion.angle = random.uniform(0, kPi);
  lesion.asymmetry =
      odds({0.18, 0.78, 0.5, 0.25}) ? random.uniform(0.5, 1.0) : random.uniform(0.0, 0.3);
  lesion.border =
      odds({0.35, 0.55, 0.5, 0.15}) ? random.uniform(0.45, 1.0) : random.uniform(0.0, 0.25);
  lesion.has_dark = odds({0.15, 0.60, 0.12, 0.20});
  lesion.has_blue = odds({0.04, 0.42, 0.28, 0.05});
  lesion.has_red = odds({0.08, 0.25, 0.55, 0.08});
  lesion.has_white = odds({0.04, 0.20, 0.25, 0.30});
  lesion.network = odds({0.65, 0.45, 0.04, 0.08});
  lesion.streaks = odds({0.06, 0.40, 0.05, 0.04});
  lesion.dots = odds({0.25, 0.50, 0.15, 0.35});
  lesion.globules = odds({0.25, 0.30, 0.40, 0.55});
  lesion.vessels = odds({0.02, 0.12, 0.60, 0.06});
  lesion.texture = random.next();
  return lesion;
}

Image render(const Lesion& lesion, const Camera& camera, Random& random) {
  const Painter painter(lesion);
  Image image(camera.width, camera.height);
  const double short_side = std::min(camera.width, camera.height);
  const double radius = lesion.radius * camera.zoom * short_side;
  const double cx = camera.width * random.uniform(0.42, 0.58);
  const double cy = camera.height * random.uniform(0.42, 0.58);
  const double turn = lesion.angle + random.uniform(0, 2 * kPi);
  const Colour skin = {random.uniform(0.78, 0.90), random.uniform(0.60, 0.70),
                       random.uniform(0.52, 0.60)};
  const std::uint64_t skin_texture = random.next();
  const double light_x = random.normal() * 0.06;
  const double light_y = random.normal() * 0.06;
  const bool glare = random.chance(camera.glare);
  const double glare_x = random.uniform(0.3, 0.7) * camera.width;
  const double glare_y = random.uniform(0.3, 0.7) * camera.height;
  for (int y = 0; y < camera.height; ++y) {
    for (int x = 0; x < camera.width; ++x) {
      Colour colour = skin;
      const double grain = fractal_noise(skin_texture, x * 0.06, y * 0.06);
      for (auto& channel : colour) channel *= 1 + 0.045 * grain;
      const double dx = (x - cx) / radius;
      const double dy = (y - cy) / radius;
      const double u = (dx * std::cos(turn) + dy * std::sin(turn)) / lesion.elongation;
      const double v = -dx * std::sin(turn) + dy * std::cos(turn);
      painter.paint(u, v, colour);
      const double px = 2.0 * x / camera.width - 1;
      const double py = 2.0 * y / camera.height - 1;
      double light = 1 + light_x * px + light_y * py;
      const double from_centre = std::hypot(px * camera.width, py * camera.height) / short_side;
      light *= 1 - camera.vignette * smooth_step(0.92, 1.08, from_centre);
      if (glare) light += 0.5 * std::exp(-std::hypot(x - glare_x, y - glare_y) / 7.0);
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = colour[c] * camera.cast[c] * light + camera.noise * random.normal();
        image.at(x, y)[c] =
            static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255.0));
      }
    }
  }
  if (random.chance(camera.hair)) draw_hair(image, random);
  if (camera.blur > 0) box_blur(image, static_cast<int>(camera.blur));
  return image;
}

std::vector<std::pair<std::string, std::string>> signs_in_words(const Lesion& lesion) {
  std::vector<std::string> colours;
  if (lesion.has_white) colours.emplace_back("white");
  if (lesion.has_red || lesion.kind == Kind::kBasalCell) colours.emplace_back("red");
  const double brightness = lesion.base[0] + lesion.base[1] + lesion.base[2];
  if (lesion.kind != Kind::kBasalCell)
    colours.emplace_back(brightness > 1.15 ? "light brown" : "dark brown");
  if (lesion.has_blue) colours.emplace_back("blue-gray");
  if (lesion.has_dark) colours.emplace_back("black");
  std::vector<std::string> structures;
  if (lesion.network) structures.emplace_back("pigment network");
  if (lesion.streaks) structures.emplace_back("branched streaks");
  if (lesion.dots) structures.emplace_back("dots");
  if (lesion.globules) structures.emplace_back("globules");
  if (lesion.vessels) structures.emplace_back("vessels");
  if (structures.empty()) structures.emplace_back("structureless areas");
  return {{"asymmetry", lesion.asymmetry > 0.4 ? "asymmetric" : "symmetric"},
          {"border", lesion.border > 0.35 ? "indistinct" : "sharp"},
          {"colours", join(colours, ", ")},
          {"structures", join(structures, ", ")}};
}

}  // namespace epicrisis::demo
