// Which numbers stand in which cell, and why a cell has none.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"

namespace epicrisis {
namespace {

constexpr std::string_view kInternal = "internal";

bool is_of(const ResultRow& row, const MetricTable::System& system) {
  return row.run == system.run && row.model == system.model && row.mode == system.mode &&
         row.notes == system.notes;
}

bool is_of(const ResultRow& row, const MetricTable::Column& column) {
  return row.dataset == column.dataset && row.role == column.role;
}

// Why a metric that a run was measured with has no row.
std::string undefined_words(std::string_view metric) {
  if (metric == "linear_kappa") return "not defined: only one class occurs";
  if (metric == "auroc") return "not defined: no class has samples of it and of others";
  return "not defined here";
}

bool is_over_classes(std::string_view metric) {
  return std::ranges::any_of(classification_metrics(), [&](const ClassificationMetric& known) {
    return known.name == metric && known.over_classes;
  });
}

// The row of the system and column among the rows of one metric, or why there is none; `of_task`
// are those of all its metrics.
struct Found {
  const ResultRow* row = nullptr;
  std::string missing;
};
Found find_row(const std::vector<const ResultRow*>& rows, const MetricTable::System& system,
               const MetricTable::Column& column, std::string_view metric,
               const std::vector<const ResultRow*>& of_task) {
  const ResultRow* all = nullptr;
  const ResultRow* single = nullptr;
  std::size_t singles = 0;
  std::string why;
  for (const ResultRow* row : rows) {
    if (!is_of(*row, system) || !is_of(*row, column)) continue;
    if (row->printable()) {
      if (row->seed == "all") {
        all = row;
      } else {
        single = row;
        ++singles;
      }
    } else if (!std::isfinite(row->value)) {
      why = undefined_words(metric);
    } else if (row->n == 0 || row->seeds == 0) {
      why = "not known how many samples or trainings";
    } else {
      why = is_over_classes(metric)
                ? "no interval: too few samples or patients of a class to draw from"
                : "no interval: too few samples or patients to draw from";
    }
  }
  if (all != nullptr) return {all, ""};
  if (singles == 1) return {single, ""};
  if (singles > 1) return {nullptr, "several trainings, and nothing over all of them"};
  if (!why.empty()) return {nullptr, why};
  const bool measured = std::any_of(of_task.begin(), of_task.end(), [&](const ResultRow* row) {
    return is_of(*row, system) && is_of(*row, column);
  });
  return {nullptr, measured ? undefined_words(metric) : "not measured on this data set"};
}

// "0 of 1", where the share of a class that was called right has no interval: what was counted is
// certain, what it says of others is not. The mean of several trainings: "0.5 of 1".
std::string count_of(const std::vector<const ResultRow*>& rows, const MetricTable::System& system,
                     const MetricTable::Column& column) {
  const ResultRow* found = nullptr;
  for (const ResultRow* row : rows) {
    if (!is_of(*row, system) || !is_of(*row, column) || !std::isfinite(row->value)) continue;
    if (found == nullptr || row->seed == "all") found = row;
  }
  if (found == nullptr || found->n == 0) return {};
  return fmt::format("{:.3g} of {}", found->value * static_cast<double>(found->n),
                     markup::count(found->n));
}

void internal_first(std::vector<MetricTable::Column>& columns) {
  std::stable_partition(columns.begin(), columns.end(),
                        [](const auto& column) { return column.role == kInternal; });
}

// Adds what is not there yet.
template <typename List, typename Item, typename Same>
void add_new(List& list, Item item, const Same& same) {
  if (std::none_of(list.begin(), list.end(), same)) list.push_back(std::move(item));
}

void add_system(MetricTable& table, const ResultRow& row) {
  add_new(table.systems,
          MetricTable::System{row.run, row.model, row.mode, row.notes,
                              markup::system_title(row.run, row.model, row.mode, row.notes)},
          [&](const auto& known) { return is_of(row, known); });
}

void add_column(std::vector<MetricTable::Column>& columns, const ResultRow& row) {
  add_new(columns, MetricTable::Column{row.dataset, row.role},
          [&](const auto& known) { return is_of(row, known); });
}

const ReportReference* find_reference(const ReportData& data, std::string_view name,
                                      const MetricTable::Column& column, std::string_view metric) {
  for (const ReportReference& one : data.references) {
    if (one.name == name && one.dataset == column.dataset && one.role == column.role &&
        one.metric == metric && std::isfinite(one.value) && one.n > 0) {
      return &one;
    }
  }
  return nullptr;
}

}  // namespace

bool MetricTable::printed() const {
  return std::ranges::any_of(cells, [](const auto* row) { return row != nullptr; }) ||
         std::ranges::any_of(counts, [](const std::string& count) { return !count.empty(); });
}

std::string MetricTable::missing_words() const {
  const std::set<std::string> reasons(missing.begin(), missing.end());
  std::vector<std::string> words;
  for (const std::string& reason : reasons) {
    if (!reason.empty()) words.push_back(reason);
  }
  return join(words, "; ");
}

MetricTable metric_table(const std::vector<ResultRow>& rows, std::string_view task,
                         std::string_view metric) {
  MetricTable table;
  table.metric = metric;
  std::vector<const ResultRow*> of_task;
  std::vector<const ResultRow*> of_metric;
  for (const ResultRow& row : rows) {
    if (row.task != task) continue;
    of_task.push_back(&row);
    if (row.metric == metric) of_metric.push_back(&row);
  }
  if (of_metric.empty()) return table;
  for (const ResultRow* row : task == "retrieval" ? of_metric : of_task) {
    add_system(table, *row);
    add_column(table.columns, *row);
  }
  internal_first(table.columns);
  for (const MetricTable::System& system : table.systems) {
    for (const MetricTable::Column& column : table.columns) {
      Found found = find_row(of_metric, system, column, metric, of_task);
      table.cells.push_back(found.row);
      table.missing.push_back(std::move(found.missing));
    }
  }
  return table;
}

MetricTable metric_table(const ReportData& data, std::string_view task, std::string_view metric) {
  MetricTable table = metric_table(data.results, task, metric);
  for (const SamplesWithoutNote& one : data.without_note) {
    if (one.without < one.n) continue;
    for (std::size_t s = 0; s < table.systems.size(); ++s) {
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const MetricTable::Column& column = table.columns[c];
        const std::size_t at = s * table.columns.size() + c;
        if (table.systems[s].run != one.run || column.dataset != one.dataset ||
            column.role != one.role || table.cells[at] != nullptr) {
          continue;
        }
        table.missing[at] = "not measured: the run reads notes, and no test sample here has one";
      }
    }
  }
  return table;
}

