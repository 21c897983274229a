// What the audit found in notes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epicrisis/core/csv.h"
#include "epicrisis/report/audit_data.h"
#include "epicrisis/report/svg.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis {
namespace {

using markup::text;

bool printable(const Estimate& one) {
  return std::isfinite(one.value) && std::isfinite(one.lo) && std::isfinite(one.hi);
}

std::string cell(const Estimate& one) {
  if (!printable(one)) return "<td class=\"number\"><span class=\"soft\">–</span></td>";
  return fmt::format("<td class=\"number\">{}<small>{}</small></td>", markup::number("", one.value),
                     markup::interval("", one.lo, one.hi));
}

std::string rows_of(const AuditSection& section, bool by_class) {
  std::string body;
  for (const AuditRow& row : section.rows) {
    if (row.label.empty() == by_class) continue;
    body += fmt::format("<tr><th scope=\"row\">{}{}<small>{}</small><small>{}</small></th>",
                        text(row.strategy), by_class ? ", " + text(row.label) : "",
                        text(row.provider), text(row.dataset));
    body += fmt::format("<td class=\"number\">{}<small>{}</small></td>", markup::count(row.notes),
                        row.knows_patients() ? markup::plural(row.groups, "patient", "patients")
                                             : markup::plural(row.pictures, "picture", "pictures"));
    for (const Estimate& one : row.measures) body += cell(one);
    body += "</tr>\n";
  }
  return body;
}

std::string measures_table(const AuditSection& section, bool by_class) {
  const std::string body = rows_of(section, by_class);
  if (body.empty()) return {};
  std::string head =
      "<th scope=\"col\">Strategy</th>"
      "<th scope=\"col\" class=\"number\">Notes</th>";
  for (const AuditMeasure& one : kAuditMeasures) {
    head += fmt::format("<th scope=\"col\" class=\"number\">{}</th>", text(one.title));
  }
  return sections::table(
      "Shares with their intervals over patients, or pictures where each is another's, of what the "
      "audit by rules found.",
      head, body, true);
}

// A piece of a note. What parts it from the next one stays: words would run together.
std::string piece(std::string_view note) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto parting = [](std::string_view space) -> std::string {
    if (space.empty()) return "";
    return space.find('\n') != space.npos ? "\n" : " ";
  };
  const std::size_t first = note.find_first_not_of(kSpace);
  if (first == note.npos) return parting(note);
  const std::size_t end = note.find_last_not_of(kSpace) + 1;
  return parting(note.substr(0, first)) + markup::lines(note.substr(first, end - first)) +
         parting(note.substr(end));
}

std::string_view style_of(AuditMark mark) {
  switch (mark) {
    case AuditMark::kWrong:
      return "wrong";
    case AuditMark::kMeasured:
      return "measured";
    default:
      return "unknowable";
  }
}

// The note with its spans marked; of overlapping ones the first.
std::string marked(const AuditExample& example) {
  std::vector<AuditSpan> spans = example.spans;
  std::ranges::stable_sort(spans, {},
                           [](const AuditSpan& one) { return std::pair(one.begin, one.mark); });
  const std::string_view note = example.text;
  std::string html;
  std::size_t at = 0;
  for (const AuditSpan& span : spans) {
    if (span.begin < at || span.end <= span.begin || span.end > note.size()) continue;
    html += piece(note.substr(at, span.begin - at));
    html += fmt::format("<mark class=\"{}\" title=\"{}\">{}</mark>", style_of(span.mark),
                        text(span.why), piece(note.substr(span.begin, span.end - span.begin)));
    at = span.end;
  }
  return html + piece(note.substr(at));
}

std::string examples_html(const AuditSection& section) {
  if (section.examples.empty()) return {};
  std::string html =
      "<h3>Examples</h3>\n<p class=\"soft\">Marked: <mark class=\"wrong\">what contradicts what is "
      "known</mark>, <mark class=\"measured\">what contradicts measures of the picture</mark>, and "
      "<mark class=\"unknowable\">what nobody could know, or nobody asked "
      "for</mark>.</p>\n";
  for (const AuditExample& one : section.examples) {
    html += fmt::format(
        "<div class=\"card\"><h4>{} <span class=\"soft\">{}, {}, known as {}: {}</span></h4>"
        "<p>{}</p></div>\n",
        text(one.strategy), text(one.dataset), text(one.key), text(one.label), text(one.verdict),
        marked(one));
  }
  return html;
}

}  // namespace

