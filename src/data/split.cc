#include "epicrisis/data/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 5> kRoleNames = {"train", "validation", "test", "external",
                                                        "unused"};
constexpr std::array<Role, 3> kRoles = {Role::kTrain, Role::kValidation, Role::kTest};
using Shares = std::vector<double>;  // by role or fold, together 1

// Items that must stay together: a group, or one item.
struct Unit {
  std::uint64_t order = 0;  // random, but the same for a seed and a name
  std::string name;
  std::vector<std::size_t> items;
  std::map<int, double> classes;  // class -> items
};

// "g" or "k" first, so that no group is taken for a single item of that name.
std::string unit_name(const SplitItem& item) {
  return item.group.empty() ? "k" + item.key : "g" + item.group;
}

std::vector<Unit> make_units(std::span<const SplitItem> items, const std::vector<std::size_t>& of,
                             std::uint64_t seed) {
  std::map<std::string, Unit> units;
  for (const std::size_t i : of) {
    std::string name = unit_name(items[i]);
    // Single items of one key, or of none, stay apart.
    if (items[i].group.empty() && units.contains(name)) name += "\n" + std::to_string(i);
    Unit& unit = units[name];
    unit.items.push_back(i);
    unit.classes[items[i].label] += 1;
  }
  std::vector<Unit> result;
  result.reserve(units.size());
  for (auto& [name, unit] : units) {
    unit.order = Random(seed, "split " + name).next();
    unit.name = name;
    result.push_back(std::move(unit));
  }
  std::sort(result.begin(), result.end(), [](const Unit& a, const Unit& b) {
    return std::tie(a.order, a.name) < std::tie(b.order, b.name);
  });
  return result;
}

// What each role, or fold, still lacks of each class, in items.
class Wants {
 public:
  Wants(const std::vector<Unit>& units, const Shares& shares)
      : shares_(shares), in_all_(shares.size()) {
    for (const Unit& unit : units) {
      for (const auto& [label, count] : unit.classes) {
        of_class_[label].resize(shares.size());
        for (std::size_t role = 0; role < shares.size(); ++role) {
          of_class_[label][role] += count * shares[role];
          in_all_[role] += count * shares[role];
        }
      }
    }
  }

  // The role of a share above 0 that lacks most of the class; then most of all; then the first.
  std::size_t neediest(int label) const {
    const Shares& wanted = of_class_.at(label);
    std::size_t best = shares_.size();
    for (std::size_t role = 0; role < shares_.size(); ++role) {
      if (shares_[role] <= 0) continue;
      if (best == shares_.size() || wanted[role] > wanted[best] + kTie ||
          (wanted[role] > wanted[best] - kTie && in_all_[role] > in_all_[best] + kTie)) {
        best = role;
      }
    }
    return best;
  }

  void give(const Unit& unit, std::size_t role) {
    for (const auto& [label, count] : unit.classes) {
      of_class_[label][role] -= count;
      in_all_[role] -= count;
    }
  }

 private:
  static constexpr double kTie = 1e-9;
  Shares shares_;
  std::map<int, Shares> of_class_;
  Shares in_all_;
};

// The classes of the units from the rarest on, by units that hold one.
std::vector<int> rarest_first(const std::vector<Unit>& units) {
  std::map<int, std::size_t> count;
  for (const Unit& unit : units) {
    for (const auto& [label, items] : unit.classes) ++count[label];
  }
  std::vector<int> labels;
  for (const auto& [label, held] : count) labels.push_back(label);
  std::stable_sort(labels.begin(), labels.end(), [&](int a, int b) { return count[a] < count[b]; });
  return labels;
}

// Spreads the items numbered in `of` over the shares; tells `put` of each item and its share.
void spread(std::span<const SplitItem> items, const std::vector<std::size_t>& of,
            const Shares& shares, std::uint64_t seed,
            const std::function<void(std::size_t item, std::size_t share)>& put) {
  const std::vector<Unit> units = make_units(items, of, seed);
  Wants wants(units, shares);
  std::vector<bool> given(units.size(), false);
  for (const int label : rarest_first(units)) {
    std::vector<std::size_t> holders;
    for (std::size_t u = 0; u < units.size(); ++u) {
      if (!given[u] && units[u].classes.contains(label)) holders.push_back(u);
    }
    // Large groups first: the small ones then even out what these left uneven.
    std::stable_sort(holders.begin(), holders.end(), [&](std::size_t a, std::size_t b) {
      return units[a].items.size() > units[b].items.size();
    });
    for (const std::size_t u : holders) {
      const std::size_t share = wants.neediest(label);
      wants.give(units[u], share);
      given[u] = true;
      for (const std::size_t i : units[u].items) put(i, share);
    }
  }
}

void spread_roles(std::span<const SplitItem> items, const std::vector<std::size_t>& of,
                  const Shares& shares, std::uint64_t seed, std::vector<Role>& roles) {
  spread(items, of, shares, seed,
         [&](std::size_t item, std::size_t share) { roles[item] = kRoles.at(share); });
}

std::vector<std::size_t> labelled(std::span<const SplitItem> items) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].label >= 0) places.push_back(i);
  }
  return places;
}

