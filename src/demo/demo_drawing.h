#pragma once

#include <array>
#include <string>
#include <vector>

#include "epicrisis/core/random.h"
#include "epicrisis/image/image.h"

namespace epicrisis::demo {

enum class Kind { kNevus, kMelanoma, kBasalCell, kKeratosis };

// Linear-light-free RGB in 0..1.
using Colour = std::array<double, 3>;

// The signs of one drawn lesion; drawn by odds that depend on its class.
struct Lesion {
  Kind kind = Kind::kNevus;
  double radius = 0.25;     // of the picture's short side
  double elongation = 1.0;  // 1: round
  double angle = 0;
  double asymmetry = 0;  // 0..1: shape and colour differ between halves
  double border = 0;     // 0 sharp .. 1 indistinct
  Colour base{};         // main colour
  bool has_dark = false, has_blue = false, has_red = false, has_white = false;
  bool network = false, streaks = false, dots = false, globules = false, vessels = false;
  std::uint64_t texture = 0;  // seed of its noise
};

// How a camera renders: one domain.
struct Camera {
  int width = 224;
  int height = 168;
  double vignette = 0;  // 0 none .. 1 black circle
  double hair = 0;      // odds of hair
  Colour cast{1, 1, 1};
  double zoom = 1;  // lesion size factor
  double blur = 0;  // pixels
  double noise = 0.01;
  double glare = 0;  // odds of a specular spot
};

Lesion draw_lesion_signs(Kind kind, Random& random);
Image render(const Lesion& lesion, const Camera& camera, Random& random);
// "asymmetric; border indistinct; colours dark brown, blue-gray; structures branched streaks".
std::vector<std::pair<std::string, std::string>> signs_in_words(const Lesion& lesion);

}  // namespace epicrisis::demo
