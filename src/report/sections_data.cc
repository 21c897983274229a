// Data sets, leakage, notes, settings.
#include <fmt/format.h>

#include <algorithm>

#include "epicrisis/core/strings.h"
#include "epicrisis/report/svg.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {
namespace {

using markup::count;
using markup::text;

std::string number_cell(std::size_t n) {
  return fmt::format("<td class=\"number\">{}</td>", count(n));
}

std::string or_dash(std::size_t n) {
  return n == 0 ? std::string("<td class=\"number\"><span class=\"soft\">–</span></td>")
                : number_cell(n);
}

std::string class_name(const ReportData& data, std::size_t c) {
  return c < data.classes.size() ? data.classes[c] : fmt::format("class {}", c);
}

std::string class_counts_figure(const ReportData& data, const ReportDataset& set) {
  std::vector<Bar> bars;
  std::vector<std::string> absent;
  for (std::size_t c = 0; c < set.class_counts.size(); ++c) {
    if (set.class_counts[c] == 0) {
      absent.push_back(text(class_name(data, c)));
      continue;
    }
    bars.push_back({class_name(data, c), static_cast<double>(set.class_counts[c]),
                    count(set.class_counts[c])});
  }
  const std::string title = fmt::format("Samples a class in {}", set.name);
  std::string description;
  for (const Bar& bar : bars) description += fmt::format("{}: {}. ", bar.name, bar.printed);
  return figure(svg_bars(title, description, bars),
                fmt::format("<b>{}</b>: samples of each class{}.", text(set.name),
                            absent.empty() ? "" : "; none of " + join(absent, ", ")));
}

}  // namespace

Section datasets(const ReportData& data) {
  if (data.datasets.empty()) return {};
  std::string body;
  std::string skipped;
  for (const ReportDataset& set : data.datasets) {
    std::size_t left_out = 0;
    for (const auto& [reason, samples] : set.skipped) {
      left_out += samples;
      skipped += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>{}</tr>\n", text(set.name),
                             text(reason), number_cell(samples));
    }
    body += fmt::format(
        "<tr><th scope=\"row\">{}{}</th><td>{}</td>{}{}{}{}{}{}</tr>\n", text(set.name),
        set.source.empty()
            ? ""
            : fmt::format("<small style=\"white-space:normal\">{}</small>", text(set.source)),
        text(set.role), number_cell(set.samples), or_dash(set.groups), or_dash(set.train),
        or_dash(set.validation), or_dash(set.test), number_cell(left_out));
  }
  std::string html = table(
      "A dash under groups: the publisher gives no patient or case. Samples of one group are "
      "never split.",
      "<th scope=\"col\">Data set</th><th scope=\"col\">Role</th>"
      "<th scope=\"col\" class=\"number\">Samples</th>"
      "<th scope=\"col\" class=\"number\">Groups</th>"
      "<th scope=\"col\" class=\"number\">Training</th>"
      "<th scope=\"col\" class=\"number\">Validation</th>"
      "<th scope=\"col\" class=\"number\">Test</th>"
      "<th scope=\"col\" class=\"number\">Left out</th>",
      body);
  if (!skipped.empty()) {
    html += "<details><summary>What was left out, and why</summary>" +
            table("Samples of the published sets that this study does not use.",
                  "<th scope=\"col\">Data set</th><th scope=\"col\">Reason</th>"
                  "<th scope=\"col\" class=\"number\">Samples</th>",
                  skipped) +
            "</details>\n";
  }
  html += "<div class=\"grid\">\n";
  for (const ReportDataset& set : data.datasets) html += class_counts_figure(data, set);
  html += "</div>\n";
  std::vector<std::string> names;
  for (std::size_t c = 0; c < std::min(data.classes.size(), data.class_titles.size()); ++c) {
    const bool occurs =
        std::any_of(data.datasets.begin(), data.datasets.end(), [&](const ReportDataset& set) {
          return c < set.class_counts.size() && set.class_counts[c] > 0;
        });
    if (!occurs) continue;
    names.push_back(fmt::format("{} {}", text(data.classes[c]), text(data.class_titles[c])));
  }
  if (!names.empty()) html += "<p class=\"soft\">" + join(names, "; ") + ".</p>\n";
  return {"data", "Data", html};
}

