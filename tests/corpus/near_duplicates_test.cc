#include "epicrisis/corpus/near_duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <tuple>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"

namespace epicrisis {
namespace {

using Triple = std::tuple<std::uint32_t, std::uint32_t, int>;

std::vector<Triple> triples(const NearDuplicates& found) {
  std::vector<Triple> list;
  for (const HashPair& pair : found.pairs)
    list.emplace_back(pair.first, pair.second, pair.distance);
  return list;
}

// What the header promises, the slow way.
std::vector<Triple> by_brute_force(const std::vector<std::uint64_t>& hashes, int distance) {
  std::set<std::uint64_t> seen;
  std::vector<std::uint32_t> firsts;
  for (std::uint32_t i = 0; i < hashes.size(); ++i) {
    if (seen.insert(hashes[i]).second) firsts.push_back(i);
  }
  std::vector<Triple> list;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    for (std::size_t j = i + 1; j < firsts.size(); ++j) {
      const int bits = std::popcount(hashes[firsts[i]] ^ hashes[firsts[j]]);
      if (bits <= distance) list.emplace_back(firsts[i], firsts[j], bits);
    }
  }
  return list;
}

std::uint64_t flip(Random& random, std::uint64_t hash, int bits) {
  while (bits > 0) {
    const std::uint64_t bit = std::uint64_t{1} << random.below(64);
    hash ^= bit;
    --bits;
  }
  return hash;
}

// Uniform hashes, and copies of them a few bits away: on both sides of every limit.
std::vector<std::uint64_t> planted(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint64_t> hashes;
  while (hashes.size() < count) {
    const std::uint64_t hash = random.next();
    hashes.push_back(hash);
    for (std::uint64_t copies = random.below(4); copies > 0 && hashes.size() < count; --copies) {
      hashes.push_back(flip(random, hash, static_cast<int>(random.below(20))));
    }
  }
  random.shuffle(std::span(hashes));
  return hashes;
}

TEST(NearDuplicatesTest, FindsWhatBruteForceFinds) {
  for (const int distance : {1, 2, 3, 5, 8, 10, 12, 16}) {
    for (const std::size_t count : {0UL, 1UL, 2UL, 50UL, 3000UL}) {
      const auto hashes = planted(count, static_cast<std::uint64_t>(distance) * 7 + count);
      EXPECT_EQ(triples(find_near_duplicates(hashes, distance, Job(), 2)),
                by_brute_force(hashes, distance))
          << count << " hashes, distance " << distance;
    }
  }
}

TEST(NearDuplicatesTest, FindsThemWhenBlocksAreUsed) {
  // Large enough that every distance takes passes over blocks.
  const auto hashes = planted(30'000, 11);
  for (const int distance : {1, 4, 10}) {
    const auto expected = by_brute_force(hashes, distance);
    ASSERT_GT(expected.size(), 500U);
    EXPECT_EQ(triples(find_near_duplicates(hashes, distance, Job(), 2)), expected);
  }
}

TEST(NearDuplicatesTest, HashesThatShareMostBits) {
  // 44 bits are the same everywhere: each block among them puts all hashes in one bucket.
  Random random(3);
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 12'000; ++i)
    hashes.push_back(0xabcdef0000000000ULL | (random.next() & 0xfffff));
  const auto expected = by_brute_force(hashes, 2);
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(triples(find_near_duplicates(hashes, 2, Job(), 2)), expected);
}

TEST(NearDuplicatesTest, EqualHashesAreGroups) {
  const std::vector<std::uint64_t> hashes = {5, 9, 5, ~std::uint64_t{0}, 9, 5};
  const NearDuplicates found = find_near_duplicates(hashes, 3, Job(), 1);
  EXPECT_THAT(found.groups,
              testing::ElementsAre(testing::ElementsAre(0U, 2U, 5U), testing::ElementsAre(1U, 4U)));
  EXPECT_EQ(triples(found), (std::vector<Triple>{{0, 1, 2}}));
  EXPECT_FALSE(found.truncated);
}

TEST(NearDuplicatesTest, MillionEqualHashesAreOneGroup) {
  const std::vector<std::uint64_t> hashes(1'000'000, 0x123456789abcdef0ULL);
  const NearDuplicates found = find_near_duplicates(hashes, 10, Job(), 2);
  EXPECT_TRUE(found.pairs.empty());
  ASSERT_EQ(found.groups.size(), 1U);
  EXPECT_EQ(found.groups.front().size(), hashes.size());
}

TEST(NearDuplicatesTest, DenseHashesStopAtTheCap) {
  // All numbers below 2^17: thousands of millions of pairs within 10 bits.
  std::vector<std::uint64_t> hashes(1U << 17);
  for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = i;
  const NearDuplicates found = find_near_duplicates(hashes, 10, Job(), 2, 100'000);
  EXPECT_TRUE(found.truncated);
  EXPECT_EQ(found.pairs.size(), 100'000U);
  for (const HashPair& pair : found.pairs) {
    ASSERT_EQ(pair.distance, std::popcount(hashes[pair.first] ^ hashes[pair.second]));
    ASSERT_LE(pair.distance, 10);
  }
}

TEST(NearDuplicatesTest, DistanceZeroGivesGroupsOnly) {
  const std::vector<std::uint64_t> hashes = {1, 1, 0};
  const NearDuplicates found = find_near_duplicates(hashes, 0, Job(), 1);
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(found.groups.size(), 1U);
}

TEST(NearDuplicatesTest, RefusesImpossibleDistances) {
  EXPECT_THROW(find_near_duplicates({}, -1, Job(), 1), InternalError);
  EXPECT_THROW(find_near_duplicates({}, kMaxHashDistance + 1, Job(), 1), InternalError);
}

}  // namespace
}  // namespace epicrisis
