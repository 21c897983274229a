#include "model/encoders/projection.h"

#include <utility>

#include "epicrisis/core/error.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

torch::Tensor tensor_of(const TensorFile& file, const std::string& name,
                        const std::vector<std::int64_t>& shape) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end() || found->second.shape != shape) {
    throw InputError("{}: the projection '{}' {}; {} was expected", file.source(), name,
                     found == file.tensors().end() ? "is missing" : "is " + describe(found->second),
                     describe_shape(shape));
  }
  return to_torch(found->second).to(torch::kFloat32);
}

}  // namespace

torch::Tensor Projection::apply(torch::Tensor x) const {
  for (std::size_t i = 0; i < maps.size(); ++i) {
    x = torch::linear(i == 0 ? x : torch::gelu(x), maps[i].weight, maps[i].bias);
  }
  return x;
}

AffineTensors projection_map(const TensorFile& file, const std::string& name, std::int64_t out,
                             std::int64_t in) {
  AffineTensors map;
  map.weight = tensor_of(file, name + ".weight", {out, in});
  if (file.has(name + ".bias")) map.bias = tensor_of(file, name + ".bias", {out});
  return map;
}

}  // namespace epicrisis
