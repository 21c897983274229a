#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/attention_torch.h"

namespace epicrisis {

// Tensors of a file in another type. InputError where they are not there.
class TensorTaker {
 public:
  // `file` must outlive it.
  TensorTaker(const TensorFile& file, torch::ScalarType type) : file_(file), type_(type) {}

  torch::Tensor take(const std::string& name) const;
  AffineTensors affine(const std::string& name) const;  // NAME.weight and NAME.bias
  // Several maps in one, along their outputs.
  AffineTensors joined(const std::vector<std::string>& names) const;

 private:
  const TensorFile& file_;
  torch::ScalarType type_;
};

}  // namespace epicrisis
