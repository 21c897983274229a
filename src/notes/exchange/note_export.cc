#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/folder_writer.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"
#include "notes/exchange/image_folder_card.h"
#include "store/tables/sample_columns.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxExamples = 20;

Json line_of(const NoteRecord& note, const Sample& sample) {
  return {{"dataset", sample.dataset},     {"key", sample.key},
          {"strategy", note.strategy},     {"text", note.text},
          {"variant", note.variant},       {"provider", note.provider},
          {"model", note.model},           {"template_version", note.template_version},
          {"parameters", note.parameters}, {"origin", note.origin},
          {"created_at", note.created_at}, {"note_key", note.key}};
}

bool names_files(const Sample& sample, const NoteRecord& note) {
  return is_safe_id(sample.dataset) && is_safe_id(note.strategy);
}

// The file names of keys, also where a disk takes "A" and "a" for one name.
class KeyNames {
 public:
  KeyNames(Database& database, const NoteFilter& filter) {
    const std::vector<std::string> datasets =
        filter.datasets.empty() ? dataset_names(database) : filter.datasets;
    std::vector<std::uint64_t> seen;
    for (const std::string& dataset : datasets) {
      for_each_key_of(database, dataset,
                      [&](std::string_view key) { seen.push_back(hash_of(dataset, key)); });
    }
    std::ranges::sort(seen);
    for (std::size_t i = 1; i < seen.size(); ++i) {
      if (seen[i] == seen[i - 1]) alike_.push_back(seen[i]);
    }
  }

  std::string of(const Sample& sample) const {
    const bool fold = std::ranges::binary_search(alike_, hash_of(sample.dataset, sample.key));
    return file_name_of_key(sample.key, fold);
  }

 private:
  static std::uint64_t hash_of(std::string_view dataset, std::string_view key) {
    return fnv1a(fmt::format("{}/{}", dataset, folded_spelling(key)));
  }
  std::vector<std::uint64_t> alike_;  // of keys that differ by case alone; sorted
};

// Notes come in order of sample, so one sample is looked up once.
class SampleLookup {
 public:
  explicit SampleLookup(Database& database) : database_(database) {}
  const Sample& of(const NoteRecord& note) {
    if (!sample_ || sample_->id != note.sample_id)
      sample_ = sample_by_id(database_, note.sample_id);
    return *sample_;
  }

 private:
  Database& database_;
  std::optional<Sample> sample_;
};

constexpr std::string_view kNoName = "data set or strategy is no name of a file";
constexpr std::string_view kNoPicture = "no picture";
constexpr std::string_view kUnreadable = "picture missing or unreadable";

// `notes` of the sample are left out; `why` says more than the reason that is counted.
void skip(NoteExportReport& report, const Sample& sample, std::string_view reason,
          std::int64_t notes = 1, std::string_view why = {}) {
  report.skipped += notes;
  report.skips[std::string(reason)] += notes;
  ++report.skipped_cases;
  if (report.skipped_examples.size() < kMaxExamples) {
    report.skipped_examples.push_back(fmt::format(
        "{}: {}", clean_text(sample.dataset + "/" + sample.key, 200), why.empty() ? reason : why));
  }
}

void export_jsonl(Database& database, const Path& target, const NoteFilter& filter,
                  NoteExportReport& report, const Job& job) {
  AtomicFileWriter file(target);
  SampleLookup samples(database);
  for_each_note(database, filter, [&](const NoteRecord& note) {
    job.check();
    file.write(dump_json(line_of(note, samples.of(note))) + "\n");
    ++report.notes;
    ++report.written;
    return true;
  });
  file.commit();
}

// Variants and providers may give a sample several notes of a strategy: they come one after the
// other and are numbered.
void export_tree(Database& database, const Path& target, const NoteExportOptions& options,
                 NoteExportReport& report, const Job& job) {
  FolderWriter folder(target, options.replace);
  SampleLookup samples(database);
  const KeyNames names(database, options.filter);
  std::int64_t last_sample = -1;
  std::string last_strategy;
  int number = 0;
  for_each_note(database, options.filter, [&](const NoteRecord& note) {
    job.check();
    const Sample& sample = samples.of(note);
    ++report.notes;
    if (!names_files(sample, note)) {
      skip(report, sample, kNoName);
      return true;
    }
    number = note.sample_id == last_sample && note.strategy == last_strategy ? number + 1 : 0;
    last_sample = note.sample_id;
    last_strategy = note.strategy;
    std::string name = names.of(sample);
    if (number > 0) name += fmt::format("@{}", number);
    folder.write(Path(sample.dataset) / note.strategy / (name + ".txt"), note.text + "\n");
    ++report.written;
    return true;
  });
  folder.commit();
}

// Collects the notes of one sample after the other and writes a line for each into its split's
// table.
class ImageFolderWriter {
 public:
  ImageFolderWriter(Database& database, FolderWriter& target, const NoteExportOptions& options,
                    NoteExportReport& report)
      : target_(target),
        report_(report),
        field_(workspace_field(database)),
        names_(database, options.filter) {
    card_.pictures = options.pictures;
    if (options.split_set.empty()) return;
    roles_.emplace();
    for (const SampleRole& entry : load_split_roles(database, options.split_set)) {
      roles_->emplace(entry.sample_id, role_name(entry.role));
    }
  }

  // The folder of a sample.
  std::string split_of(const Sample& sample) const {
    if (!roles_) return sample.split.empty() ? "train" : sample.split;
    const auto role = roles_->find(sample.id);
    return role == roles_->end() ? "unused" : role->second;
  }

