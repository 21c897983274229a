#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/report/report_data.h"
#include "epicrisis/report/tables.h"

// The parts of the page. Each returns a whole section, or nothing where there is nothing to show.
namespace epicrisis::sections {

struct Section {
  std::string id;
  std::string title;
  std::string body;  // HTML
};

// The classes that occur in truth or prediction, and their names, which are appended.
ConfusionMatrix occurring(const ConfusionMatrix& all, const std::vector<std::string>& names,
                          std::vector<std::string>& kept_names);

Section summary(const ReportData& data);
Section datasets(const ReportData& data);
Section leakage(const ReportData& data);
Section notes(const ReportData& data);
Section audit(const ReportData& data);
Section training(const ReportData& data);
Section results(const ReportData& data);
Section classes(const ReportData& data);
Section confusions(const ReportData& data);
Section mistakes(const ReportData& data);
Section retrieval(const ReportData& data);
Section distances(const ReportData& data);
Section measuring(const ReportData& data);
Section settings(const ReportData& data);

// A table in a box that scrolls sideways on narrow screens. `head` and `body` are rows of cells.
// `tight`: of many columns, so small and with its intervals on two lines where there is no room.
std::string table(std::string_view caption, std::string_view head, std::string_view body,
                  bool tight = false);
// A value with its interval, n and seed count; what all cells of the table share is said elsewhere.
// Without a row a dash, or what is given instead, and why.
std::string value_cell(const ResultRow* row, bool with_n, bool with_seeds,
                       std::string_view missing = {}, std::string_view remark = {},
                       std::string_view instead = {});
// What the named terms mean, a sentence each, for below a table; unknown names are left out.
std::string terms(const std::vector<std::string_view>& names);
// The same of terms that are given themselves: their titles and what they mean.
std::string explained(const std::vector<std::pair<std::string_view, std::string_view>>& terms);
// A figure with its caption; nothing without a drawing.
std::string figure(std::string_view svg, std::string_view caption, bool scrolls = false);
// Systems a row, data sets a column, then what would be reached without learning. Nothing where no
// number is printable and there are no counts either.
// `references`: whose references are shown below; null: none.
std::string metric_table_html(const MetricTable& numbers, std::string_view caption,
                              const ReportData* references = nullptr);

}  // namespace epicrisis::sections
