#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <type_traits>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"

namespace epicrisis {
namespace {

// "isic2017 +0.051 [0.037 to 0.064]"
std::string with_interval(const Comparison& one) {
  const std::string sign = one.result.difference > 0 ? "+" : "";
  return fmt::format("{} {}{} [{}]", one.dataset, sign,
                     markup::number(one.metric, one.result.difference),
                     markup::interval(one.metric, one.result.lo, one.result.hi));
}

// "better on 2 of 3 external data sets (a ..., b ...)", and so on for worse and open ones.
void add_verdicts(const std::vector<const Comparison*>& over, const std::string& role,
                  std::vector<std::string>& parts) {
  std::vector<std::string> better;
  std::vector<std::string> worse;
  std::vector<std::string> open;
  for (const Comparison* one : over) {
    auto& verdict = one->result.lo > 0 ? better : one->result.hi < 0 ? worse : open;
    verdict.push_back(with_interval(*one));
  }
  const auto add = [&](const std::vector<std::string>& sets, std::string_view words) {
    if (sets.empty()) return;
    const std::string where =
        over.size() == 1 ? fmt::format("the {} data set", role)
                         : fmt::format("{} of {} {} data sets", sets.size(), over.size(), role);
    parts.push_back(fmt::format("{} on {} ({})", words, where, join_words(sets, "and")));
  };
  add(better, "better");
  add(worse, "worse");
  add(open, "no clear difference");
}

void add_comparisons(const ReportData& data, std::vector<std::string>& findings) {
  // A sentence for each candidate, baseline and metric; in it the roles, external sets first.
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string,
                         std::string, std::string>;
  using ByRole = std::vector<std::pair<std::string, std::vector<const Comparison*>>>;
  std::vector<std::pair<Key, ByRole>> sentences;
  const auto entry = [](auto& list, const auto& key) -> auto& {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.first == key; });
    return found == list.end() ? list.emplace_back(key, std::decay_t<decltype(list[0].second)>())
                               : *found;
  };
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    const Key key{one.run,       one.model,           one.baseline_run, one.baseline,
                  one.candidate, one.candidate_notes, one.metric};
    entry(entry(sentences, key).second, one.role).second.push_back(&one);
  }
  for (auto& [key, roles] : sentences) {
    std::stable_partition(roles.begin(), roles.end(),
                          [](const auto& role) { return role.first == "external"; });
    std::vector<std::string> parts;
    for (const auto& [role, over] : roles) add_verdicts(over, role, parts);
    const Comparison& first = *roles.front().second.front();
    findings.push_back(fmt::format(
        "{}: {} against {}: {}.{}",
        markup::system_title(first.run, first.model, first.candidate, first.candidate_notes),
        metric_title(first.metric),
        markup::run_title(first.baseline_run, markup::mode_title(first.baseline)),
        join(parts, "; "),
        first.differences.empty() ? ""
                                  : fmt::format(" They differ in more than the notes: {}.",
                                                join(first.differences, "; "))));
  }
}

void add_headline(const ReportData& data, std::vector<std::string>& findings) {
  const MetricTable table = metric_table(data, "classification", data.headline_metric);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const ResultRow* low = nullptr;
    const ResultRow* high = nullptr;
    std::size_t low_system = 0;
    std::size_t high_system = 0;
    std::size_t measured = 0;
    for (std::size_t s = 0; s < table.systems.size(); ++s) {
      const ResultRow* row = table.cell(s, c);
      if (row == nullptr) continue;
      ++measured;
      if (low == nullptr || row->value < low->value) low = row, low_system = s;
      if (high == nullptr || row->value > high->value) high = row, high_system = s;
    }
    const auto printed = [&](const ResultRow& row, std::size_t system) {
      return fmt::format("{} ({}; interval {}, n = {}, {})", markup::number(row.metric, row.value),
                         table.systems[system].title,
                         markup::interval(row.metric, *row.lo, *row.hi), markup::count(row.n),
                         markup::plural(row.seeds, "training", "trainings"));
    };
    const std::string where =
        fmt::format("On {} ({})", table.columns[c].dataset, table.columns[c].role);
    if (measured == 1) {
      findings.push_back(fmt::format("{}: {} is {}.", where, metric_title(table.metric),
                                     printed(*high, high_system)));
    } else if (measured > 1) {
      findings.push_back(fmt::format("{}: {} runs from {} to {}.", where,
                                     metric_title(table.metric), printed(*low, low_system),
                                     printed(*high, high_system)));
    }
  }
}

