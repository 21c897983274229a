#include "epicrisis/tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "tensor/checked_size.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::string_view kChecksum = "epicrisis_sha256";
constexpr std::size_t kChecksumDigits = 64;
constexpr std::size_t kLengthBytes = 8;
constexpr int kMaxDepth = 3;  // {tensor: {key: [numbers]}}

// The header as JSON. nlohmann keeps one of two equal keys in silence; two readers could then see
// two different tensors under one name, so equal keys are an error here.
nlohmann::json parse_header(std::string_view text, const std::string& source) {
  std::vector<std::set<std::string>> keys(kMaxDepth + 2);
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= kMaxDepth) {
        throw InputError("{}: the header is nested deeper than {}", source, kMaxDepth);
      }
      keys[static_cast<std::size_t>(depth) + 1].clear();
    } else if (event == Event::key) {
      const auto& name = value.get_ref<const std::string&>();
      if (!keys[static_cast<std::size_t>(depth)].insert(name).second) {
        throw InputError("{}: the header has '{}' twice", source, name);
      }
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception& error) {
    throw InputError("{}: the header is not JSON: {}", source, error.what());
  }
}

std::uint64_t unsigned_number(const nlohmann::json& value, const std::string& source,
                              const std::string& name, std::string_view key) {
  if (!value.is_number_unsigned()) {
    throw InputError("{}: tensor '{}': {} holds {}, a whole number from 0 was expected", source,
                     name, key,
                     value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return value.get<std::uint64_t>();
}

struct Placed {
  std::string name;
  TensorView tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Placed parse_tensor(const std::string& name, const nlohmann::json& entry, std::uint64_t data_size,
                    const std::string& source) {
  const auto fail = [&](const std::string& what) {
    throw InputError("{}: tensor '{}': {}", source, name, what);
  };
  if (!entry.is_object()) fail("its entry is no object");
  for (const auto& item : entry.items()) {
    if (item.key() != "dtype" && item.key() != "shape" && item.key() != "data_offsets") {
      fail(fmt::format("unknown key '{}'", item.key()));
    }
  }
  const auto dtype = entry.find("dtype");
  const auto shape = entry.find("shape");
  const auto offsets = entry.find("data_offsets");
  if (dtype == entry.end() || !dtype->is_string()) fail("dtype is missing or no text");
  if (shape == entry.end() || !shape->is_array()) fail("shape is missing or no list");
  if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) {
    fail("data_offsets is missing or no list of two");
  }
  Placed placed;
  placed.name = name;
  const auto& type_name = dtype->get_ref<const std::string&>();
  if (!parse_tensor_type(type_name, placed.tensor.type)) {
    fail(fmt::format("dtype '{}' is not supported", type_name));
  }
  std::vector<std::uint64_t> sizes;
  for (const auto& n : *shape) sizes.push_back(unsigned_number(n, source, name, "shape"));
  const auto bytes = checked_product(sizes, tensor_type_size(placed.tensor.type));
  if (!bytes) fail(fmt::format("the shape [{}] overflows", fmt::join(sizes, ", ")));
  placed.tensor.shape.assign(sizes.begin(), sizes.end());
  placed.begin = unsigned_number((*offsets)[0], source, name, "data_offsets");
  placed.end = unsigned_number((*offsets)[1], source, name, "data_offsets");
  if (placed.begin > placed.end || placed.end > data_size) {
    fail(fmt::format("data_offsets [{}, {}] lie outside the {} bytes of data", placed.begin,
                     placed.end, data_size));
  }
  if (placed.end - placed.begin != *bytes) {
    fail(fmt::format("{} takes {} bytes, data_offsets [{}, {}] give {}", describe(placed.tensor),
                     *bytes, placed.begin, placed.end, placed.end - placed.begin));
  }
  return placed;
}

// Over the header, with zeros where the checksum stands, and the data in their order.
class Checksum {
 public:
  explicit Checksum(std::string_view header) : all_(sha256_hex(header)) {}
  void add(std::span<const std::byte> data) { all_ += sha256_hex(data); }
  std::string hex() const { return sha256_hex(all_); }

 private:
  std::string all_;
};

std::string checksum_entry(std::string_view digits) {
  return fmt::format("\"{}\":\"{}\"", kChecksum, digits);
}

// Whether a name is that of the checksum with some bytes damaged, and its text is one.
bool was_checksum(const std::string& name, const std::string& text) {
  if (name.size() != kChecksum.size() || text.size() != kChecksumDigits) return false;
  std::size_t same = 0;
  for (std::size_t i = 0; i < name.size(); ++i) same += name[i] == kChecksum[i] ? 1 : 0;
  return 2 * same >= name.size();
}

void hold_against_checksum(std::string header, const std::vector<Placed>& tensors,
                           const std::map<std::string, std::string>& metadata,
                           const std::string& source) {
  const auto given = metadata.find(std::string(kChecksum));
  if (given == metadata.end()) {
    for (const auto& [name, text] : metadata) {
      if (!was_checksum(name, text)) continue;
      throw InputError("{}: the file is damaged: its checksum is called '{}', '{}' was written",
                       source, clean_text(name, kChecksum.size()), kChecksum);
    }
    return;
  }
  const std::string entry = checksum_entry(given->second);
  const std::size_t at = header.find(entry);
  std::string found = "none";
  if (at != std::string::npos) {
    header.replace(at, entry.size(), checksum_entry(std::string(kChecksumDigits, '0')));
    Checksum checksum(header);
    for (const Placed& tensor : tensors) checksum.add(tensor.tensor.bytes);
    found = checksum.hex();
  }
  if (found == given->second) return;
  throw InputError("{}: the file is damaged: its SHA-256 is {}, {} was written", source, found,
                   given->second);
}

// Whether the data are read and held against a checksum that the file carries.
enum class Data { kChecked, kUnread };

TensorFile parse(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                 std::string source, Data read = Data::kChecked) {
  if (bytes.size() < kLengthBytes) {
    throw InputError("{}: {} bytes are too few for a safetensors file", source, bytes.size());
  }
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), kLengthBytes);
  if (header_size > kMaxSafetensorsHeader || header_size > bytes.size() - kLengthBytes) {
    throw InputError(
        "{}: not a safetensors file, or cut off: a header of {} bytes is announced, the file has "
        "{} bytes and the cap is {}",
        source, header_size, bytes.size(), kMaxSafetensorsHeader);
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data() + kLengthBytes);
  const auto data = bytes.subspan(kLengthBytes + static_cast<std::size_t>(header_size));
  const nlohmann::json header = parse_header({text, static_cast<std::size_t>(header_size)}, source);
  if (!header.is_object()) throw InputError("{}: the header is no JSON object", source);

  std::map<std::string, std::string> metadata;
  std::vector<Placed> placed;
  for (const auto& item : header.items()) {
    if (item.key() != kMetadata) {
      placed.push_back(parse_tensor(item.key(), item.value(), data.size(), source));
      continue;
    }
    if (!item.value().is_object()) throw InputError("{}: __metadata__ is no object", source);
    for (const auto& pair : item.value().items()) {
      if (!pair.value().is_string()) {
        throw InputError("{}: __metadata__ '{}' is no text", source, pair.key());
      }
      metadata[pair.key()] = pair.value().get<std::string>();
    }
  }
  std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (const Placed& tensor : placed) {
    if (tensor.begin != position) {
      throw InputError("{}: tensor '{}' starts at {}, {} was expected: {}", source, tensor.name,
                       tensor.begin, position,
                       tensor.begin < position ? "tensors overlap" : "a hole in the data");
    }
    position = tensor.end;
  }
  if (position != data.size()) {
    throw InputError("{}: the tensors take {} bytes, the file has {}", source, position,
                     data.size());
  }
  for (Placed& tensor : placed) {
    tensor.tensor.bytes = data.subspan(static_cast<std::size_t>(tensor.begin),
                                       static_cast<std::size_t>(tensor.end - tensor.begin));
  }
  if (read == Data::kChecked) {
    hold_against_checksum({text, static_cast<std::size_t>(header_size)}, placed, metadata, source);
  }
  std::map<std::string, TensorView> tensors;
  for (Placed& tensor : placed) {
    tensors.emplace(std::move(tensor.name), std::move(tensor.tensor));
  }
  return {std::move(source), std::move(owner), std::move(tensors), std::move(metadata)};
}

