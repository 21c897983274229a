#include "epicrisis/store/tables/splits.h"

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "store/tables/times.h"

namespace epicrisis {
namespace {

SplitSet split_set_of(Database& database, const Statement& row) {
  SplitSet set;
  set.id = row.integer(0);
  set.name = row.text(1);
  set.seed = row.bits(2);
  set.options = parse_json(row.text_view(3),
                           fmt::format("{}: split set '{}'", database.path().string(), set.name));
  set.created_at = row.text(4);
  Statement counts = database.prepare(
      "SELECT role, count(*) FROM split_roles WHERE split_set_id = ? GROUP BY role");
  counts.bind(1, set.id);
  while (counts.step()) set.counts[counts.text(0)] = counts.integer(1);
  return set;
}

constexpr std::string_view kSelect = "SELECT id, name, seed, options, created_at FROM split_sets ";

}  // namespace

SplitSet save_split_set(Database& database, std::string_view name, std::uint64_t seed,
                        const Json& options, const std::vector<SampleRole>& roles, bool replace) {
  if (!is_safe_id(name)) {
    throw UsageError(
        "cannot store the split set '{}': a name is 1 to 128 letters, digits, '.', '-', '_'", name);
  }
  Transaction transaction(database);
  if (find_split_set(database, name)) {
    if (!replace) {
      throw UsageError(
          "cannot store the split set '{}': {} has one of this name. Take another name, or `replace` "
          "it",
          name, database.path().string());
    }
    database.execute("DELETE FROM split_sets WHERE name = ?", name);
  }
  database.execute("INSERT INTO split_sets (name, seed, options, created_at) VALUES (?, ?, ?, ?)",
                   name, seed, dump_json(options), utc_now());
  const std::int64_t id = database.last_insert_id();
  for (const SampleRole& entry : roles) {
    if (entry.role == Role::kUnused) continue;
    database.execute("INSERT INTO split_roles (split_set_id, sample_id, role) VALUES (?, ?, ?)", id,
                     entry.sample_id, role_name(entry.role));
  }
  SplitSet stored = split_set_by_name(database, name);
  transaction.commit();
  return stored;
}

std::optional<SplitSet> find_split_set(Database& database, std::string_view name) {
  Statement rows = database.prepare(fmt::format("{} WHERE name = ?", kSelect));
  rows.bind(1, name);
  if (!rows.step()) return std::nullopt;
  return split_set_of(database, rows);
}

SplitSet split_set_by_name(Database& database, std::string_view name) {
  if (auto set = find_split_set(database, name)) return *std::move(set);
  std::vector<std::string> names;
  for (const SplitSet& set : list_split_sets(database)) names.push_back(set.name);
  throw UsageError("there is no split set '{}' in {}; it has: {}", name, database.path().string(),
                   names.empty() ? "none" : join(names, ", "));
}

std::vector<SplitSet> list_split_sets(Database& database) {
  std::vector<SplitSet> sets;
  Statement rows = database.prepare(fmt::format("{} ORDER BY name", kSelect));
  while (rows.step()) sets.push_back(split_set_of(database, rows));
  return sets;
}

std::vector<SampleRole> load_split_roles(Database& database, std::string_view name) {
  const SplitSet set = split_set_by_name(database, name);
  Statement rows = database.prepare(
      "SELECT sample_id, role FROM split_roles WHERE split_set_id = ? ORDER BY sample_id");
  rows.bind(1, set.id);
  std::vector<SampleRole> roles;
  while (rows.step()) {
    roles.push_back({rows.integer(0), parse_role(rows.text_view(1)).value_or(Role::kUnused)});
  }
  return roles;
}

}  // namespace epicrisis
