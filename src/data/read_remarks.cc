#include "epicrisis/data/read_remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxExamples = 3;
constexpr std::size_t kMaxContradictions = 10;  // these are listed to be looked at one by one
constexpr std::size_t kMaxNames = 20;           // names on a line
constexpr std::size_t kMaxBlocks = 100;

std::string samples_in_words(std::uint64_t count) { return counted(count, "sample"); }

bool is_bare_key(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
}

void add_examples(std::vector<ReadRemark>& remarks, bool warning, std::string text,
                  const Tally& tally, std::size_t most = kMaxExamples) {
  if (tally.count == 0) return;
  ReadRemark remark{warning, std::move(text), {}};
  if (!tally.values.empty()) {
    remark.text += ": " + label_counts_in_words(tally.values);
    most = 1;
  }
  const std::size_t shown = std::min(most, tally.examples.size());
  remark.examples.assign(tally.examples.begin(),
                         tally.examples.begin() + static_cast<std::ptrdiff_t>(shown));
  if (tally.values.empty() && tally.count > shown) {
    remark.examples.push_back(fmt::format("and {} more", tally.count - shown));
  }
  remarks.push_back(std::move(remark));
}

void add_tally(std::vector<ReadRemark>& remarks, bool warning, std::string_view what,
               const Tally& tally, std::size_t most = kMaxExamples) {
  add_examples(remarks, warning, fmt::format("{} {}", tally.count, what), tally, most);
}

}  // namespace