std::string audit_csv(const AuditSection& section) {
  std::string csv = csv_row({"dataset", "strategy", "provider", "class", "measure", "value", "lo",
                             "hi", "notes", "pictures", "patients"});
  for (const AuditRow& row : section.rows) {
    for (std::size_t m = 0; m < kAuditMeasures.size(); ++m) {
      const Estimate& one = row.measures.at(m);
      if (!printable(one)) continue;
      csv += csv_row({row.dataset, row.strategy, row.provider, row.label,
                      std::string(kAuditMeasures.at(m).name), fmt::format("{}", one.value),
                      fmt::format("{}", one.lo), fmt::format("{}", one.hi),
                      std::to_string(row.notes), std::to_string(row.pictures),
                      row.knows_patients() ? std::to_string(row.groups) : ""});
    }
  }
  return csv;
}

Json to_json(const AuditSection& section) {
  Json rows = Json::array();
  for (const AuditRow& row : section.rows) {
    Json measures = Json::object();
    for (std::size_t m = 0; m < kAuditMeasures.size(); ++m) {
      const Estimate& one = row.measures.at(m);
      if (!printable(one)) continue;
      measures[std::string(kAuditMeasures.at(m).name)] = {
          {"value", one.value}, {"lo", one.lo}, {"hi", one.hi}};
    }
    rows.push_back({{"dataset", row.dataset},
                    {"strategy", row.strategy},
                    {"provider", row.provider},
                    {"class", row.label},
                    {"notes", row.notes},
                    {"pictures", row.pictures},
                    {"patients", row.knows_patients() ? Json(row.groups) : Json()},
                    {"measures", std::move(measures)}});
  }
  Json confusions = Json::array();
  for (const AuditConfusion& one : section.confusions) {
    Json counts = Json::array();
    for (std::size_t known = 0; known < one.counts.classes; ++known) {
      Json row = Json::array();
      for (std::size_t named = 0; named < one.counts.classes; ++named) {
        row.push_back(one.counts.at(known, named));
      }
      counts.push_back(std::move(row));
    }
    confusions.push_back({{"dataset", one.dataset},
                          {"strategy", one.strategy},
                          {"provider", one.provider},
                          {"counts", std::move(counts)}});
  }
  return {{"notes_without_audit", section.without_audit},
          {"notes_not_of_study", section.not_of_study},
          {"rows", std::move(rows)},
          {"confusions", std::move(confusions)}};
}

namespace sections {

Section audit(const ReportData& data) {
  const AuditSection& section = data.audit;
  if (section.rows.empty()) return {};
  std::string html = measures_table(section, false);
  if (section.without_audit > 0) {
    html += fmt::format("<p class=\"soft\">{} were not audited and are not in here.</p>\n",
                        markup::plural(section.without_audit, "note", "notes"));
  }
  if (section.not_of_study > 0) {
    html += fmt::format(
        "<p class=\"soft\">{} of the data sets are of samples that the study leaves out, and are not "
        "in here.</p>\n",
        markup::plural(section.not_of_study, "further note", "further notes"));
  }
  std::vector<std::pair<std::string_view, std::string_view>> measures;
  for (const AuditMeasure& one : kAuditMeasures) measures.emplace_back(one.title, one.words);
  html += explained(measures);
  if (const std::string classes = measures_table(section, true); !classes.empty()) {
    html += "<details><summary>By class</summary>" + classes + "</details>\n";
  }
  html += examples_html(section);
  std::vector<std::string> names = data.classes;
  names.emplace_back("none");  // the description of the figure says of what
  std::string figures;
  for (const AuditConfusion& one : section.confusions) {
    if (one.counts.total() == 0 || one.counts.classes != names.size()) continue;
    std::vector<std::string> kept;
    const ConfusionMatrix counts = occurring(one.counts, names, kept);
    const std::string svg = svg_confusion(
        fmt::format("Classes named by notes {} of {}", one.strategy, one.dataset),
        "Rows are the class that is known, columns the one that the note settles for; none: another "
        "class than these, or no one.",
        {"named", "known", "named as"}, counts, kept);
    figures += figure(
        svg, fmt::format("<b>{}</b>, {}: {}; {}.", text(one.strategy), text(one.provider),
                         text(one.dataset), markup::plural(one.counts.total(), "note", "notes")));
  }
  if (!figures.empty()) {
    html +=
        "<h3>Class named against class known</h3>\n<p class=\"soft\">None: another class than "
        "these, or no one.</p>\n<div class=\"grid\">\n" +
        figures + "</div>\n";
  }
  return {"audit", "What notes claim", html};
}

}  // namespace sections

}  // namespace epicrisis
