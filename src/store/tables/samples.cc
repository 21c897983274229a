#include "epicrisis/store/tables/samples.h"

#include <algorithm>
#include <map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "store/tables/sample_query.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kPage = 256;

constexpr std::string_view kColumns =
    "s.id, d.name, s.key, s.image_path, s.raw_label, s.label, s.grade, s.diagnosis, s.subclass, "
    "s.findings, s.group_key, s.split, s.published_splits, s.modality, s.metadata";

std::string findings_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings)
    list.push_back(Json::array({finding.name, finding.value}));
  return dump_json(list);
}

Sample sample_of(const Statement& row, const Path& file) {
  Sample sample;
  sample.id = row.integer(0);
  sample.dataset = row.text(1);
  sample.key = row.text(2);
  sample.image_path = row.text(3);
  sample.raw_label = row.text(4);
  if (!row.is_null(5)) sample.label = ClassId(static_cast<int>(row.integer(5)));
  sample.grade = row.text(6);
  sample.diagnosis = row.text(7);
  sample.subclass = row.text(8);
  const std::string place = fmt::format("{}: sample {}", file.string(), sample.id);
  for (const Json& pair : parse_json(row.text_view(9), place)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      throw InputError("{}: a finding is not a pair of texts", place);
    }
    sample.findings.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
  }
  sample.group = row.text(10);
  sample.split = row.text(11);
  for (const Json& split : parse_json(row.text_view(12), place)) {
    if (!split.is_string()) throw InputError("{}: a published split is not a text", place);
    sample.published_splits.push_back(split.get<std::string>());
  }
  sample.modality = row.text(13);
  sample.metadata = parse_json(row.text_view(14), place);
  return sample;
}

Dataset dataset_of(const Statement& row) {
  return {row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5)};
}

constexpr std::string_view kDatasetQuery =
    "SELECT id, name, adapter, source, imported_at, "
    "(SELECT count(*) FROM samples WHERE dataset_id = datasets.id) FROM datasets ";

}  // namespace

std::string json_text_of(const std::vector<std::string>& values) { return dump_json(Json(values)); }

std::vector<std::string> texts_of(Statement& rows) {
  std::vector<std::string> texts;
  while (rows.step()) texts.push_back(rows.text(0));
  return texts;
}

SampleQuery::SampleQuery(const SampleFilter& filter, Use use)
    : with_after_id_(use == Use::kPages || filter.after_id > 0), filter_after_id_(filter.after_id) {
  where_ = with_after_id_ ? "s.id > ?" : "1";
  if (!filter.datasets.empty()) {
    // A plus keeps SQLite from an index by which it would have to sort all samples for each page.
    where_ += fmt::format(
        " AND {}s.dataset_id IN (SELECT id FROM datasets WHERE name IN (SELECT value FROM "
        "json_each(?)))",
        use == Use::kPages ? "+" : "");
    texts_.push_back(json_text_of(filter.datasets));
  }
  if (!filter.labels.empty()) {
    Json list = Json::array();
    for (const ClassId label : filter.labels) list.push_back(label.index());
    where_ += " AND s.label IN (SELECT value FROM json_each(?))";
    texts_.push_back(dump_json(list));
  }
  if (filter.labelled) where_ += " AND s.label IS NOT NULL";
  if (filter.with_image) where_ += " AND s.has_image";
  if (!filter.roles.empty() && filter.split_set.empty()) {
    throw InternalError("a sample filter with roles needs a split set");
  }
  if (!filter.split_set.empty()) {
    where_ +=
        " AND EXISTS (SELECT 1 FROM split_roles r WHERE r.sample_id = s.id AND r.split_set_id = "
        "(SELECT id FROM split_sets WHERE name = ?)";
    texts_.push_back(filter.split_set);
    if (!filter.roles.empty()) {
      where_ += " AND r.role IN (SELECT value FROM json_each(?))";
      texts_.push_back(json_text_of(filter.roles));
    }
    where_ += ")";
  }
  if (!filter.strategy.empty()) {
    where_ +=
        " AND EXISTS (SELECT 1 FROM notes n WHERE n.sample_id = s.id AND n.strategy = ?"
        " AND n.status = 'written')";
    texts_.push_back(filter.strategy);
  }
}

Statement SampleQuery::prepare(Database& database, std::string_view select,
                               std::string_view tail) const {
  return database.prepare(
      fmt::format("{} FROM samples s JOIN datasets d ON d.id = s.dataset_id WHERE {} {}", select,
                  where_, tail));
}