ValueCounts by_frequency(const std::map<std::string, std::uint64_t>& counts) {
  ValueCounts sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string label_counts_in_words(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::string> names;
  for (const auto& [name, count] : by_frequency(counts)) {
    if (names.size() == kMaxNames) {
      names.push_back(fmt::format("and {} more", counts.size() - kMaxNames));
      break;
    }
    names.push_back(fmt::format("'{}' ({})", name, count));
  }
  return join(names, ", ");
}

std::string without_group_words() {
  return "no sample says its patient or case, so a split may put pictures of one person into "
         "training and test, and results then look better than they are; where the table has a "
         "column of patients or cases, name it as `group` in the column map, and import again";
}

std::vector<ReadRemark> remarks_on(const AdapterReport& report) {
  std::vector<ReadRemark> remarks;
  for (const auto& [file, separator] : report.separators) {
    remarks.push_back({false, fmt::format("{} is separated by {}", file, separator), {}});
  }
  for (const auto& [reason, tally] : report.skipped) {
    add_tally(remarks, true, "skipped: " + reason, tally);
  }
  add_tally(remarks, true, "skipped: rows without a picture", report.rows_without_picture);
  add_tally(remarks, true, "skipped: ids met before", report.duplicate_ids);
  add_tally(remarks, true, "of these with another label than the first", report.conflicting_labels);
  const auto pictures = [](const Tally& tally) { return counted(tally.count, "picture"); };
  add_examples(remarks, false, pictures(report.pictures_without_row) + " that no row names",
               report.pictures_without_row);
  add_examples(
      remarks, true,
      pictures(report.pictures_shadowed) + " hidden by one of the same id in another folder",
      report.pictures_shadowed);
  if (report.without_label > 0) {
    remarks.push_back(
        {!report.said_without_label,
         fmt::format("{} without a label{}", samples_in_words(report.without_label),
                     report.said_without_label ? ", as the column map says"
                     : report.no_label_column  ? ": the column map names no `label` column"
                                               : ""),
         {}});
  }
  // Nothing was left out; a study says it as a warning of its own.
  if (report.said_without_group) {
    remarks.push_back({false, "no sample has a group, as the column map says", {}});
  } else if (report.samples > 1 && report.without_group == report.samples) {
    remarks.push_back({false, without_group_words(), {}});
  } else if (report.without_group > 0 && report.samples > 1) {
    remarks.push_back(
        {false,
         fmt::format("{} without a group; each counts as a patient or case of its own",
                     samples_in_words(report.without_group)),
         {}});
  }
  if (!report.unmapped.empty()) {
    remarks.push_back(
        {true,
         "labels that the label map does not know: " + label_counts_in_words(report.unmapped),
         {}});
  }
  std::map<std::string, std::uint64_t> no_class = report.no_class;
  for (const auto& [label, count] : report.left_open) no_class.erase(label);
  std::map<std::string, std::uint64_t> unnamed;
  std::vector<std::string> slips;
  for (const auto& [label, count] : report.unnamed) {
    no_class.erase(label);
    const auto near = report.nearly_known.find(label);
    if (near == report.nearly_known.end()) {
      unnamed.emplace(label, count);
    } else {
      slips.push_back(fmt::format("'{}' ({}), a slip of '{}' ({})?", label, count, near->second.raw,
                                  report.field.at(near->second.label).name));
    }
  }
  if (!no_class.empty()) {
    remarks.push_back(
        {false, "known labels of none of the classes: " + label_counts_in_words(no_class), {}});
  }
  if (!unnamed.empty()) {
    remarks.push_back(
        {false,
         "labels that the label map does not name, taken as of none of the classes: " +
             label_counts_in_words(unnamed),
         {}});
  }
  if (!slips.empty()) {
    const std::size_t shown = std::min(slips.size(), kMaxNames);
    const std::string more =
        slips.size() > shown ? fmt::format(" and {} more", slips.size() - shown) : "";
    slips.resize(shown);
    remarks.push_back({true,
                       "labels taken as of none of the classes, but nearly those of one: " +
                           join(slips, " ") + more,
                       {}});
  }
  if (!report.left_open.empty()) {
    remarks.push_back({true,
                       "labels whose `label` in the map is still \"?\"; give them a class, or \"\" "
                       "for none: " +
                           label_counts_in_words(report.left_open),
                       {}});
  }
  const std::string against = report.field.grade_name() + " that is not the class's";
  for (const auto& [kind, tally] : report.warnings) {
    add_tally(remarks, true, kind, tally, kind == against ? kMaxContradictions : kMaxExamples);
  }
  return remarks;
}

std::string map_blocks(const AdapterReport& report) {
  std::string blocks;
  std::size_t count = 0;
  std::map<std::string, std::uint64_t> labels = report.unmapped;
  for (const auto& [label, samples] : report.unnamed) {
    if (report.nearly_known.contains(label)) labels[label] += samples;
  }
  for (const auto& [label, samples] : by_frequency(labels)) {
    if (count++ == kMaxBlocks) {
      blocks += fmt::format("# and {} labels more\n", labels.size() - kMaxBlocks);
      break;
    }
    const auto near = report.nearly_known.find(label);
    const bool is_near = near != report.nearly_known.end();
    blocks += fmt::format(
        "[[map]]\nraw = [{}]  # {}\nlabel = {}{}\n# diagnosis = \"\"  # what notes say, where the "
        "class's own words are too coarse\n",
        toml_string(label), samples_in_words(samples),
        toml_string(is_near ? report.field.at(near->second.label).name : std::string(kOpenLabel)),
        is_near ? fmt::format("  # if it is a slip of '{}'", near->second.raw) : "");
  }
  return blocks;
}

std::string words_blocks(const AdapterReport& report) {
  std::map<std::string, std::string> tables;  // a table once, whatever was said of its values
  for (const auto& [kind, tally] : report.warnings) {
    if (tally.finding.empty() || tally.values.empty()) continue;
    std::string& lines = tables[tally.finding];
    for (const auto& [value, samples] : by_frequency(tally.values)) {
      if (value == kOtherNames) {
        lines += fmt::format("# and others, of {}\n", samples_in_words(samples));
        continue;
      }
      // A site and a modality are in the notes as they are written; what else is not understood is
      // not.
      const std::string words = tally.finding == "site"       ? ascii_lower(value)
                                : tally.finding == "modality" ? value
                                                              : "";
      lines += fmt::format("{} = {}  # {}\n", toml_string(value), toml_string(words),
                           samples_in_words(samples));
    }
  }
  std::string blocks;
  for (const auto& [finding, lines] : tables) {
    blocks +=
        fmt::format("[words.{}]\n{}", is_bare_key(finding) ? finding : toml_string(finding), lines);
  }
  return blocks;
}

std::string classes_in_words(const Field& field) {
  std::vector<std::string> names;
  for (const FieldClass& one : field.classes()) names.push_back(one.name + " " + one.words);
  return join(names, ", ");
}

}  // namespace epicrisis
