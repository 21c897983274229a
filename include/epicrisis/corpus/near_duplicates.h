#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epicrisis/core/job.h"

namespace epicrisis {

inline constexpr int kMaxHashDistance = 16;

struct HashPair {
  std::uint32_t first = 0;  // indices into the list of hashes, first < second
  std::uint32_t second = 0;
  int distance = 0;  // differing bits
  bool operator==(const HashPair&) const = default;
};

struct NearDuplicates {
  // Pairs of *different* hashes, ordered. A hash that occurs more than once is represented by its
  // first index; equal hashes are in `groups`, not here.
  std::vector<HashPair> pairs;
  // Each list: all indices, ascending, of one hash that occurs at least twice.
  std::vector<std::vector<std::uint32_t>> groups;
  // More than max_pairs were found; the rest is left out (which ones is open).
  bool truncated = false;
};

// All pairs of 64-bit hashes that differ in at most max_distance bits (0 to 16), without comparing
// all with all: the bits are cut into blocks of which a near pair must share some (multi-index
// hashing: Manku, Jain, Das Sarma, WWW 2007; Norouzi, Punjani, Fleet, CVPR 2012), and a bucket that
// is still large is cut again. Equal hashes are grouped first. threads 0: all cores.
NearDuplicates find_near_duplicates(std::span<const std::uint64_t> hashes, int max_distance,
                                    const Job& job, unsigned threads = 0,
                                    std::uint64_t max_pairs = 20'000'000);

}  // namespace epicrisis
