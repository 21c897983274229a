#include "epicrisis/report/html_report.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/page.h"
#include "report/sections.h"

namespace epicrisis {
namespace {

using markup::text;

std::string banners(const ReportData& data) {
  std::string html;
  if (data.leakage.allowed && !data.leakage.findings.empty()) {
    html +=
        "<div class=\"banner bad\" role=\"alert\"><p><b>Leakage was allowed.</b> Splits of this "
        "study overlap (<a href=\"#leakage\">see which</a>); its numbers may be better than "
        "they would be on new data.</p></div>\n";
  }
  if (!data.warnings.empty()) {
    html += "<div class=\"banner\" role=\"note\"><ul>\n";
    for (const std::string& warning : data.warnings) html += "<li>" + text(warning) + "</li>\n";
    html += "</ul></div>\n";
  }
  return html;
}

}  // namespace

std::string render_html(const ReportData& data) {
  const std::vector<sections::Section> all = {
      sections::summary(data),   sections::datasets(data),  sections::leakage(data),
      sections::notes(data),     sections::audit(data),     sections::training(data),
      sections::results(data),   sections::classes(data),   sections::confusions(data),
      sections::mistakes(data),  sections::retrieval(data), sections::distances(data),
      sections::measuring(data), sections::settings(data)};
  const std::string title = text(data.title.empty() ? "Report" : data.title);
  std::string page = page_head(title);
  if (!data.subtitle.empty() && data.subtitle != data.title) {
    page += fmt::format("<p class=\"subtitle\">{}</p>\n", text(data.subtitle));
  }
  page += banners(data) + "</header>\n<nav class=\"contents\" aria-label=\"Contents\"><ul>\n";
  for (const sections::Section& section : all) {
    if (section.body.empty()) continue;
    page += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, section.title);
  }
  page += "</ul></nav>\n<main>\n";
  for (const sections::Section& section : all) {
    if (section.body.empty()) continue;
    page +=
        fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                    section.id, section.title, section.body);
  }
  return page + "</main>\n" + page_foot();
}

}  // namespace epicrisis
