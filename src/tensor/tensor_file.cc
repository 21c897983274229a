#include "epicrisis/tensor/tensor_file.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

static_assert(std::endian::native == std::endian::little,
              "weight files are little-endian; a big-endian machine needs byte swaps here");

struct TypeRow {
  TensorType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<TypeRow, 10> kTypes{{{TensorType::kF64, "F64", 8},
                                          {TensorType::kF32, "F32", 4},
                                          {TensorType::kF16, "F16", 2},
                                          {TensorType::kBF16, "BF16", 2},
                                          {TensorType::kI64, "I64", 8},
                                          {TensorType::kI32, "I32", 4},
                                          {TensorType::kI16, "I16", 2},
                                          {TensorType::kI8, "I8", 1},
                                          {TensorType::kU8, "U8", 1},
                                          {TensorType::kBool, "BOOL", 1}}};

const TypeRow& row_of(TensorType type) { return kTypes[static_cast<std::size_t>(type)]; }

template <typename From, typename Convert>
void convert_all(const TensorView& tensor, std::vector<float>& out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, tensor.bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
}

}  // namespace

std::size_t tensor_type_size(TensorType type) { return row_of(type).size; }

std::string_view tensor_type_name(TensorType type) { return row_of(type).name; }

bool parse_tensor_type(std::string_view name, TensorType& type) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) {
      type = row.type;
      return true;
    }
  }
  return false;
}

std::int64_t TensorView::count() const {
  std::int64_t product = 1;
  for (const std::int64_t n : shape) product *= n;
  return product;
}

std::string describe_shape(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string describe(const TensorView& tensor) {
  return fmt::format("{} {}", tensor_type_name(tensor.type), describe_shape(tensor.shape));
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  // Subnormal: fraction * 2^-24, exact in binary32.
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::vector<float> to_float32(const TensorView& tensor) {
  std::vector<float> out(tensor.bytes.size() / tensor_type_size(tensor.type));
  switch (tensor.type) {
    case TensorType::kF64:
      convert_all<double>(tensor, out, [](double v) { return static_cast<float>(v); });
      break;
    case TensorType::kF32:
      if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), out.size() * sizeof(float));
      break;
    case TensorType::kF16:
      convert_all<std::uint16_t>(tensor, out, half_to_float);
      break;
    case TensorType::kBF16:
      convert_all<std::uint16_t>(tensor, out, bfloat16_to_float);
      break;
    case TensorType::kI64:
      convert_all<std::int64_t>(tensor, out, [](std::int64_t v) { return static_cast<float>(v); });
      break;
    case TensorType::kI32:
      convert_all<std::int32_t>(tensor, out, [](std::int32_t v) { return static_cast<float>(v); });
      break;
    case TensorType::kI16:
      convert_all<std::int16_t>(tensor, out, [](std::int16_t v) { return static_cast<float>(v); });
      break;
    case TensorType::kI8:
      convert_all<std::int8_t>(tensor, out, [](std::int8_t v) { return static_cast<float>(v); });
      break;
    case TensorType::kU8:
      convert_all<std::uint8_t>(tensor, out, [](std::uint8_t v) { return static_cast<float>(v); });
      break;
    case TensorType::kBool:
      convert_all<std::uint8_t>(tensor, out, [](std::uint8_t v) { return v != 0 ? 1.0F : 0.0F; });
      break;
  }
  return out;
}

TensorFile::TensorFile(std::string source, std::shared_ptr<const void> owner,
                       std::map<std::string, TensorView> tensors,
                       std::map<std::string, std::string> metadata)
    : source_(std::move(source)),
      owner_(std::move(owner)),
      tensors_(std::move(tensors)),
      metadata_(std::move(metadata)) {}

const TensorView& TensorFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(tensors_.size());
  for (const auto& [known, tensor] : tensors_) names.push_back(known);
  const auto nearest = nearest_name(name, names);
  throw InputError("{}: no tensor '{}' among {}{}", source_, name, tensors_.size(),
                   nearest ? fmt::format("; the nearest is '{}'", *nearest) : "");
}

TensorFile TensorFile::renamed(const Rename& rename) const {
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, tensor] : tensors_) {
    const std::optional<std::string> other = rename(name);
    if (other && !tensors.emplace(*other, tensor).second) {
      throw InputError("{}: '{}' and another tensor both stand for '{}'", source_, name, *other);
    }
  }
  return {source_, owner_, std::move(tensors), metadata_};
}

}  // namespace epicrisis
