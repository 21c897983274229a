// links: corpus
#include <benchmark/benchmark.h>

#include <bit>
#include <cstdint>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/random.h"
#include "epicrisis/corpus/near_duplicates.h"
#include "epicrisis/image/fingerprint.h"

namespace epicrisis {
namespace {

std::vector<std::uint64_t> uniform_hashes(std::size_t count) {
  Random random(1);
  std::vector<std::uint64_t> hashes(count);
  for (std::uint64_t& hash : hashes) hash = random.next();
  return hashes;
}

void search(benchmark::State& state, const std::vector<std::uint64_t>& hashes) {
  Job job;
  std::size_t pairs = 0;
  for ([[maybe_unused]] auto iteration : state) {
    pairs = find_near_duplicates(hashes, kNearDuplicateDistance, job).pairs.size();
  }
  state.counters["pairs"] = static_cast<double>(pairs);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(hashes.size()));
}

void uniform(benchmark::State& state) {
  search(state, uniform_hashes(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(uniform)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// Hashes of pictures are not uniform: here half of the bits are set in a tenth of them only.
void skewed(benchmark::State& state) {
  std::vector<std::uint64_t> hashes = uniform_hashes(static_cast<std::size_t>(state.range(0)));
  Random random(2);
  for (std::uint64_t& hash : hashes) {
    std::uint64_t mask = 0;
    for (int bit = 0; bit < 64; ++bit) {
      if (bit % 2 == 0 || random.chance(0.1)) mask |= std::uint64_t{1} << bit;
    }
    hash &= mask;
  }
  search(state, hashes);
}
BENCHMARK(skewed)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void all_equal(benchmark::State& state) {
  search(state, std::vector<std::uint64_t>(static_cast<std::size_t>(state.range(0)), 42));
}
BENCHMARK(all_equal)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// The yardstick: all with all.
void all_pairs(benchmark::State& state) {
  const auto hashes = uniform_hashes(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto iteration : state) {
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      for (std::size_t j = i + 1; j < hashes.size(); ++j) {
        if (std::popcount(hashes[i] ^ hashes[j]) <= kNearDuplicateDistance) ++pairs;
      }
    }
    benchmark::DoNotOptimize(pairs);
  }
}
BENCHMARK(all_pairs)->Arg(10'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace epicrisis
