#include "epicrisis/corpus/import.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/import_record.h"
#include "epicrisis/store/tables/samples.h"
#include "store/tables/sample_columns.h"

namespace epicrisis {
namespace {

std::int64_t signed_count(std::uint64_t count) { return static_cast<std::int64_t>(count); }

// An adapter that drops a row without saying so, or counts one twice, must not go unnoticed.
void check_counts(const ImportReport& report, std::int64_t before, std::int64_t after) {
  const AdapterReport& read = report.read;
  const std::int64_t put = report.written + report.updated + report.unchanged;
  if (read.records != read.samples + read.skipped_total() || signed_count(read.samples) != put ||
      after != before + report.written || report.absent < 0) {
    throw InternalError(
        "cannot import {}: the counts of adapter '{}' do not add up: {} records, {} samples, {} "
        "skipped; {} new, {} updated, {} unchanged, {} stored before, {} after",
        report.source, read.adapter, read.records, read.samples, read.skipped_total(),
        report.written, report.updated, report.unchanged, before, after);
  }
}

// "folder/" as "folder".
Path without_slash(const Path& path) { return path.has_filename() ? path : path.parent_path(); }

bool same_folder(const Path& a, const Path& b) {
  std::error_code ignored;  // one of them may be gone
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

// Stores where the pictures were, below the source where they are. With `compare`, UsageError where
// a folder of the import before is not among them: the same names may mean other pictures there.
void keep_picture_folders(Database& database, std::int64_t dataset, const AdapterInput& input,
                          const std::vector<std::string>& folders, bool compare) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) {
    const Path path = without_slash(Path(folder).lexically_normal());
    const Path below = path.lexically_relative(input.path);
    names.push_back((below.empty() || *below.begin() == ".." ? path : below).generic_string());
  }
  std::optional<std::vector<std::string>> old;
  if (compare) old = find_picture_folders(database, dataset);
  if (old) {
    for (const std::string& name : *old) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      throw UsageError(
          "cannot import {} into the data set '{}': its pictures were read from {} of {}, now "
          "from {}{}. Give one of the two a name of its own (`name`), name all folders "
          "(`pictures`), or, if they were moved, import with `moved`",
          input.path.string(), input.dataset, join(*old, ", "), input.path.string(),
          names.empty() ? "none" : join(names, ", "),
          names.empty() ? "; see that the folders the column map or `pictures` names are there"
                        : "");
    }
  }
  put_picture_folders(database, dataset, names);
}

constexpr std::size_t kKeptExamples = 5;  // of what was left out, a kind
constexpr std::size_t kKeptLabels = 50;
constexpr std::size_t kListedKeys = 100;

