#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "epicrisis/core/strings.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"

namespace epicrisis {
namespace {

// "a", "a and b", "a, b and c"
std::string listed(const std::vector<std::string>& items) {
  if (items.size() < 2) return items.empty() ? std::string() : items[0];
  return join({items.begin(), items.end() - 1}, ", ") + " and " + items.back();
}

std::string with_interval(const Comparison& one, bool magnitude) {
  double value = one.result.difference;
  double lo = one.result.lo;
  double hi = one.result.hi;
  if (magnitude && value < 0) {
    value = -value;
    std::tie(lo, hi) = std::pair(-hi, -lo);
  }
  return fmt::format("{} by {} ({})", one.dataset, markup::number(one.metric, value),
                     markup::interval(one.metric, lo, hi));
}

// What one candidate did against its baseline over sets of one role.
std::string sentence(const std::vector<const Comparison*>& over, const std::string& role) {
  std::vector<std::string> better;
  std::vector<std::string> worse;
  std::vector<std::string> open;
  for (const Comparison* one : over) {
    if (one->result.lo > 0) {
      better.push_back(with_interval(*one, true));
    } else if (one->result.hi < 0) {
      worse.push_back(with_interval(*one, true));
    } else {
      open.push_back(fmt::format("{} ({})", one->dataset,
                                 markup::interval(one->metric, one->result.lo, one->result.hi)));
    }
  }
  const Comparison& first = *over.front();
  const std::string candidate = markup::variant_title(first.candidate, first.candidate_notes);
  const std::string baseline = markup::mode_title(first.baseline);
  const std::string sets = markup::plural(over.size(), role + " data set", role + " data sets");
  std::vector<std::string> parts;
  const std::string subject =
      first.model.empty() ? candidate : fmt::format("{}, {}", first.model, candidate);
  if (!better.empty()) {
    parts.push_back(fmt::format("better than {} on {} of {}: {}", baseline, better.size(), sets,
                                listed(better)));
  }
  if (!worse.empty()) {
    parts.push_back(
        fmt::format("worse than {} on {} of {}: {}", baseline, worse.size(), sets, listed(worse)));
  }
  if (!open.empty()) {
    parts.push_back(
        fmt::format("not told apart from {} on {} of {}, where the interval of the "
                    "difference holds 0: {}",
                    baseline, open.size(), sets, listed(open)));
  }
  return fmt::format("{}: {} {}.", subject, metric_title(first.metric), join(parts, "; "));
}

void add_comparisons(const ReportData& data, std::vector<std::string>& findings) {
  using Key =
      std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
  std::vector<std::pair<Key, std::vector<const Comparison*>>> cells;
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    const Key key{one.model,           one.baseline, one.candidate,
                  one.candidate_notes, one.metric,   one.role};
    auto found = std::find_if(cells.begin(), cells.end(),
                              [&](const auto& cell) { return cell.first == key; });
    if (found == cells.end()) found = cells.insert(cells.end(), {key, {}});
    found->second.push_back(&one);
  }
  for (const auto& [key, over] : cells) findings.push_back(sentence(over, std::get<5>(key)));
}

void add_headline(const ReportData& data, std::vector<std::string>& findings) {
  const MetricTable table = metric_table(data.results, "classification", data.headline_metric);
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
                         table.systems[system].title, markup::interval(row.metric, row.lo, row.hi),
                         markup::count(row.n), markup::plural(row.seeds, "training", "trainings"));
    };
    const std::string where =
        fmt::format("On {} ({})", table.columns[c].dataset, table.columns[c].role);
    if (measured == 1) {
      findings.push_back(fmt::format("{}, {} is {}.", where, metric_title(table.metric),
                                     printed(*high, high_system)));
    } else if (measured > 1) {
      findings.push_back(fmt::format("{}, {} runs from {} to {}.", where,
                                     metric_title(table.metric), printed(*low, low_system),
                                     printed(*high, high_system)));
    }
  }
}

void add_limits(const ReportData& data, std::vector<std::string>& findings) {
  if (data.leakage.allowed && !data.leakage.findings.empty()) {
    findings.push_back(
        "Leakage between splits was found and allowed: all numbers may be better than they would "
        "be "
        "on new data.");
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
        "{} comparisons were made and none was corrected for their number; with no true difference "
        "about {:.1f} of them would be expected to exclude 0 by chance.",
        markup::count(compared), static_cast<double>(compared) * (1 - data.confidence)));
  }
  if (single) {
    findings.push_back(
        "Where a model was trained once, its interval covers the choice of test samples but not "
        "the "
        "luck of the training.");
  }
}

}  // namespace

std::vector<std::string> report_findings(const ReportData& data) {
  std::vector<std::string> findings;
  add_comparisons(data, findings);
  add_headline(data, findings);
  add_limits(data, findings);
  return findings;
}

}  // namespace epicrisis
