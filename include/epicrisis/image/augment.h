#pragma once

#include <cstdint>
#include <span>

#include "epicrisis/core/random.h"
#include "epicrisis/image/image.h"

namespace epicrisis {

// Each step is applied with its own probability; all 0 gives the picture unchanged.
struct AugmentConfig {
  double flip_horizontal = 0.5;
  double flip_vertical = 0.5;
  double quarter_turn = 0.5;  // by 90, 180 or 270 degrees, each as likely
  double resized_crop = 0.5;  // a square of `scale` of the area anywhere inside, scaled back up
  double scale_low = 0.8;     // share of the area, in (0, 1]
  double scale_high = 0.95;
  double colour_shift = 0.5;  // a whole number added to each channel, drawn for each on its own
  int shift_low = -50;
  int shift_high = 10;  // both included; results are clamped to 0..255
};

// A square picture of `size` pixels a side from `source` into `output` (both size * size * 3 bytes,
// not overlapping). The same numbers are drawn whatever the outcome of each, so a stream of
// pictures does not depend on the probabilities. Allocates nothing that grows with the picture.
// InternalError for buffers of another length.
void augment_into(std::span<const std::uint8_t> source, int size, const AugmentConfig& config,
                  Random& random, std::span<std::uint8_t> output);

Image augment(const Image& square, const AugmentConfig& config, Random& random);

}  // namespace epicrisis
