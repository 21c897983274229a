#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epicrisis/image/image.h"

namespace epicrisis {

// Measured from the segmented lesion; all 0 and `certain` false where no lesion was surely found.
struct Measurements {
  bool certain = false;
  double area = 0;              // share of the picture, 0 to 1
  double shape_asymmetry = 0;   // share of the lesion without a mirror image, 0 (symmetric) to 1
  double colour_asymmetry = 0;  // mean colour difference of mirrored points, CIE76 Delta E
  double border_width = 0;      // width of the edge as a share of the lesion's equivalent diameter
  double compactness = 0;       // 4 pi area / perimeter^2, 1 for a disc
  std::vector<std::pair<std::string, double>> colours;  // names of prompt P1, share of the lesion
};

Measurements measure(const Image& image);

// The same in words for a text prompt, e.g. {"asymmetry", "asymmetric in colour"}, {"border",
// "sharp"}, {"colours", "light brown, dark brown"}, {"size", "about a fifth of the picture"}. Keys
// in this order. Empty where the lesion was not surely found: nothing is better than a wrong
// finding.
std::vector<std::pair<std::string, std::string>> measure_findings(const Image& image);

}  // namespace epicrisis
