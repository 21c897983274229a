#include "study/report_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/processor.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/tables/import_record.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"
#include "study/prepared_picture.h"
#include "study/report_audit.h"
#include "study/run_trainer.h"

namespace epicrisis::study {
namespace {

constexpr std::size_t kNoteExamples = 4;
constexpr std::size_t kQueriesPerDataset = 2;
constexpr std::size_t kNearest = 5;
constexpr std::size_t kWrongPictures = 6;  // of a data set
constexpr std::size_t kSkippedExamples = 3;

Picture picture_of(const PictureTable& pictures, std::size_t index, std::string alt) {
  return prepared_picture(*pictures.images, pictures.picture[index], std::move(alt));
}

std::string class_name(const Study& study, int label) {
  return study.field.at(study.classes[static_cast<std::size_t>(label)]).name;
}

// Samples that are in the data set, but not in the study.
void add_dropped(Workspace& workspace, const Study& study, const std::string& dataset,
                 ReportDataset& entry) {
  SampleFilter filter;
  filter.datasets = {dataset};
  const auto add = [&](const std::string& reason, std::int64_t count) {
    if (count > 0) entry.skipped.emplace_back(reason, static_cast<std::size_t>(count));
  };
  const std::int64_t all = count_samples(workspace.database(), filter);
  filter.with_image = true;
  add("no picture", all - count_samples(workspace.database(), filter));
  for (const ClassCounts& counts : count_classes(workspace.database(), filter)) {
    for (const auto& [label, count] : counts.labelled) {
      if (std::ranges::find(study.classes, label) != study.classes.end()) continue;
      add(fmt::format("of the class {}, which the study leaves out", study.field.at(label).name),
          count);
    }
    add("of no class", counts.unlabelled);
  }
}

// What the last import of the data set left out.
void add_not_imported(Workspace& workspace, const std::string& dataset, ReportDataset& entry) {
  const auto record = find_import_record(workspace.database(), dataset);
  if (!record) return;
  for (const SkippedRecords& one : record->skipped) {
    const std::size_t shown = std::min(one.examples.size(), kSkippedExamples);
    const std::vector<std::string> examples(
        one.examples.begin(), one.examples.begin() + static_cast<std::ptrdiff_t>(shown));
    entry.skipped.emplace_back(
        fmt::format("not imported: {}{}", one.reason,
                    shown == 0 ? ""
                               : fmt::format(" ({}{})", join(examples, "; "),
                                             one.count > shown ? "; ..." : "")),
        static_cast<std::size_t>(one.count));
  }
}

std::vector<ReportDataset> describe_datasets(Workspace& workspace, const Study& study,
                                             const CaseSet& set) {
  std::vector<ReportDataset> datasets;
  for (const bool external : {false, true}) {
    for (const StudyData& data : study.data) {
      if (data.external != external) continue;
      ReportDataset entry;
      entry.name = data.name;
      entry.role = external ? "external" : "internal";
      if (const auto stored = find_dataset(workspace.database(), data.name)) {
        entry.source = "adapter " + stored->adapter;
      }
      entry.class_counts.resize(study.classes.size());
      std::set<std::string> groups;
      for (const Case& item : set.cases) {
        if (item.dataset != data.name) continue;
        ++entry.samples;
        ++entry.class_counts[static_cast<std::size_t>(item.label)];
        groups.insert(item.group);
        entry.train += item.role == Role::kTrain;
        entry.validation += item.role == Role::kValidation;
        entry.test += item.role == Role::kTest;
      }
      entry.groups = set.grouped.contains(data.name) ? groups.size() : 0;
      add_not_imported(workspace, data.name, entry);
      add_dropped(workspace, study, data.name, entry);
      if (const auto none = set.without_role.find(data.name); none != set.without_role.end()) {
        for (const auto& [reason, count] : none->second) {
          entry.skipped.emplace_back(reason, static_cast<std::size_t>(count));
        }
      }
      const auto unreadable = std::ranges::count_if(set.unreadable, [&](const std::string& line) {
        return line.starts_with(data.name + "/");
      });
      if (unreadable > 0)
        entry.skipped.emplace_back("picture unreadable", static_cast<std::size_t>(unreadable));
      datasets.push_back(std::move(entry));
    }
  }
  return datasets;
}

LeakageSection describe_leakage(const Study& study, const CaseSet& set) {
  LeakageSection section;
  section.checked = true;
  section.allowed = study.allow_leakage;
  section.checks = {"identifiers", "patients and cases", "identical files", "identical pixels",
                    "nearly identical pictures (perceptual hash, confirmed on thumbnails)"};
  section.inside = static_cast<std::size_t>(set.leakage.inside());
  section.other_class = static_cast<std::size_t>(set.leakage.other_class);
  std::map<std::tuple<std::string, std::string, std::string>, LeakageFinding> findings;
  for (const Overlap& overlap : set.leakage.overlaps) {
    if (overlap.other_class && section.other_class_examples.size() < 5) {
      section.other_class_examples.push_back(overlap_words(overlap));
    }
    if (!overlap.leakage) continue;
    LeakageFinding finding;
    finding.kind = overlap_kind_name(overlap.kind);
    finding.left = overlap.a.dataset + " " + overlap.a.role;
    finding.right = overlap.b.dataset + " " + overlap.b.role;
    auto& kept =
        findings.try_emplace({finding.kind, finding.left, finding.right}, finding).first->second;
    ++kept.count;
    if (kept.examples.size() < 5) kept.examples.push_back(overlap.a.key + " = " + overlap.b.key);
  }
  for (auto& [key, finding] : findings) section.findings.push_back(std::move(finding));
  return section;
}

std::vector<NoteCounts> describe_note_counts(Workspace& workspace, const Study& study) {
  std::map<std::pair<std::string, std::string>, NoteCounts> counts;
  for (const NoteCount& count : count_notes(workspace.database())) {
    const bool ours = std::ranges::any_of(
        study.data, [&](const StudyData& data) { return data.name == count.dataset; });
    if (!ours) continue;
    NoteCounts& entry = counts[{count.strategy, count.provider}];
    entry.strategy = count.strategy;
    entry.provider = count.provider;
    (count.status == NoteStatus::kWritten ? entry.written : entry.failed) +=
        static_cast<std::size_t>(count.notes);
  }
  std::vector<NoteCounts> list;
  for (auto& [key, entry] : counts) list.push_back(std::move(entry));
  return list;
}

// One case of each of the first classes, drawn from the first internal data set.
std::vector<NoteExample> pick_note_examples(Workspace& workspace, const Study& study,
                                            const CaseSet& set, const PictureTable& pictures) {
  std::vector<NoteExample> examples;
  Random random(study.split_seed, "note examples");
  for (int label = 0;
       label < static_cast<int>(study.classes.size()) && examples.size() < kNoteExamples; ++label) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < set.cases.size(); ++i) {
      if (set.cases[i].label == label && set.cases[i].role != Role::kExternal)
        candidates.push_back(i);
    }
    if (candidates.empty()) continue;
    const std::size_t index = candidates[random.below(candidates.size())];
    NoteFilter filter;
    filter.sample_ids = {set.cases[index].sample_id};
    NoteExample example;
    for (const NoteRecord& note : load_notes(workspace.database(), filter)) {
      example.notes.push_back({note.strategy, note.text,
                               note.provider + (note.model.empty() ? "" : ", " + note.model)});
    }
    if (example.notes.empty()) continue;
    const Sample sample = sample_by_id(workspace.database(), set.cases[index].sample_id);
    example.key = sample.key;
    example.dataset = sample.dataset;
    example.label = class_name(study, label);
    example.picture = picture_of(pictures, index, sample.dataset + " " + sample.key);
    examples.push_back(std::move(example));
  }
  return examples;
}