std::string header_of(const std::vector<TensorDeclaration>& tensors,
                      const std::map<std::string, std::string>& metadata, const std::string& path,
                      std::uint64_t& data_size) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json entries = Json::object();
    for (const auto& [key, value] : metadata) entries[key] = value;
    header[std::string(kMetadata)] = std::move(entries);
  }
  std::set<std::string> names;
  data_size = 0;
  for (const TensorDeclaration& tensor : tensors) {
    if (tensor.name == kMetadata || !names.insert(tensor.name).second) {
      throw UsageError("Writing {}: the tensor name '{}' is {}", path, tensor.name,
                       tensor.name == kMetadata ? "reserved" : "given twice");
    }
    std::vector<std::uint64_t> sizes(tensor.shape.begin(), tensor.shape.end());
    const bool negative =
        std::any_of(tensor.shape.begin(), tensor.shape.end(), [](auto n) { return n < 0; });
    const auto bytes = checked_product(sizes, tensor_type_size(tensor.type));
    if (negative || !bytes || *bytes > kMaxSize - data_size) {
      throw UsageError("Writing {}: tensor '{}' has the impossible shape {}", path, tensor.name,
                       describe_shape(tensor.shape));
    }
    header[tensor.name] = Json{{"dtype", tensor_type_name(tensor.type)},
                               {"shape", tensor.shape},
                               {"data_offsets", {data_size, data_size + *bytes}}};
    data_size += *bytes;
  }
  std::string text = dump_json(header);
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  std::string out(kLengthBytes, '\0');
  std::memcpy(out.data(), &length, kLengthBytes);
  return out + text;
}

}  // namespace

