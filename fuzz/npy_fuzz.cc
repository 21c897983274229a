// links: tensor

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto array =
        epicrisis::parse_npy({reinterpret_cast<const char*>(data), size}, "fuzz.npy");
    if (array.float32.size() + array.float64.size() + array.int64.size() != array.count()) {
      std::abort();
    }
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  }
  return 0;
}
