#include "train/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

// 2.4 made one pair of functions for all devices and later versions dropped those for each.
#define EPICRISIS_AUTOCAST_BY_DEVICE \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

namespace epicrisis {
namespace {

void set_autocast(torch::DeviceType device, bool on) {
#if EPICRISIS_AUTOCAST_BY_DEVICE
  at::autocast::set_autocast_enabled(device, on);
  if (on) at::autocast::set_autocast_dtype(device, torch::kBFloat16);
#else
  if (device == torch::kCPU) {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(torch::kBFloat16);
  } else {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(torch::kBFloat16);
  }
#endif
}

}  // namespace

AutocastGuard::AutocastGuard(bool enabled, torch::DeviceType device)
    : enabled_(enabled), device_(device) {
  if (!enabled_) return;
  at::autocast::increment_nesting();
  set_autocast(device_, true);
}

AutocastGuard::~AutocastGuard() {
  if (!enabled_) return;
  set_autocast(device_, false);
  // The casts of weights are kept until the outermost guard ends: the optimiser changes the
  // weights.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace epicrisis