std::string absolute_text(const Path& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

// "/data/ham/cases.csv:12: 0012" in the folder /data/ham is "cases.csv:12: 0012": records end up in
// reports, which leave the machine.
std::string without_folder(std::string text, const std::string& folder) {
  const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

ImportRecord record_of(const ImportOptions& options, const AdapterReport& read,
                       const std::string& folder) {
  ImportRecord record;
  record.pictures = options.pictures;
  record.taxonomy =
      names_toml_file(options.taxonomy) ? absolute_text(options.taxonomy) : options.taxonomy;
  if (!options.column_map.empty()) record.column_map = absolute_text(options.column_map);
  record.modality = options.modality;
  record.said_without_label = read.said_without_label;
  const auto add = [&](const std::string& reason, const Tally& tally) {
    if (tally.count == 0) return;
    SkippedRecords skipped{reason, tally.count, {}};
    for (const std::string& example : tally.examples) {
      if (skipped.examples.size() == kKeptExamples) break;
      skipped.examples.push_back(without_folder(example, folder));
    }
    record.skipped.push_back(std::move(skipped));
  };
  for (const auto& [reason, tally] : read.skipped) add(reason, tally);
  add("rows without a picture", read.rows_without_picture);
  add("ids met before", read.duplicate_ids);
  std::map<std::string, std::uint64_t> unmapped = read.unmapped;
  unmapped.insert(read.left_open.begin(), read.left_open.end());
  for (const auto& [label, count] : by_frequency(unmapped)) {
    if (record.unmapped.size() < kKeptLabels) record.unmapped.emplace(label, count);
  }
  return record;
}

// What a read tells of ids, and the next one has to know.
struct Told {
  std::set<std::string> suffix_twins;
  std::set<std::string> shared_ids;
  bool operator==(const Told&) const = default;
};

Told told_by(const AdapterReport& read) { return {read.suffix_twins, read.shared_ids}; }

// Of the data set's samples up to an id, how many have each of these.
LostValues count_values(Database& database, std::int64_t dataset, std::int64_t last) {
  const SampleValueCounts counts = count_sample_values(database, dataset, last);
  LostValues values;
  values.groups = counts.groups;
  values.splits = counts.splits;
  values.labels = counts.labels;
  return values;
}

LostValues fewer(const LostValues& before, const LostValues& after) {
  LostValues lost;
  lost.groups = std::max<std::int64_t>(0, before.groups - after.groups);
  lost.splits = std::max<std::int64_t>(0, before.splits - after.splits);
  lost.labels = std::max<std::int64_t>(0, before.labels - after.labels);
  return lost;
}

// The first keys of the data set's samples up to an id that were not met; `met` has a place for
// each of these ids.
std::vector<std::string> keys_not_met(Database& database, std::int64_t dataset,
                                      const std::vector<bool>& met) {
  std::vector<std::string> keys;
  for_each_key_below(database, dataset, static_cast<std::int64_t>(met.size()),
                     [&](std::int64_t id, std::string_view key) {
                       if (!met[static_cast<std::size_t>(id)]) keys.emplace_back(key);
                       return keys.size() < kListedKeys;
                     });
  return keys;
}

// Nothing is stored where the adapter tells something else in its report.
ImportReport import_once(Workspace& workspace, const Adapter& adapter, const Path& path, Job& job,
                         const ImportOptions& options, const Told& told) {
  const std::string adapter_name(adapter.name());
  ImportReport report;
  AdapterInput input;
  input.path = without_slash(std::filesystem::absolute(path).lexically_normal());
  input.dataset = options.name.empty() ? adapter.default_name(input.path) : options.name;
  input.taxonomy = options.taxonomy;
  input.pictures = options.pictures;
  input.modality = options.modality;
  input.column_map = options.column_map;
  input.suffix_twins = told.suffix_twins;
  input.shared_ids = told.shared_ids;
  input.tables_only = options.tables_only;
  input.tables_if_no_pictures = options.tables_if_no_pictures;
  report.source = input.path.string();
  if (!is_safe_name(input.dataset)) {
    throw UsageError(
        "cannot import into the data set '{}': a name is 1 to 128 letters, digits, '.', '-' and "
        "'_'",
        input.dataset);
  }

  Database& database = workspace.database();
  Transaction transaction(database);
  input.field = settled_field(database);
  if (options.field) {
    settle_field(database, *options.field);
    input.field = options.field;
  }
  std::int64_t before = 0;
  if (const auto stored = find_dataset(database, input.dataset)) {
    if (stored->adapter != adapter_name) {
      throw UsageError(
          "cannot import into the data set '{}': it was read by the adapter '{}' from {}, not by "
          "'{}'. Take another name (`name`)",
          input.dataset, stored->adapter, stored->source, adapter_name);
    }
    before = stored->samples;
    if (before > 0 && !options.moved && !same_folder(stored->source, input.path)) {
      throw UsageError(
          "cannot import {} into the data set '{}': that was read from {}. Give one of the two "
          "a name of its own (`name`); if it is the same data set in another place, import it with "
          "`moved`",
          report.source, input.dataset, stored->source);
    }
  }
  if (before == 0) {
    for (const Dataset& other : list_datasets(database)) {
      if (other.name == input.dataset || other.adapter != adapter_name ||
          !same_folder(other.source, input.path)) {
        continue;
      }
      job.warn(
          "{} was imported as the data set '{}' too, in the same way: if these are the same "
          "samples, remove one of the two, or studies take them for two sources",
          report.source, other.name);
    }
  }
  const std::int64_t dataset =
      put_dataset(database, input.dataset, adapter_name, report.source, job.now_utc());
  const std::int64_t last_before = last_sample_id(database);
  const LostValues values_before = count_values(database, dataset, last_before);
  if (before > 0) {
    input.stored_picture = [&](std::string_view key) {
      return picture_path_of(database, dataset, key);
    };
  }
  std::vector<bool> met(before > 0 ? static_cast<std::size_t>(last_before) + 1 : 0);  // by id
  SampleWriter writer(database, dataset);
  Meter progress = job.meter(fmt::format("import {}", input.dataset), 0, "samples");
  report.read = adapter.read(input, [&](Sample&& sample) {
    job.check();
    if (!sample.image_path.empty()) {
      sample.image_path = std::filesystem::absolute(sample.image_path).lexically_normal().string();
    }
    std::int64_t id = 0;
    const SampleWriter::Outcome outcome = writer.put(sample, &id);
    if (outcome != SampleWriter::Outcome::kNew && id > last_before) {
      throw InternalError("cannot import {}: the adapter '{}' gave the id '{}' twice",
                          report.source, adapter_name, sample.key);
    }
    if (id > 0 && static_cast<std::size_t>(id) < met.size())
      met[static_cast<std::size_t>(id)] = true;
    switch (outcome) {
      case SampleWriter::Outcome::kNew:
        ++report.written;
        break;
      case SampleWriter::Outcome::kUpdated:
        ++report.updated;
        break;
      case SampleWriter::Outcome::kUnchanged:
        ++report.unchanged;
        break;
    }
    progress.add();
  });
  progress.finish();
  if (told_by(report.read) != told) return report;
  if (report.read.rows == 0 && report.read.records == 0) {
    throw InputError("importing {}: there is not one row below its tables' headers", report.source);
  }
  if (input.field) {
    require_same_field("the data set " + input.dataset, report.read.field, *input.field);
  } else {
    keep_field(database, report.read.field);
  }
  keep_picture_folders(database, dataset, input, report.read.picture_folders,
                       before > 0 && !options.moved);
  const ImportRecord record = record_of(options, report.read, report.source);
  if (report.updated > 0) {
    report.lost = fewer(values_before, count_values(database, dataset, last_before));
    const auto old = find_import_record(database, input.dataset);
    if (old && old->column_map != record.column_map) report.lost.column_map = old->column_map;
  }
  keep_import_record(database, dataset, record);
  report.absent = before - report.updated - report.unchanged;
  if (report.absent > 0) report.absent_keys = keys_not_met(database, dataset, met);
  check_counts(report, before, count_samples_of(database, dataset));
  transaction.commit();
  return report;
}

}  // namespace

Json to_json(const ImportReport& report) {
  Json json = Json::object();
  json["dataset"] = report.read.dataset;
  json["adapter"] = report.read.adapter;
  json["source"] = report.source;
  json["rows_read"] = report.read.rows;
  json["samples"] = report.read.samples;
  json["skipped"] = report.read.skipped_total();
  json["written"] = report.written;
  json["updated"] = report.updated;
  json["unchanged"] = report.unchanged;
  json["absent"] = report.absent;
  json["absent_keys"] = report.absent_keys;
  json["lost"] = {{"groups", report.lost.groups},
                  {"splits", report.lost.splits},
                  {"classes", report.lost.labels}};
  json["read"] = to_json(report.read);
  return json;
}

std::string lost_in_words(const LostValues& lost) {
  if (!lost.any()) return {};
  std::vector<std::string> parts;
  const auto add = [&](const char* what, std::int64_t count) {
    if (count > 0) parts.push_back(fmt::format("the {} of {}", what, counted(count, "sample")));
  };
  add("patient or case", lost.groups);
  add("published split", lost.splits);
  add("class", lost.labels);
  return fmt::format(
      "read as it is here, it takes away what an earlier import gave: {}. {}; or give this a name "
      "of its own",
      join_words(parts, "and"),
      lost.column_map.empty()
          ? "Import it as before, with the same column map and label map"
          : fmt::format("Import it as before, with the column map {}", lost.column_map));
}

ImportReport import_dataset(Workspace& workspace, const std::string& adapter_name, const Path& path,
                            Job& job, const ImportOptions& options) {
  return import_dataset(workspace, adapter(adapter_name), path, job, options);
}

ImportReport import_dataset(Workspace& workspace, const Adapter& adapter, const Path& path,
                            Job& job, const ImportOptions& options) {
  // A key must not depend on which row is first. Ids that read otherwise the second time may make
  // others of them twins.
  constexpr int kReads = 4;
  Told told;
  for (int i = 0; i < kReads; ++i) {
    ImportReport report = import_once(workspace, adapter, path, job, options, told);
    Told now = told_by(report.read);
    if (now == told) return report;
    told = std::move(now);
  }
  throw InputError(
      "importing {}: the ids of its rows differ from one read to the next; was it "
      "written to meanwhile?",
      path.string());
}

}  // namespace epicrisis
