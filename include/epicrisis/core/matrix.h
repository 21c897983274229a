#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace epicrisis {

// A dense row-major float matrix: features, embeddings, logits. Row i belongs to item i of whatever
// list the function that made it was given.
struct FloatMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;  // rows * columns

  FloatMatrix() = default;
  FloatMatrix(std::size_t r, std::size_t c) : rows(r), columns(c), values(r * c) {}
  std::span<float> row(std::size_t i) { return {values.data() + i * columns, columns}; }
  std::span<const float> row(std::size_t i) const { return {values.data() + i * columns, columns}; }
};

}  // namespace epicrisis
