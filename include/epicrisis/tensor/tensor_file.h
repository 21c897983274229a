#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// Element types of weight files; the names in files are those of safetensors ("F32", "BF16", ...).
enum class TensorType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

std::size_t tensor_type_size(TensorType type);                    // bytes an element
std::string_view tensor_type_name(TensorType type);               // "F32"
bool parse_tensor_type(std::string_view name, TensorType& type);  // false: not one of ours

// A dense row-major tensor, little-endian, whose bytes belong to someone else (a TensorFile, a
// vector of the caller). They need not be aligned.
struct TensorView {
  TensorType type = TensorType::kF32;
  std::vector<std::int64_t> shape;   // empty: one value
  std::span<const std::byte> bytes;  // element count * tensor_type_size(type)

  std::int64_t count() const;  // elements; the product of shape
};

// "F32 [32, 3, 3, 3]", for messages.
std::string describe(const TensorView& tensor);
std::string describe_shape(std::span<const std::int64_t> shape);

// The elements as float. F64 and I64 are rounded to the nearest float, Bool gives 0 and 1.
std::vector<float> to_float32(const TensorView& tensor);

// IEEE 754 binary16 and the upper half of binary32, exactly widened.
float half_to_float(std::uint16_t bits);
float bfloat16_to_float(std::uint16_t bits);

// Named tensors and text metadata of one weight file. Keeps the file mapped; copies share the map,
// and views stay valid as long as one copy lives.
class TensorFile {
 public:
  // Takes what a reader parsed. `owner` keeps the bytes alive; `source` names the file in messages.
  TensorFile(std::string source, std::shared_ptr<const void> owner,
             std::map<std::string, TensorView> tensors,
             std::map<std::string, std::string> metadata);

  const std::string& source() const { return source_; }
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  // InputError naming the file, the name and the nearest name there is.
  const TensorView& at(const std::string& name) const;
  // The same tensors under other names, without those that get none. InputError if two get the
  // same.
  using Rename = std::function<std::optional<std::string>(const std::string&)>;
  TensorFile renamed(const Rename& rename) const;

 private:
  std::string source_;
  std::shared_ptr<const void> owner_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Reads a weight file by what it holds: a zip archive or a pickle is taken for a PyTorch state
// dict, a file named *.index.json for the index of shards in the same folder, everything else for
// safetensors. InputError as the readers say, and for files that are no weights, with what they
// are.
TensorFile read_weights(const Path& path);

}  // namespace epicrisis
