#include "epicrisis/report/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/eval/retrieval.h"
#include "report/markup.h"

namespace epicrisis {
namespace {

std::vector<ResultRow> printable_rows(const ReportData& data) {
  std::vector<ResultRow> rows;
  std::copy_if(data.results.begin(), data.results.end(), std::back_inserter(rows),
               [](const ResultRow& row) { return row.printable(); });
  return rows;
}

std::size_t terminal_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// A line for each data set of which a run left samples out.
std::string left_out_lines(const ReportData& data) {
  std::string lines;
  for (const SamplesWithoutNote& one : data.without_note) {
    lines += clean_text(left_out_words(one), 500) + ".\n";
  }
  return lines;
}

}  // namespace

std::string format_metric(std::string_view metric, double value) {
  if (!std::isfinite(value)) return {};
  const bool rank = metric.find("median_rank") != std::string_view::npos;
  std::string digits = fmt::format("{:.{}f}", value, rank ? 1 : 3);
  // No "-0.000".
  if (digits.starts_with('-') && digits.find_first_not_of("-0.") == std::string::npos) {
    digits.erase(0, 1);
  }
  return digits;
}

std::string metric_title(std::string_view metric) {
  for (const ClassificationMetric& known : classification_metrics()) {
    if (known.name == metric) return known.title;
  }
  const std::vector<std::string> parts = split(metric, '/');
  if (parts.size() == 2 && parts[0] == "recall") return "Recall of " + parts[1];
  if (parts.size() == 2 && parts[0] == "specificity") return "Specificity of " + parts[1];
  if (parts.size() == 3) {
    for (const Direction direction : kDirections) {
      if (direction_name(direction) != parts[0]) continue;
      return fmt::format("{}, {}, own pair {} the pool", markup::retrieval_name(parts[1]),
                         direction_title(direction), parts[2] == "pair_in" ? "in" : "out of");
    }
  }
  return std::string(metric);
}

std::string left_out_words(const SamplesWithoutNote& one) {
  const std::string samples = counted(one.n, "test sample");
  if (one.without == one.n) {
    return fmt::format(
        "run '{}' reads the notes of test samples, and none of the {} of {} has one: it is not "
        "measured there",
        one.run, samples, one.dataset);
  }
  return fmt::format("run '{}' reads the notes of test samples: {} of the {} of {} {} left out",
                     one.run, one.without, samples, one.dataset,
                     one.without == 1 ? "has none and is" : "have none and are");
}

std::vector<std::string> note_readers(const ReportData& data) {
  std::vector<std::string> readers;
  for (const ResultRow& row : data.results) {
    if (row.mode != markup::kNotesMode) continue;
    const std::string name =
        row.run.empty() ? markup::system_title("", row.model, row.mode, row.notes) : row.run;
    if (std::ranges::find(readers, name) == readers.end()) readers.push_back(name);
  }
  return readers;
}

std::string note_readers_words(const ReportData& data) {
  const std::vector<std::string> readers = note_readers(data);
  if (readers.empty()) return {};
  return fmt::format(
      "{} {} no picture: such numbers say what the notes tell, not what notes bought a model of "
      "pictures.",
      join_words(readers, "and"),
      readers.size() == 1 ? "reads the notes of the test samples and sees"
                          : "read the notes of the test samples and see");
}

bool printable(const Comparison& comparison) {
  const PairedDifference& d = comparison.result;
  return std::isfinite(d.difference) && std::isfinite(d.lo) && std::isfinite(d.hi) && d.n > 0 &&
         d.baseline_seeds > 0 && d.candidate_seeds > 0;
}

std::string report_csv(const ReportData& data) { return to_csv(printable_rows(data)); }

Json to_json(const ReportData& data) {
  Json comparisons = Json::array();
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    comparisons.push_back({{"run", one.run},
                           {"baseline_run", one.baseline_run},
                           {"differences", one.differences},
                           {"model", one.model},
                           {"baseline", one.baseline},
                           {"candidate", one.candidate},
                           {"candidate_notes", one.candidate_notes},
                           {"dataset", one.dataset},
                           {"role", one.role},
                           {"metric", one.metric},
                           {"difference", one.result.difference},
                           {"lo", one.result.lo},
                           {"hi", one.result.hi},
                           {"p_value", one.result.p_value},
                           {"n", one.result.n},
                           {"baseline_seeds", one.result.baseline_seeds},
                           {"candidate_seeds", one.result.candidate_seeds}});
  }
  Json findings = Json::array();
  for (const LeakageFinding& one : data.leakage.findings) {
    findings.push_back({{"kind", one.kind},
                        {"left", one.left},
                        {"right", one.right},
                        {"count", one.count},
                        {"examples", one.examples}});
  }
  Json references = Json::array();
  for (const ReportReference& one : data.references) {
    references.push_back({{"name", one.name},
                          {"class", one.detail},
                          {"dataset", one.dataset},
                          {"role", one.role},
                          {"metric", one.metric},
                          {"value", one.value},
                          {"n", one.n}});
  }
  Json without_note = Json::array();
  for (const SamplesWithoutNote& one : data.without_note) {
    without_note.push_back({{"run", one.run},
                            {"dataset", one.dataset},
                            {"role", one.role},
                            {"without", one.without},
                            {"n", one.n}});
  }
  Json environment = Json::object();
  for (const auto& [key, value] : data.environment) environment[key] = value;
  const std::vector<ResultRow> printed = printable_rows(data);
  return {{"title", data.title},
          {"confidence", data.confidence},
          {"replicates", data.replicates},
          {"notes_from_labels", data.notes_from_labels},
          {"results", to_json(printed)},
          {"not_printed", data.results.size() - printed.size()},
          {"references", std::move(references)},
          {"comparisons", std::move(comparisons)},
          {"leakage",
           {{"checked", data.leakage.checked},
            {"allowed", data.leakage.allowed},
            {"findings", std::move(findings)},
            {"inside", data.leakage.inside},
            {"other_class", data.leakage.other_class},
            {"other_class_examples", data.leakage.other_class_examples}}},
          {"audit", to_json(data.audit)},
          {"findings", report_findings(data)},
          {"against_no_learning", against_no_learning(data)},
          {"small_classes", small_classes(data)},
          {"note_readers", note_readers(data)},
          {"warnings", data.warnings},
          {"without_note", std::move(without_note)},
          {"environment", std::move(environment)}};
}

