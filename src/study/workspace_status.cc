#include "epicrisis/study/workspace_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/shell_word.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/import_record.h"
#include "study/folders.h"

namespace epicrisis {
namespace {

std::vector<DiskUse> disk_use(const Workspace& workspace) {
  DiskUse database{.kind = "database", .place = "epicrisis.db"};
  for (const char* name : {"epicrisis.db", "epicrisis.db-wal", "epicrisis.db-shm"}) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(workspace.root() / name, error);
    if (error) continue;
    database.bytes += bytes;
    ++database.files;
  }
  std::vector<DiskUse> use = {database};
  constexpr std::array<std::array<const char*, 2>, 5> kFolders = {{{"pictures", "images"},
                                                                   {"features", "embeddings"},
                                                                   {"runs", "runs"},
                                                                   {"batches", "batches"},
                                                                   {"reports", "reports"}}};
  for (const auto& [kind, folder] : kFolders) {
    const study::FolderSize size = study::folder_size(workspace.root() / folder);
    use.push_back({kind, folder, size.bytes, size.files});
  }
  return use;
}

std::int64_t prepared_by_any(const DatasetStatus& status) {
  std::int64_t most = 0;
  for (const auto& [recipe, count] : status.inventory.prepared) {
    most = std::max(most, count.pictures + count.failed);
  }
  return most;
}

void advise_on_data(const WorkspaceStatus& status, bool checked, std::vector<std::string>& next) {
  if (status.datasets.empty()) {
    next.emplace_back("No data set yet: epicrisis import FOLDER");
    return;
  }
  for (const DatasetStatus& one : status.datasets) {
    const std::string& name = one.dataset.name;
    const bool on_purpose = one.said_without_label && one.inventory.raw_labelled == 0;
    if (one.classes.labelled.empty() && !on_purpose) {
      next.push_back(fmt::format(
          "{}: no sample has {}, nothing can be trained on it: {}", name,
          one.inventory.raw_labelled > 0 ? "a class" : "a label",
          one.inventory.raw_labelled > 0
              ? "import it with a label map that knows its labels"
              : "name the column that holds them (label = \"...\") in its column map, and import it "
                "again"));
    }
    if (!one.unmapped.empty()) {
      next.push_back(
          fmt::format("{}: labels without a class in the label map: {}; give them one ([[map]] in "
                      "the column map or label map) and import it again",
                      name, label_counts_in_words(one.unmapped)));
    }
    const std::int64_t waiting = one.classes.with_image - prepared_by_any(one);
    if (waiting > 0) {
      next.push_back(
          fmt::format("{}: {} of {} not prepared: epicrisis prepare, or study run does it", name,
                      waiting, counted(one.classes.with_image, "picture")));
    }
    for (const auto& [recipe, count] : one.inventory.prepared) {
      if (count.failed == 0) continue;
      next.push_back(fmt::format("{}: {} cannot be prepared ({}): epicrisis prepare says which",
                                 name, counted(count.failed, "picture"), recipe));
    }
  }
  if (!checked) {
    next.emplace_back("The splits were never held against each other: epicrisis check");
  }
}

void advise_on_notes(const WorkspaceStatus& status, std::vector<std::string>& next) {
  std::int64_t written = 0;
  std::int64_t failed = 0;
  for (const NoteCount& count : status.notes) {
    (count.status == NoteStatus::kWritten ? written : failed) += count.notes;
  }
  if (failed > 0) {
    next.push_back(fmt::format("{} gave no note: epicrisis notes failed says why",
                               counted(failed, "request")));
  }
  if (written == 0 && !status.datasets.empty()) {
    next.emplace_back("No note yet: epicrisis notes write, or study run does it");
  }
  if (status.batched_out > 0) {
    next.push_back(fmt::format("{} out in batch files: epicrisis notes batch status, then fetch",
                               counted(status.batched_out, "request is", "requests are")));
  }
  if (status.under_way > 0) {
    next.push_back(fmt::format(
        "{} under way, or killed with a run: if nothing writes notes now, the next notes write "
        "settles that",
        counted(status.under_way, "request is", "requests are")));
  }
}

// "set a is", "sets a, b are"
std::string named(const std::vector<std::string>& datasets) {
  return datasets.size() == 1 ? fmt::format("set {} is", datasets.front())
                              : fmt::format("sets {} are", join(datasets, ", "));
}

// The study's file in a command; that it is not known says FILE.
std::string file_word(const StudyProgress& study) {
  return study.file.empty() ? "FILE" : shell_word(study.file);
}

// "'image only' (seed 1, 2), 'with notes' (seed 1)"
std::string named(const std::vector<const StaleRun*>& runs) {
  std::vector<std::string> names;
  std::vector<std::string> seeds;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    seeds.push_back(std::to_string(runs[i]->seed));
    if (i + 1 < runs.size() && runs[i + 1]->name == runs[i]->name) continue;
    names.push_back(fmt::format("'{}' (seed {})", runs[i]->name, join(seeds, ", ")));
    seeds.clear();
  }
  return join(names, ", ");
}

