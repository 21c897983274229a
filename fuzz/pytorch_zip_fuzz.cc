// links: tensor

#include <cstdint>
#include <cstdlib>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/pytorch_zip.h"
#include "tensor/pickle.h"

// The input as an archive, and as a bare pickle: the archive's checksums would keep most mutations
// away from the pickle machine.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto file = epicrisis::parse_pytorch(bytes, "fuzz.pth");
    for (const auto& [name, tensor] : file.tensors()) {
      const auto values = epicrisis::to_float32(tensor);
      if (static_cast<std::int64_t>(values.size()) != tensor.count()) std::abort();
    }
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  }
  try {
    epicrisis::unpickle_state_dict(bytes, "fuzz.pkl");
  } catch (const epicrisis::InputError&) {
    // The same.
  }
  return 0;
}
