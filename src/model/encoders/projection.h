#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/attention_torch.h"

namespace epicrisis {

// Linear maps, GELU between them, into the space that the pictures and the texts of a model share.
struct Projection {
  std::vector<AffineTensors> maps;  // float32 [out, in], with or without bias

  torch::Tensor apply(torch::Tensor x) const;  // [B, in] -> [B, out]
  // What vectors of `width` numbers become.
  std::int64_t width(std::int64_t width) const {
    return maps.empty() ? width : maps.back().weight.size(0);
  }
};

// NAME.weight [out, in] and, where the file has it, NAME.bias [out], in float32. InputError naming
// what is missing or misshapen.
AffineTensors projection_map(const TensorFile& file, const std::string& name, std::int64_t out,
                             std::int64_t in);

}  // namespace epicrisis
