#pragma once

#include <torch/torch.h>

namespace epicrisis::test {

// Length of the difference to length of what was wanted.
inline double relative_error(const torch::Tensor& got, const torch::Tensor& wanted) {
  return ((got - wanted).norm() / wanted.norm()).item<double>();
}

}  // namespace epicrisis::test