  void add(const Sample& sample, const NoteRecord& note) {
    if (!sample_ || sample_->id != sample.id) {
      flush();
      sample_ = sample;
      notes_ = Json::array();
      text_ = note.text;
    }
    // Not an object by strategy: loaders take each line's members for its type, and refuse tables
    // whose types differ.
    notes_.push_back({{"strategy", note.strategy}, {"text", note.text}});
  }

  void finish() {
    flush();
    for (auto& [folder, file] : tables_) file.commit();
    if (!tables_.empty()) {
      card_.datasets.assign(datasets_.begin(), datasets_.end());
      card_.strategies.assign(strategies_.begin(), strategies_.end());
      target_.write("README.md", image_folder_card(card_));
    }
    target_.commit();
  }

 private:
  void flush() {
    if (!sample_) return;
    const std::string folder = split_of(*sample_);
    const Path picture = sample_->image_path;
    const std::string extension =
        picture.empty() ? ".jpg" : ascii_lower(picture.extension().string());
    const std::string file_name = sample_->dataset + "/" + names_.of(*sample_) + extension;
    const auto notes = static_cast<std::int64_t>(notes_.size());
    if (card_.pictures) {
      const std::string fault = target_.copy(picture, Path(folder) / file_name);
      if (!fault.empty()) {
        skip(report_, *sample_, kUnreadable, notes, fault);
        sample_.reset();
        return;
      }
      ++report_.pictures;
    }
    report_.written += notes;
    const TemplateFields facts = note_fields(*sample_, field_);
    const auto fact = [&](const char* name) {
      const auto found = facts.find(name);
      return found == facts.end() ? std::string() : found->second;
    };
    const Json line = {{"file_name", file_name},
                       {"text", text_},
                       {"dataset", sample_->dataset},
                       {"key", sample_->key},
                       {"class", sample_->label ? field_.at(*sample_->label).name : ""},
                       {"label", sample_->raw_label},
                       {"patient", sample_->group},
                       {"age", fact("age")},
                       {"sex", fact("sex")},
                       {"site", fact("site")},
                       {"split", folder},
                       {"notes", notes_}};
    tables_.try_emplace(folder, target_.file(Path(folder) / "metadata.jsonl"))
        .first->second.write(dump_json(line) + "\n");
    ++card_.splits[folder];
    report_.without_split += !roles_ && sample_->split.empty();
    datasets_.insert(sample_->dataset);
    for (const Json& note : notes_) strategies_.insert(note.at("strategy").get<std::string>());
    sample_.reset();
  }

  FolderWriter& target_;
  NoteExportReport& report_;
  Field field_;
  KeyNames names_;
  CardContent card_;
  std::set<std::string> strategies_;  // written so far, as the data sets
  std::set<std::string> datasets_;
  std::optional<std::map<std::int64_t, std::string>> roles_;
  std::map<std::string, AtomicFileWriter> tables_;
  std::optional<Sample> sample_;
  Json notes_;
  std::string text_;
};

void export_image_folder(Database& database, const Path& target, const NoteExportOptions& options,
                         NoteExportReport& report, const Job& job) {
  FolderWriter folder(target, options.replace);
  ImageFolderWriter writer(database, folder, options, report);
  SampleLookup samples(database);
  for_each_note(database, options.filter, [&](const NoteRecord& note) {
    job.check();
    const Sample& sample = samples.of(note);
    ++report.notes;
    if (!names_files(sample, note)) {
      skip(report, sample, kNoName);
    } else if (options.pictures && sample.image_path.empty()) {
      skip(report, sample, kNoPicture);
    } else {
      writer.add(sample, note);
    }
    return true;
  });
  writer.finish();
  if (report.without_split == 0) return;
  std::vector<std::string> sets;
  for (const SplitSet& set : list_split_sets(database)) sets.push_back(set.name);
  job.warn(
      "{} in no split that the data set publishes and went to train/, those too that a study tests "
      "on; {}",
      counted(report.without_split, "sample is", "samples are"),
      sets.empty() ? "store a split ('epicrisis split') and name it as `split_set`"
                   : "name the split that is meant as `split_set`; there are: " + join(sets, ", "));
}

}  // namespace

std::string_view note_format_name(NoteFormat format) {
  switch (format) {
    case NoteFormat::kTree:
      return "tree";
    case NoteFormat::kJsonl:
      return "jsonl";
    case NoteFormat::kImageFolder:
      return "imagefolder";
  }
  return "";
}

NoteFormat parse_note_format(std::string_view name) {
  for (const NoteFormat format :
       {NoteFormat::kTree, NoteFormat::kJsonl, NoteFormat::kImageFolder}) {
    if (name == note_format_name(format)) return format;
  }
  throw UsageError("unknown note format '{}': there are tree, jsonl and imagefolder", name);
}

Json to_json(const NoteExportReport& report) {
  return {{"notes", report.notes},
          {"written", report.written},
          {"skipped", report.skipped},
          {"skips", report.skips},
          {"pictures", report.pictures},
          {"without_split", report.without_split},
          {"skipped_examples", report.skipped_examples}};
}

NoteExportReport export_notes(Workspace& workspace, NoteFormat format, const Path& target,
                              const Job& job, const NoteExportOptions& options) {
  require_datasets(workspace.database(), options.filter.datasets);
  require_strategies(workspace.database(), options.filter.strategies);
  NoteExportReport report;
  switch (format) {
    case NoteFormat::kJsonl:
      export_jsonl(workspace.database(), target, options.filter, report, job);
      break;
    case NoteFormat::kTree:
      export_tree(workspace.database(), target, options, report, job);
      break;
    case NoteFormat::kImageFolder:
      export_image_folder(workspace.database(), target, options, report, job);
      break;
  }
  return report;
}

}  // namespace epicrisis