// The published role, kUnused for none.
Role published_role(const SplitItem& item) {
  if (item.published.empty()) return Role::kUnused;
  for (const Role role : kRoles) {
    if (item.published == role_name(role)) return role;
  }
  throw UsageError(
      "splitting: '{}' has the published split '{}'; known are train, validation, test", item.key,
      item.published);
}

// test before validation before train
int strength(Role role) { return role == Role::kUnused ? -1 : static_cast<int>(role); }

void keep_groups_whole(std::span<const SplitItem> items, std::vector<Role>& roles) {
  std::map<std::string_view, Role> strongest;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].group.empty()) continue;
    const auto [position, is_new] = strongest.emplace(items[i].group, roles[i]);
    if (!is_new && strength(roles[i]) > strength(position->second)) position->second = roles[i];
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].group.empty() && strongest.at(items[i].group) != roles[i]) {
      roles[i] = Role::kUnused;
    }
  }
}

// Gives the items of data sets that publish no split the role of their group, or one of their own.
void spread_unpublished(std::span<const SplitItem> items, const SplitFractions& fractions,
                        std::uint64_t seed, std::vector<Role>& roles) {
  std::set<std::string_view> published;
  std::map<std::string_view, Role> of_group;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].published.empty()) published.insert(items[i].dataset);
    if (!items[i].group.empty() && roles[i] != Role::kUnused) of_group[items[i].group] = roles[i];
  }
  std::vector<std::size_t> alone;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].label < 0 || published.contains(items[i].dataset)) continue;
    const auto role = of_group.find(items[i].group);
    if (!items[i].group.empty() && role != of_group.end()) {
      roles[i] = role->second;
    } else {
      alone.push_back(i);
    }
  }
  spread_roles(items, alone, {fractions.train, fractions.validation, fractions.test}, seed, roles);
}

// Takes the splits that nobody published from the training items.
void fill_missing(std::span<const SplitItem> items, const SplitFractions& fractions,
                  std::uint64_t seed, std::vector<Role>& roles) {
  const auto has = [&](Role role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  Shares shares = {fractions.train, has(Role::kValidation) ? 0 : fractions.validation,
                   has(Role::kTest) ? 0 : fractions.test};
  const double sum = shares[0] + shares[1] + shares[2];
  if (shares[1] + shares[2] <= 0 || shares[0] <= 0) return;
  for (double& share : shares) share /= sum;
  std::vector<std::size_t> training;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (roles[i] == Role::kTrain && items[i].label >= 0) training.push_back(i);
  }
  spread_roles(items, training, shares, seed, roles);
}

}  // namespace

void check_fractions(const SplitFractions& fractions, bool test_is_usual) {
  for (const double share : {fractions.train, fractions.validation, fractions.test}) {
    if (!std::isfinite(share)) throw UsageError("splitting: a share of {} is no number", share);
  }
  if (fractions.validation < 0 || fractions.test < 0) {
    throw UsageError("splitting: the shares validation {:.4g} and test {:.4g} are not both 0 to 1",
                     fractions.validation, fractions.test);
  }
  const std::string test =
      fmt::format("test {:.4g}{}", fractions.test,
                  test_is_usual ? " (the default, as `test` is not given)" : "");
  const double others = fractions.validation + fractions.test;
  if (fractions.train < 0) {
    throw UsageError(
        "splitting: validation {:.4g} and {} sum to {:.4g}, which leaves nothing to train",
        fractions.validation, test, others);
  }
  const double sum = fractions.train + others;
  if (std::abs(sum - 1) <= 1e-9) return;
  throw UsageError(
      "splitting: the shares train {:.4g}, validation {:.4g} and {} sum to {:.4g}, not to 1",
      fractions.train, fractions.validation, test, sum);
}

std::string_view role_name(Role role) { return kRoleNames.at(static_cast<std::size_t>(role)); }

std::optional<Role> parse_role(std::string_view name) {
  for (std::size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

std::vector<Role> assign_splits(std::span<const SplitItem> items, const SplitFractions& fractions,
                                std::uint64_t seed, bool honour_published) {
  check_fractions(fractions);
  std::vector<Role> roles(items.size(), Role::kUnused);
  const bool any_published = std::any_of(
      items.begin(), items.end(), [](const SplitItem& item) { return !item.published.empty(); });
  if (honour_published && any_published) {
    for (std::size_t i = 0; i < items.size(); ++i) roles[i] = published_role(items[i]);
    keep_groups_whole(items, roles);
    fill_missing(items, fractions, seed, roles);
    spread_unpublished(items, fractions, seed, roles);
  } else {
    spread_roles(items, labelled(items), {fractions.train, fractions.validation, fractions.test},
                 seed, roles);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].label < 0) roles[i] = Role::kUnused;
  }
  return roles;
}

std::vector<int> assign_folds(std::span<const SplitItem> items, int folds, std::uint64_t seed) {
  if (folds < 2 || folds > kMaxFolds) {
    throw UsageError("splitting: {} folds were asked for, 2 to {} can be made", folds, kMaxFolds);
  }
  std::vector<int> result(items.size(), 0);
  const auto count = static_cast<std::size_t>(folds);
  spread(items, labelled(items), Shares(count, 1.0 / folds), seed,
         [&](std::size_t item, std::size_t fold) { result[item] = static_cast<int>(fold) + 1; });
  return result;
}

}  // namespace epicrisis
