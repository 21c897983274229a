#include "study/graphics_driver.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>

namespace epicrisis::study {
namespace {

namespace fs = std::filesystem;

// nvidia0, nvidiactl, nvidia-uvm; a container may be given some of them alone.
constexpr std::string_view kNvidia = "nvidia";
constexpr std::array kOther = {"dxg", "nvmap", "nvhost-gpu", "nvgpu", "kfd"};

bool is_of_driver(const std::string& device) {
  return device.starts_with(kNvidia) || std::ranges::find(kOther, device) != kOther.end();
}

}  // namespace

bool shows_cuda_driver(const Path& root) {
  std::error_code error;
  if (fs::exists(root / "proc" / "driver" / "nvidia", error)) return true;
  fs::directory_iterator device(root / "dev", error);
  for (const fs::directory_iterator end; !error && device != end; device.increment(error)) {
    if (is_of_driver(device->path().filename().string())) return true;
  }
  return false;
}

}  // namespace epicrisis::study
