#include "epicrisis/data/read_remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxExamples = 3;
constexpr std::size_t kMaxContradictions = 10;  // these are listed to be looked at one by one
constexpr std::size_t kMaxNames = 20;           // names on a line
constexpr std::size_t kMaxBlocks = 100;

std::string listed(const std::map<std::string, std::uint64_t>& counts) {
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

void add_tally(std::vector<ReadRemark>& remarks, bool warning, std::string_view what,
               const Tally& tally, std::size_t most = kMaxExamples) {
  if (tally.count == 0) return;
  ReadRemark remark{warning, fmt::format("{} {}", tally.count, what), {}};
  if (!tally.values.empty()) {
    remark.text += ": " + listed(tally.values);
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

}  // namespace

ValueCounts by_frequency(const std::map<std::string, std::uint64_t>& counts) {
  ValueCounts sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
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
  add_tally(remarks, false, "pictures that no row names", report.pictures_without_row);
  add_tally(remarks, true, "pictures hidden by one of the same id in another folder",
            report.pictures_shadowed);
  if (report.without_label > 0) {
    remarks.push_back({true, fmt::format("{} samples without a label", report.without_label), {}});
  }
  if (!report.unmapped.empty()) {
    remarks.push_back(
        {true, "labels that the label map does not know: " + listed(report.unmapped), {}});
  }
  if (!report.no_class.empty()) {
    remarks.push_back(
        {false, "known labels of none of the classes: " + listed(report.no_class), {}});
  }
  if (report.in_several_splits > 0) {
    remarks.push_back({true,
                       fmt::format("{} samples are in more than one published split; see "
                                   "'epicrisis check'",
                                   report.in_several_splits),
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
  for (const auto& [label, samples] : by_frequency(report.unmapped)) {
    if (count++ == kMaxBlocks) {
      blocks += fmt::format("# and {} labels more\n", report.unmapped.size() - kMaxBlocks);
      break;
    }
    blocks += fmt::format("[[map]]\nraw = [{}]  # {} sample{}\nlabel = \"\"\n", toml_string(label),
                          samples, samples == 1 ? "" : "s");
  }
  return blocks;
}

}  // namespace epicrisis
