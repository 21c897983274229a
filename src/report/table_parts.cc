#include <fmt/format.h>

#include "epicrisis/report/tables.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {

std::string table(std::string_view caption, std::string_view head, std::string_view body,
                  bool tight) {
  // The caption stands outside the box, so that it does not scroll away with a wide table.
  return fmt::format(
      "<figure class=\"table{}\"><figcaption>{}</figcaption>\n<div class=\"scroll\" tabindex=\"0\" "
      "role=\"region\" aria-label=\"table\"><table>\n<thead><tr>{}</tr></thead>\n"
      "<tbody>\n{}</tbody></table></div></figure>\n",
      tight ? " tight" : "", caption, head, body);
}

std::string value_cell(const ResultRow* row, bool with_n, bool with_seeds, std::string_view missing,
                       std::string_view remark, std::string_view instead) {
  if (row == nullptr) {
    return fmt::format("<td class=\"number\"><span class=\"soft\">{}</span>{}</td>",
                       instead.empty() ? "–" : markup::text(instead),
                       missing.empty()
                           ? ""
                           : fmt::format("<small class=\"why\">{}</small>", markup::text(missing)));
  }
  std::string more;
  if (with_n) more += fmt::format("<small>n = {}</small>", markup::count(row->n));
  if (with_seeds) {
    more += fmt::format("<small>{}</small>", markup::plural(row->seeds, "training", "trainings"));
  }
  if (!remark.empty()) more += fmt::format("<small>{}</small>", markup::text(remark));
  return fmt::format("<td class=\"number\"><b>{}</b><small>{}</small>{}</td>",
                     markup::number(row->metric, row->value),
                     markup::interval(row->metric, *row->lo, *row->hi), more);
}

std::string figure(std::string_view svg, std::string_view caption, bool scrolls) {
  if (svg.empty()) return {};
  if (scrolls) {
    return fmt::format(
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"figure\">{}</div><figcaption>{}</figcaption></figure>\n",
        svg, caption);
  }
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", svg, caption);
}

namespace {

std::string system_cell(const MetricTable::System& system) {
  const std::string variant = markup::variant_title(system.mode, system.notes);
  if (system.run.empty()) {
    return fmt::format("<tr><th scope=\"row\">{}<small>{}</small></th>", markup::text(variant),
                       markup::text(system.model));
  }
  const std::string what =
      variant == system.run ? "" : fmt::format("<small>{}</small>", markup::text(variant));
  return fmt::format("<tr><th scope=\"row\">{}{}<small>{}</small></th>", markup::text(system.run),
                     what, markup::text(system.model));
}

// A line a reference, a cell a data set.
std::string reference_rows(const ReportData& data, const MetricTable& numbers, bool with_seeds) {
  std::string rows;
  for (const ReferenceLine& line : reference_lines(data, numbers)) {
    std::string cells;
    for (const ReportReference* one : line.cells) {
      cells += one == nullptr
                   ? std::string("<td class=\"number\">–</td>")
                   : fmt::format("<td class=\"number\">{}{}</td>",
                                 markup::number(one->metric, one->value),
                                 one->detail.empty()
                                     ? ""
                                     : fmt::format("<small>{}</small>", markup::text(one->detail)));
    }
    rows += fmt::format("<tr class=\"reference\"><th scope=\"row\">{}</th>{}{}</tr>\n", line.name,
                        with_seeds ? "<td class=\"number\">–</td>" : "", cells);
  }
  return rows;
}

}  // namespace

std::string metric_table_html(const MetricTable& numbers, std::string_view caption,
                              const ReportData* references) {
  if (!numbers.printed()) return {};
  // n goes into the column's head where it is the same for all, seeds into a column of their own.
  std::vector<std::size_t> column_n(numbers.columns.size(), 0);
  std::vector<bool> same_n(numbers.columns.size(), true);
  std::vector<std::size_t> seeds(numbers.systems.size(), 0);
  bool same_seeds = true;
  for (std::size_t s = 0; s < numbers.systems.size(); ++s) {
    for (std::size_t c = 0; c < numbers.columns.size(); ++c) {
      const ResultRow* row = numbers.cell(s, c);
      if (row == nullptr) continue;
      if (column_n[c] != 0 && column_n[c] != row->n) same_n[c] = false;
      column_n[c] = row->n;
      if (seeds[s] != 0 && seeds[s] != row->seeds) same_seeds = false;
      seeds[s] = row->seeds;
    }
  }
  std::string head = "<th scope=\"col\">Run</th>";
  if (same_seeds) head += "<th scope=\"col\" class=\"number\">Trainings</th>";
  for (std::size_t c = 0; c < numbers.columns.size(); ++c) {
    const std::string role = markup::text(numbers.columns[c].role);
    std::string n =
        same_n[c] && column_n[c] > 0 ? "n = " + markup::count(column_n[c]) : std::string();
    if (!n.empty() && column_n[c] < numbers.few) n = fmt::format("<b class=\"few\">{}, few</b>", n);
    head += fmt::format("<th scope=\"col\" class=\"number\">{}<small>{}{}{}</small></th>",
                        markup::text(numbers.columns[c].dataset), role,
                        role.empty() || n.empty() ? "" : ", ", n);
  }
  std::string body;
  for (std::size_t s = 0; s < numbers.systems.size(); ++s) {
    body += system_cell(numbers.systems[s]);
    if (same_seeds) body += fmt::format("<td class=\"number\">{}</td>", seeds[s]);
    for (std::size_t c = 0; c < numbers.columns.size(); ++c) {
      const std::size_t at = s * numbers.columns.size() + c;
      body += value_cell(numbers.cells[at], !same_n[c], !same_seeds, numbers.missing[at],
                         numbers.remarks.empty() ? std::string_view() : numbers.remarks[at],
                         numbers.counts.empty() ? std::string_view() : numbers.counts[at]);
    }
    body += "</tr>\n";
  }
  if (references != nullptr) body += reference_rows(*references, numbers, same_seeds);
  return table(caption, head, body);
}

}  // namespace epicrisis::sections
