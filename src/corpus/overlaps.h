#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "corpus/disjoint_sets.h"
#include "epicrisis/corpus/leakage.h"

namespace epicrisis {

// What a leakage check needs of each sample, small enough for millions.
struct CheckedSample {
  std::int64_t id = 0;
  std::uint32_t dataset = 0;  // index into CheckedSamples::datasets
  std::uint8_t role = 0;      // index into kCheckRoles
  std::int16_t label = -1;    // ClassId::index(); -1: none
  std::uint64_t group = 0;    // hash of its patient or case; 0: none
};

inline constexpr std::string_view kCheckRoles[] = {"", "train", "validation", "test", "external"};

SampleFilter checked_samples_filter(const CheckOptions& options);

class CheckedSamples {
 public:
  CheckedSamples(Database& database, const CheckOptions& options);
  const std::vector<CheckedSample>& all() const { return samples_; }
  const CheckedSample& at(std::size_t index) const { return samples_[index]; }
  // Position of a sample, or npos if the check is not about it.
  std::size_t find(std::int64_t id) const;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  const std::string& dataset(std::size_t index) const { return datasets_[samples_[index].dataset]; }

 private:
  std::vector<std::string> datasets_;
  std::vector<CheckedSample> samples_;  // by id
};

// Gathers overlaps: says which are leakage, keeps the first of each (sample, place of the other),
// so that a thousand copies of one picture do not give half a million pairs.
class OverlapCollector {
 public:
  OverlapCollector(const CheckedSamples& samples, const CheckOptions& options)
      : samples_(samples),
        options_(options),
        together_(samples.all().size()),
        pictures_(samples.all().size()) {}

  // One sample in two published splits.
  void add_published(std::size_t index, const std::vector<std::string>& splits);
  // Samples that are all the same in the way of `kind`: each with the first of every place, but for
  // pairs that `skip` (may be empty) holds back. `leaks_only`: what lies inside one role is no
  // news, but has to stay together nevertheless.
  using Skip = std::function<bool(std::size_t, std::size_t)>;
  void add_cluster(OverlapKind kind, const std::vector<std::size_t>& members, bool leaks_only,
                   const Skip& skip = {});
  void add_pair(OverlapKind kind, std::size_t a, std::size_t b, int distance);
  // Whether add_pair() would do nothing: both have a pair of this kind with the other's place and,
  // of pictures, a chain of pairs leads from one to the other. A picture may be hardly different
  // from two that are no pair of their own.
  bool knows(OverlapKind kind, std::size_t a, std::size_t b);
  bool is_leak(const CheckedSample& a, const CheckedSample& b) const;
  // Moves everything into the report.
  void finish(Database& database, LeakageReport& report);

 private:
  using Place = std::pair<std::uint32_t, std::uint8_t>;  // data set, role
  struct Found {
    OverlapKind kind;
    bool leakage;
    std::uint8_t role_a;
    std::uint8_t role_b;
    std::uint8_t distance;
    std::uint32_t a;
    std::uint32_t b;
    bool other_class = false;
    bool other_group = false;
  };
  Place place(std::size_t index) const;
  bool are_joined(OverlapKind kind, std::size_t a, std::size_t b);

  const CheckedSamples& samples_;
  const CheckOptions& options_;
  std::vector<Found> found_;
  std::set<std::tuple<OverlapKind, std::size_t, Place>> seen_;
  DisjointSets together_;  // by pairs of every kind
  DisjointSets pictures_;  // by those of pictures
};

// Whether ids of this form are unlikely to agree by chance between two data sets.
bool is_distinctive_id(std::string_view id);

}  // namespace epicrisis
