#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

// A named assignment of samples to "train", "validation", "test" or "external".
struct SplitSet {
  std::int64_t id = 0;
  std::string name;
  std::uint64_t seed = 0;
  Json options = Json::object();               // how it was made
  std::string created_at;                      // UTC
  std::map<std::string, std::int64_t> counts;  // by role
};

struct SampleRole {
  std::int64_t sample_id = 0;
  Role role = Role::kUnused;
};

struct SplitOptions {
  SplitFractions fractions = {};
  std::uint64_t seed = 0;
  bool honour_published = true;
  bool replace = false;  // one of the same name
};

// Assigns the samples of the filter (data/split.h, assign_splits; groups are those of one data set)
// and stores the outcome under `name`. Errors of assign_splits and save_split_set.
SplitSet make_split_set(Database& database, std::string_view name, const SampleFilter& filter,
                        const SplitOptions& options);

// Stores a split set, those of kUnused left out, in one transaction. One of this name is replaced
// only with `replace`, else UsageError: results that name it would no longer mean what they say.
SplitSet save_split_set(Database& database, std::string_view name, std::uint64_t seed,
                        const Json& options, const std::vector<SampleRole>& roles,
                        bool replace = false);
std::optional<SplitSet> find_split_set(Database& database, std::string_view name);
// UsageError that lists the split sets there are.
SplitSet split_set_by_name(Database& database, std::string_view name);
std::vector<SplitSet> list_split_sets(Database& database);
// In order of sample id.
std::vector<SampleRole> load_split_roles(Database& database, std::string_view name);

}  // namespace epicrisis
