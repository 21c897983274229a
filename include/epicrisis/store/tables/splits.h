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
