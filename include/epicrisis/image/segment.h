#pragma once

#include <cstdint>
#include <vector>

#include "epicrisis/image/image.h"
#include "epicrisis/image/resize.h"

namespace epicrisis {

// Where the subject probably is. A cautious threshold method, not a learned one: good enough to
// place a crop and to measure coarse findings where it is `certain`, no more.
struct SubjectMask {
  int width = 0;  // of the mask, which is smaller than the picture: long side at most 128
  int height = 0;
  std::vector<std::uint8_t> inside;  // width * height of 0 or 1
  double area = 0;                   // share of the picture
  double contrast = 0;               // mean difference to the background around it, in gray levels
  Box box;                           // bounding box in pixels of the *picture*, rounded outwards
  double certainty = 0;  // 0 to 1: how far the rules for `certain` are met; .5 where just met
  bool certain = false;  // one compact region, clear of the borders, with contrast
};

SubjectMask segment_subject(const Image& image);

}  // namespace epicrisis
