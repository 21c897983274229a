#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/report/report_data.h"

namespace epicrisis {

// The same numbers as in the HTML report. Rows that are not printable() are left out everywhere.

std::string report_csv(const ReportData& data);  // all results, columns of ResultRow
// {"title", "confidence", "replicates", "results": [...], "comparisons": [...], "leakage": {...},
// "findings", "against_no_learning" and "small_classes": sentences, "note_readers": names,
// "without_note": [...]}, and "not_printed": how many results are not printable().
Json to_json(const ReportData& data);
// Tables for a paper (booktabs): headline, comparisons, retrieval. Text is escaped for LaTeX.
std::string report_latex(const ReportData& data);
// The headline table for a terminal, columns aligned, which runs read notes, which beat what is
// reached without learning, and what is small; control characters are removed.
std::string report_text(const ReportData& data);

// What the comparisons found, in plain sentences that claim no more than their intervals do; and
// what limits it (leakage that was allowed, single trainings, many comparisons). Plain text, not
// escaped.
std::vector<std::string> report_findings(const ReportData& data);

// Which data sets are small (kFewSamples, kFewOfAClass), a sentence each. Plain text.
std::vector<std::string> small_numbers(const ReportData& data);

// In which data sets a class has fewer than kFewInAMean samples, a sentence each, for below a mean
// over the classes. Plain text.
std::vector<std::string> small_classes(const ReportData& data);

// By the intervals of the headline metric, which runs are better than what is reached without
// learning, by the higher of the reference lines; a sentence a data set. Plain text.
std::vector<std::string> against_no_learning(const ReportData& data);

// Which samples a run that reads notes leaves out: "run 'a' reads the notes of test samples: 3 of
// 12 of clinic have none and are left out".
std::string left_out_words(const SamplesWithoutNote& one);

// The names of the runs that the results hold whose mode is "text", in their order: they read the
// notes of the test samples and see no picture.
std::vector<std::string> note_readers(const ReportData& data);
// A sentence that says so of them; "" without any.
std::string note_readers_words(const ReportData& data);

// Whether difference, interval, n and the seed counts are all there.
bool printable(const Comparison& comparison);

// A number as every table prints it: 3 decimals; median ranks 1 decimal. "" for NaN.
std::string format_metric(std::string_view metric, double value);
// "Weighted F1", "P@5, image → text, own pair out".
std::string metric_title(std::string_view metric);

// Fewer samples of a data set, or of a class in it, are called few: one of them more or less right
// moves a number visibly.
inline constexpr std::size_t kFewSamples = 100;
inline constexpr std::size_t kFewOfAClass = 20;
// Where each class weighs the same, one sample of so few weighs most.
inline constexpr std::size_t kFewInAMean = 5;

// One system (run, model, mode, notes) a row, one data set a column, internal ones first.
struct MetricTable {
  struct System {
    std::string run;
    std::string model;
    std::string mode;
    std::string notes;
    std::string title;  // "multi-m (densenet121, multimodal, notes M)"
  };
  struct Column {
    std::string dataset;
    std::string role;
  };
  std::string metric;
  std::vector<System> systems;
  std::vector<Column> columns;
  std::vector<const ResultRow*> cells;    // systems * columns; null: no printable number
  std::vector<std::string> missing;       // why a cell is null; of the others ""
  std::vector<std::string> remarks = {};  // empty, or below the value of each cell: "by chance 0.2"
  std::vector<std::string> counts = {};   // empty, or what a null cell counts: "0 of 1", else ""
  std::size_t few = kFewSamples;          // an n below is marked
  const ResultRow* cell(std::size_t system, std::size_t column) const {
    return cells[system * columns.size() + column];
  }
  bool printed() const;               // whether there is a number or a count at all
  std::string missing_words() const;  // the reasons, each once
};
// Takes the rows over all seeds ("all"), or the single seed's row where only one was trained. In
// classification every system and data set of the task is there, also where this metric is not
// printable; in retrieval those that the metric was measured for. Points into `rows`.
MetricTable metric_table(const std::vector<ResultRow>& rows, std::string_view task,
                         std::string_view metric);
// The same of the report's results; a cell that a run left empty for want of notes says so.
MetricTable metric_table(const ReportData& data, std::string_view task, std::string_view metric);
// Recall or specificity ("recall", "specificity") on one data set: a class a column, those that
// occur there. Of a class of too few samples for an interval it counts: "0 of 1".
MetricTable class_table(const ReportData& data, std::string_view kind, std::string_view dataset,
                        std::string_view role);
// The data sets that there are results of, internal ones first.
std::vector<MetricTable::Column> result_sets(const std::vector<ResultRow>& rows);

// A line of a table of what would be reached without learning: a cell a column, null where there is
// none.
struct ReferenceLine {
  std::string name;
  std::vector<const ReportReference*> cells;
};
// Those with a number, in the order in which they are shown. Points into `data`.
std::vector<ReferenceLine> reference_lines(const ReportData& data, const MetricTable& table);

}  // namespace epicrisis
