#include "epicrisis/report/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/classification.h"
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
  if (parts.size() == 3) {
    for (const Direction direction : kDirections) {
      if (direction_name(direction) != parts[0]) continue;
      const std::string name = parts[1] == "median_rank" ? "median rank" : parts[1];
      return fmt::format("{}, {}, own pair {} the pool", name, direction_title(direction),
                         parts[2] == "pair_in" ? "in" : "out of");
    }
  }
  return std::string(metric);
}

bool printable(const Comparison& comparison) {
  const PairedDifference& d = comparison.result;
  return std::isfinite(d.difference) && std::isfinite(d.lo) && std::isfinite(d.hi) && d.n > 0 &&
         d.baseline_seeds > 0 && d.candidate_seeds > 0;
}

MetricTable metric_table(const std::vector<ResultRow>& rows, std::string_view task,
                         std::string_view metric) {
  MetricTable table;
  table.metric = metric;
  struct Cell {
    const ResultRow* all = nullptr;
    const ResultRow* single = nullptr;
    std::size_t singles = 0;
  };
  std::map<std::pair<std::size_t, std::size_t>, Cell> cells;
  for (const ResultRow& row : rows) {
    if (row.task != task || row.metric != metric || !row.printable()) continue;
    const auto system =
        std::find_if(table.systems.begin(), table.systems.end(), [&](const auto& known) {
          return known.model == row.model && known.mode == row.mode && known.notes == row.notes;
        });
    const std::size_t s = static_cast<std::size_t>(system - table.systems.begin());
    if (system == table.systems.end()) {
      table.systems.push_back(
          {row.model, row.mode, row.notes, markup::system_title(row.model, row.mode, row.notes)});
    }
    const auto column = std::find_if(
        table.columns.begin(), table.columns.end(),
        [&](const auto& known) { return known.dataset == row.dataset && known.role == row.role; });
    const std::size_t c = static_cast<std::size_t>(column - table.columns.begin());
    if (column == table.columns.end()) table.columns.push_back({row.dataset, row.role});
    Cell& cell = cells[{s, c}];
    if (row.seed == "all") {
      cell.all = &row;
    } else {
      cell.single = &row;
      ++cell.singles;
    }
  }
  // Internal sets first, else in order of appearance.
  std::vector<std::size_t> order(table.columns.size());
  for (std::size_t c = 0; c < order.size(); ++c) order[c] = c;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t c) { return table.columns[c].role == "internal"; });
  std::vector<MetricTable::Column> columns;
  for (const std::size_t c : order) columns.push_back(table.columns[c]);
  table.cells.assign(table.systems.size() * columns.size(), nullptr);
  for (std::size_t s = 0; s < table.systems.size(); ++s) {
    for (std::size_t k = 0; k < order.size(); ++k) {
      const auto found = cells.find({s, order[k]});
      if (found == cells.end()) continue;
      const Cell& cell = found->second;
      table.cells[s * columns.size() + k] = cell.all != nullptr ? cell.all
                                            : cell.singles == 1 ? cell.single
                                                                : nullptr;
    }
  }
  table.columns = std::move(columns);
  return table;
}

std::string report_csv(const ReportData& data) { return to_csv(printable_rows(data)); }

Json to_json(const ReportData& data) {
  Json comparisons = Json::array();
  for (const Comparison& one : data.comparisons) {
    if (!printable(one)) continue;
    comparisons.push_back({{"model", one.model},
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
  Json environment = Json::object();
  for (const auto& [key, value] : data.environment) environment[key] = value;
  return {{"title", data.title},
          {"confidence", data.confidence},
          {"replicates", data.replicates},
          {"notes_from_labels", data.notes_from_labels},
          {"results", to_json(printable_rows(data))},
          {"comparisons", std::move(comparisons)},
          {"leakage",
           {{"checked", data.leakage.checked},
            {"allowed", data.leakage.allowed},
            {"findings", std::move(findings)}}},
          {"audit", to_json(data.audit)},
          {"findings", report_findings(data)},
          {"warnings", data.warnings},
          {"environment", std::move(environment)}};
}

std::string report_text(const ReportData& data) {
  const MetricTable table = metric_table(data.results, "classification", data.headline_metric);
  if (table.systems.empty()) return "No result with an interval yet.\n";
  std::vector<std::vector<std::string>> lines = {{metric_title(data.headline_metric)}};
  for (const MetricTable::Column& column : table.columns) {
    lines[0].push_back(clean_text(fmt::format("{} ({})", column.dataset, column.role), 60));
  }
  for (std::size_t s = 0; s < table.systems.size(); ++s) {
    std::vector<std::string> line = {clean_text(table.systems[s].title, 80)};
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const ResultRow* row = table.cell(s, c);
      line.push_back(row == nullptr
                         ? "-"
                         : fmt::format("{} [{}, {}] n={} seeds={}",
                                       format_metric(row->metric, row->value),
                                       format_metric(row->metric, *row->lo),
                                       format_metric(row->metric, *row->hi), row->n, row->seeds));
    }
    lines.push_back(std::move(line));
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
  return text;
}

}  // namespace epicrisis
