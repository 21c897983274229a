// links: tensor

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/pytorch_file.h"
#include "tensor/pickle.h"
#include "tensor/weight_files.h"

namespace {

template <typename Parse>
void try_parse(const Parse& parse) {
  try {
    parse();
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  }
}

}  // namespace

// The input as a PyTorch file of either form, as a bare pickle (an archive's checksums would keep
// most mutations away from the pickle machine), and as an index of shards.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try_parse([&] {
    const auto file = epicrisis::parse_pytorch(bytes, "fuzz.pth");
    for (const auto& [name, tensor] : file.tensors()) {
      const auto values = epicrisis::to_float32(tensor);
      if (static_cast<std::int64_t>(values.size()) != tensor.count()) std::abort();
    }
    std::vector<std::string> remarks;
    const auto own = epicrisis::model_weights(file, {"a", "b.weight"}, remarks);
    if (own.tensors().size() > file.tensors().size()) std::abort();
  });
  try_parse([&] { epicrisis::unpickle_state_dict(bytes, "fuzz.pkl"); });
  try_parse([&] {
    const auto pickles = epicrisis::unpickle_legacy(bytes, "fuzz.pth");
    if (pickles.end > bytes.size()) std::abort();
  });
  try_parse([&] {
    for (const auto& [tensor, file] : epicrisis::parse_weight_index(bytes, "fuzz.index.json")) {
      if (file.find('/') != std::string::npos) std::abort();
    }
  });
  return 0;
}
