#include "epicrisis/corpus/near_duplicates.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"

namespace epicrisis {
namespace {

// A hash without the bits that are known to agree, and its position in the list of the caller.
struct Item {
  std::uint64_t bits = 0;
  std::uint32_t position = 0;
};

// An item in a pass: carries its bits along, so that a bucket is read in one go.
struct Keyed {
  std::uint64_t bits = 0;
  std::uint32_t key = 0;
  std::uint32_t index = 0;  // among the items
};

// How to look: `blocks` cuts of the bits; a pair within `distance` bits differs in at most so many
// of them and shares the `shared` others. One pass for each way to choose the shared ones.
struct Plan {
  int blocks = 0;  // 0: compare all with all
  int shared = 0;
};

using Sink = std::function<void(std::uint32_t, std::uint32_t, int)>;

double binomial(int n, int k) {
  double value = 1;
  for (int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value;
}

// Blocks differ by a bit in width, so a little below the 32 of Keyed::key.
constexpr int kMaxKeyBits = 28;
constexpr int kMostBlocks = 31;  // a choice of them is a set of 32 bits

Plan best_plan(std::size_t items, int bits, int distance) {
  const auto n = static_cast<double>(items);
  const double all_pairs = n * n / 2;
  constexpr double kSortCost = 12;    // of an item in a pass, in comparisons
  constexpr double kPassCost = 2000;  // of a pass
  Plan best;
  double best_cost = all_pairs;
  for (int shared = 1; shared <= 6 && distance + shared <= bits; ++shared) {
    const int blocks = distance + shared;
    const double key_bits = static_cast<double>(bits) * shared / blocks;
    if (key_bits > kMaxKeyBits || blocks > kMostBlocks) break;
    const double cost =
        binomial(blocks, shared) * (kPassCost + kSortCost * n + all_pairs * std::exp2(-key_bits));
    if (cost < best_cost) {
      best_cost = cost;
      best = {blocks, shared};
    }
  }
  return best;
}

// `width` ones, 0 to 64.
std::uint64_t low_bits(int width) {
  return width <= 0 ? 0 : ~std::uint64_t{0} >> (64 - std::min(width, 64));
}

std::vector<std::uint64_t> block_masks(int bits, int blocks) {
  std::vector<std::uint64_t> masks;
  for (int i = 0; i < blocks; ++i) {
    const int first = bits * i / blocks;
    masks.push_back(low_bits(bits * (i + 1) / blocks) & ~low_bits(first));
  }
  return masks;
}

// The bits of `value` at the places that `mask` marks, moved together.
std::uint64_t gather_bits(std::uint64_t value, std::uint64_t mask) {
  std::uint64_t gathered = 0;
  int to = 0;
  while (mask != 0) {
    // A run of ones at a time.
    const int from = std::countr_zero(mask);
    const int width = std::countr_one(mask >> from);
    const std::uint64_t ones = low_bits(width);
    gathered |= ((value >> from) & ones) << to;
    to += width;
    mask &= width + from == 64 ? (std::uint64_t{1} << from) - 1 : ~(ones << from);
  }
  return gathered;
}

// Sorts by key, of which `key_bits` low bits count; stable.
void radix_sort(std::vector<Keyed>& keyed, int key_bits) {
  constexpr int kDigit = 11;
  constexpr std::uint32_t kMask = (1U << kDigit) - 1;
  std::vector<Keyed> other(keyed.size());
  for (int shift = 0; shift < key_bits; shift += kDigit) {
    std::array<std::size_t, kMask + 2> starts{};
    for (const Keyed& entry : keyed) ++starts.at((entry.key >> shift & kMask) + 1);
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const Keyed& entry : keyed) other[starts.at(entry.key >> shift & kMask)++] = entry;
    keyed.swap(other);
  }
}

class Search {
 public:
  Search(int distance, const std::atomic<bool>& stop) : distance_(distance), stop_(stop) {}

  // Every pair of items within the distance goes to `sink` exactly once, with positions as in
  // items.
  void run(const std::vector<Item>& items, int bits, const Sink& sink) const {
    const Plan plan = best_plan(items.size(), bits, distance_);
    if (plan.blocks == 0) {
      compare_all(items, sink);
      return;
    }
    for (const std::uint32_t chosen : passes(plan)) run_pass(items, bits, plan, chosen, sink);
  }

  // The ways to choose the shared blocks, as bit sets, ascending.
  static std::vector<std::uint32_t> passes(const Plan& plan) {
    std::vector<std::uint32_t> chosen;
    const std::uint32_t end = 1U << std::min(plan.blocks, kMostBlocks);
    for (std::uint32_t set = 0; set < end; ++set) {
      if (std::popcount(set) == plan.shared) chosen.push_back(set);
    }
    return chosen;
  }

