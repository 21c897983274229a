#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epicrisis/image/image.h"

namespace epicrisis {

// Measured from the segmented subject; all 0 and `certain` false where no subject was surely found.
// On a grid of at most 128 pixels, so structures finer than that play no part. docs/preparation.md
// gives the formulas and what was seen on real pictures.
struct Measurements {
  bool certain = false;
  double area = 0;              // share of the picture, 0 to 1
  double shape_asymmetry = 0;   // share of the subject without a mirror image, 0 (symmetric) to 1,
                                // at the worse of its two main axes
  double colour_asymmetry = 0;  // mean difference of mirrored points, CIE76 Delta E, likewise
  double border_step = 0;       // median rise in L* at the rim within a twentieth of the diameter
  double sharp_share = 0;       // share of the rim whose edge is sharp, 0 to 1
  double compactness = 0;       // 4 pi area / perimeter^2, 1 for a disc
  std::vector<std::pair<std::string, double>> colours;  // white, red, light brown, dark brown,
                                                        // blue-gray, black: share of the subject
};

// Changes with what measure_findings() says of a picture, for notes that were made of its words.
inline constexpr int kMeasuringVersion = 2;

Measurements measure(const Image& image);

// The same in words for a text prompt, e.g. {"asymmetry", "asymmetric in colour"}, {"border",
// "sharp"}, {"colours", "light brown, dark brown"}, {"size", "about a fifth of the picture"}. Keys
// in this order. Empty where the subject was not surely found: nothing is better than a wrong
// finding.
std::vector<std::pair<std::string, std::string>> measure_findings(const Image& image);

}  // namespace epicrisis