int SampleQuery::bind(Statement& statement, std::int64_t after_id) const {
  int index = 0;
  if (with_after_id_) statement.bind(++index, std::max(after_id, filter_after_id_));
  for (const std::string& text : texts_) statement.bind(++index, text);
  return index;
}

std::int64_t put_dataset(Database& database, std::string_view name, std::string_view adapter,
                         std::string_view source, std::string_view imported_at) {
  database.execute(
      "INSERT INTO datasets (name, adapter, source, imported_at) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (name) DO UPDATE SET adapter = excluded.adapter, source = excluded.source, "
      "imported_at = excluded.imported_at",
      name, adapter, source, imported_at);
  return database.query_integer("SELECT id FROM datasets WHERE name = ?", name).value();
}

std::vector<Dataset> list_datasets(Database& database) {
  std::vector<Dataset> datasets;
  Statement rows = database.prepare(fmt::format("{} ORDER BY name", kDatasetQuery));
  while (rows.step()) datasets.push_back(dataset_of(rows));
  return datasets;
}

std::optional<Dataset> find_dataset(Database& database, std::string_view name) {
  Statement rows = database.prepare(fmt::format("{} WHERE name = ?", kDatasetQuery));
  rows.bind(1, name);
  if (!rows.step()) return std::nullopt;
  return dataset_of(rows);
}

std::vector<std::string> dataset_names(Database& database) {
  std::vector<std::string> names;
  for (Dataset& dataset : list_datasets(database)) names.push_back(std::move(dataset.name));
  return names;
}

void require_datasets(Database& database, const std::vector<std::string>& names) {
  for (const std::string& name : names) dataset_by_name(database, name);
}

Dataset dataset_by_name(Database& database, std::string_view name) {
  if (auto dataset = find_dataset(database, name)) return *dataset;
  const std::vector<std::string> names = dataset_names(database);
  throw UsageError("there is no data set '{}' in {}; it has: {}", name, database.path().string(),
                   names.empty() ? "none" : join(names, ", "));
}

SampleWriter::SampleWriter(Database& database, std::int64_t dataset_id)
    : database_(database), dataset_id_(dataset_id) {}

SampleWriter::Outcome SampleWriter::put(const Sample& sample, std::int64_t* id) {
  if (sample.key.empty() || sample.key.size() > kMaxKey) {
    throw InputError(
        "cannot store a sample of data set {}: its identifier has {} bytes, 1 to {} are allowed",
        dataset_id_, sample.key.size(), kMaxKey);
  }
  const std::string findings = findings_json(sample.findings);
  const std::string splits = json_text_of(sample.published_splits);
  const std::string metadata = dump_json(sample.metadata);
  std::optional<int> label;
  if (sample.label) label = sample.label->index();
  // Half of a SHA-256 tells two states of one row apart.
  const std::string digest =
      sha256_of_fields({sample.image_path, sample.raw_label, label ? fmt::format("{}", *label) : "",
                        sample.grade, sample.diagnosis, sample.subclass, findings, sample.group,
                        sample.split, splits, sample.modality, metadata})
          .substr(0, 32);
  std::optional<std::int64_t> stored;
  {
    Statement old =
        database_.prepare("SELECT id, digest FROM samples WHERE dataset_id = ? AND key = ?");
    old.bind_all(dataset_id_, sample.key);
    if (old.step()) {
      stored = old.integer(0);
      if (id != nullptr) *id = *stored;
      if (old.text_view(1) == digest) return Outcome::kUnchanged;
    }
  }
  if (stored) {
    database_.execute(
        "UPDATE samples SET digest = ?, image_path = ?, raw_label = ?, label = ?, grade = ?, "
        "diagnosis = ?, subclass = ?, findings = ?, group_key = ?, split = ?, "
        "published_splits = ?, modality = ?, metadata = ? WHERE id = ?",
        digest, sample.image_path, sample.raw_label, label, sample.grade, sample.diagnosis,
        sample.subclass, findings, sample.group, sample.split, splits, sample.modality, metadata,
        *stored);
    return Outcome::kUpdated;
  }
  database_.execute(
      "INSERT INTO samples (dataset_id, key, digest, image_path, raw_label, label, grade, "
      "diagnosis, subclass, findings, group_key, split, published_splits, modality, metadata) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      dataset_id_, sample.key, digest, sample.image_path, sample.raw_label, label, sample.grade,
      sample.diagnosis, sample.subclass, findings, sample.group, sample.split, splits,
      sample.modality, metadata);
  if (id != nullptr) *id = database_.last_insert_id();
  return Outcome::kNew;
}

