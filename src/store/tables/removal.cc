#include "epicrisis/store/tables/removal.h"

#include <algorithm>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/samples.h"
#include "store/tables/emptied.h"
#include "store/tables/sample_query.h"
#include "store/tables/times.h"

namespace epicrisis {
namespace {

constexpr std::string_view kBeingRemoved = "studies-being-removed";

// SQLite looks for the overlaps of each sample that goes, which without an index means all of them.
// They are needed for this alone.
class OverlapIndexes {
 public:
  explicit OverlapIndexes(Database& database) : database_(database) {
    database_.execute_script(
        "CREATE INDEX removal_overlaps_a ON leakage_overlaps (a);"
        "CREATE INDEX removal_overlaps_b ON leakage_overlaps (b);");
  }
  // Else the transaction that they were made in takes them along.
  void drop() {
    database_.execute_script("DROP INDEX removal_overlaps_a; DROP INDEX removal_overlaps_b;");
  }

 private:
  Database& database_;
};

void put_studies_being_removed(Database& database, const std::vector<std::string>& studies) {
  if (studies.empty()) {
    database.execute("DELETE FROM settings WHERE name = ?", kBeingRemoved);
  } else {
    put_setting(database, kBeingRemoved, json_text_of(studies));
  }
}

}  // namespace

Json to_json(const DatasetContent& content) {
  return {{"source", content.source},
          {"samples", content.samples},
          {"notes", content.notes},
          {"written", content.written},
          {"cost", cost_json(content.cost, content.unpriced)},
          {"prepared", content.prepared},
          {"out_in_batches", content.batched_out},
          {"split_sets", content.split_sets}};
}

Json to_json(const StudyContent& content) {
  return {{"runs", content.runs}, {"results", content.results}, {"split_sets", content.split_sets}};
}

DatasetContent dataset_content(Database& database, std::string_view name) {
  const Dataset dataset = dataset_by_name(database, name);
  DatasetContent content;
  content.source = dataset.source;
  content.samples = dataset.samples;
  Statement notes = database.prepare(
      "SELECT count(*), coalesce(sum(n.status = 'written'), 0), coalesce(sum(n.cost), 0.0), "
      "coalesce(sum(n.unpriced), 0) FROM samples s JOIN notes n ON n.sample_id = s.id "
      "WHERE s.dataset_id = ?");
  notes.bind(1, dataset.id);
  notes.step();
  content.notes = notes.integer(0);
  content.written = notes.integer(1);
  content.cost = notes.number(2);
  content.unpriced = notes.integer(3);
  content.batched_out =
      database
          .query_integer(
              "SELECT count(*) FROM samples s JOIN batch_requests b ON b.sample_id = s.id "
              "WHERE s.dataset_id = ? AND b.state = 'out'",
              dataset.id)
          .value_or(0);
  content.prepared =
      database
          .query_integer(
              "SELECT count(p.slot) FROM samples s JOIN prepared p ON p.sample_id = s.id "
              "WHERE s.dataset_id = ?",
              dataset.id)
          .value_or(0);
  Statement sets = database.prepare(
      "SELECT name FROM split_sets t WHERE EXISTS (SELECT 1 FROM split_roles r JOIN samples s ON "
      "s.id = r.sample_id WHERE r.split_set_id = t.id AND s.dataset_id = ?) ORDER BY name");
  sets.bind(1, dataset.id);
  content.split_sets = texts_of(sets);
  return content;
}

void remove_dataset_rows(Database& database, std::string_view name) {
  Transaction transaction(database);
  const std::int64_t id = dataset_by_name(database, name).id;
  OverlapIndexes indexes(database);
  database.execute(
      "DELETE FROM split_sets WHERE json_extract(options, '$.study') IS NOT NULL AND EXISTS "
      "(SELECT 1 FROM split_roles r JOIN samples s ON s.id = r.sample_id "
      "WHERE r.split_set_id = split_sets.id AND s.dataset_id = ?)",
      id);
  database.execute(
      "DELETE FROM notes WHERE sample_id IN (SELECT id FROM samples WHERE "
      "dataset_id = ?)",
      id);
  database.execute("DELETE FROM samples WHERE dataset_id = ?", id);
  database.execute("DELETE FROM datasets WHERE id = ?", id);
  database.execute(
      "DELETE FROM split_sets WHERE NOT EXISTS (SELECT 1 FROM split_roles r WHERE r.split_set_id = "
      "split_sets.id)");
  indexes.drop();
  // A database without a data set beside runs and pictures passes for a lost one.
  if (!database.query_integer("SELECT 1 FROM datasets LIMIT 1")) {
    put_setting(database, kEmptied, utc_now());
  }
  transaction.commit();
}

StudyContent study_content(Database& database, std::string_view study) {
  StudyContent content;
  Statement runs = database.prepare("SELECT id FROM runs WHERE study = ? ORDER BY started_at, id");
  runs.bind(1, study);
  content.runs = texts_of(runs);
  content.results =
      database.query_integer("SELECT count(*) FROM results WHERE study = ?", study).value_or(0);
  Statement sets = database.prepare(
      "SELECT name FROM split_sets WHERE json_extract(options, '$.study') = ? ORDER BY name");
  sets.bind(1, study);
  content.split_sets = texts_of(sets);
  return content;
}

void remove_study_rows(Database& database, std::string_view study) {
  Transaction transaction(database);
  std::vector<std::string> studies = studies_being_removed(database);
  if (std::ranges::find(studies, study) == studies.end()) studies.emplace_back(study);
  put_studies_being_removed(database, studies);
  // Results of another study may have been measured on its runs, if that took over the name.
  database.execute(
      "DELETE FROM evaluations WHERE study = ?1 OR study IN (SELECT r.study FROM results r JOIN "
      "runs u ON u.id = r.run_id WHERE u.study = ?1)",
      study);
  database.execute("DELETE FROM runs WHERE study = ?", study);
  database.execute("DELETE FROM split_sets WHERE json_extract(options, '$.study') = ?", study);
  transaction.commit();
}

void remove_run_rows(Database& database, const std::vector<std::string>& ids) {
  Transaction transaction(database);
  for (const std::string& id : ids) database.execute("DELETE FROM runs WHERE id = ?", id);
  transaction.commit();
}

void compact(Database& database) { database.execute_script("VACUUM"); }

std::vector<std::string> studies_being_removed(Database& database) {
  const std::optional<std::string> text = find_setting(database, kBeingRemoved);
  if (!text) return {};
  std::vector<std::string> studies;
  const std::string source = fmt::format("{}: setting {}", database.path().string(), kBeingRemoved);
  for (const Json& name : parse_json(*text, source)) {
    if (name.is_string()) studies.push_back(name.get<std::string>());
  }
  return studies;
}

void forget_removed_study(Database& database, std::string_view study) {
  Transaction transaction(database);
  std::vector<std::string> studies = studies_being_removed(database);
  std::erase(studies, study);
  put_studies_being_removed(database, studies);
  transaction.commit();
}

}  // namespace epicrisis