TensorFile read_safetensors(const Path& path) {
  auto file = std::make_shared<MappedFile>(path);
  const auto bytes = file->bytes();
  return parse(bytes, std::move(file), path.string());
}

std::map<std::string, std::string> read_safetensors_metadata(const Path& path) {
  auto file = std::make_shared<MappedFile>(path);
  const auto bytes = file->bytes();
  return parse(bytes, std::move(file), path.string(), Data::kUnread).metadata();
}

TensorFile parse_safetensors(std::string bytes, std::string source) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const auto span = std::as_bytes(std::span(owner->data(), owner->size()));
  return parse(span, std::move(owner), std::move(source));
}

SafetensorsWriter::SafetensorsWriter(const Path& path,
                                     const std::vector<TensorDeclaration>& tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(path), path_(path.string()) {
  file_.write(header_of(tensors, metadata, path_, left_));
}

SafetensorsWriter::~SafetensorsWriter() = default;

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  if (bytes.size() > left_) {
    throw InternalError("Writing {}: {} bytes more than the tensors declared", path_,
                        bytes.size() - left_);
  }
  file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  left_ -= bytes.size();
}

void SafetensorsWriter::write(std::span<const float> values) { write(std::as_bytes(values)); }

void SafetensorsWriter::finish() {
  if (left_ != 0) throw InternalError("Writing {}: {} declared bytes are missing", path_, left_);
  file_.commit();
}

namespace {

std::vector<TensorDeclaration> declarations_of(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorDeclaration> declarations;
  declarations.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) {
    declarations.push_back({tensor.name, tensor.tensor.type, tensor.tensor.shape});
  }
  return declarations;
}

}  // namespace

void write_safetensors(const Path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  SafetensorsWriter writer(path, declarations_of(tensors), metadata);
  for (const NamedTensor& tensor : tensors) writer.write(tensor.tensor.bytes);
  writer.finish();
}

void write_checked_safetensors(const Path& path, const std::vector<NamedTensor>& tensors,
                               std::map<std::string, std::string> metadata) {
  std::string& digits = metadata[std::string(kChecksum)];
  digits.assign(kChecksumDigits, '0');
  std::uint64_t size = 0;
  const std::string header = header_of(declarations_of(tensors), metadata, path.string(), size);
  Checksum checksum(std::string_view(header).substr(kLengthBytes));
  for (const NamedTensor& tensor : tensors) checksum.add(tensor.tensor.bytes);
  digits = checksum.hex();
  write_safetensors(path, tensors, metadata);
}

std::string checksum_of(const TensorFile& file) {
  const auto found = file.metadata().find(std::string(kChecksum));
  return found == file.metadata().end() ? "" : found->second;
}

TensorView tensor_view(const FloatMatrix& matrix) {
  return {TensorType::kF32,
          {static_cast<std::int64_t>(matrix.rows), static_cast<std::int64_t>(matrix.columns)},
          std::as_bytes(std::span(matrix.values))};
}

FloatMatrix to_matrix(const TensorView& tensor, std::string_view source) {
  if (tensor.shape.size() != 2) {
    throw InputError("{}: a matrix was expected, the tensor is {}", source, describe(tensor));
  }
  FloatMatrix matrix;
  matrix.rows = static_cast<std::size_t>(tensor.shape[0]);
  matrix.columns = static_cast<std::size_t>(tensor.shape[1]);
  matrix.values = to_float32(tensor);
  return matrix;
}

}  // namespace epicrisis
