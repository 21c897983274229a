#include <optional>
#include <unordered_map>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"

namespace epicrisis {
namespace {

using Answers = std::unordered_map<std::string, OneHot::Answer>;  // by lesion

Answers read_answers(const Path& path) {
  CsvReader reader(path);
  const std::size_t lesion = reader.column("lesion_id");
  const OneHot one_hot(reader, "lesion_id");
  Answers answers;
  while (reader.next()) {
    OneHot::Answer answer = one_hot.read(reader);
    const auto [position, is_new] = answers.emplace(reader.at(lesion), answer);
    if (!is_new && position->second.raw_label != answer.raw_label) {
      position->second.problem = "lesion with two classes";
    }
  }
  return answers;
}

ColumnMap columns() {
  ColumnMap map;
  map.id = "isic_id";
  map.group = "lesion_id";
  map.subclass = "diagnosis_full";
  map.age = "age_approx";
  map.sex = "sex";
  map.site = "site";
  map.modality_column = "image_type";
  map.findings = {
      {.name = "skin tone class", .columns = {"skin_tone_class"}},
      {.name = "diagnosis confirmed by", .columns = {"diagnosis_confirm_type"}},
      {.name = "invasion thickness", .columns = {"invasion_thickness_interval"}},
  };
  return map;
}

class Milk10k final : public Adapter {
 public:
  std::string_view name() const override { return "milk10k"; }
  std::string_view describe() const override {
    return "MILK10k: a clinical and a dermoscopic picture of each lesion, eleven classes";
  }
  std::vector<std::string> expected_files() const override {
    return {"MILK10k_Training_Metadata.csv and MILK10k_Training_GroundTruth.csv",
            "MILK10k_Training_Supplement.csv, MILK10k_Test_Metadata.csv (optional)",
            "images/ or MILK10k_{Training,Test}_Input/<lesion_id>/<isic_id>.jpg"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    PictureLayout layout;
    layout.usual = {{"images"}, {"MILK10k_Training_Input", "MILK10k_Test_Input"}, {"."}};
    layout.recursive = true;  // a folder a lesion
    Intake intake(input, name(), "milk10k", layout, sink);
    bool any = false;
    for (const auto& [part, split] : {std::pair("Training", "train"), std::pair("Test", "test")}) {
      const std::string start = std::string("MILK10k_") + part;
      const std::optional<Path> metadata =
          find_published_table(input.path, {start + "_Metadata.csv"});
      if (!metadata) continue;
      any = true;
      read_part(intake, input.path, *metadata, start, split);
    }
    if (!any) require_published_table(input.path, {"MILK10k_Training_Metadata.csv"});
    return intake.finish();
  }

 private:
  // Labels are given by lesion, the supplement by picture; a test part has neither.
  static void read_part(Intake& intake, const Path& folder, const Path& metadata,
                        const std::string& start, const std::string& split) {
    static const ColumnMap kColumns = columns();
    Answers answers;
    SideTable supplement;
    const std::optional<Path> truth = find_published_table(folder, {start + "_GroundTruth.csv"});
    if (truth) answers = read_answers(*truth);
    if (const auto path = find_published_table(folder, {start + "_Supplement.csv"})) {
      supplement = SideTable(*path, "isic_id", intake);
    }
    CsvReader reader(metadata);
    const std::size_t id = reader.column("isic_id");
    const std::size_t lesion = reader.column("lesion_id");
    while (reader.next()) {
      intake.count_row();
      Draft draft = draft_of(intake, reader, reader.at(id));
      if (const auto* row = supplement.find(reader.at(id))) {
        intake.add_metadata(draft, supplement.header(), *row);
      }
      if (const auto answer = answers.find(reader.at(lesion)); answer != answers.end()) {
        if (!answer->second.problem.empty()) {
          intake.skip(answer->second.problem, draft.place, draft.id);
          continue;
        }
        draft.sample.raw_label = answer->second.raw_label;
      } else if (truth) {
        intake.warn("lesion without a class", draft.place, reader.at(lesion));
      }
      draft.sample.published_splits = {split};
      apply_columns(intake, kColumns, draft);
      intake.take(std::move(draft));
    }
  }
};

}  // namespace

const Adapter& milk10k_adapter() {
  static const Milk10k kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