  void run_pass(const std::vector<Item>& items, int bits, const Plan& plan, std::uint32_t chosen,
                const Sink& sink) const {
    const std::vector<std::uint64_t> masks = block_masks(bits, plan.blocks);
    std::uint64_t key_mask = 0;
    for (int i = 0; i < plan.blocks; ++i) {
      if ((chosen >> i & 1U) != 0) key_mask |= masks.at(static_cast<std::size_t>(i));
    }
    const int key_bits = std::popcount(key_mask);
    std::vector<Keyed> keyed;
    keyed.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      const std::uint64_t item_bits = items[i].bits;
      keyed.push_back({item_bits, static_cast<std::uint32_t>(gather_bits(item_bits, key_mask)), i});
    }
    radix_sort(keyed, key_bits);
    // A pair that shares more blocks than needed turns up in several passes; it counts in the one
    // whose choice is its lowest shared blocks.
    const auto is_first_pass = [&](std::uint64_t difference) {
      std::uint32_t lowest = 0;
      int found = 0;
      for (int i = 0; i < plan.blocks && found < plan.shared; ++i) {
        if ((difference & masks[static_cast<std::size_t>(i)]) != 0) continue;
        lowest |= 1U << i;
        ++found;
      }
      return lowest == chosen;
    };
    const std::uint64_t all = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    std::vector<Item> bucket;
    for (std::size_t start = 0; start < keyed.size() && !stop_;) {
      std::size_t end = start + 1;
      while (end < keyed.size() && keyed[end].key == keyed[start].key) ++end;
      const std::size_t size = end - start;
      if (size > kLargeBucket) {
        // A crowd that the key does not part: look on in the bits that are left.
        bucket.clear();
        for (std::size_t i = start; i < end; ++i) {
          bucket.push_back({gather_bits(keyed[i].bits, all & ~key_mask), keyed[i].index});
        }
        run(bucket, bits - key_bits, [&](std::uint32_t a, std::uint32_t b, int difference) {
          if (is_first_pass(items[a].bits ^ items[b].bits)) {
            sink(items[a].position, items[b].position, difference);
          }
        });
      } else {
        for (std::size_t i = start; i < end; ++i) {
          for (std::size_t j = i + 1; j < end; ++j) {
            const std::uint64_t difference = keyed[i].bits ^ keyed[j].bits;
            const int distance = std::popcount(difference);
            if (distance <= distance_ && is_first_pass(difference)) {
              sink(items[keyed[i].index].position, items[keyed[j].index].position, distance);
            }
          }
        }
      }
      start = end;
    }
  }

 private:
  static constexpr std::size_t kLargeBucket = 4096;

  void compare_all(const std::vector<Item>& items, const Sink& sink) const {
    for (std::size_t i = 0; i < items.size() && !stop_; ++i) {
      for (std::size_t j = i + 1; j < items.size(); ++j) {
        const int distance = std::popcount(items[i].bits ^ items[j].bits);
        if (distance <= distance_) sink(items[i].position, items[j].position, distance);
      }
    }
  }

  int distance_;
  const std::atomic<bool>& stop_;
};

}  // namespace

NearDuplicates find_near_duplicates(std::span<const std::uint64_t> hashes, int max_distance,
                                    const Job& job, unsigned threads, std::uint64_t max_pairs) {
  if (max_distance < 0 || max_distance > kMaxHashDistance) {
    throw InternalError(
        "near duplicates: a distance of {} bits was asked for, 0 to {} are possible", max_distance,
        kMaxHashDistance);
  }
  if (hashes.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw InternalError("near duplicates: {} hashes are more than 32 bits can number",
                        hashes.size());
  }
  NearDuplicates result;
  std::vector<std::uint32_t> order(hashes.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return hashes[a] != hashes[b] ? hashes[a] < hashes[b] : a < b;
  });
  std::vector<Item> distinct;
  for (std::size_t start = 0; start < order.size();) {
    std::size_t end = start + 1;
    while (end < order.size() && hashes[order[end]] == hashes[order[start]]) ++end;
    distinct.push_back({hashes[order[start]], order[start]});
    if (end - start > 1) {
      result.groups.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(start),
                                 order.begin() + static_cast<std::ptrdiff_t>(end));
    }
    start = end;
  }
  std::sort(result.groups.begin(), result.groups.end());
  if (max_distance == 0) return result;

  std::atomic<bool> stop = false;
  std::mutex mutex;
  const Search search(max_distance, stop);
  const auto collect = [&](std::vector<HashPair>& found) {
    const std::scoped_lock lock(mutex);
    const std::uint64_t room = max_pairs - result.pairs.size();
    if (found.size() > room) {
      found.resize(room);
      result.truncated = true;
      stop = true;
    }
    result.pairs.insert(result.pairs.end(), found.begin(), found.end());
    found.clear();
  };
  const auto run = [&](const std::function<void(const Sink&)>& work) {
    constexpr std::size_t kBatch = 4096;
    std::vector<HashPair> found;
    work([&](std::uint32_t a, std::uint32_t b, int distance) {
      if (stop) return;
      found.push_back({std::min(a, b), std::max(a, b), distance});
      if (found.size() >= kBatch) collect(found);
    });
    collect(found);
  };
  const Plan plan = best_plan(distinct.size(), 64, max_distance);
  if (plan.blocks == 0) {
    run([&](const Sink& sink) { search.run(distinct, 64, sink); });
  } else {
    const std::vector<std::uint32_t> passes = Search::passes(plan);
    parallel_for(passes.size(), threads, job, [&](std::size_t i) {
      if (stop) return;
      run([&](const Sink& sink) { search.run_pass(distinct, 64, plan, passes[i], sink); });
    });
  }
  std::sort(result.pairs.begin(), result.pairs.end(), [](const HashPair& a, const HashPair& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  return result;
}

}  // namespace epicrisis
