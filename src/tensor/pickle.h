#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// What a state dict's pickle says about one tensor.
struct PickledTensor {
  TensorType type = TensorType::kF32;
  std::string storage;              // record "data/<storage>"
  std::uint64_t storage_count = 0;  // elements of the storage, as announced
  std::uint64_t offset = 0;         // elements
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> strides;  // elements
};

// Reads the pickle (protocols 2 to 5) of a state dict and returns its tensors under dotted names,
// in order. Runs nothing: the only calls it knows are those that rebuild tensors and ordered dicts.
// InputError with `source` and byte for everything else.
std::vector<std::pair<std::string, PickledTensor>> unpickle_state_dict(std::string_view bytes,
                                                                       const std::string& source);

}  // namespace epicrisis
