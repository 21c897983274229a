// Each class: recall and specificity.
#include <fmt/format.h>

#include "epicrisis/report/tables.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {

using markup::text;

Section classes(const ReportData& data) {
  std::string html;
  for (const MetricTable::Column& set : result_sets(data.results)) {
    std::string tables;
    for (const auto& [kind, words] :
         {std::pair("recall", "Recall"), std::pair("specificity", "Specificity")}) {
      const MetricTable numbers = class_table(data, kind, set.dataset, set.role);
      const std::string caption = fmt::format(
          "{} of each class that occurs, with {:g} % intervals.", words, data.confidence * 100);
      const std::string printed = metric_table_html(numbers, caption);
      if (!printed.empty()) {
        tables += printed;
      } else if (!numbers.systems.empty()) {
        tables +=
            fmt::format("<p>{} is not printed: {}.</p>\n", words, text(numbers.missing_words()));
      }
    }
    if (tables.empty()) continue;
    html += fmt::format("<h3>{} <span class=\"soft\">{}</span></h3>\n{}", text(set.dataset),
                        text(set.role), tables);
  }
  if (html.empty()) return {};
  return {"classes", "Each class", html + terms({"recall", "specificity", "n", "interval"})};
}

}  // namespace epicrisis::sections
