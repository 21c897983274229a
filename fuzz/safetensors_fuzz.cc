// links: tensor

#include <cstdint>
#include <cstdlib>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"

// Whatever is accepted must be consistent: each tensor's bytes match its shape, all bytes are
// covered once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = epicrisis::parse_safetensors(
        std::string(reinterpret_cast<const char*>(data), size), "fuzz.safetensors");
    std::size_t covered = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      const auto values = epicrisis::to_float32(tensor);
      if (static_cast<std::int64_t>(values.size()) != tensor.count()) std::abort();
      covered += tensor.bytes.size();
    }
    if (covered > size) std::abort();
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  }
  return 0;
}
