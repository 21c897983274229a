#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/report/report_data.h"

namespace epicrisis {

// The same numbers as in the HTML report. Rows that are not printable() are left out everywhere.

std::string report_csv(const ReportData& data);  // all results, columns of ResultRow
// {"title", "confidence", "replicates", "results": [...], "comparisons": [...], "leakage": {...}}
Json to_json(const ReportData& data);
// Tables for a paper (booktabs): headline, comparisons, retrieval. Text is escaped for LaTeX.
std::string report_latex(const ReportData& data);
// The headline table for a terminal, columns aligned; control characters are removed.
std::string report_text(const ReportData& data);

// What the comparisons found, in plain sentences that claim no more than their intervals do; and
// what limits it (leakage that was allowed, single trainings, many comparisons). Plain text, not
// escaped.
std::vector<std::string> report_findings(const ReportData& data);

// Whether difference, interval, n and the seed counts are all there.
bool printable(const Comparison& comparison);

// A number as every table prints it: 3 decimals; median ranks 1 decimal. "" for NaN.
std::string format_metric(std::string_view metric, double value);
// "Weighted F1", "P@5, image → text, own pair out".
std::string metric_title(std::string_view metric);

// One system (model, mode, notes) a row, one data set a column, internal ones first.
struct MetricTable {
  struct System {
    std::string model;
    std::string mode;
    std::string notes;
    std::string title;  // "densenet121, multimodal, notes M"
  };
  struct Column {
    std::string dataset;
    std::string role;
  };
  std::string metric;
  std::vector<System> systems;
  std::vector<Column> columns;
  std::vector<const ResultRow*> cells;  // systems * columns; null: no printable number
  const ResultRow* cell(std::size_t system, std::size_t column) const {
    return cells[system * columns.size() + column];
  }
};
// Takes the rows over all seeds ("all"), or the single seed's row where only one was trained.
// Points into `rows`.
MetricTable metric_table(const std::vector<ResultRow>& rows, std::string_view task,
                         std::string_view metric);

}  // namespace epicrisis
