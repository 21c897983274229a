#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// What a state dict's pickle says about one tensor.
struct PickledTensor {
  TensorType type = TensorType::kF32;
  std::string storage;              // its key: record "data/<storage>" of an archive
  std::uint64_t storage_count = 0;  // elements of the storage, as announced
  std::uint64_t offset = 0;         // elements
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> strides;  // elements
};

using PickledTensors = std::vector<std::pair<std::string, PickledTensor>>;

// Reads the pickle (protocols 2 to 5) of a state dict and returns its tensors under dotted names,
// in order. Runs nothing: the only calls it knows are those that rebuild tensors and ordered dicts.
// InputError with `source` and byte for everything else.
PickledTensors unpickle_state_dict(std::string_view bytes, const std::string& source);

// A file of torch.save before PyTorch 1.6, or since then on request: five pickles in a row (a magic
// number, the version 1001, what the machine was like, the state dict, the keys of the storages),
// then the storages themselves.
struct LegacyPickles {
  struct Storage {
    TensorType type = TensorType::kF32;
    std::uint64_t count = 0;  // elements, as announced
  };
  PickledTensors tensors;
  std::map<std::string, Storage> storages;
  std::vector<std::string> order;  // keys of the storages as they follow the pickles
  std::size_t end = 0;             // bytes of the pickles
};
// Whether bytes begin with the magic number.
bool is_legacy_pytorch(std::string_view bytes);
// Errors as unpickle_state_dict(); InputError too for another version and for big-endian tensors.
LegacyPickles unpickle_legacy(std::string_view bytes, const std::string& source);

}  // namespace epicrisis