void for_each_sample(Database& database, const SampleFilter& filter,
                     const std::function<bool(const Sample&)>& callback) {
  // Page by page, so that no read is open while the callback runs: it may write, and a long read
  // would keep the write-ahead log from being folded back.
  const SampleQuery query(filter, SampleQuery::Use::kPages);
  std::int64_t after = filter.after_id;
  std::int64_t left = filter.limit;
  std::vector<Sample> page;
  while (left != 0) {
    page.clear();
    const std::int64_t wanted = left < 0 ? kPage : std::min(kPage, left);
    {
      Statement rows =
          query.prepare(database, fmt::format("SELECT {}", kColumns), "ORDER BY s.id LIMIT ?");
      const int last = query.bind(rows, after);
      rows.bind(last + 1, wanted);
      while (rows.step()) page.push_back(sample_of(rows, database.path()));
    }
    for (const Sample& sample : page) {
      if (!callback(sample)) return;
    }
    if (static_cast<std::int64_t>(page.size()) < wanted) return;
    after = page.back().id;
    if (left > 0) left -= wanted;
  }
}

std::vector<Sample> load_samples(Database& database, const SampleFilter& filter) {
  std::vector<Sample> samples;
  for_each_sample(database, filter, [&](const Sample& sample) {
    samples.push_back(sample);
    return true;
  });
  return samples;
}

std::vector<std::int64_t> sample_ids(Database& database, const SampleFilter& filter) {
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement rows = query.prepare(database, "SELECT s.id", "ORDER BY s.id LIMIT ?");
  const int last = query.bind(rows);
  rows.bind(last + 1, filter.limit);
  std::vector<std::int64_t> ids;
  while (rows.step()) ids.push_back(rows.integer(0));
  return ids;
}

std::int64_t count_samples(Database& database, const SampleFilter& filter) {
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement rows = query.prepare(database, "SELECT count(*)", "");
  query.bind(rows);
  rows.step();
  const std::int64_t count = rows.integer(0);
  return filter.limit < 0 ? count : std::min(count, filter.limit);
}

std::optional<Sample> find_sample(Database& database, std::int64_t id) {
  Statement rows = database.prepare(fmt::format(
      "SELECT {} FROM samples s JOIN datasets d ON d.id = s.dataset_id WHERE s.id = ?", kColumns));
  rows.bind(1, id);
  if (!rows.step()) return std::nullopt;
  return sample_of(rows, database.path());
}

std::optional<Sample> find_sample(Database& database, std::string_view dataset,
                                  std::string_view key) {
  Statement rows = database.prepare(
      fmt::format("SELECT {} FROM samples s JOIN datasets d ON d.id = s.dataset_id "
                  "WHERE d.name = ? AND s.key = ?",
                  kColumns));
  rows.bind_all(dataset, key);
  if (!rows.step()) return std::nullopt;
  return sample_of(rows, database.path());
}

Sample sample_by_id(Database& database, std::int64_t id) {
  if (auto sample = find_sample(database, id)) return *std::move(sample);
  throw UsageError("there is no sample {} in {}", id, database.path().string());
}

std::vector<ClassCounts> count_classes(Database& database, const SampleFilter& filter) {
  const SampleQuery query(filter, SampleQuery::Use::kOnce);
  Statement rows = query.prepare(database, "SELECT s.dataset_id, s.label, s.has_image, count(*)",
                                 "GROUP BY s.dataset_id, s.label, s.has_image");
  query.bind(rows);
  std::map<std::int64_t, std::string> names;
  for (const Dataset& dataset : list_datasets(database)) names[dataset.id] = dataset.name;
  std::map<std::string, ClassCounts> counts;
  while (rows.step()) {
    const std::string& name = names.at(rows.integer(0));
    ClassCounts& entry = counts[name];
    entry.dataset = name;
    const std::int64_t number = rows.integer(3);
    entry.total += number;
    if (rows.integer(2) != 0) entry.with_image += number;
    if (rows.is_null(1)) {
      entry.unlabelled += number;
    } else {
      entry.labelled[ClassId(static_cast<int>(rows.integer(1)))] += number;
    }
  }
  std::vector<ClassCounts> list;
  for (auto& [name, entry] : counts) list.push_back(std::move(entry));
  return list;
}

}  // namespace epicrisis
