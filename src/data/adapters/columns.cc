#include "data/adapters/columns.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// What one column of a finding says; empty: nothing is known.
std::optional<std::string> words_of(Intake& intake, const FindingColumns& finding,
                                    const std::string& column, const Draft& draft) {
  const std::string value = published(draft, column);
  const auto words = finding.words.find(column);
  if (words != finding.words.end()) {
    const auto position = words->second.find(ascii_lower(value));
    if (position != words->second.end()) return position->second;
  }
  if (intake.is_missing(value)) return std::nullopt;
  if (words != finding.words.end()) {
    intake.warn_of_value("value of " + column + " without words", draft.place, value);
    return std::nullopt;
  }
  if (finding.unit.empty()) return value;
  if (const std::optional<double> number = parse_decimal(value))
    return fmt::format("{:g}", *number);
  intake.warn_of_value(column + " is no number", draft.place, value);
  return std::nullopt;
}

void add_finding_columns(Intake& intake, const FindingColumns& finding, Draft& draft) {
  std::vector<std::string> said;
  bool any = false;
  for (const std::string& column : finding.columns) {
    std::optional<std::string> words = words_of(intake, finding, column, draft);
    if (!words) continue;
    any = true;
    if (!words->empty()) said.push_back(std::move(*words));
  }
  if (!any) return;
  if (said.empty()) {
    intake.add_plain_finding(draft, finding.name, finding.none);
  } else if (!finding.unit.empty()) {
    intake.add_plain_finding(draft, finding.name, join(said, finding.between) + " " + finding.unit);
  } else if (finding.words.empty() && said.size() == 1) {
    intake.add_finding(draft, finding.name, said[0]);
  } else {
    intake.add_plain_finding(draft, finding.name, join(said, finding.between));
  }
}

void fill(std::string& text, const Draft& draft, const std::string& column) {
  if (text.empty() && !column.empty()) text = published(draft, column);
}

}  // namespace

Draft draft_of(Intake& intake, std::string place, std::string_view id,
               const std::vector<std::string>& header, const std::vector<std::string>& row) {
  Draft draft;
  draft.place = std::move(place);
  draft.id = id;
  intake.add_metadata(draft, header, row);
  return draft;
}

Draft draft_of(Intake& intake, const CsvReader& reader, std::string_view id) {
  return draft_of(intake, reader.place(), id, reader.header(), reader.row());
}

std::string published(const Draft& draft, std::string_view column) {
  const auto position = draft.sample.metadata.find(column);
  return position == draft.sample.metadata.end() ? std::string() : position->get<std::string>();
}

void apply_columns(Intake& intake, const ColumnMap& map, Draft& draft) {
  Sample& sample = draft.sample;
  fill(draft.picture, draft, map.picture);
  if (intake.is_missing(draft.picture)) draft.picture.clear();
  fill(sample.raw_label, draft, map.label);
  fill(sample.group, draft, map.group);
  fill(sample.diagnosis, draft, map.diagnosis);
  fill(sample.subclass, draft, map.subclass);
  if (!map.grade.empty() && sample.grade.empty()) {
    intake.add_grade(draft, map.grade, published(draft, map.grade));
  }
  if (!map.split.empty()) sample.published_splits.push_back(published(draft, map.split));
  if (!map.modality_column.empty()) {
    const std::string value = published(draft, map.modality_column);
    const std::string* words = intake.taxonomy().words("modality", value);
    if (sample.modality.empty() && words != nullptr) sample.modality = *words;
    if (sample.modality.empty() && !intake.is_missing(value)) sample.modality = value;
  }
  if (sample.modality.empty()) sample.modality = map.modality;
  if (!map.age.empty()) intake.add_age(draft, published(draft, map.age));
  if (!map.sex.empty()) intake.add_sex(draft, published(draft, map.sex));
  if (!map.site.empty()) intake.add_finding(draft, "site", published(draft, map.site));
  for (const CodedColumn& coded : intake.taxonomy().field().coded()) {
    const auto column = map.coded.find(coded.column);
    if (column != map.coded.end()) intake.add_coded(draft, coded, published(draft, column->second));
  }
  for (const FindingColumns& finding : map.findings) add_finding_columns(intake, finding, draft);
}

void read_table(Intake& intake, CsvReader& reader, const ColumnMap& map,
                const std::function<void(Draft&)>& finish) {
  intake.note_separator(reader);
  const std::size_t id = reader.column(map.id);
  if (!map.label.empty()) reader.column(map.label);  // throws where it is missing
  while (reader.next()) {
    intake.count_row();
    const std::string& own_id = reader.at(id);
    Draft draft = draft_of(intake, reader, intake.is_missing(own_id) ? std::string() : own_id);
    apply_columns(intake, map, draft);
    if (finish) finish(draft);
    intake.take(std::move(draft));
  }
}

}  // namespace epicrisis
