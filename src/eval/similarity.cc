#include "eval/similarity.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "epicrisis/core/error.h"
#include "epicrisis/eval/retrieval.h"

namespace epicrisis {

ProductPool::ProductPool(const FloatMatrix& rows)
    : rows_(rows.rows), width_(rows.columns), tiles_((rows.rows + kTile - 1) / kTile) {
  values_.resize(tiles_ * kTile * width_);
  for (std::size_t j = 0; j < rows_; ++j) {
    const std::span<const float> row = rows.row(j);
    float* tile = values_.data() + (j / kTile) * kTile * width_ + j % kTile;
    for (std::size_t d = 0; d < width_; ++d) tile[d * kTile] = row[d];
  }
}

void ProductPool::multiply(const FloatMatrix& queries, std::size_t first, std::size_t count,
                           std::span<float> products) const {
  std::array<const float*, kBlock> query{};
  for (std::size_t q = 0; q < kBlock; ++q) {
    query[q] = queries.row(first + std::min(q, count - 1)).data();
  }
  for (std::size_t t = 0; t < tiles_; ++t) {
    const float* tile = values_.data() + t * kTile * width_;
    // Fixed sizes, so that the compiler keeps the sums in vector registers.
    float sums[kBlock][kTile] = {};
    for (std::size_t d = 0; d < width_; ++d) {
      for (std::size_t q = 0; q < kBlock; ++q) {
        const float factor = query[q][d];
        for (std::size_t j = 0; j < kTile; ++j) sums[q][j] += factor * tile[d * kTile + j];
      }
    }
    for (std::size_t q = 0; q < count; ++q) {
      std::copy_n(sums[q], kTile, products.data() + q * padded_size() + t * kTile);
    }
  }
}

FloatMatrix normalised_rows(const FloatMatrix& rows) {
  FloatMatrix result(rows.rows, rows.columns);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    const std::span<const float> row = rows.row(i);
    double squares = 0;
    for (const float value : row) {
      if (!std::isfinite(value)) {
        throw UsageError(
            "comparing embeddings: row {} holds {}; a model that diverged cannot be measured", i,
            value);
      }
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (std::size_t d = 0; d < row.size(); ++d) {
      result.row(i)[d] = static_cast<float>(static_cast<double>(row[d]) * scale);
    }
  }
  return result;
}

std::vector<Match> nearest_rows(std::span<const float> query, const FloatMatrix& pool,
                                std::size_t k, const std::vector<bool>& excluded) {
  if (query.size() != pool.columns || (!excluded.empty() && excluded.size() != pool.rows)) {
    throw UsageError(
        "searching embeddings: a query of width {}, {} rows of width {}, {} exclusions",
        query.size(), pool.rows, pool.columns, excluded.size());
  }
  double query_squares = 0;
  for (const float value : query) query_squares += static_cast<double>(value) * value;
  std::vector<Match> matches;
  matches.reserve(pool.rows);
  for (std::size_t j = 0; j < pool.rows; ++j) {
    if (!excluded.empty() && excluded[j]) continue;
    const std::span<const float> row = pool.row(j);
    double product = 0;
    double squares = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      product += static_cast<double>(query[d]) * row[d];
      squares += static_cast<double>(row[d]) * row[d];
    }
    const double length = std::sqrt(query_squares * squares);
    const double cosine = length > 0 ? product / length : 0;
    if (!std::isfinite(cosine)) {
      throw UsageError("searching embeddings: the query or row {} holds values that are not finite",
                       j);
    }
    matches.push_back({j, static_cast<float>(cosine)});
  }
  const std::size_t wanted = std::min(k, matches.size());
  std::partial_sort(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(wanted),
                    matches.end(), [](const Match& a, const Match& b) {
                      if (a.similarity != b.similarity) return a.similarity > b.similarity;
                      return a.index < b.index;
                    });
  matches.resize(wanted);
  return matches;
}

}  // namespace epicrisis
