#pragma once

#include <cstdint>
#include <vector>

#include "epicrisis/image/image.h"
#include "image/plane.h"

namespace epicrisis {

// What is in a picture and belongs to the taking of it. 0 (surely not) to 1 (surely there); rules
// of thumb, looked at and not measured against anything (docs/findings.md).
struct Artefacts {
  double ink = 0;       // strong blue, violet or green away from the subject, as pens leave it
  double ruler = 0;     // dark ticks at even distances along a side
  double bubbles = 0;   // small round reflexes, lighter than what is around them
  double vignette = 0;  // corners darker than the middle, up to a black frame

  enum Mark : std::uint8_t { kNone, kInk, kTick, kBubble };
  std::vector<std::uint8_t> marks;  // a pixel
};

// `inside` is 1 in the subject and of the picture's size; at least 32 pixels a side.
Artefacts find_artefacts(const Image& image, const Plane& inside);

}  // namespace epicrisis
