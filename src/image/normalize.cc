#include "epicrisis/image/normalize.h"

#include "epicrisis/core/error.h"

namespace epicrisis {

void normalize_into(std::span<const std::uint8_t> pixels, const ChannelStatistics& statistics,
                    std::span<float> output) {
  if (pixels.size() % 3 != 0 || output.size() != pixels.size()) {
    throw InternalError("normalize_into: {} bytes into {} values", pixels.size(), output.size());
  }
  const std::size_t count = pixels.size() / 3;
  // A table of the 256 values gives every machine the same floats, with one rounding each.
  std::array<std::array<float, 256>, 3> table;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      table[c][v] = static_cast<float>((static_cast<double>(v) / 255.0 - statistics.mean[c]) /
                                       statistics.deviation[c]);
    }
  }
  float* red = output.data();
  float* green = red + count;
  float* blue = green + count;
  const std::uint8_t* from = pixels.data();
  for (std::size_t i = 0; i < count; ++i, from += 3) {
    red[i] = table[0][from[0]];
    green[i] = table[1][from[1]];
    blue[i] = table[2][from[2]];
  }
}

}  // namespace epicrisis