Section leakage(const ReportData& data) {
  const LeakageSection& check = data.leakage;
  if (!check.checked && check.findings.empty()) {
    return {"leakage", "Leakage",
            "<div class=\"banner\"><p>The splits were not checked for leakage.</p></div>\n"};
  }
  std::string html;
  if (!check.checks.empty()) {
    std::vector<std::string> escaped;
    for (const std::string& one : check.checks) escaped.push_back(text(one));
    html += "<p>Compared between training, validation and test: " + join(escaped, "; ") + ".</p>\n";
  }
  if (check.inside > 0) {
    html += fmt::format(
        "<p>Pairs of the same or hardly different pictures that lie inside one split, which is no "
        "leakage: {}.</p>\n",
        check.inside);
  }
  if (check.other_class > 0) {
    std::vector<std::string> escaped;
    for (const std::string& one : check.other_class_examples) escaped.push_back(text(one));
    html += fmt::format(
        "<div class=\"banner bad\"><p>Pairs of the same picture that are of two classes, of which "
        "one must be wrong: {} ({}).</p></div>\n",
        check.other_class, join(escaped, "; "));
  }
  if (check.findings.empty()) {
    html += "<p>No overlap was found between splits.</p>\n";
    return {"leakage", "Leakage", html};
  }
  html += fmt::format("<div class=\"banner bad\"><p>{}</p></div>\n",
                      check.allowed
                          ? "Overlap between splits was found, and the study was told to go on "
                            "(<code>allow_leakage</code>)."
                          : "Overlap between splits was found.");
  std::string body;
  for (const LeakageFinding& one : check.findings) {
    std::vector<std::string> examples;
    for (const std::string& example : one.examples) examples.push_back(text(example));
    body += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}<td>{}</td></tr>\n",
                        text(one.kind), text(one.left), text(one.right), number_cell(one.count),
                        join(examples, ", "));
  }
  html += table("Every kind of overlap between two splits.",
                "<th scope=\"col\">Same</th><th scope=\"col\">In</th><th scope=\"col\">and in</th>"
                "<th scope=\"col\" class=\"number\">Count</th><th scope=\"col\">For example</th>",
                body);
  return {"leakage", "Leakage", html};
}

Section notes(const ReportData& data) {
  if (data.note_counts.empty() && data.note_examples.empty()) return {};
  std::string html;
  if (!data.note_counts.empty()) {
    std::string body;
    for (const NoteCounts& one : data.note_counts) {
      body +=
          fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>{}{}{}{}</tr>\n", text(one.strategy),
                      text(one.provider), number_cell(one.written), number_cell(one.rejected),
                      number_cell(one.failed), number_cell(one.skipped));
    }
    html += table(
        "Notes by strategy, of all samples of the data sets. Rejected ones were written but did not "
        "pass the audit.",
        "<th scope=\"col\">Strategy</th><th scope=\"col\">Written by</th>"
        "<th scope=\"col\" class=\"number\">Written</th>"
        "<th scope=\"col\" class=\"number\">of these rejected</th>"
        "<th scope=\"col\" class=\"number\">Failed</th>"
        "<th scope=\"col\" class=\"number\">Skipped</th>",
        body);
  }
  if (!data.note_examples.empty()) html += "<h3>Examples</h3>\n";
  for (const NoteExample& example : data.note_examples) {
    std::string written;
    for (const ReportNote& note : example.notes) {
      written += fmt::format("<dt>{} <span>{}</span></dt><dd>{}</dd>\n", text(note.strategy),
                             text(note.provenance), markup::lines(note.text));
    }
    if (written.empty()) written = "<dt>no note</dt><dd></dd>";
    html += fmt::format(
        "<div class=\"card note-example\"><div>{}</div><div><h4>{} <span class=\"soft\">{}, "
        "{}</span></h4><dl>{}</dl></div></div>\n",
        markup::image(example.picture, "picture of " + example.key), text(example.label),
        text(example.dataset), text(example.key), written);
  }
  return {"notes", "Notes", html};
}

Section settings(const ReportData& data) {
  if (data.settings.empty() && data.environment.empty()) return {};
  std::string html;
  if (!data.environment.empty()) {
    std::string body;
    for (const auto& [key, value] : data.environment) {
      body +=
          fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", text(key), text(value));
    }
    html += table("Where and how this was computed.",
                  "<th scope=\"col\">What</th><th scope=\"col\">Value</th>", body);
  }
  if (!data.settings.empty()) {
    html += "<h3>The study file as it was run</h3>\n<pre tabindex=\"0\">" +
            markup::preformatted(data.settings) + "</pre>\n";
  }
  return {"settings", "Settings", html};
}

}  // namespace epicrisis::sections
