#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/report/tables.h"
#include "report/markup.h"
#include "report/sections.h"

namespace epicrisis::sections {
namespace {

using markup::text;

std::string direction_words(std::string_view name) {
  for (const Direction direction : kDirections) {
    if (direction_name(direction) == name) return std::string(direction_title(direction));
  }
  return std::string(name);
}

struct System {
  std::string run, model, mode, notes, dataset, role;
  bool operator==(const System&) const = default;
};

// The row over all trainings, or that of the only one.
const ResultRow* row_of(const std::vector<ResultRow>& rows, const System& system,
                        std::string_view metric) {
  const ResultRow* single = nullptr;
  std::size_t singles = 0;
  for (const ResultRow& row : rows) {
    if (row.task != "retrieval" || row.metric != metric || !row.printable() ||
        System{row.run, row.model, row.mode, row.notes, row.dataset, row.role} != system) {
      continue;
    }
    if (row.seed == "all") return &row;
    single = &row;
    ++singles;
  }
  return singles == 1 ? single : nullptr;
}

bool is_of(const ResultRow& row, const System& system, Direction direction) {
  return row.task == "retrieval" && row.metric.starts_with(direction_name(direction)) &&
         System{row.run, row.model, row.mode, row.notes, row.dataset, row.role} == system;
}

// Why mAP has no printable number.
std::string missing_words(const std::vector<ResultRow>& rows, const System& system,
                          Direction direction) {
  bool measured = false;
  for (const ResultRow& row : rows) {
    if (!is_of(row, system, direction)) continue;
    measured = true;
    if (row.metric.ends_with("/mAP/pair_out")) {
      return "no interval: too few queries or patients to draw from";
    }
  }
  if (measured) return "no query has another of its class in the pool";
  if (direction == Direction::kImageToImage) return "not measured";
  return system.notes.empty() ? "the run has no notes" : "no test sample has a note of the run";
}

// How many queries of the direction there are, also those that have no average precision.
std::size_t queries_of(const std::vector<ResultRow>& rows, const System& system,
                       Direction direction) {
  std::size_t most = 0;
  for (const ResultRow& row : rows) {
    if (is_of(row, system, direction)) most = std::max(most, row.n);
  }
  return most;
}

// All metrics of one system on one data set: directions and protocols are rows.
std::string full_table(const ReportData& data, const System& system,
                       const std::vector<std::string>& names) {
  std::string head = "<th scope=\"col\">Search</th>";
  for (const std::string& name : names) {
    head += fmt::format("<th scope=\"col\" class=\"number\">{}</th>",
                        text(markup::retrieval_name(name)));
  }
  std::string body;
  for (const Direction direction : kDirections) {
    for (const char* protocol : {"pair_out", "pair_in"}) {
      std::string cells;
      bool any = false;
      std::size_t n = 0;
      std::size_t seeds = 0;
      bool same_n = true;
      bool same_seeds = true;
      std::vector<const ResultRow*> rows;
      for (const std::string& name : names) {
        const ResultRow* row =
            row_of(data.results, system,
                   fmt::format("{}/{}/{}", direction_name(direction), name, protocol));
        rows.push_back(row);
        if (row == nullptr) continue;
        same_n = same_n && (!any || row->n == n);
        same_seeds = same_seeds && (!any || row->seeds == seeds);
        n = row->n;
        seeds = row->seeds;
        any = true;
      }
      if (!any) continue;
      for (const ResultRow* row : rows) cells += value_cell(row, !same_n, !same_seeds);
      std::string measured = same_n ? "n = " + markup::count(n) : "";
      if (same_seeds) {
        if (same_n) measured += ", ";
        measured += markup::plural(seeds, "training", "trainings");
      }
      if (!measured.empty()) measured = fmt::format("<small>{}</small>", measured);
      body +=
          fmt::format("<tr><th scope=\"row\">{}<small>own pair {} the pool</small>{}</th>{}</tr>\n",
                      direction_title(direction),
                      std::string_view(protocol) == "pair_in" ? "in" : "out of", measured, cells);
    }
  }
  if (body.empty()) return {};
  return table(
             "P@k and mAP count an entry of the query's class as right; R@k and median rank ask for "
             "the query's own note or picture. A dash: k is larger than a pool, or the query's own "
             "is not in it. Within pictures, and within notes, there is one line where the own pair "
             "makes no difference: where no patient has several pictures, no picture several "
             "notes.",
             head, body) +
         terms({"P@k", "mAP", "by_chance", "R@k", "median_rank", "own_pair", "n"});
}

// Whether all samples are of one class: whatever is found is right.
bool only_one_class(const std::vector<const ResultRow*>& chances) {
  return !chances.empty() && std::all_of(chances.begin(), chances.end(), [](const ResultRow* row) {
    return row->value > 1 - 1e-9;
  });
}

// mAP with the own pair out of the pool: a table a data set, a direction a column.
std::string overview(const ReportData& data, const std::vector<System>& systems) {
  std::vector<std::pair<std::string, std::string>> sets;  // name, role
  for (const System& system : systems) {
    const std::pair set(system.dataset, system.role);
    if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(set);
  }
  std::string html;
  for (const auto& [dataset, role] : sets) {
    MetricTable numbers;
    std::vector<const ResultRow*> chances;
    std::map<std::string, std::set<std::string>> alone;  // "2 of 22": directions
    for (const Direction direction : kDirections) {
      numbers.columns.push_back({std::string(direction_title(direction)), ""});
    }
    for (const System& system : systems) {
      if (system.dataset != dataset || system.role != role) continue;
      std::vector<const ResultRow*> cells;
      for (const Direction direction : kDirections) {
        cells.push_back(row_of(data.results, system,
                               fmt::format("{}/mAP/pair_out", direction_name(direction))));
      }
      if (std::count(cells.begin(), cells.end(), nullptr) == std::ssize(cells)) continue;
      numbers.systems.push_back({system.run, system.model, system.mode, system.notes, ""});
      numbers.cells.insert(numbers.cells.end(), cells.begin(), cells.end());
      for (const Direction direction : kDirections) {
        const ResultRow* chance =
            row_of(data.results, system,
                   fmt::format("{}/{}/pair_out", direction_name(direction), kChanceMap));
        if (chance != nullptr) chances.push_back(chance);
        numbers.remarks.push_back(
            chance == nullptr ? "" : "by chance " + markup::number(chance->metric, chance->value));
        numbers.missing.push_back(missing_words(data.results, system, direction));
        const ResultRow* row = numbers.cells[numbers.missing.size() - 1];
        const std::size_t queries = queries_of(data.results, system, direction);
        if (row != nullptr && row->n < queries) {
          alone[fmt::format("{} of {}", markup::count(queries - row->n), markup::count(queries))]
              .emplace(direction_title(direction));
        }
      }
    }
    html += metric_table_html(
        numbers,
        fmt::format("<b>{}</b> ({}): mean average precision over the whole pool, own pair out "
                    "of the pool, {:g} % intervals. n counts queries.",
                    text(dataset), text(role), data.confidence * 100));
    if (!alone.empty()) {
      std::vector<std::string> counts;
      for (const auto& [count, directions] : alone) {
        counts.push_back(
            fmt::format("{} ({})", count, join({directions.begin(), directions.end()}, ", ")));
      }
      html += fmt::format(
          "<p class=\"soft\">Left out of n are queries whose pool has nothing of their class, so "
          "that there is nothing to find: {}. P@k counts them as 0.</p>\n",
          text(join(counts, "; ")));
    }
    if (only_one_class(chances)) {
      html += fmt::format(
          "<div class=\"banner\"><p>All samples of {} are of one class: whatever is found is right, "
          "and chance is 1. These numbers say nothing of the runs.</p></div>\n",
          text(dataset));
    }
  }
  if (!html.empty()) html += terms({"mAP", "by_chance", "own_pair", "interval"});
  return html;
}

std::string gallery_item(const GalleryItem& item, std::string_view css, std::string_view verdict) {
  std::string html = fmt::format("<li class=\"{}\"><span class=\"verdict {}\">{}</span>", css,
                                 css == "right"   ? "better"
                                 : css == "wrong" ? "worse"
                                                  : "",
                                 verdict);
  if (!item.picture.bytes.empty() || item.text.empty()) {
    html += markup::image(item.picture, "picture of " + item.label);
  }
  if (!item.text.empty()) html += "<p>" + markup::text(item.text) + "</p>";
  html += fmt::format("<div>{}</div>", text(item.label));
  if (!item.key.empty()) html += fmt::format("<div class=\"soft\">{}</div>", text(item.key));
  if (css != "query" && std::isfinite(item.similarity)) {
    html += fmt::format("<div class=\"soft\">cosine {:.2f}</div>", item.similarity);
  }
  return html + "</li>\n";
}

std::string gallery(const ReportData& data) {
  std::string html;
  for (const GalleryEntry& entry : data.gallery) {
    std::string title = direction_words(entry.direction);
    html += fmt::format(
        "<h4>{} <span class=\"soft\">{}{}{}{}</span></h4>\n<ul class=\"gallery\">\n", text(title),
        text(entry.dataset), entry.model.empty() ? "" : ", ", text(entry.model),
        entry.direction == "image_to_image" ? ""
        : entry.pair_in                     ? ", own pair in the pool"
                                            : ", own pair out of the pool");
    html += gallery_item(entry.query, "query", "query");
    for (const GalleryItem& item : entry.nearest) {
      html += item.right ? gallery_item(item, "right", "✓ same class")
                         : gallery_item(item, "wrong", "✗ other class");
    }
    html += "</ul>\n";
  }
  return html.empty() ? html : "<h3>Examples</h3>\n" + html;
}

}  // namespace

Section retrieval(const ReportData& data) {
  std::vector<System> systems;
  std::vector<std::string> names;
  for (const ResultRow& row : data.results) {
    if (row.task != "retrieval" || !row.printable()) continue;
    const System system{row.run, row.model, row.mode, row.notes, row.dataset, row.role};
    if (std::find(systems.begin(), systems.end(), system) == systems.end())
      systems.push_back(system);
    const std::vector<std::string> parts = split(row.metric, '/');
    if (parts.size() != 3) continue;
    if (std::find(names.begin(), names.end(), parts[1]) == names.end()) names.push_back(parts[1]);
  }
  std::string html;
  if (data.notes_from_labels && (!systems.empty() || !data.gallery.empty())) {
    html +=
        "<div class=\"banner\"><p>The notes in these pools were made from the labels: finding a "
        "note of the right class measures whether the picture tells the class, not whether free "
        "text is understood. From text to text both sides name the class: an mAP near 1 is what is "
        "to be expected there. Many notes read the same, so finding the very own one is partly "
        "chance.</p></div>\n";
  }
  html += overview(data, systems);
  if (const std::vector<std::string> readers = note_readers(data); !readers.empty()) {
    html += fmt::format("<p class=\"soft\">Not here: {}, as there is no picture to look for.</p>\n",
                        text(join_words(readers, "and")));
  }
  for (const System& system : systems) {
    const std::string numbers = full_table(data, system, names);
    if (numbers.empty()) continue;
    html +=
        fmt::format("<details><summary>All metrics: {} on {} ({})</summary>{}</details>\n",
                    text(markup::system_title(system.run, system.model, system.mode, system.notes)),
                    text(system.dataset), text(system.role), numbers);
  }
  html += gallery(data);
  if (html.empty()) return {};
  return {"retrieval", "Retrieval", html};
}

}  // namespace epicrisis::sections