void add_limits(const ReportData& data, std::vector<std::string>& findings) {
  if (data.leakage.allowed && !data.leakage.findings.empty()) {
    findings.emplace_back(
        "Leakage: splits overlap and that was allowed; all numbers may be better than they would "
        "be on new data.");
  }
  std::size_t told_apart = 0;
  std::size_t compared = 0;
  bool single = false;
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    ++compared;
    if (one.result.lo > 0 || one.result.hi < 0) ++told_apart;
    single = single || one.result.baseline_seeds < 2 || one.result.candidate_seeds < 2;
  }
  if (compared > 1 && told_apart > 0) {
    findings.push_back(fmt::format(
        "Many comparisons: {} were made and none was corrected for their number; with no true "
        "difference about {:.1f} of them would be expected to exclude 0 by chance.",
        markup::count(compared), static_cast<double>(compared) * (1 - data.confidence)));
  }
  for (std::string& warning : small_numbers(data)) findings.push_back(std::move(warning));
  if (single) {
    findings.emplace_back(
        "Single trainings: where a model was trained once, its interval covers the choice of test "
        "samples but not the luck of the training.");
  }
}

// The confusion matrix of the data set that counts most samples: a run that reads notes may have
// been measured on some alone. Null without any.
const ReportConfusion* whole_confusion(const ReportData& data, const MetricTable::Column& column) {
  const ReportConfusion* whole = nullptr;
  std::uint64_t most = 0;
  for (const ReportConfusion& one : data.confusions) {
    if (one.dataset != column.dataset || one.role != column.role || one.seeds == 0) continue;
    const std::size_t classes = one.counts.classes;
    if (one.counts.counts.size() != classes * classes) continue;
    const std::uint64_t samples = one.counts.total() / one.seeds;
    if (whole != nullptr && samples <= most) continue;
    whole = &one;
    most = samples;
  }
  return whole;
}

// The classes of a data set that have fewer than `most` samples, by the rows of a confusion matrix
// of it: "2 of MEL".
std::vector<std::string> few_of(const ReportData& data, const MetricTable::Column& column,
                                std::size_t most) {
  std::vector<std::string> few;
  const ReportConfusion* one = whole_confusion(data, column);
  if (one == nullptr) return few;
  const std::size_t classes = one->counts.classes;
  for (std::size_t t = 0; t < classes && t < data.classes.size(); ++t) {
    std::uint64_t total = 0;
    for (std::size_t p = 0; p < classes; ++p) total += one->counts.at(t, p);
    const std::uint64_t samples = total / one->seeds;
    if (samples > 0 && samples < most) {
      few.push_back(fmt::format("{} of {}", samples, data.classes[t]));
    }
  }
  return few;
}

// What a reference is: "To call always the most frequent class, NEV," or "Chance".
std::string reference_words(const ReportReference& one) {
  if (one.name != kMajority) return "Chance";
  return "To call always the most frequent class" +
         (one.detail.empty() ? "" : ", " + one.detail + ",");
}