MetricTable class_table(const ReportData& data, std::string_view kind, std::string_view dataset,
                        std::string_view role) {
  MetricTable table;
  table.metric = kind;
  table.few = kFewOfAClass;
  const MetricTable::Column where{std::string(dataset), std::string(role)};
  std::vector<std::vector<const ResultRow*>> of_class;
  for (const std::string& name : data.classes) {
    // A class that occurs has a recall.
    const std::string recall = "recall/" + name;
    const bool occurs = std::any_of(
        data.results.begin(), data.results.end(),
        [&](const ResultRow& row) { return row.metric == recall && is_of(row, where); });
    if (!occurs) continue;
    const std::string metric = fmt::format("{}/{}", kind, name);
    std::vector<const ResultRow*> rows;
    for (const ResultRow& row : data.results) {
      if (row.task != "classification" || !is_of(row, where) || row.metric != metric) continue;
      rows.push_back(&row);
      add_system(table, row);
    }
    if (rows.empty()) continue;
    table.columns.push_back({name, ""});
    of_class.push_back(std::move(rows));
  }
  for (const MetricTable::System& system : table.systems) {
    for (std::size_t c = 0; c < of_class.size(); ++c) {
      Found found = find_row(of_class[c], system, where, kind, of_class[c]);
      table.counts.push_back(found.row == nullptr ? count_of(of_class[c], system, where) : "");
      table.cells.push_back(found.row);
      table.missing.push_back(std::move(found.missing));
    }
  }
  return table;
}

std::vector<MetricTable::Column> result_sets(const std::vector<ResultRow>& rows) {
  std::vector<MetricTable::Column> columns;
  for (const ResultRow& row : rows) add_column(columns, row);
  internal_first(columns);
  return columns;
}

std::vector<ReferenceLine> reference_lines(const ReportData& data, const MetricTable& table) {
  std::vector<ReferenceLine> lines;
  for (const char* name : {kMajority, kChance}) {
    ReferenceLine line{name, {}};
    for (const MetricTable::Column& column : table.columns) {
      line.cells.push_back(find_reference(data, name, column, table.metric));
    }
    const auto is_there = [](const ReportReference* one) { return one != nullptr; };
    if (std::ranges::any_of(line.cells, is_there)) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace epicrisis
