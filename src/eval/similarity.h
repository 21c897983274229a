#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "epicrisis/core/matrix.h"

namespace epicrisis {

// A pool of rows laid out for products with blocks of queries: tiles of kTile rows, transposed and
// padded with zeros. Each product is summed over the width in the same order whatever the rows'
// places, so equal rows get bit-equal products.
class ProductPool {
 public:
  static constexpr std::size_t kTile = 16;  // pool rows a tile
  static constexpr std::size_t kBlock = 4;  // query rows a call
  explicit ProductPool(const FloatMatrix& rows);
  std::size_t size() const { return rows_; }
  // Products of queries [first, first + count), count <= kBlock, with every row of the pool:
  // products[q * padded_size() + j].
  std::size_t padded_size() const { return tiles_ * kTile; }
  void multiply(const FloatMatrix& queries, std::size_t first, std::size_t count,
                std::span<float> products) const;

 private:
  std::size_t rows_ = 0;
  std::size_t width_ = 0;
  std::size_t tiles_ = 0;
  std::vector<float> values_;  // [tile][column][row in tile]
};

}  // namespace epicrisis
