#include "store/tables/sample_columns.h"

#include "store/tables/sample_query.h"

namespace epicrisis {
namespace {

// Of statements that give a text and the id of its sample.
void hand_out(Statement& rows, const SampleTextSink& callback) {
  while (rows.step()) callback(rows.text_view(0), rows.integer(1));
}

}  // namespace

void for_each_sample_picture(Database& database, const SampleFilter& filter, std::int64_t after_id,
                             std::int64_t limit,
                             const std::function<void(const SamplePicture&)>& callback) {
  const SampleQuery query(filter, SampleQuery::Use::kPages);
  Statement rows =
      query.prepare(database, "SELECT s.id, s.image_path, d.name, s.key", "ORDER BY s.id LIMIT ?");
  const int last = query.bind(rows, after_id);
  rows.bind(last + 1, limit);
  while (rows.step()) {
    callback({rows.integer(0), rows.text_view(1), rows.text_view(2), rows.text_view(3)});
  }
}

void for_each_sample_place(Database& database, const SampleFilter& filter,
                           const std::function<void(const SamplePlace&)>& callback) {
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement rows = query.prepare(database, "SELECT s.id, d.name, s.split, s.label, s.group_key",
                                 "ORDER BY s.id");
  query.bind(rows);
  while (rows.step()) {
    callback({rows.integer(0), rows.text_view(1), rows.text_view(2), rows.integer_if(3),
              rows.text_view(4)});
  }
}

void for_each_key(Database& database, const SampleTextSink& callback) {
  Statement rows = database.prepare("SELECT key, id FROM samples ORDER BY key, dataset_id");
  hand_out(rows, callback);
}

void for_each_group(Database& database, const SampleTextSink& callback) {
  Statement rows = database.prepare(
      "SELECT group_key, id FROM samples WHERE group_key <> '' ORDER BY group_key, dataset_id, id");
  hand_out(rows, callback);
}

void for_each_group_unordered(Database& database, const SampleTextSink& callback) {
  Statement rows = database.prepare("SELECT group_key, id FROM samples WHERE group_key <> ''");
  hand_out(rows, callback);
}

void for_each_several_splits(Database& database, const SampleTextSink& callback) {
  Statement rows = database.prepare(
      "SELECT published_splits, id FROM samples WHERE published_splits LIKE '%,%'");
  hand_out(rows, callback);
}

std::optional<SampleNames> find_sample_names(Database& database, std::int64_t id) {
  Statement row = database.prepare("SELECT key, group_key FROM samples WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  return SampleNames{row.text(0), row.text(1)};
}

void for_each_key_of(Database& database, std::string_view dataset,
                     const std::function<void(std::string_view key)>& callback) {
  Statement rows = database.prepare(
      "SELECT s.key FROM samples s JOIN datasets d ON d.id = s.dataset_id WHERE d.name = ?");
  rows.bind(1, dataset);
  while (rows.step()) callback(rows.text_view(0));
}

void for_each_key_below(
    Database& database, std::int64_t dataset_id, std::int64_t end_id,
    const std::function<bool(std::int64_t sample_id, std::string_view key)>& callback) {
  Statement rows =
      database.prepare("SELECT id, key FROM samples WHERE dataset_id = ? AND id < ? ORDER BY id");
  rows.bind_all(dataset_id, end_id);
  while (rows.step()) {
    if (!callback(rows.integer(0), rows.text_view(1))) return;
  }
}

SampleValueCounts count_sample_values(Database& database, std::int64_t dataset_id,
                                      std::int64_t last_id) {
  Statement row = database.prepare(
      "SELECT sum(group_key <> ''), sum(split <> ''), sum(label IS NOT NULL) FROM samples "
      "WHERE dataset_id = ? AND id <= ?");
  row.bind_all(dataset_id, last_id);
  SampleValueCounts counts;
  if (!row.step()) return counts;
  counts.groups = row.integer_if(0).value_or(0);
  counts.splits = row.integer_if(1).value_or(0);
  counts.labels = row.integer_if(2).value_or(0);
  return counts;
}

std::int64_t count_samples_of(Database& database, std::int64_t dataset_id) {
  return database.query_integer("SELECT count(*) FROM samples WHERE dataset_id = ?", dataset_id)
      .value_or(0);
}

std::int64_t last_sample_id(Database& database) {
  return database.query_integer("SELECT max(id) FROM samples").value_or(0);
}

std::string picture_path_of(Database& database, std::int64_t dataset_id, std::string_view key) {
  return database
      .query_text("SELECT image_path FROM samples WHERE dataset_id = ? AND key = ?", dataset_id,
                  key)
      .value_or("");
}

}  // namespace epicrisis
