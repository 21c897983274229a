#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/leakage.h"

namespace epicrisis {
namespace {

// Disjoint sets by index, with path halving.
class UnionFind {
 public:
  explicit UnionFind(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(std::size_t a, std::size_t b) {
    parent_[std::max(find(a), find(b))] = std::min(find(a), find(b));
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

std::vector<std::size_t> kept_together(const LeakageReport& report,
                                       std::span<const SplitItem> items,
                                       std::span<const std::int64_t> sample_ids) {
  if (items.size() != sample_ids.size()) {
    throw InternalError("kept together: {} items, but {} ids of samples", items.size(),
                        sample_ids.size());
  }
  std::unordered_map<std::int64_t, std::size_t> index;
  std::unordered_map<std::string_view, std::size_t> first_of_group;
  UnionFind sets(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (sample_ids[i] >= 0) index.emplace(sample_ids[i], i);
    if (items[i].group.empty()) continue;
    const auto [first, fresh] = first_of_group.emplace(items[i].group, i);
    if (!fresh) sets.unite(first->second, i);
  }
  for (const Overlap& overlap : report.overlaps) {
    const auto a = index.find(overlap.a.sample_id);
    const auto b = index.find(overlap.b.sample_id);
    if (a != index.end() && b != index.end()) sets.unite(a->second, b->second);
  }
  std::vector<std::size_t> firsts(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) firsts[i] = sets.find(i);
  return firsts;
}

}  // namespace epicrisis
