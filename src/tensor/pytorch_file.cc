#include "epicrisis/tensor/pytorch_file.h"

#include <cstring>
#include <memory>
#include <utility>

#include "epicrisis/core/error.h"
#include "tensor/checked_size.h"
#include "tensor/pickle.h"
#include "tensor/pytorch_tensors.h"
#include "tensor/zip_archive.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxPickle = std::size_t{64} << 20;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TensorFile parse_zip(std::span<const std::byte> bytes, std::shared_ptr<const void> file,
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
  if (archive.records().count(folder + "byteorder") != 0 &&
      text_of(archive.checked(folder + "byteorder")) != "little") {
    throw InputError("{}: the tensors are not little-endian", source);
  }
  const auto pickle = archive.checked(folder + "data.pkl");
  if (pickle.size() > kMaxPickle) {
    throw InputError("{}: a pickle of {} bytes, the cap is {}", source, pickle.size(), kMaxPickle);
  }
  const PickledTensors pickled = unpickle_state_dict(text_of(pickle), source);
  const auto storage = [&](const std::string& key) {
    return archive.checked(folder + "data/" + key);
  };
  return lay_tensors(pickled, storage, std::move(file), bytes.size(), source);
}

// After the pickles each storage follows: its number of elements as int64, then the elements.
TensorFile parse_legacy(std::span<const std::byte> bytes, std::shared_ptr<const void> file,
                        std::string source) {
  const LegacyPickles pickles = unpickle_legacy(text_of(bytes), source);
  std::map<std::string, std::span<const std::byte>> storages;
  std::size_t at = pickles.end;
  const auto take = [&](std::uint64_t size, const std::string& key) {
    if (size > bytes.size() - at) {
      throw InputError("{}: cut off: storage '{}' wants {} bytes from {}, the file ends at {}",
                       source, key, size, at, bytes.size());
    }
    const auto part = bytes.subspan(at, static_cast<std::size_t>(size));
    at += part.size();
    return part;
  };
  for (const std::string& key : pickles.order) {
    const auto announced = pickles.storages.find(key);
    if (announced == pickles.storages.end()) {
      throw InputError("{}: nothing says what storage '{}' holds", source, key);
    }
    std::uint64_t count = 0;
    std::memcpy(&count, take(sizeof(count), key).data(), sizeof(count));
    if (count != announced->second.count) {
      throw InputError("{}: storage '{}' has {} elements, {} were announced", source, key, count,
                       announced->second.count);
    }
    const std::uint64_t width[] = {tensor_type_size(announced->second.type)};
    const auto size = checked_product(width, count);
    if (!size) throw InputError("{}: the size of storage '{}' overflows", source, key);
    if (!storages.emplace(key, take(*size, key)).second) {
      throw InputError("{}: storage '{}' is there twice", source, key);
    }
  }
  if (at != bytes.size()) {
    throw InputError("{}: {} bytes follow the last storage", source, bytes.size() - at);
  }
  const auto storage = [&](const std::string& key) {
    const auto found = storages.find(key);
    if (found == storages.end()) throw InputError("{}: there is no storage '{}'", source, key);
    return found->second;
  };
  return lay_tensors(pickles.tensors, storage, std::move(file), bytes.size(), source);
}

TensorFile parse(std::span<const std::byte> bytes, std::shared_ptr<const void> file,
                 std::string source) {
  const auto reader = is_legacy_pytorch(text_of(bytes)) ? parse_legacy : parse_zip;
  return reader(bytes, std::move(file), std::move(source));
}

}  // namespace

bool is_pytorch(std::string_view bytes) {
  return bytes.starts_with(std::string_view("PK\x03\x04", 4)) || is_legacy_pytorch(bytes);
}

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
