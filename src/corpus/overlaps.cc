#include "corpus/overlaps.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/splits.h"
#include "store/tables/sample_columns.h"

namespace epicrisis {
namespace {

std::uint8_t role_index(std::string_view role) {
  for (std::size_t i = 0; i < std::size(kCheckRoles); ++i) {
    if (kCheckRoles[i] == role) return static_cast<std::uint8_t>(i);
  }
  throw InternalError("'{}' is not a role", role);
}

// Whether a kind is about what pictures show.
bool is_of_pictures(OverlapKind kind) {
  return kind == OverlapKind::kBytes || kind == OverlapKind::kPixels ||
         kind == OverlapKind::kNearDuplicate;
}

bool are_of_other_classes(const CheckedSample& a, const CheckedSample& b) {
  return a.label >= 0 && b.label >= 0 && a.label != b.label;
}

// Two data sets have names of their own for one patient.
bool are_of_other_groups(const CheckedSample& a, const CheckedSample& b) {
  return a.dataset == b.dataset && a.group != 0 && b.group != 0 && a.group != b.group;
}

}  // namespace

bool is_distinctive_id(std::string_view id) {
  const auto digits =
      std::count_if(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool letter = std::any_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return letter && digits >= 5;
}

SampleFilter checked_samples_filter(const CheckOptions& options) {
  SampleFilter filter;
  filter.datasets = options.datasets;
  if (!filter.datasets.empty()) {
    filter.datasets.insert(filter.datasets.end(), options.external.begin(), options.external.end());
  }
  filter.labels = options.labels;
  return filter;
}

CheckedSamples::CheckedSamples(Database& database, const CheckOptions& options) {
  const SampleFilter filter = checked_samples_filter(options);
  require_datasets(database, options.datasets);
  require_datasets(database, options.external);
  std::map<std::int64_t, std::uint8_t> roles;
  std::vector<SampleRole> assigned;
  if (!options.split_set.empty()) assigned = load_split_roles(database, options.split_set);
  auto next = assigned.begin();

  std::map<std::string, std::uint32_t, std::less<>> numbers;
  for_each_sample_place(database, filter, [&](const SamplePlace& place) {
    CheckedSample sample;
    sample.id = place.id;
    const std::string_view name = place.dataset;
    auto found = numbers.find(name);
    if (found == numbers.end()) {
      found = numbers.emplace(name, static_cast<std::uint32_t>(datasets_.size())).first;
      datasets_.emplace_back(name);
    }
    sample.dataset = found->second;
    while (next != assigned.end() && next->sample_id < sample.id) ++next;
    if (std::find(options.external.begin(), options.external.end(), name) !=
        options.external.end()) {
      sample.role = role_index("external");
    } else if (options.split_set.empty()) {
      sample.role = role_index(place.split);
    } else if (next != assigned.end() && next->sample_id == sample.id) {
      sample.role =
          next->role == Role::kUnused ? std::uint8_t{0} : role_index(role_name(next->role));
    }
    if (place.label) sample.label = static_cast<std::int16_t>(*place.label);
    if (!place.group.empty()) sample.group = fnv1a(place.group);
    samples_.push_back(sample);
  });
}

std::size_t CheckedSamples::find(std::int64_t id) const {
  const auto found =
      std::lower_bound(samples_.begin(), samples_.end(), id,
                       [](const CheckedSample& sample, std::int64_t x) { return sample.id < x; });
  if (found == samples_.end() || found->id != id) return npos;
  return static_cast<std::size_t>(found - samples_.begin());
}

bool OverlapCollector::is_leak(const CheckedSample& a, const CheckedSample& b) const {
  if (a.role != 0 && b.role != 0 && a.role != b.role) return true;
  if (a.dataset == b.dataset || !options_.datasets_are_domains) return false;
  // Where roles were given, a sample without one is in no use.
  return options_.split_set.empty() || (a.role != 0 && b.role != 0);
}

OverlapCollector::Place OverlapCollector::place(std::size_t index) const {
  return {samples_.at(index).dataset, samples_.at(index).role};
}

void OverlapCollector::add_published(std::size_t index, const std::vector<std::string>& splits) {
  // A split set of our own gives one role only, and an external set is external as a whole.
  const bool leakage =
      options_.split_set.empty() && samples_.at(index).role != role_index("external");
  const auto position = static_cast<std::uint32_t>(index);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    for (std::size_t j = i + 1; j < splits.size(); ++j) {
      if (splits[i] == splits[j]) continue;
      found_.push_back({OverlapKind::kId, leakage, role_index(splits[i]), role_index(splits[j]), 0,
                        position, position});
    }
  }
}

bool OverlapCollector::are_joined(OverlapKind kind, std::size_t a, std::size_t b) {
  return !is_of_pictures(kind) || pictures_.find(a) == pictures_.find(b);
}

bool OverlapCollector::knows(OverlapKind kind, std::size_t a, std::size_t b) {
  return seen_.contains({kind, a, place(b)}) && seen_.contains({kind, b, place(a)}) &&
         are_joined(kind, a, b);
}

void OverlapCollector::add_pair(OverlapKind kind, std::size_t a, std::size_t b, int distance) {
  const bool new_for_a = seen_.emplace(kind, a, place(b)).second;
  const bool new_for_b = seen_.emplace(kind, b, place(a)).second;
  if (!new_for_a && !new_for_b && are_joined(kind, a, b)) return;
  together_.unite(a, b);
  if (is_of_pictures(kind)) pictures_.unite(a, b);
  const CheckedSample& first = samples_.at(std::min(a, b));
  const CheckedSample& second = samples_.at(std::max(a, b));
  found_.push_back({kind, is_leak(first, second), first.role, second.role,
                    static_cast<std::uint8_t>(distance), static_cast<std::uint32_t>(std::min(a, b)),
                    static_cast<std::uint32_t>(std::max(a, b)),
                    is_of_pictures(kind) && are_of_other_classes(first, second),
                    is_of_pictures(kind) && are_of_other_groups(first, second)});
}

void OverlapCollector::add_cluster(OverlapKind kind, const std::vector<std::size_t>& members,
                                   bool leaks_only, const Skip& skip) {
  std::map<Place, std::size_t> firsts;
  for (const std::size_t index : members) {
    firsts.emplace(place(index), index);
    together_.unite(members.front(), index);
  }
  for (const std::size_t index : members) {
    const bool is_first = firsts.at(place(index)) == index;
    for (const auto& [other_place, first] : firsts) {
      if (first == index) continue;
      if (is_first && first < index) continue;  // between two firsts, once
      if (leaks_only && !is_leak(samples_.at(index), samples_.at(first))) continue;
      if (skip && skip(index, first)) continue;
      add_pair(kind, index, first, 0);
    }
  }
}

void OverlapCollector::finish(Database& database, LeakageReport& report) {
  report.without_split = std::ranges::count(samples_.all(), 0, &CheckedSample::role);
  // Positions of samples are in order of their ids.
  const auto order = [](const Found& one) {
    return std::tuple(!one.leakage, !one.other_class, !one.other_group, one.kind, one.a, one.b,
                      one.role_a, one.role_b);
  };
  std::sort(found_.begin(), found_.end(),
            [&](const Found& x, const Found& y) { return order(x) < order(y); });
  const Field field = workspace_field(database);
  const auto side = [&](std::uint32_t index, std::uint8_t role) {
    const CheckedSample& sample = samples_.at(index);
    OverlapSide side{sample.id, samples_.dataset(index), "", std::string(kCheckRoles[role]), "",
                     ""};
    if (sample.label >= 0) side.class_name = field.at(ClassId(sample.label)).name;
    if (auto names = find_sample_names(database, sample.id)) {
      side.key = std::move(names->key);
      side.group = std::move(names->group);
    }
    return side;
  };
  for (const Found& found : found_) {
    report.other_class += found.other_class;
    report.other_group += found.other_group;
    ++(found.leakage ? report.leaks_by_kind
                     : report.inside_by_kind)[std::string(overlap_kind_name(found.kind))];
    if (report.overlaps.size() >= kMaxListedOverlaps) continue;
    report.overlaps.push_back({found.kind, side(found.a, found.role_a), side(found.b, found.role_b),
                               found.leakage, found.distance, found.other_class,
                               found.other_group});
  }
  found_.clear();
  for (std::size_t i = 0; i < samples_.all().size(); ++i) {
    const std::size_t first = together_.find(i);
    if (first == i) continue;
    report.together.emplace_back(samples_.at(i).id, samples_.at(first).id);
  }
}

}  // namespace epicrisis
