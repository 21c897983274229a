#include "tensor/pytorch_tensors.h"

#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "tensor/checked_size.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxCopied = std::uint64_t{4} << 30;

// What a file's views point into: the file, and dense copies of its strided tensors.
struct Owner {
  std::shared_ptr<const void> file;
  std::vector<std::vector<std::byte>> copies;
};

bool is_dense(const PickledTensor& tensor) {
  std::uint64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

// Elements from the start of the storage to the last one of the tensor; nothing on overflow.
std::optional<std::uint64_t> reach(const PickledTensor& tensor) {
  std::uint64_t last = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const std::uint64_t sizes[] = {tensor.shape[i] - 1};
    const auto step = checked_product(sizes, tensor.strides[i]);
    if (!step || last > kMaxSize || *step > kMaxSize) return std::nullopt;
    last += *step;
  }
  return last + 1;
}

std::vector<std::byte> dense_copy(const PickledTensor& tensor, std::span<const std::byte> storage,
                                  std::size_t count) {
  const std::size_t width = tensor_type_size(tensor.type);
  std::vector<std::byte> copy(count * width);
  std::vector<std::uint64_t> index(tensor.shape.size(), 0);
  std::uint64_t from = tensor.offset;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(copy.data() + i * width, storage.data() + from * width, width);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      from += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      from -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
  return copy;
}

}  // namespace

TensorFile lay_tensors(const PickledTensors& pickled, const StorageBytes& storage_bytes,
                       std::shared_ptr<const void> file, std::size_t file_size,
                       std::string source) {
  auto owner = std::make_shared<Owner>();
  owner->file = std::move(file);
  std::map<std::string, std::span<const std::byte>> storages;
  std::map<std::string, TensorView> tensors;
  std::uint64_t copied = 0;
  for (const auto& [name, tensor] : pickled) {
    auto storage = storages.find(tensor.storage);
    if (storage == storages.end()) {
      storage = storages.emplace(tensor.storage, storage_bytes(tensor.storage)).first;
    }
    const std::size_t width = tensor_type_size(tensor.type);
    const auto size = checked_product(tensor.shape, width);
    const std::uint64_t available = storage->second.size() / width;
    if (!size) throw InputError("{}: tensor '{}': the shape overflows", source, name);
    std::uint64_t end = 0;
    if (*size > 0) {
      const auto last = reach(tensor);
      if (!last || *last > available || tensor.storage_count > available) {
        throw InputError(
            "{}: tensor '{}' of shape [{}] reaches outside the {} elements of storage '{}'", source,
            name, fmt::join(tensor.shape, ", "), available, tensor.storage);
      }
      end = *last;
    }
    TensorView view;
    view.type = tensor.type;
    view.shape.assign(tensor.shape.begin(), tensor.shape.end());
    if (*size > 0 && is_dense(tensor)) {
      view.bytes = storage->second.subspan(static_cast<std::size_t>((end * width) - *size),
                                           static_cast<std::size_t>(*size));
    } else if (*size > 0) {
      // Stride 0 could blow a small file up without end.
      copied += *size;
      if (*size > storage->second.size() || copied > kMaxCopied || copied > 4 * file_size) {
        throw InputError("{}: tensor '{}' of shape [{}] repeats the {} elements of storage '{}'",
                         source, name, fmt::join(tensor.shape, ", "), available, tensor.storage);
      }
      owner->copies.push_back(
          dense_copy(tensor, storage->second, static_cast<std::size_t>(*size / width)));
      view.bytes = owner->copies.back();
    }
    if (!tensors.emplace(name, std::move(view)).second) {
      throw InputError("{}: the tensor '{}' is there twice", source, name);
    }
  }
  return {std::move(source), std::move(owner), std::move(tensors), {}};
}

}  // namespace epicrisis
