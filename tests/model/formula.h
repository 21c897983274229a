#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/hash.h"

namespace epicrisis::test {

// The twin of formula() in make_encoder_expectations.py, times `scale`, plus `shift`.
inline std::vector<float> formula(const std::string& name, std::int64_t count, double scale = 1,
                                  double shift = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::uint64_t index = fnv1a(name);
  for (float& value : values) {
    std::uint64_t z = index++;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    value = static_cast<float>((static_cast<double>(z >> 40) / 0x1p23 - 1.0) * scale + shift);
  }
  return values;
}

// The two pictures of the expectations, [2, 3, high, wide].
inline torch::Tensor formula_pictures(std::int64_t high, std::int64_t wide) {
  return torch::tensor(formula("picture", std::int64_t{6} * high * wide)).view({2, 3, high, wide});
}

}  // namespace epicrisis::test
