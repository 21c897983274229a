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
  const bool is_number = !finding.unit.empty() && words == finding.words.end();
  if (is_number && intake.says_no_number(draft, column, value)) return std::nullopt;
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

void fill(std::string& text, const Intake& intake, const Draft& draft, const ColumnNames& columns) {
  if (text.empty()) text = first_published(intake, draft, columns);
}

// The first of the columns that has a code, else what the last of them says.
std::string first_code(const Intake& intake, const Draft& draft, const ColumnNames& columns) {
  std::string value;
  for (const std::string& column : columns) {
    value = published(draft, column);
    if (!intake.says_no_code(value)) break;
  }
  return value;
}

// The first label that is filled, and as what it is broader the others.
void fill_labels(const Intake& intake, const ColumnNames& columns, Draft& draft) {
  for (const std::string& column : columns) {
    std::string value = published(draft, column);
    if (intake.is_missing(value)) continue;
    if (draft.sample.raw_label.empty()) {
      draft.sample.raw_label = std::move(value);
    } else if (value != draft.sample.raw_label) {
      draft.broader_labels.push_back(std::move(value));
    }
  }
}

void add_first_grade(Intake& intake, const ColumnNames& columns, Draft& draft) {
  for (const std::string& column : columns) {
    const std::string value = published(draft, column);
    if (intake.says_no_grade(value)) continue;
    intake.add_grade(draft, column, value);
    return;
  }
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

std::string first_published(const Intake& intake, const Draft& draft, const ColumnNames& columns) {
  std::string value;
  for (const std::string& column : columns) {
    value = published(draft, column);
    if (!intake.is_missing(value)) break;
  }
  return value;
}

void apply_columns(Intake& intake, const ColumnMap& map, Draft& draft) {
  Sample& sample = draft.sample;
  fill(draft.picture, intake, draft, map.picture);
  if (intake.is_missing(draft.picture)) draft.picture.clear();
  if (map.label.size() > 1) {
    fill_labels(intake, map.label, draft);
  } else {
    fill(sample.raw_label, intake, draft, map.label);
  }
  if (sample.group.empty()) sample.group = first_code(intake, draft, map.group);
  fill(sample.diagnosis, intake, draft, map.diagnosis);
  fill(sample.subclass, intake, draft, map.subclass);
  if (!map.grade.empty() && sample.grade.empty()) {
    add_first_grade(intake, map.grade, draft);
  }
  if (!map.split.empty())
    sample.published_splits.push_back(first_published(intake, draft, map.split));
  if (!map.modality_column.empty() && sample.modality.empty()) {
    sample.modality =
        intake.modality_of(draft.place, first_published(intake, draft, map.modality_column));
  }
  if (sample.modality.empty()) sample.modality = intake.modality_of(draft.place, map.modality);
  if (!map.age.empty()) intake.add_age(draft, first_published(intake, draft, map.age));
  if (!map.sex.empty()) intake.add_sex(draft, first_published(intake, draft, map.sex));
  if (!map.site.empty()) intake.add_site(draft, first_published(intake, draft, map.site));
  for (const CodedColumn& coded : intake.taxonomy().field().coded()) {
    const auto columns = map.coded.find(coded.column);
    if (columns == map.coded.end()) continue;
    intake.add_coded(draft, coded, first_published(intake, draft, columns->second));
  }
  for (const FindingColumns& finding : map.findings) add_finding_columns(intake, finding, draft);
}

void read_table(Intake& intake, CsvReader& reader, const ColumnMap& map,
                const std::function<void(Draft&)>& finish) {
  intake.note_separator(reader);
  reader.take_short_rows();
  const std::size_t id = reader.column(map.id);
  if (map.label.size() == 1) reader.column(*map.label.begin());  // throws where it is missing
  while (reader.next()) {
    intake.count_row();
    intake.warn_of_short_row(reader);
    const std::string& own_id = reader.at(id);
    if (intake.says_no_code(own_id)) {
      intake.skip_value(kNoId, reader.place(), own_id);
      continue;
    }
    Draft draft = draft_of(intake, reader, own_id);
    apply_columns(intake, map, draft);
    if (finish) finish(draft);
    intake.take(std::move(draft));
  }
}

}  // namespace epicrisis
