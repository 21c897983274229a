#include <fmt/format.h>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"

namespace epicrisis {
namespace {

// Everything that TeX would read as a command becomes a printed character.
std::string latex(std::string_view from_outside) {
  std::string result;
  for (const char c : clean_text(from_outside, 500)) {
    switch (c) {
      case '\\':
        result += "\\textbackslash{}";
        break;
      case '{':
      case '}':
      case '$':
      case '&':
      case '#':
      case '%':
      case '_':
        result += '\\';
        result += c;
        break;
      case '~':
        result += "\\textasciitilde{}";
        break;
      case '^':
        result += "\\textasciicircum{}";
        break;
      default:
        result += c;
    }
  }
  // The arrows of the directions' titles.
  for (std::size_t at = result.find("→"); at != std::string::npos; at = result.find("→")) {
    result.replace(at, std::string_view("→").size(), "$\\rightarrow$");
  }
  return result;
}

std::string value_cell(const ResultRow* row, bool with_n, const std::string& instead) {
  if (row == nullptr) return instead.empty() ? "--" : instead;
  const std::string where = with_n ? fmt::format(", $n={}$", row->n) : "";
  return fmt::format("{} {{\\footnotesize [{}, {}]{}}}", format_metric(row->metric, row->value),
                     format_metric(row->metric, *row->lo), format_metric(row->metric, *row->hi),
                     where);
}

// "3" if all cells of a system have three trainings, "1--3" otherwise.
std::string seeds_of(const MetricTable& table, std::size_t system) {
  std::size_t least = 0;
  std::size_t most = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const ResultRow* row = table.cell(system, c);
    if (row == nullptr) continue;
    least = least == 0 ? row->seeds : std::min(least, row->seeds);
    most = std::max(most, row->seeds);
  }
  return least == most ? std::to_string(most) : fmt::format("{}--{}", least, most);
}

// What would be reached without learning, a line each.
std::string references_latex(const ReportData& data, const MetricTable& table) {
  std::string text;
  for (const ReferenceLine& line : reference_lines(data, table)) {
    std::string cells;
    for (const ReportReference* one : line.cells) {
      cells += " & " + (one == nullptr ? "--" : format_metric(one->metric, one->value));
    }
    text += fmt::format("    {}{} & -- \\\\\n", line.name, cells);
  }
  return text.empty() ? text : "    \\midrule\n" + text;
}

std::string metric_latex(const MetricTable& table, const std::string& caption,
                         const std::string& references = {}) {
  std::string text = fmt::format(
      "\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \\begin{{tabular}}{{l{}r}}\n"
      "    \\toprule\n    System",
      caption, std::string(table.columns.size(), 'l'));
  for (const MetricTable::Column& column : table.columns) {
    text +=
        " & " + latex(column.role.empty() ? column.dataset
                                          : fmt::format("{} ({})", column.dataset, column.role));
  }
  text += " & Seeds \\\\\n    \\midrule\n";
  for (std::size_t s = 0; s < table.systems.size(); ++s) {
    text += "    " + latex(table.systems[s].title);
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      text += " & " +
              value_cell(table.cell(s, c), true,
                         table.counts.empty() ? "" : table.counts[s * table.columns.size() + c]);
    }
    text += fmt::format(" & {} \\\\\n", seeds_of(table, s));
  }
  return text + references + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
}

std::string comparisons_latex(const ReportData& data, const std::string& percent) {
  std::string rows;
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    rows += fmt::format(
        "    {} & {} ({}) & {} & {} {{\\footnotesize [{}, {}]}} & {} & {} & {}/{} \\\\\n",
        latex(fmt::format(
            "{} minus {}{}",
            markup::system_title(one.run, one.model, one.candidate, one.candidate_notes),
            markup::run_title(one.baseline_run, markup::mode_title(one.baseline)),
            one.differences.empty() ? ""
                                    : "; not the notes alone: " + join(one.differences, "; "))),
        latex(one.dataset), latex(one.role), latex(metric_title(one.metric)),
        format_metric(one.metric, one.result.difference), format_metric(one.metric, one.result.lo),
        format_metric(one.metric, one.result.hi), latex(markup::p_value(one.result.p_value)),
        one.result.n, one.result.candidate_seeds, one.result.baseline_seeds);
  }
  if (rows.empty()) return {};
  return fmt::format(
      "\\begin{{table}}\n  \\centering\n  \\caption{{Paired differences on the same samples with "
      "{}\\% bootstrap intervals.}}\n  \\begin{{tabular}}{{lllllrr}}\n    \\toprule\n    "
      "Comparison & Data set & Metric & Difference & $p$ & $n$ & Seeds \\\\\n    \\midrule\n"
      "{}    \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n",
      percent, rows);
}

}  // namespace

std::string report_latex(const ReportData& data) {
  const std::string percent = fmt::format("{:g}", data.confidence * 100);
  std::string text = "% Needs \\usepackage{booktabs}.\n";
  const auto add = [&](std::string_view task, std::string_view metric, const std::string& kind) {
    const MetricTable table = metric_table(data, task, metric);
    if (!table.printed()) return;
    text += metric_latex(table,
                         fmt::format("{}{} with {}\\% bootstrap intervals ({} replicates).", kind,
                                     latex(metric_title(metric)), percent, data.replicates),
                         task == "retrieval" ? "" : references_latex(data, table));
  };
  for (const ClassificationMetric& metric : classification_metrics()) {
    add("classification", metric.name, "");
  }
  for (const MetricTable::Column& set : result_sets(data.results)) {
    for (const auto& [kind, words] :
         {std::pair("recall", "Recall"), std::pair("specificity", "Specificity")}) {
      const MetricTable table = class_table(data, kind, set.dataset, set.role);
      if (!table.printed()) continue;
      text += metric_latex(
          table, fmt::format("{} of each class on {} with {}\\% bootstrap intervals.", words,
                             latex(fmt::format("{} ({})", set.dataset, set.role)), percent));
    }
  }
  add("zero-shot", data.headline_metric, "Zero-shot: ");
  text += comparisons_latex(data, percent);
  for (const Direction direction : kDirections) {
    for (const char* protocol : {"pair_out", "pair_in"}) {
      for (const char* metric :
           {"P@5", "P@10", kChancePrecision, "mAP", kChanceMap, "R@1", "R@10", "median_rank"}) {
        add("retrieval", fmt::format("{}/{}/{}", direction_name(direction), metric, protocol),
            data.notes_from_labels && direction != Direction::kImageToImage
                ? "Retrieval with notes made from labels: "
                : "Retrieval: ");
      }
    }
  }
  return text;
}

}  // namespace epicrisis
