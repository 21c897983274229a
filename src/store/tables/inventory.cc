#include "epicrisis/store/tables/inventory.h"

#include <array>

#include "epicrisis/core/hash.h"
#include "store/tables/sample_query.h"

namespace epicrisis {
namespace {

std::set<std::string> distinct(Database& database, std::string_view sql) {
  Statement rows = database.prepare(sql);
  const std::vector<std::string> texts = texts_of(rows);
  return {texts.begin(), texts.end()};
}

}  // namespace

std::vector<DatasetInventory> count_inventory(Database& database) {
  std::map<std::int64_t, DatasetInventory> sets;
  for (const Dataset& dataset : list_datasets(database)) {
    sets[dataset.id].dataset = dataset.name;
  }
  Statement groups = database.prepare(
      "SELECT dataset_id, count(DISTINCT group_key), count(*) FROM samples WHERE group_key <> '' "
      "GROUP BY dataset_id");
  while (groups.step()) {
    DatasetInventory& entry = sets[groups.integer(0)];
    entry.groups = groups.integer(1);
    entry.grouped = groups.integer(2);
  }
  Statement samples = database.prepare(
      "SELECT dataset_id, split, count(*), sum(raw_label <> '') FROM samples GROUP BY 1, 2");
  while (samples.step()) {
    DatasetInventory& entry = sets[samples.integer(0)];
    const std::string split = samples.text(1);
    if (!split.empty()) entry.published[split] = samples.integer(2);
    entry.raw_labelled += samples.integer(3);
  }
  Statement prepared = database.prepare(
      "SELECT s.dataset_id, p.recipe, count(p.slot), count(*) FROM prepared p "
      "JOIN samples s ON s.id = p.sample_id GROUP BY 1, 2");
  while (prepared.step()) {
    sets[prepared.integer(0)].prepared[prepared.text(1)] = {
        prepared.integer(2), prepared.integer(3) - prepared.integer(2)};
  }
  Statement roles = database.prepare(
      "SELECT s.dataset_id, t.name, r.role, count(*) FROM split_roles r "
      "JOIN samples s ON s.id = r.sample_id JOIN split_sets t ON t.id = r.split_set_id "
      "GROUP BY 1, 2, 3");
  while (roles.step()) {
    sets[roles.integer(0)].roles[roles.text(1)][roles.text(2)] = roles.integer(3);
  }
  std::map<std::string, DatasetInventory> by_name;
  for (auto& [id, entry] : sets) by_name.emplace(entry.dataset, std::move(entry));
  std::vector<DatasetInventory> list;
  for (auto& [name, entry] : by_name) list.push_back(std::move(entry));
  return list;
}

std::int64_t count_under_way(Database& database) {
  return database.query_integer("SELECT count(*) FROM under_way").value_or(0);
}

std::int64_t count_batched_out(Database& database) {
  return database.query_integer("SELECT count(*) FROM batch_requests WHERE state = 'out'")
      .value_or(0);
}

std::int64_t count_without_fingerprint(Database& database, SampleFilter filter) {
  filter.with_image = true;
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement row =
      query.prepare(database, "SELECT count(*)",
                    "AND NOT EXISTS (SELECT 1 FROM fingerprints f WHERE f.sample_id = s.id)");
  query.bind(row);
  return row.step() ? row.integer(0) : 0;
}

std::map<std::string, std::string> samples_state(Database& database, const SampleFilter& filter) {
  constexpr std::array<const char*, 4> kColumns = {"labels", "groups", "splits", "metadata"};
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement rows = query.prepare(
      database,
      "SELECT s.key, s.label, s.group_key, s.split, json_array(s.grade, s.diagnosis, s.subclass, "
      "s.findings, s.modality, s.metadata)",
      "ORDER BY d.name, s.key");
  query.bind(rows);
  std::map<std::string, std::string> state = {{"samples", ""}};
  for (const char* column : kColumns) state[column];
  while (rows.step()) {
    std::string& samples = state["samples"];
    samples = sha256_of_fields({samples, rows.text_view(0)});
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      std::string& chain = state[kColumns.at(i)];
      chain = sha256_of_fields({chain, rows.text_view(static_cast<int>(i) + 1)});
    }
  }
  return state;
}

std::optional<std::string> last_leakage_check(Database& database) {
  return database.query_text("SELECT created_at FROM leakage_checks ORDER BY id DESC LIMIT 1");
}

std::set<std::string> runs_with_results(Database& database) {
  return distinct(database, "SELECT DISTINCT run_id FROM results WHERE run_id IS NOT NULL");
}

std::set<std::string> studies_with_results(Database& database) {
  return distinct(database, "SELECT DISTINCT study FROM results");
}

std::set<std::string> prepared_recipes(Database& database) {
  return distinct(database, "SELECT DISTINCT recipe FROM prepared");
}

void for_each_prepared_hash(Database& database, const std::function<void(std::string)>& callback) {
  Statement rows = database.prepare(
      "SELECT lower(hex(pixels_sha256)) FROM prepared WHERE pixels_sha256 IS NOT NULL");
  while (rows.step()) callback(rows.text(0));
}

}  // namespace epicrisis
