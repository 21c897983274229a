#include "epicrisis/study/compare_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/calibration.h"
#include "epicrisis/eval/operating_points.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study.h"
#include "study/run_differences.h"
#include "study/study_state.h"

namespace epicrisis {
namespace {

using study::DatasetSlice;
using study::TrainedRun;

// What a person calls a run: one of a study, or one training of it.
struct NamedRun {
  std::string study;  // "" where only the name is known
  std::string name;
  std::string seed;  // "" : all
};

// The training whose id this is, or how it begins.
std::optional<NamedRun> training_of(Workspace& workspace, const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::vector<RunRecord> alike;
  for (RunRecord& record : list_runs(workspace.database())) {
    if (record.id == text) {
      alike = {std::move(record)};
      break;
    }
    if (record.id.starts_with(text)) alike.push_back(std::move(record));
  }
  if (alike.empty()) return std::nullopt;
  if (alike.size() > 1) {
    std::vector<std::string> ids;
    for (const RunRecord& record : alike) ids.push_back(record.id);
    throw UsageError("run '{}': {} trainings begin so: {}", text, ids.size(), join(ids, ", "));
  }
  const RunRecord& record = alike.front();
  const std::string source = "configuration of run " + record.id;
  const Json train = json_get<Json>(record.config, "train", source);
  return NamedRun{record.study, record.name,
                  std::to_string(json_get<std::int64_t>(train, "seed", source))};
}

bool has_run(const Study& study, const std::string& name) {
  return std::ranges::find(study.runs, name, &StudyRun::name) != study.runs.end();
}

NamedRun named_run(Workspace& workspace, const Study& study, const std::string& text) {
  if (has_run(study, text)) return {study.name, text, ""};
  std::optional<NamedRun> training = training_of(workspace, text);
  if (!training) {
    std::vector<std::string> names;
    for (const StudyRun& run : study.runs) names.push_back(run.name);
    const auto near = nearest_name(text, names);
    throw UsageError("study '{}' has no run '{}'{}; it has: {}", study.name, text,
                     near ? fmt::format("; did you mean '{}'?", *near) : "", join(names, ", "));
  }
  if (training->study != study.name) {
    throw UsageError("run '{}' is of study '{}', not of '{}': only runs of one study are compared",
                     text, training->study, study.name);
  }
  if (!has_run(study, training->name)) {
    throw UsageError("run '{}' is of '{}', which study '{}' has no more", text, training->name,
                     study.name);
  }
  return *training;
}

// The study that is named, the only one, or that of a training.
Study study_of(Workspace& workspace, const std::string& name, const std::string& first,
               const std::string& second) {
  if (name.empty() && list_studies(workspace).size() > 1) {
    for (const std::string& text : {first, second}) {
      if (const auto training = training_of(workspace, text)) {
        return load_study(workspace, training->study);
      }
    }
  }
  return load_study(workspace, name);
}

// The study with the trainings of both runs alone.
Study with_both(Study study, const NamedRun& first, const NamedRun& second) {
  std::erase_if(study.runs, [&](const StudyRun& run) {
    return run.name != first.name && run.name != second.name;
  });
  return study;
}

// Those trainings of a run that are meant. UsageError where none is finished.
TrainedRun trained(const study::FinishedRuns& finished, const NamedRun& named) {
  const auto place = std::ranges::find(finished.runs, named.name,
                                       [](const TrainedRun& run) { return run.run->name; });
  if (place != finished.runs.end()) {
    TrainedRun run = *place;
    std::erase_if(run.seeds, [&](const auto& seed) {
      return !named.seed.empty() && seed.first != named.seed;
    });
    if (!run.seeds.empty()) return run;
  }
  throw UsageError("run '{}'{} has no finished training", named.name,
                   named.seed.empty() ? "" : ", seed " + named.seed);
}

// A measure of scores, as a function of a resample.
struct Measure {
  std::string name;
  bool lower_is_better = false;
  std::function<ResampleStatistic(const FloatMatrix& logits)> of;
};

// The classes of the study that have the grade which the field says yes to, against the others.
struct GradeQuestion {
  std::string grade;      // "": the field has none, or the study one side alone
  std::vector<bool> has;  // by class of the study
  std::vector<int> positive(std::span<const int> truth) const {
    std::vector<int> result;
    for (const int label : truth) result.push_back(has[static_cast<std::size_t>(label)] ? 1 : 0);
    return result;
  }
  // The log-odds of the classes that have it, which rank as their probability without its rounding.
  std::vector<double> scores(const FloatMatrix& logits) const {
    std::vector<double> result;
    for (std::size_t i = 0; i < logits.rows; ++i) {
      const std::span<const float> row = logits.row(i);
      const auto most = static_cast<double>(*std::ranges::max_element(row));
      double with = 0;
      double without = 0;
      for (std::size_t c = 0; c < row.size(); ++c) {
        (has[c] ? with : without) += std::exp(static_cast<double>(row[c]) - most);
      }
      // A side of probability 0 is as far off as a double can say.
      constexpr double kLeast = 1e-300;
      result.push_back(std::log(std::max(with, kLeast)) - std::log(std::max(without, kLeast)));
    }
    return result;
  }
};

GradeQuestion grade_question(const Study& study) {
  GradeQuestion question{study.field.grade_words().yes, {}};
  for (const ClassId id : study.classes) {
    question.has.push_back(!question.grade.empty() && study.field.at(id).grade == question.grade);
  }
  const auto with = std::ranges::count(question.has, true);
  if (with == 0 || static_cast<std::size_t>(with) == question.has.size()) question.grade.clear();
  return question;
}

// Of a set where both sides of it occur.
bool asks(const GradeQuestion& question, std::span<const int> truth) {
  if (question.grade.empty()) return false;
  const std::vector<int> positive = question.positive(truth);
  const auto with = std::ranges::count(positive, 1);
  return with > 0 && static_cast<std::size_t>(with) < positive.size();
}

std::vector<Measure> measures(const GradeQuestion& question, const std::vector<int>& truth) {
  std::vector<Measure> result;
  for (const ClassificationMetric& metric : classification_metrics()) {
    result.push_back({metric.name, false, [&metric, &truth](const FloatMatrix& logits) {
                        return classification_statistic(metric, truth, logits);
                      }});
  }
  result.push_back({"brier", true, [&truth](const FloatMatrix& logits) {
                      return brier_statistic(truth, logits);
                    }});
  result.push_back({"log_loss", true, [&truth](const FloatMatrix& logits) {
                      return log_loss_statistic(truth, logits);
                    }});
  result.push_back(
      {"ece", true, [&truth](const FloatMatrix& logits) { return ece_statistic(truth, logits); }});
  if (!asks(question, truth)) return result;
  const std::vector<int> positive = question.positive(truth);
  result.push_back(
      {question.grade + "/auroc", false, [&question, positive](const FloatMatrix& logits) {
         return area_above_sensitivity(positive, question.scores(logits), 0);
       }});
  result.push_back({question.grade + "/sensitivity_at_90_specificity", false,
                    [&question, positive](const FloatMatrix& logits) {
                      return sensitivity_at_specificity(positive, question.scores(logits), 0.9);
                    }});
  result.push_back({question.grade + "/area_above_80_sensitivity", false,
                    [&question, positive](const FloatMatrix& logits) {
                      return area_above_sensitivity(positive, question.scores(logits), 0.8);
                    }});
  return result;
}

std::vector<ResampleStatistic> statistics(const Measure& measure,
                                          const std::vector<SeedScores>& scores) {
  std::vector<ResampleStatistic> result;
  for (const SeedScores& one : scores) result.push_back(measure.of(one.logits));
  return result;
}

// Of the differences of trainings with equal seeds; none where there are fewer than two.
std::optional<Wilcoxon> over_seeds(std::size_t n, const std::vector<SeedScores>& first,
                                   const std::vector<ResampleStatistic>& of_first,
                                   const std::vector<SeedScores>& second,
                                   const std::vector<ResampleStatistic>& of_second) {
  std::vector<double> differences;
  for (std::size_t a = 0; a < first.size(); ++a) {
    const auto b = std::ranges::find(second, first[a].seed, &SeedScores::seed) - second.begin();
    if (static_cast<std::size_t>(b) == second.size()) continue;
    differences.push_back(on_all(of_second[static_cast<std::size_t>(b)], n) -
                          on_all(of_first[a], n));
  }
  const bool defined =
      std::ranges::all_of(differences, [](double one) { return std::isfinite(one); });
  if (differences.size() < 2 || !defined) return std::nullopt;
  return wilcoxon_signed_rank(differences);
}

// Trainings of both: those of equal seeds; where none are, one of each, in order.
std::vector<std::pair<const SeedScores*, const SeedScores*>> pairs(
    const std::vector<SeedScores>& first, const std::vector<SeedScores>& second) {
  std::vector<std::pair<const SeedScores*, const SeedScores*>> result;
  for (const SeedScores& one : first) {
    const auto other = std::ranges::find(second, one.seed, &SeedScores::seed);
    if (other != second.end()) result.emplace_back(&one, &*other);
  }
  for (std::size_t i = 0; result.empty() && i < std::min(first.size(), second.size()); ++i) {
    result.emplace_back(&first[i], &second[i]);
  }
  return result;
}

std::size_t count_groups(const std::vector<std::string>& groups) {
  std::set<std::string> named;
  std::size_t alone = 0;
  for (const std::string& group : groups) {
    if (group.empty()) {
      ++alone;
    } else {
      named.insert(group);
    }
  }
  return named.size() + alone;
}

SetComparison compare_on(const Study& study, const DatasetSlice& slice,
                         const std::vector<SeedScores>& first,
                         const std::vector<SeedScores>& second, const GradeQuestion& question,
                         const CompareOptions& choice, const Job& job) {
  const std::size_t n = slice.truth.size();
  SetComparison result{slice.name, slice.role, n, count_groups(slice.groups), {}, {}};
  BootstrapOptions options = study::bootstrap_options(study, slice);
  options.replicates = choice.replicates;
  const std::vector<Measure> all = measures(question, slice.truth);
  result.metrics.resize(all.size());
  parallel_for(all.size(), 0, job, [&](std::size_t m) {
    const std::vector<ResampleStatistic> of_first = statistics(all[m], first);
    const std::vector<ResampleStatistic> of_second = statistics(all[m], second);
    MetricComparison& metric = result.metrics[m];
    metric.metric = all[m].name;
    metric.lower_is_better = all[m].lower_is_better;
    metric.first = bootstrap_over_seeds(n, of_first, options);
    metric.second = bootstrap_over_seeds(n, of_second, options);
    metric.test = paired_test(n, of_first, of_second, choice.margin, options);
    metric.over_seeds = over_seeds(n, first, of_first, second, of_second);
  });
  for (const auto& [one, other] : pairs(first, second)) {
    TrainingComparison training{one->seed, other->seed, {}, {}};
    training.answers =
        mcnemar(slice.truth, predicted_classes(one->logits), predicted_classes(other->logits));
    if (asks(question, slice.truth)) {
      training.grade = delong(question.positive(slice.truth), question.scores(one->logits),
                              question.scores(other->logits));
    }
    result.trainings.push_back(std::move(training));
  }
  return result;
}

// Over all that was tested.
void correct(RunComparison& comparison) {
  std::vector<double> p_values;
  for (const SetComparison& set : comparison.sets) {
    for (const MetricComparison& metric : set.metrics) {
      const PairedDifference& difference = metric.test.difference;
      // Without an interval there was no test.
      p_values.push_back(std::isfinite(difference.lo) ? difference.p_value : std::nan(""));
      if (std::isfinite(difference.lo)) ++comparison.tests;
    }
  }
  const std::vector<double> adjusted = holm(p_values);
  std::size_t k = 0;
  for (SetComparison& set : comparison.sets) {
    for (MetricComparison& metric : set.metrics) metric.adjusted_p = adjusted[k++];
  }
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json estimate_json(const Estimate& estimate) {
  return {{"value", number(estimate.value)},
          {"lo", number(estimate.lo)},
          {"hi", number(estimate.hi)},
          {"seeds", estimate.seeds}};
}

std::vector<std::string> seeds_of(const TrainedRun& run) {
  std::vector<std::string> seeds;
  for (const auto& [seed, id] : run.seeds) seeds.push_back(seed);
  return seeds;
}

}  // namespace

Json to_json(const MetricComparison& metric) {
  const PairedDifference& difference = metric.test.difference;
  const bool tested = std::isfinite(difference.lo);
  Json json = {{"metric", metric.metric},
               {"lower_is_better", metric.lower_is_better},
               {"first", estimate_json(metric.first)},
               {"second", estimate_json(metric.second)},
               {"difference", number(difference.difference)},
               {"lo", number(difference.lo)},
               {"hi", number(difference.hi)},
               {"p_value", tested ? Json(difference.p_value) : Json()},
               {"adjusted_p", number(metric.adjusted_p)},
               {"standard_error", number(metric.test.standard_error)},
               {"detectable", number(metric.test.detectable)},
               {"equivalence_p", number(metric.test.equivalence_p)},
               {"over_seeds", nullptr}};
  if (metric.over_seeds) {
    json["over_seeds"] = {{"seeds", metric.over_seeds->n},
                          {"rank_biserial", number(metric.over_seeds->rank_biserial)},
                          {"p_value", metric.over_seeds->p_value}};
  }
  return json;
}

Json to_json(const TrainingComparison& training) {
  Json json = {{"first_seed", training.first_seed},
               {"second_seed", training.second_seed},
               {"only_first_right", training.answers.only_first_right},
               {"only_second_right", training.answers.only_second_right},
               {"mcnemar_p", training.answers.p_value},
               {"delong", nullptr}};
  if (training.grade) {
    json["delong"] = {{"first", number(training.grade->first)},
                      {"second", number(training.grade->second)},
                      {"difference", number(training.grade->difference)},
                      {"lo", number(training.grade->lo)},
                      {"hi", number(training.grade->hi)},
                      {"p_value", number(training.grade->p_value)},
                      {"positives", training.grade->positives},
                      {"negatives", training.grade->negatives}};
  }
  return json;
}

Json to_json(const SetComparison& set) {
  return {{"dataset", set.dataset},
          {"role", set.role},
          {"n", set.n},
          {"groups", set.groups},
          {"metrics", json_list(set.metrics)},
          {"trainings", json_list(set.trainings)}};
}

Json to_json(const RunComparison& comparison) {
  return {{"study", comparison.study},
          {"first", {{"run", comparison.first}, {"seeds", comparison.first_seeds}}},
          {"second", {{"run", comparison.second}, {"seeds", comparison.second_seeds}}},
          {"differences", comparison.differences},
          {"grade", comparison.grade},
          {"margin", comparison.margin},
          {"confidence", comparison.confidence},
          {"replicates", comparison.replicates},
          {"tests", comparison.tests},
          {"datasets", json_list(comparison.sets)}};
}

RunComparison compare_two_runs(Workspace& workspace, const std::string& first,
                               const std::string& second, const CompareOptions& options, Job& job) {
  if (!(options.margin > 0 && options.margin < 1)) {
    throw UsageError("a margin of {} is not between 0 and 1", options.margin);
  }
  const Study given = study_of(workspace, options.study, first, second);
  const NamedRun one = named_run(workspace, given, first);
  const NamedRun other = named_run(workspace, given, second);
  if (one.name == other.name &&
      (one.seed == other.seed || one.seed.empty() || other.seed.empty())) {
    throw UsageError("'{}' and '{}' are the same run", first, second);
  }
  std::vector<std::string> left_out;
  const Study study = study::with_data_there(workspace, with_both(given, one, other), left_out);
  const study::StudyState state = study::load_state(workspace, study, job, std::move(left_out));
  const TrainedRun baseline = trained(state.finished, one);
  const TrainedRun candidate = trained(state.finished, other);

  RunComparison comparison{study.name,
                           one.name,
                           other.name,
                           seeds_of(baseline),
                           seeds_of(candidate),
                           {},
                           {},
                           options.margin,
                           BootstrapOptions{}.confidence,
                           options.replicates,
                           {},
                           0};
  comparison.differences = study::differences_besides_notes(*candidate.run, *baseline.run);
  const GradeQuestion question = grade_question(study);
  comparison.grade = question.grade;
  const std::vector<DatasetSlice> slices = study::slice_by_dataset(state.set, study);
  Meter progress = job.meter("comparison", slices.size(), "data sets");
  for (const DatasetSlice& slice : slices) {
    job.check();
    const study::MeasuredSlice own = study::measured_slice(baseline, slice, workspace.runs());
    const study::MeasuredSlice others = study::measured_slice(candidate, slice, workspace.runs());
    std::vector<std::size_t> common;
    std::ranges::set_intersection(own.rows, others.rows, std::back_inserter(common));
    progress.add();
    if (common.empty()) {
      job.warn("{}: the runs were measured on no sample in common", slice.name);
      continue;
    }
    comparison.sets.push_back(compare_on(study, study::part_of(slice, common),
                                         study::scores_of(own, common),
                                         study::scores_of(others, common), question, options, job));
  }
  if (comparison.sets.empty()) {
    throw UsageError("'{}' and '{}' were measured on no sample in common", first, second);
  }
  correct(comparison);
  return comparison;
}

}  // namespace epicrisis
