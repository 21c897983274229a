#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "epicrisis/tensor/tensor_file.h"
#include "tensor/pickle.h"

namespace epicrisis {

// The bytes of a storage by its key; called once a key. InputError if there is none.
using StorageBytes = std::function<std::span<const std::byte>(const std::string& key)>;

// Lays pickled tensors over their storages; strided ones are copied. `owner` keeps the storages
// alive, file_size bounds the copies. InputError for a tensor that reaches outside its storage,
// repeats its elements, or comes twice.
TensorFile lay_tensors(const PickledTensors& pickled, const StorageBytes& storage_bytes,
                       std::shared_ptr<const void> owner, std::size_t file_size,
                       std::string source);

}  // namespace epicrisis
