#include "data/adapters/isic_challenge.h"

#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// The id column's name changed over the years.
const std::string& id_column(const CsvReader& reader) {
  for (const std::string& name : reader.header()) {
    if (name == "image" || name == "image_id") return name;
  }
  reader.column("image");  // throws and names the columns there are
  throw InternalError("{}: no id column", reader.place());
}

ColumnMap columns() {
  ColumnMap map;
  map.group = "lesion_id";
  map.age = std::vector<std::string>{"age_approx", "age_approximate"};
  map.sex = "sex";
  map.site = "anatom_site_general";
  map.modality = "dermoscopic image";
  map.findings = {{.name = "diagnosis confirmed by", .columns = {"diagnosis_confirm_type"}}};
  return map;
}

std::vector<SideTable> load_details(Intake& intake, const Path& folder, const ChallengePart& part) {
  std::vector<SideTable> tables;
  for (const std::string& name : part.details) {
    const std::optional<Path> path = find_published_table(folder, {name});
    if (!path) continue;
    const std::string id = id_column(CsvReader(*path));
    tables.emplace_back(*path, id, intake, without_downsampled);
  }
  return tables;
}

void read_part(Intake& intake, CsvReader& reader, const ChallengePart& part,
               const std::vector<SideTable>& details, const ReadClass& read_class) {
  static const ColumnMap kColumns = columns();
  intake.note_separator(reader);
  const std::size_t id = reader.column(id_column(reader));
  while (reader.next()) {
    intake.count_row();
    const std::string_view published_id = trim(reader.at(id));
    const std::string_view key = without_downsampled(published_id);
    OneHot::Answer answer;
    if (read_class) answer = read_class(reader);
    if (!answer.problem.empty()) {
      intake.skip(answer.problem, reader.place(), published_id);
      continue;
    }
    Draft draft = draft_of(intake, reader, key);
    for (const SideTable& detail : details) {
      if (const std::vector<std::string>* row = detail.find(key)) {
        intake.add_metadata(draft, detail.header(), *row);
      }
    }
    if (published_id != key) {
      draft.picture = published_id;
      draft.second_picture = key;
    }
    draft.sample.raw_label = std::move(answer.raw_label);
    if (read_class && draft.sample.raw_label.empty()) {
      intake.warn("no class marked", draft.place, key);
    }
    draft.sample.published_splits = {part.split};
    apply_columns(intake, kColumns, draft);
    intake.take(std::move(draft));
  }
}

}  // namespace

void read_challenge(Intake& intake, const Path& folder, const std::vector<ChallengePart>& parts,
                    const ClassReader& classes) {
  std::vector<std::string> looked_for;
  bool any = false;
  for (const ChallengePart& part : parts) {
    looked_for.insert(looked_for.end(), part.truth.begin(), part.truth.end());
    std::optional<Path> table = find_published_table(folder, part.truth);
    const bool has_truth = table.has_value();
    if (!table && part.may_lack_truth) table = find_published_table(folder, part.details);
    if (!table) continue;
    any = true;
    CsvReader reader(*table);
    const ReadClass read_class = has_truth ? classes(reader) : ReadClass();
    read_part(intake, reader, part, load_details(intake, folder, part), read_class);
  }
  if (!any) require_published_table(folder, looked_for);
}

ClassReader one_hot_classes() {
  return [](const CsvReader& table) -> ReadClass {
    return [one_hot = OneHot(table, id_column(table))](const CsvReader& reader) {
      return one_hot.read(reader);
    };
  };
}

}  // namespace epicrisis
