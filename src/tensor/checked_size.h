#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace epicrisis {

// Sizes beyond this are taken for overflow: they fit neither a file nor a signed 64-bit count.
inline constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 62;

// factor times all sizes, or nothing if that exceeds kMaxSize. A size of 0 gives 0, but sizes that
// would overflow without it are refused all the same: code that multiplies in another order trips
// over them.
inline std::optional<std::uint64_t> checked_product(std::span<const std::uint64_t> sizes,
                                                    std::uint64_t factor) {
  std::uint64_t product = factor;
  bool empty = factor == 0;
  for (const std::uint64_t n : sizes) {
    if (n == 0) {
      empty = true;
    } else if (product > kMaxSize / n) {
      return std::nullopt;
    } else {
      product *= n;
    }
  }
  return empty ? 0 : product;
}

}  // namespace epicrisis
