#include <string_view>
#include <unordered_map>

#include "corpus/disjoint_sets.h"
#include "epicrisis/core/error.h"
#include "epicrisis/corpus/leakage.h"

namespace epicrisis {
std::vector<std::size_t> kept_together(const LeakageReport& report,
                                       std::span<const SplitItem> items,
                                       std::span<const std::int64_t> sample_ids) {
  if (items.size() != sample_ids.size()) {
    throw InternalError("kept together: {} items, but {} ids of samples", items.size(),
                        sample_ids.size());
  }
  std::unordered_map<std::int64_t, std::size_t> index;
  std::unordered_map<std::string_view, std::size_t> first_of_group;
  DisjointSets sets(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (sample_ids[i] >= 0) index.emplace(sample_ids[i], i);
    if (items[i].group.empty()) continue;
    const auto [first, fresh] = first_of_group.emplace(items[i].group, i);
    if (!fresh) sets.unite(first->second, i);
  }
  // By the set, whose own first sample need not be among the items.
  std::unordered_map<std::int64_t, std::size_t> first_of_set;
  for (const auto& [sample, first] : report.together) {
    const auto item = index.find(sample);
    if (item == index.end()) continue;
    const auto own = index.find(first);
    const std::size_t start = own != index.end() ? own->second : item->second;
    sets.unite(first_of_set.emplace(first, start).first->second, item->second);
  }
  std::vector<std::size_t> firsts(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) firsts[i] = sets.find(i);
  return firsts;
}

}  // namespace epicrisis
