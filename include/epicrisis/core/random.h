#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace epicrisis {

// xoshiro256** 1.0 (Blackman, Vigna 2018) seeded through splitmix64: the same numbers on every
// platform, which <random>'s distributions do not promise. Not for secrets. Not thread-safe.
class Random {
 public:
  using State = std::array<std::uint64_t, 4>;
  explicit Random(std::uint64_t seed);
  // An independent stream for a named purpose: Random(7, "split") and Random(7, "batches").
  Random(std::uint64_t seed, std::string_view stream);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t n);     // [0, n), unbiased; n > 0
  double uniform();                         // [0, 1), 53 bits
  double uniform(double low, double high);  // [low, high)
  double normal();                          // mean 0, standard deviation 1
  bool chance(double probability) { return uniform() < probability; }

  template <typename T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  const State& state() const { return state_; }  // for checkpoints
  void set_state(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace epicrisis
