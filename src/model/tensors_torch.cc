#include "model/tensors_torch.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {
namespace {

constexpr std::array<std::pair<TensorType, torch::ScalarType>, 10> kTypes{
    {{TensorType::kF64, torch::kFloat64},
     {TensorType::kF32, torch::kFloat32},
     {TensorType::kF16, torch::kFloat16},
     {TensorType::kBF16, torch::kBFloat16},
     {TensorType::kI64, torch::kInt64},
     {TensorType::kI32, torch::kInt32},
     {TensorType::kI16, torch::kInt16},
     {TensorType::kI8, torch::kInt8},
     {TensorType::kU8, torch::kUInt8},
     {TensorType::kBool, torch::kBool}}};

constexpr std::size_t kListed = 8;

std::string listed(std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text = fmt::format("\n  {} ({}):", what, names.size());
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i) text += "\n    " + names[i];
  if (names.size() > kListed) text += "\n    ...";
  return text;
}

}  // namespace

torch::ScalarType to_torch_type(TensorType type) {
  return kTypes[static_cast<std::size_t>(type)].second;
}

TensorType from_torch_type(torch::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  throw InternalError("Weight files cannot hold the torch type {}", c10::toString(type));
}

torch::Tensor to_torch(const TensorView& tensor) {
  torch::Tensor out = torch::empty(tensor.shape, to_torch_type(tensor.type));
  if (!tensor.bytes.empty()) {
    std::memcpy(out.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  }
  return out;
}

torch::Tensor to_torch(const FloatMatrix& matrix) { return to_torch(tensor_view(matrix)); }

FloatMatrix to_float_matrix(const torch::Tensor& tensor) {
  if (tensor.dim() != 2) {
    throw InternalError("A matrix was expected, the tensor is {}", describe_shape(tensor.sizes()));
  }
  FloatMatrix matrix(static_cast<std::size_t>(tensor.size(0)),
                     static_cast<std::size_t>(tensor.size(1)));
  if (matrix.values.empty()) return matrix;
  const torch::Tensor dense = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  std::memcpy(matrix.values.data(), dense.data_ptr<float>(), matrix.values.size() * sizeof(float));
  return matrix;
}

std::map<std::string, torch::Tensor> state_dict(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value();
  return state;
}

TensorShapes tensor_shapes(const torch::nn::Module& module) {
  TensorShapes shapes;
  for (const auto& [name, tensor] : state_dict(module)) shapes[name] = tensor.sizes().vec();
  return shapes;
}

void load_state(torch::nn::Module& module, const TensorFile& file, const FitRules& rules) {
  const WeightFit fit = weight_fit(tensor_shapes(module), file, rules);
  if (!fit.fits()) {
    std::vector<std::string> missing;
    std::vector<std::string> unexpected;
    std::vector<std::string> misshapen;
    for (const auto& one : fit.missing) missing.push_back(one.name);
    for (const auto& one : fit.extra) unexpected.push_back(one.name);
    for (const auto& one : fit.misshapen) {
      misshapen.push_back(fmt::format("{}: the file has {}, the model {}", one.name,
                                      describe_shape(one.in_file), describe_shape(one.in_model)));
    }
    throw InputError("{}: the weights do not fit the model{}{}{}", file.source(),
                     listed("missing in the file", missing),
                     listed("not known to the model", unexpected),
                     listed("of another shape", misshapen));
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : state_dict(module)) {
    const auto found = file.tensors().find(rules.prefix + name);
    if (found != file.tensors().end()) tensor.copy_(to_torch(found->second));
  }
}

void save_state(const torch::nn::Module& module, const Path& path,
                const std::map<std::string, std::string>& metadata) {
  const auto state = state_dict(module);
  std::vector<TensorDeclaration> declarations;
  for (const auto& [name, tensor] : state) {
    declarations.push_back({name, from_torch_type(tensor.scalar_type()), tensor.sizes().vec()});
  }
  SafetensorsWriter writer(path, declarations, metadata);
  for (const auto& [name, tensor] : state) {
    const torch::Tensor dense = tensor.detach().to(torch::kCPU).contiguous();
    writer.write(std::span(static_cast<const std::byte*>(dense.data_ptr()), dense.nbytes()));
  }
  writer.finish();
}

}  // namespace epicrisis
