#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

enum class Role { kTrain, kValidation, kTest, kExternal, kUnused };

std::string_view role_name(Role role);  // "train", "validation", "test", "external", "unused"
std::optional<Role> parse_role(std::string_view name);

// What assign_splits() has to know of a sample.
struct SplitItem {
  std::string key;           // what identifies the sample among the items
  std::string group;         // patient or case; empty: the item stands alone
  int label = -1;            // class number from 0; below 0: none, the item stays unused
  std::string published;     // "train", "validation", "test" or ""
  std::string dataset = {};  // whose publisher names the splits
};

// Shares of the items; none below 0, together 1.
struct SplitFractions {
  double train = 0.7;
  double validation = 0.15;
  double test = 0.15;
};
// UsageError for others. `test_is_usual`: nobody gave the test share, which is told then.
void check_fractions(const SplitFractions& fractions, bool test_is_usual = false);

// A role for each item, in the order of `items`. A group never has two roles (kUnused apart), the
// classes are spread over the roles in the ratio of `fractions` as nearly as whole groups allow
// (iterative stratification, Sechidis, Tsoumakas, Vlahavas 2011: the rarest class first, each group
// to the role that lacks most of it). Depends on seed, keys, groups, labels and published splits,
// not on the order of the items as long as their keys differ.
//
// With `honour_published`, where any item has a published split:
//  - an item keeps its published role; one with none is kUnused if its data set publishes splits
//    of others (why it is in none is not known), else it is spread as above, with its group where
//    that has a role;
//  - an item of a group that a stronger split also holds (test before validation before train) is
//    kUnused, so that groups stay whole;
//  - a validation or test split of a share above 0 that nobody published is taken from the
//    published training items.
// kExternal is never given here: a study marks whole data sets so. UsageError for wrong fractions
// or a published split of another name.
std::vector<Role> assign_splits(std::span<const SplitItem> items, const SplitFractions& fractions,
                                std::uint64_t seed, bool honour_published);

inline constexpr int kMaxFolds = 100;

// A fold for each item, from 1, in the order of `items`; 0 for one without a class. Groups stay
// whole and classes are spread evenly, as above; what is published does not matter. UsageError for
// fewer than 2 or more than kMaxFolds folds.
std::vector<int> assign_folds(std::span<const SplitItem> items, int folds, std::uint64_t seed);

}  // namespace epicrisis