std::string report_text(const ReportData& data) {
  const MetricTable table = metric_table(data, "classification", data.headline_metric);
  if (!table.printed()) {
    return "No result with an interval yet" +
           (table.systems.empty() ? ".\n" : ": " + table.missing_words() + ".\n") +
           left_out_lines(data);
  }
  std::vector<std::vector<std::string>> lines = {{metric_title(data.headline_metric)}};
  for (const MetricTable::Column& column : table.columns) {
    lines[0].push_back(fmt::format("{} ({})", column.dataset, column.role));
  }
  for (std::size_t s = 0; s < table.systems.size(); ++s) {
    std::vector<std::string> line = {table.systems[s].title};
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const ResultRow* row = table.cell(s, c);
      line.push_back(row == nullptr
                         ? "- (" + table.missing[s * table.columns.size() + c] + ")"
                         : fmt::format("{} [{}, {}] n={} seeds={}",
                                       format_metric(row->metric, row->value),
                                       format_metric(row->metric, *row->lo),
                                       format_metric(row->metric, *row->hi), row->n, row->seeds));
    }
    lines.push_back(std::move(line));
  }
  for (const ReferenceLine& references : reference_lines(data, table)) {
    std::vector<std::string> line = {references.name};
    for (const ReportReference* one : references.cells) {
      line.push_back(one == nullptr ? "-"
                                    : format_metric(one->metric, one->value) +
                                          (one->detail.empty() ? "" : " " + one->detail));
    }
    lines.push_back(std::move(line));
  }
  for (std::vector<std::string>& line : lines) {
    for (std::string& cell : line) cell = clean_text(cell, 120);
  }
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const std::vector<std::string>& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      widths[c] = std::max(widths[c], terminal_width(line[c]));
    }
  }
  std::string text;
  for (const std::vector<std::string>& line : lines) {
    std::string printed;
    for (std::size_t c = 0; c < line.size(); ++c) {
      printed += line[c] + std::string(widths[c] - terminal_width(line[c]) + 2, ' ');
    }
    text += printed.substr(0, printed.find_last_not_of(' ') + 1) + "\n";
  }
  const std::string readers = note_readers_words(data);
  if (!readers.empty()) text += clean_text(readers, 500) + "\n";
  text += left_out_lines(data);
  for (const std::string& verdict : against_no_learning(data))
    text += clean_text(verdict, 500) + "\n";
  for (const std::string& warning : small_numbers(data)) text += clean_text(warning, 500) + "\n";
  return text;
}

}  // namespace epicrisis