std::vector<TrainingCurve> describe_curves(const Workspace& workspace,
                                           const std::vector<TrainedRun>& runs) {
  std::vector<TrainingCurve> curves;
  for (const TrainedRun& trained : runs) {
    const auto& [seed, id] = trained.seeds.front();
    const auto result = read_train_result(workspace.runs() / id);
    if (!result) continue;
    TrainingCurve curve;
    curve.run = trained.run->name;
    curve.model = trained.title;
    curve.mode = std::string(mode_name(trained.run->train.mode));
    curve.notes = join(trained.run->notes, "+");
    curve.seed = seed;
    curve.best_epoch = result->best_epoch;
    curve.series = {{"training loss", {}}, {"validation loss", {}}, {"validation weighted F1", {}}};
    for (const EpochMetrics& epoch : result->history) {
      curve.series[0].values.push_back(epoch.train_loss);
      curve.series[1].values.push_back(epoch.validation_loss);
      curve.series[2].values.push_back(epoch.validation_weighted_f1);
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

// Builds gallery items out of cases and notes of one data set in one run's space.
class Gallery {
 public:
  Gallery(Workspace& workspace, const Study& study, const CaseSet& set,
          const PictureTable& pictures, const DatasetSlice& slice)
      : workspace_(workspace), study_(study), set_(set), pictures_(pictures), slice_(slice) {}

  GalleryItem picture(std::size_t row) const {
    const std::size_t index = slice_.cases[row];
    GalleryItem item;
    item.key = sample_by_id(workspace_.database(), set_.cases[index].sample_id).key;
    item.label = class_name(study_, set_.cases[index].label);
    item.picture = picture_of(pictures_, index, item.key);
    return item;
  }

 private:
  Workspace& workspace_;
  const Study& study_;
  const CaseSet& set_;
  const PictureTable& pictures_;
  const DatasetSlice& slice_;
};

std::string note_text(Workspace& workspace, const StudyRun& run, std::int64_t sample_id) {
  NoteFilter filter = note_filter(run);
  filter.sample_ids = {sample_id};
  const std::vector<NoteRecord> notes = load_notes(workspace.database(), filter);
  return notes.empty() ? "" : notes.front().text;
}

// Nearest pictures to a picture, and nearest notes to a picture, for a few drawn queries of each
// set.
std::vector<GalleryEntry> pick_gallery(Workspace& workspace, const Study& study, const CaseSet& set,
                                       const PictureTable& pictures,
                                       const std::vector<TrainedRun>& runs) {
  std::vector<GalleryEntry> entries;
  const auto trained = std::ranges::find_if(
      runs, [](const TrainedRun& run) { return run.run->train.mode == Mode::kMultimodal; });
  if (trained == runs.end()) return entries;
  Random random(study.split_seed, "gallery");
  for (const DatasetSlice& slice : slice_by_dataset(set, study)) {
    const Predictions predictions = read_predictions(
        predictions_file(workspace.runs() / trained->seeds.front().second, slice.name));
    const Gallery gallery(workspace, study, set, pictures, slice);
    const RetrievalSet space = retrieval_set(predictions, slice, *trained->run);
    for (std::size_t q = 0; q < kQueriesPerDataset; ++q) {
      const std::size_t query = random.below(slice.cases.size());
      for (const Direction direction : {Direction::kImageToImage, Direction::kImageToText}) {
        const bool notes = direction == Direction::kImageToText;
        const FloatMatrix& pool = notes ? space.notes : space.images;
        if (pool.rows == 0) continue;
        const auto image_of = [&](std::size_t row) { return notes ? space.note_images[row] : row; };
        std::vector<bool> excluded(pool.rows);
        for (std::size_t row = 0; row < pool.rows; ++row) {
          excluded[row] = slice.groups[image_of(row)] == slice.groups[query];
        }
        GalleryEntry entry;
        entry.direction = direction_name(direction);
        entry.dataset = slice.name;
        entry.model = fmt::format("{} ({}, multimodal, notes {}), seed {}", trained->run->name,
                                  trained->title, join(trained->run->notes, "+"),
                                  trained->seeds.front().first);
        entry.query = gallery.picture(query);
        for (const Match& match : nearest_rows(space.images.row(query), pool, kNearest, excluded)) {
          const std::size_t row = image_of(match.index);
          GalleryItem item = gallery.picture(row);
          if (notes) item.text = note_text(workspace, *trained->run, predictions.sample_ids[row]);
          item.right = slice.truth[row] == slice.truth[query];
          item.similarity = match.similarity;
          entry.nearest.push_back(std::move(item));
        }
        entries.push_back(std::move(entry));
      }
    }
  }
  return entries;
}

std::vector<ReportReference> describe_references(const CaseSet& set, const Study& study) {
  std::vector<ReportReference> references;
  const std::vector<std::string> names = class_names(study);
  for (const DatasetSlice& slice : slice_by_dataset(set, study)) {
    std::vector<std::size_t> counts(names.size());
    for (const int label : slice.truth) ++counts[static_cast<std::size_t>(label)];
    const auto most = static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin());
    for (const ReferenceValue& one : reference_values(slice.truth, names.size())) {
      references.push_back({one.name, slice.name, slice.role, one.metric, one.value,
                            slice.truth.size(), one.name == kMajority ? names[most] : ""});
    }
  }
  return references;
}

// The value of the metric for a run on a data set: over its trainings, or of its single one.
std::optional<double> value_of(const ReportData& report, const TrainedRun& run,
                               const DatasetSlice& slice) {
  std::optional<double> value;
  for (const ResultRow& row : report.results) {
    if (row.task != "classification" || row.metric != report.headline_metric ||
        row.run != run.run->name || row.model != run.title || row.dataset != slice.name ||
        row.role != slice.role || !std::isfinite(row.value)) {
      continue;
    }
    if (row.seed == "all" || run.seeds.size() == 1) value = row.value;
  }
  return value;
}

// The run that is best on the data set; of equal ones the first.
struct BestRun {
  const TrainedRun* run = nullptr;
  std::optional<double> value;
};
BestRun best_run(const ReportData& report, const std::vector<const TrainedRun*>& runs,
                 const DatasetSlice& slice) {
  BestRun best{runs.front(), value_of(report, *runs.front(), slice)};
  for (const TrainedRun* run : runs) {
    const std::optional<double> value = value_of(report, *run, slice);
    if (value && (!best.value || *value > *best.value)) best = {run, value};
  }
  return best;
}

// Those that see pictures.
std::vector<const TrainedRun*> runs_of_pictures(const std::vector<TrainedRun>& runs) {
  std::vector<const TrainedRun*> seeing;
  for (const TrainedRun& run : runs) {
    if (run.run->train.mode != Mode::kText) seeing.push_back(&run);
  }
  return seeing;
}

// Of `runs` that see pictures; `readers` read notes alone.
std::string why_shown(const ReportData& report, const BestRun& best, std::size_t runs,
                      std::size_t readers) {
  std::string why = best.value ? fmt::format("the run with the highest {} here, {}",
                                             metric_title(report.headline_metric),
                                             format_metric(report.headline_metric, *best.value))
                               : std::string("the first run of the study");
  const std::size_t trainings = best.run->seeds.size();
  if (trainings > 1) why += fmt::format("; of its {} trainings the first", trainings);
  if (runs > 1) {
    why += fmt::format("; {} not shown", counted(runs - 1, "other run is", "other runs are"));
  }
  if (readers > 0) {
    why += fmt::format("; {} no picture, and {} left aside",
                       counted(readers, "run sees", "runs see"), readers == 1 ? "is" : "are");
  }
  return why;
}

// What the first training of the best run got wrong on each data set, by the results of the report.
// What a run that reads notes alone got wrong, no picture shows.
std::vector<WrongPictures> pick_mistakes(Workspace& workspace, const Study& study,
                                         const CaseSet& set, const PictureTable& pictures,
                                         const std::vector<TrainedRun>& all,
                                         const ReportData& report) {
  std::vector<WrongPictures> mistakes;
  const std::vector<const TrainedRun*> runs = runs_of_pictures(all);
  if (runs.empty()) return mistakes;
  for (const DatasetSlice& slice : slice_by_dataset(set, study)) {
    const BestRun best = best_run(report, runs, slice);
    const TrainedRun* trained = best.run;
    const Predictions predictions = read_predictions(
        predictions_file(workspace.runs() / trained->seeds.front().second, slice.name));
    const std::vector<int> named = predicted_classes(predictions.logits);
    WrongPictures entry{trained->run->name,
                        trained->title,
                        std::string(mode_name(trained->run->train.mode)),
                        join(trained->run->notes, "+"),
                        trained->seeds.front().first,
                        slice.name,
                        slice.role,
                        0,
                        slice.truth.size(),
                        {},
                        why_shown(report, best, runs.size(), all.size() - runs.size())};
    std::vector<std::pair<double, std::size_t>> wrong;  // the surest first
    for (std::size_t i = 0; i < named.size(); ++i) {
      if (named[i] == slice.truth[i]) continue;
      wrong.emplace_back(-softmax(predictions.logits.row(i))[static_cast<std::size_t>(named[i])],
                         i);
    }
    std::ranges::sort(wrong);
    entry.wrong = wrong.size();
    for (std::size_t k = 0; k < std::min(wrong.size(), kWrongPictures); ++k) {
      const std::size_t row = wrong[k].second;
      const std::vector<double> probabilities = softmax(predictions.logits.row(row));
      const std::size_t index = slice.cases[row];
      WrongPicture one;
      one.key = sample_by_id(workspace.database(), set.cases[index].sample_id).key;
      one.known = class_name(study, slice.truth[row]);
      one.named = class_name(study, named[row]);
      one.known_probability = probabilities[static_cast<std::size_t>(slice.truth[row])];
      one.named_probability = probabilities[static_cast<std::size_t>(named[row])];
      one.picture = picture_of(pictures, index, one.key);
      entry.pictures.push_back(std::move(one));
    }
    mistakes.push_back(std::move(entry));
  }
  return mistakes;
}

std::vector<std::string> describe_warnings(const CaseSet& set, const FinishedRuns& finished,
                                           const std::vector<SamplesWithoutNote>& without_note) {
  std::vector<std::string> warnings = finished.missing;
  for (const SamplesWithoutNote& one : without_note) warnings.push_back(left_out_words(one));
  warnings.insert(warnings.end(), finished.unvalidated.begin(), finished.unvalidated.end());
  warnings.insert(warnings.end(), finished.cut_off.begin(), finished.cut_off.end());
  if (!set.unreadable.empty()) {
    warnings.push_back(fmt::format(
        "{} could not be read, and so left out: {}{}", counted(set.unreadable.size(), "picture"),
        set.unreadable.front(), set.unreadable.size() > 1 ? ", ..." : ""));
  }
  if (set.leakage.uncompared > 0) {
    warnings.push_back(fmt::format("{} candidate pairs of pictures were too many to compare",
                                   set.leakage.uncompared));
  }
  return warnings;
}

}  // namespace

ReportData build_report(Workspace& workspace, const Study& study, const CaseSet& set,
                        const PictureTable& pictures, const FinishedRuns& finished,
                        Evaluation evaluation, const Job& job) {
  const std::vector<TrainedRun>& runs = finished.runs;
  ReportData report;
  report.title = study.title;
  report.subtitle = study.name;
  for (const ClassId id : study.classes) {
    report.classes.push_back(study.field.at(id).name);
    report.class_titles.push_back(study.field.at(id).words);
  }
  report.datasets = describe_datasets(workspace, study, set);
  report.leakage = describe_leakage(study, set);
  report.note_counts = describe_note_counts(workspace, study);
  report.audit = describe_audit(workspace, study, set, job);
  report.note_examples = pick_note_examples(workspace, study, set, pictures);
  report.curves = describe_curves(workspace, runs);
  report.results = std::move(evaluation.rows);
  report.comparisons = std::move(evaluation.comparisons);
  report.confusions = std::move(evaluation.confusions);
  report.references = describe_references(set, study);
  report.mistakes = pick_mistakes(workspace, study, set, pictures, runs, report);
  report.gallery = pick_gallery(workspace, study, set, pictures, runs);
  report.notes_from_labels =
      std::ranges::any_of(runs, [](const TrainedRun& run) { return run.run->notes_name_label; });
  report.replicates = static_cast<std::size_t>(study.bootstrap);
  report.environment = {{"Epicrisis", kVersion},
                        {"LibTorch", torch_in_this_build()},
                        {"Compiler", __VERSION__},
                        {"Processor", processor_name()},
                        {"Cores", std::to_string(available_cores())},
                        {"Written", job.now_utc()}};
  report.settings = study.source;
  report.without_note = std::move(evaluation.without_note);
  report.warnings = describe_warnings(set, finished, report.without_note);
  return report;
}

}  // namespace epicrisis::study
