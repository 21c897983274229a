#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace epicrisis {

// Of channels in [0, 1], in the order red, green, blue.
struct ChannelStatistics {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

// The statistics that torchvision's ImageNet weights were trained with.
inline constexpr ChannelStatistics kImageNetStatistics{{0.485F, 0.456F, 0.406F},
                                                       {0.229F, 0.224F, 0.225F}};

// Interleaved bytes [count * 3] to planes [3, count] of (value / 255 - mean) / deviation.
// output.size() == pixels.size() (InternalError).
void normalize_into(std::span<const std::uint8_t> pixels, const ChannelStatistics& statistics,
                    std::span<float> output);

}  // namespace epicrisis
