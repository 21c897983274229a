#pragma once

#include "epicrisis/core/files.h"

namespace epicrisis::study {

// Whether a machine shows a driver by which LibTorch may find a device that it calls CUDA's:
// NVIDIA's own, that of the Windows subsystem for Linux or of a Jetson, or AMD's, of which LibTorch
// says the same. `root` is "/" but for tests. Devices themselves are LibTorch's to find.
bool shows_cuda_driver(const Path& root);

}  // namespace epicrisis::study