// Which runs are better than all references of a data set: what is better than the highest is
// better than all.
std::string verdict_on_runs(const MetricTable& table, std::size_t column,
                            const std::vector<const ReportReference*>& references) {
  const ReportReference& first = *references.front();
  double highest = first.value;
  for (const ReportReference* one : references) highest = std::max(highest, one->value);
  std::vector<std::string> better;
  std::vector<std::string> open;
  std::vector<std::string> worse;
  std::vector<std::string> apart;
  bool readers = false;
  for (std::size_t s = 0; s < table.systems.size(); ++s) {
    const ResultRow* row = table.cell(s, column);
    if (row == nullptr) continue;
    const MetricTable::System& system = table.systems[s];
    const bool reads_notes = system.mode == markup::kNotesMode;
    std::string name = system.run.empty() ? system.title : system.run;
    if (reads_notes && !system.run.empty()) name += " (reads notes, sees no picture)";
    if (reads_notes && row->n != first.n) {
      apart.push_back(fmt::format("{}: on {} of the {} samples", name, row->n, first.n));
      continue;
    }
    readers = readers || reads_notes;
    (row->lo > highest ? better : row->hi < highest ? worse : open).push_back(std::move(name));
  }
  const std::size_t measured = better.size() + open.size() + worse.size();
  if (measured == 0 && apart.empty()) return {};
  const bool single = references.size() == 1;
  std::string sentence =
      fmt::format("{} reaches {} on {} ({})", reference_words(first),
                  markup::number(first.metric, first.value), first.dataset, first.role);
  for (std::size_t r = 1; r < references.size(); ++r) {
    sentence += fmt::format(", {} {}", references[r]->name,
                            markup::number(references[r]->metric, references[r]->value));
  }
  sentence += ".";
  const auto add = [&](const char* words, const char* of_all,
                       const std::vector<std::string>& names) {
    if (names.empty()) return;
    sentence += fmt::format(" {} {}: {}.", words, single ? "it" : of_all,
                            names.size() == measured && measured > 2 && !readers
                                ? fmt::format("all {} runs", measured)
                                : join_words(names, "and"));
  };
  add("Better, as the interval lies above", "both", better);
  add("Not shown to be better, as the interval holds", "the higher of them", open);
  add("Worse, as the interval lies below", "the higher of them", worse);
  if (!apart.empty()) {
    sentence += fmt::format(" Not held against it, as measured on samples with a note alone: {}.",
                            join_words(apart, "and"));
  }
  return sentence;
}

}  // namespace

std::vector<std::string> small_numbers(const ReportData& data) {
  std::vector<std::string> warnings;
  const MetricTable table = metric_table(data, "classification", data.headline_metric);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t n = 0;
    for (std::size_t s = 0; s < table.systems.size(); ++s) {
      if (const ResultRow* row = table.cell(s, c)) n = std::max(n, row->n);
    }
    if (n == 0) continue;
    const std::vector<std::string> few = few_of(data, table.columns[c], kFewOfAClass);
    if (n >= kFewSamples && few.empty()) continue;
    warnings.push_back(fmt::format(
        "Small numbers: {} ({}) has n = {}{}; one sample more or less right moves its accuracy by "
        "{:.3f}{}. Read its numbers with their intervals.",
        table.columns[c].dataset, table.columns[c].role, markup::count(n),
        few.empty() ? "" : ", only " + join_words(few, "and"), 1 / static_cast<double>(n),
        few.empty() ? "" : ", and the recall of those classes by much more"));
  }
  return warnings;
}

std::vector<std::string> small_classes(const ReportData& data) {
  std::vector<std::string> warnings;
  for (const MetricTable::Column& set : result_sets(data.results)) {
    const std::vector<std::string> few = few_of(data, set, kFewInAMean);
    if (few.empty()) continue;
    warnings.push_back(
        fmt::format("Few samples of a class: {} ({}) has only {}, and in a mean over the classes "
                    "these weigh as much as all samples of another class.",
                    set.dataset, set.role, join_words(few, "and")));
  }
  return warnings;
}

std::vector<std::string> against_no_learning(const ReportData& data) {
  std::vector<std::string> sentences;
  const MetricTable table = metric_table(data, "classification", data.headline_metric);
  const std::vector<ReferenceLine> lines = reference_lines(data, table);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::vector<const ReportReference*> references;
    for (const ReferenceLine& line : lines) {
      if (line.cells[c] != nullptr) references.push_back(line.cells[c]);
    }
    if (references.empty()) continue;
    std::string sentence = verdict_on_runs(table, c, references);
    if (!sentence.empty()) sentences.push_back(std::move(sentence));
  }
  return sentences;
}

std::vector<std::string> report_findings(const ReportData& data) {
  std::vector<std::string> findings;
  add_comparisons(data, findings);
  // Without comparisons the range is all that can be said; with them it would invite to rank
  // systems by numbers whose intervals overlap.
  if (findings.empty()) add_headline(data, findings);
  add_limits(data, findings);
  return findings;
}

}  // namespace epicrisis
