#include "epicrisis/tensor/pytorch_zip.h"

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "tensor/checked_size.h"
#include "tensor/pickle.h"
#include "tensor/zip_archive.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxPickle = std::size_t{64} << 20;
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

TensorFile parse(std::span<const std::byte> bytes, std::shared_ptr<const void> file,
                 std::string source) {
  const ZipArchive archive(bytes, source);
  // torch.save puts everything below one folder, named after the file.
  std::string folder;
  for (const auto& [name, record] : archive.records()) {
    if (name.size() > 9 && name.ends_with("/data.pkl")) folder = name.substr(0, name.size() - 8);
  }
  if (folder.empty()) {
    throw InputError("{}: a zip archive without data.pkl is no file of torch.save", source);
  }
  if (archive.records().count(folder + "byteorder") != 0) {
    const auto order = archive.checked(folder + "byteorder");
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
      throw InputError("{}: the tensors are not little-endian", source);
    }
  }
  const auto pickle = archive.checked(folder + "data.pkl");
  if (pickle.size() > kMaxPickle) {
    throw InputError("{}: a pickle of {} bytes, the cap is {}", source, pickle.size(), kMaxPickle);
  }
  const auto pickled =
      unpickle_state_dict({reinterpret_cast<const char*>(pickle.data()), pickle.size()}, source);

  auto owner = std::make_shared<Owner>();
  owner->file = std::move(file);
  std::map<std::string, std::span<const std::byte>> storages;
  std::map<std::string, TensorView> tensors;
  std::uint64_t copied = 0;
  for (const auto& [name, tensor] : pickled) {
    const std::string record = folder + "data/" + tensor.storage;
    auto storage = storages.find(record);
    if (storage == storages.end()) {
      storage = storages.emplace(record, archive.checked(record)).first;
    }
    const std::size_t width = tensor_type_size(tensor.type);
    const auto size = checked_product(tensor.shape, width);
    const std::uint64_t available = storage->second.size() / width;
    if (!size) throw InputError("{}: tensor '{}': the shape overflows", source, name);
    std::uint64_t end = 0;
    if (*size > 0) {
      const auto last = reach(tensor);
      if (!last || *last > available || tensor.storage_count > available) {
        throw InputError("{}: tensor '{}' of shape [{}] reaches outside the {} elements of '{}'",
                         source, name, fmt::join(tensor.shape, ", "), available, record);
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
      if (*size > storage->second.size() || copied > kMaxCopied || copied > 4 * bytes.size()) {
        throw InputError("{}: tensor '{}' of shape [{}] repeats the {} elements of '{}'", source,
                         name, fmt::join(tensor.shape, ", "), available, record);
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

}  // namespace

TensorFile read_pytorch(const Path& path) {
  auto file = std::make_shared<MappedFile>(path);
  const auto bytes = file->bytes();
  return parse(bytes, std::move(file), path.string());
}

TensorFile parse_pytorch(std::string bytes, std::string source) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const auto span = std::as_bytes(std::span(owner->data(), owner->size()));
  return parse(span, std::move(owner), std::move(source));
}

}  // namespace epicrisis
