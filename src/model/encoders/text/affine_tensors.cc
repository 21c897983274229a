#include "model/encoders/text/affine_tensors.h"

#include "model/tensors_torch.h"

namespace epicrisis {

torch::Tensor TensorTaker::take(const std::string& name) const {
  return to_torch(file_.at(name)).to(type_);
}

AffineTensors TensorTaker::affine(const std::string& name) const {
  return {take(name + ".weight"), take(name + ".bias")};
}

AffineTensors TensorTaker::joined(const std::vector<std::string>& names) const {
  std::vector<torch::Tensor> weights;
  std::vector<torch::Tensor> biases;
  for (const std::string& name : names) {
    weights.push_back(take(name + ".weight"));
    biases.push_back(take(name + ".bias"));
  }
  return {torch::cat(weights), torch::cat(biases)};
}

}  // namespace epicrisis