void advise_on_stale_runs(const StudyProgress& study, std::vector<std::string>& next) {
  std::map<std::string, std::vector<const StaleRun*>> by_change;
  for (const StaleRun& run : study.stale) by_change[join(run.changed, ", ")].push_back(&run);
  for (const auto& [changed, runs] : by_change) {
    next.push_back(
        fmt::format("Study {}: {} changed since {} {} trained: epicrisis study check {} says what "
                    "is trained again, epicrisis study run {} does it",
                    study.name, changed, named(runs), runs.size() == 1 ? "was" : "were",
                    file_word(study), file_word(study)));
  }
}

void advise_on_studies(const WorkspaceStatus& status, std::vector<std::string>& next) {
  for (const StudyProgress& study : status.studies) {
    if (!study.problem.empty()) {
      next.push_back(
          fmt::format("Study {}: its record cannot be read ({}): run it again from its "
                      "file",
                      study.name, study.problem));
      continue;
    }
    if (!study.to_import.empty()) {
      next.push_back(fmt::format(
          "Study {}: its data {} not here any more, and its file does not say where to read {}: "
          "epicrisis import, under the same name",
          study.name, named(study.to_import), study.to_import.size() == 1 ? "it" : "them"));
    }
    if (!study.absent.empty()) {
      next.push_back(fmt::format(
          "Study {}: its data {} not here any more: epicrisis study run {} imports {} again",
          study.name, named(study.absent), file_word(study),
          study.absent.size() == 1 ? "it" : "them"));
    }
    advise_on_stale_runs(study, next);
    const std::int64_t open = study.runs - study.done - study.running;
    if (open > 0) {
      next.push_back(fmt::format("Study {}: {} of {} not done: epicrisis study run {}", study.name,
                                 open, counted(study.runs, "run"), file_word(study)));
    } else if (study.running == 0 && study.report.empty()) {
      next.push_back(
          fmt::format("Study {}: all runs are done and there is no report: epicrisis "
                      "study run {}",
                      study.name, file_word(study)));
    }
  }
  if (status.studies.empty() && !status.datasets.empty()) {
    next.emplace_back("No study yet: epicrisis study init makes the file of one");
  }
}

Json json_of(const DatasetStatus& status, const Field& field) {
  Json classes = Json::object();
  for (const auto& [id, count] : status.classes.labelled) classes[field.at(id).name] = count;
  Json prepared = Json::object();
  for (const auto& [recipe, count] : status.inventory.prepared) {
    prepared[recipe] = {{"pictures", count.pictures}, {"failed", count.failed}};
  }
  return {{"name", status.dataset.name},
          {"adapter", status.dataset.adapter},
          {"source", status.dataset.source},
          {"imported_at", status.dataset.imported_at},
          {"samples", status.dataset.samples},
          {"with_picture", status.classes.with_image},
          {"classes", std::move(classes)},
          {"without_class", status.classes.unlabelled},
          {"labels_without_class", status.unmapped},
          {"with_raw_label", status.inventory.raw_labelled},
          {"groups", status.inventory.groups},
          {"samples_with_group", status.inventory.grouped},
          {"published_splits", status.inventory.published},
          {"prepared", std::move(prepared)},
          {"split_sets", status.inventory.roles}};
}

}  // namespace

Json to_json(const WorkspaceStatus& status) {
  Json datasets = Json::array();
  for (const DatasetStatus& one : status.datasets) datasets.push_back(json_of(one, status.field));
  Json disk = Json::array();
  for (const DiskUse& use : status.disk) {
    disk.push_back(
        {{"kind", use.kind}, {"place", use.place}, {"bytes", use.bytes}, {"files", use.files}});
  }
  return {{"workspace", status.root},
          {"field", status.field.name()},
          {"datasets", std::move(datasets)},
          {"notes", json_list(status.notes)},
          {"spent",
           {{"requests", status.spent.requests},
            {"input_tokens", status.spent.input_tokens},
            {"output_tokens", status.spent.output_tokens},
            {"cost", cost_json(status.spent.cost, status.spent.unpriced)}}},
          {"under_way", status.under_way},
          {"out_in_batches", status.batched_out},
          {"studies", json_list(status.studies)},
          {"disk", std::move(disk)},
          {"next", status.next}};
}

WorkspaceStatus workspace_status(Workspace& workspace) {
  Database& database = workspace.database();
  WorkspaceStatus status;
  status.root = workspace.root().string();
  status.field = workspace_field(database);
  std::map<std::string, DatasetStatus> sets;
  for (Dataset& dataset : list_datasets(database)) {
    sets[dataset.name].dataset = std::move(dataset);
  }
  for (ClassCounts& counts : count_classes(database)) {
    sets[counts.dataset].classes = std::move(counts);
  }
  for (DatasetInventory& inventory : count_inventory(database)) {
    sets[inventory.dataset].inventory = std::move(inventory);
  }
  for (auto& [name, set] : sets) {
    auto record = find_import_record(database, name);
    if (!record) continue;
    set.unmapped = std::move(record->unmapped);
    set.said_without_label = record->said_without_label;
  }
  for (auto& [name, set] : sets) status.datasets.push_back(std::move(set));
  status.notes = count_notes(database);
  status.spent = ledger_totals(database);
  status.under_way = count_under_way(database);
  status.batched_out = count_batched_out(database);
  status.studies = list_study_progress(workspace);
  status.disk = disk_use(workspace);
  advise_on_data(status, last_leakage_check(database).has_value(), status.next);
  advise_on_notes(status, status.next);
  advise_on_studies(status, status.next);
  return status;
}

}  // namespace epicrisis
