#include "epicrisis/report/html_report.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/page_style.h"
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
      sections::summary(data),   sections::datasets(data),   sections::leakage(data),
      sections::notes(data),     sections::audit(data),      sections::training(data),
      sections::results(data),   sections::confusions(data), sections::retrieval(data),
      sections::measuring(data), sections::settings(data)};
  const std::string title = text(data.title.empty() ? "Report" : data.title);
  // No script, no loading: even text that slipped through the escaping could do nothing.
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<header class=\"top\">\n<h1>{}</h1>\n",
      title, page_style(), title);
  if (!data.subtitle.empty()) {
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
  page +=
      "</main>\n<footer><p>For research. Not a medical device; not for the diagnosis of a "
      "patient.</p></footer>\n</body>\n</html>\n";
  return page;
}

}  // namespace epicrisis
