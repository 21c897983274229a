#include "study/study_inputs.h"

#include <algorithm>
#include <unordered_map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis::study {

NoteFilter note_filter(const StudyRun& run) {
  NoteFilter filter;
  filter.strategies = expand_note_sets(run.notes);
  filter.providers = run.note_providers;
  filter.models = run.note_models;
  return filter;
}

NoteTable load_note_table(Workspace& workspace, const CaseSet& set, const NoteFilter& filter) {
  NoteTable table;
  table.of_case.resize(set.cases.size());
  std::unordered_map<std::int64_t, std::size_t> index;
  for (std::size_t i = 0; i < set.cases.size(); ++i) index.emplace(set.cases[i].sample_id, i);
  std::unordered_map<std::string, std::size_t> rows;
  for_each_note(workspace.database(), filter, [&](const NoteRecord& note) {
    const auto found = index.find(note.sample_id);
    if (found == index.end()) return true;
    const auto [row, fresh] = rows.emplace(note.text, table.texts.size());
    if (fresh) table.texts.push_back(note.text);
    std::vector<std::size_t>& own = table.of_case[found->second];
    if (std::ranges::find(own, row->second) == own.end()) own.push_back(row->second);
    return true;
  });
  return table;
}

NoteTable select_notes(const NoteTable& notes, const std::vector<std::size_t>& cases) {
  NoteTable table;
  table.from_labels = notes.from_labels;
  std::unordered_map<std::size_t, std::size_t> rows;
  for (const std::size_t i : cases) {
    std::vector<std::size_t>& own = table.of_case.emplace_back();
    for (const std::size_t row : notes.of_case.at(i)) {
      const auto [place, fresh] = rows.emplace(row, table.texts.size());
      if (fresh) table.texts.push_back(notes.texts[row]);
      own.push_back(place->second);
    }
  }
  return table;
}

std::vector<std::string> wanted_strategies(const StudyRun& run) {
  std::vector<std::string> wanted = expand_note_sets(run.notes);
  for (std::string& name : expand_note_sets(run.train_with)) wanted.push_back(std::move(name));
  return wanted;
}

bool keep_validation(const CaseSet& set, std::vector<bool>& trained_on) {
  bool any = false;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    if (set.cases[i].role != Role::kValidation) continue;
    if (trained_on[i]) return false;
    any = true;
  }
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    if (set.cases[i].role == Role::kValidation) trained_on[i] = true;
  }
  return any;
}

RunNotes load_run_notes(Workspace& workspace, const StudyRun& run, const CaseSet& set) {
  RunNotes result;
  if (uses_text(run.train.mode)) {
    result.notes = load_note_table(workspace, set, note_filter(run));
  }
  result.trained_on.assign(set.cases.size(), true);
  for (const std::string& strategy : expand_note_sets(run.train_with)) {
    NoteFilter filter = note_filter(run);
    filter.strategies = {strategy};
    const NoteTable notes = load_note_table(workspace, set, filter);
    for (std::size_t i = 0; i < set.cases.size(); ++i) {
      if (notes.of_case[i].empty()) result.trained_on[i] = false;
    }
  }
  result.validated_on_all = keep_validation(set, result.trained_on);
  return result;
}

PictureTable load_pictures(Workspace& workspace, const Study& study, CaseSet& set, Job& job,
                           bool verify) {
  PrepareOptions options;
  options.verify = verify;
  options.filter.split_set = set.split_set;
  const PrepareReport report = prepare_samples(workspace, study.prepare, job, options);
  if (report.prepared > 0) job.info("prepared {}", counted(report.prepared, "picture"));
  if (report.samples > 0 && report.failed == report.samples) {
    throw InputError(
        "study '{}': none of its {} could be prepared; the first: {}. Where the files are gone, bring "
        "them back, or import the data sets from where they are now",
        study.name, counted(report.samples, "picture"), report.failures.front());
  }
  PictureTable table;
  table.images = std::make_unique<WorkspaceImages>(workspace, study.prepare, verify);
  std::vector<Case> kept;
  for (Case& entry : set.cases) {
    if (const auto picture = table.images->index_of(entry.sample_id)) {
      table.picture.push_back(*picture);
      kept.push_back(std::move(entry));
    }
  }
  set.unreadable = report.failures;
  if (kept.size() < set.cases.size()) {
    job.warn("{} of {} could not be prepared, and so left out; the first: {}",
             set.cases.size() - kept.size(), counted(set.cases.size(), "picture"),
             set.unreadable.empty() ? "" : set.unreadable.front());
  }
  set.cases = std::move(kept);
  return table;
}

std::vector<std::string> class_prompts(const Study& study) {
  std::vector<std::string> prompts;
  for (const ClassId id : study.classes) prompts.push_back(study.field.class_prompt(id));
  return prompts;
}

}  // namespace epicrisis::study
