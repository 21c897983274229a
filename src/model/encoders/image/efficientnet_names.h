#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace epicrisis {

// The name that timm gives a tensor of an EfficientNet which torchvision ("features.2.0.block...")
// or the PyTorch port of TensorFlow's weights ("_blocks.3...", package efficientnet-pytorch and its
// Lite sisters) publish under another; any other name stays as it is. `blocks`: the number of
// blocks of each stage, which the port counts through.
std::string timm_efficientnet_name(const std::string& published,
                                   std::span<const std::int64_t> blocks);

}  // namespace epicrisis
