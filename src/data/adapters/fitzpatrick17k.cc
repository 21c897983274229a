#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"

namespace epicrisis {
namespace {

class Fitzpatrick17k final : public Adapter {
 public:
  std::string_view name() const override { return "fitzpatrick17k"; }
  std::string_view describe() const override {
    return "Fitzpatrick17k: clinical pictures of two atlases with skin types, 114 labels";
  }
  std::vector<std::string> expected_files() const override {
    return {"fitzpatrick17k.csv", "images/ with <md5hash>.jpg"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    CsvReader reader(require_published_table(input.path, {"fitzpatrick17k.csv"}));
    PictureLayout layout;
    layout.usual = {{"images"}, {"data/finalfitz17k"}, {"finalfitz17k"}, {"."}};
    Intake intake(input, name(), "fitzpatrick17k", layout, sink);
    ColumnMap map;
    map.id = "md5hash";
    map.label = "label";
    map.coded["skin_type"] = "fitzpatrick_scale";
    map.grade = "three_partition_label";
    map.modality = "clinical image";
    read_table(intake, reader, map, [&](Draft& draft) {
      // Its three parts know no pre-cancerous lesion: where the label has a class, the class says
      // more.
      const Mapping* mapping = intake.taxonomy().find(draft.sample.raw_label);
      if (mapping != nullptr && mapping->label) {
        draft.sample.grade.clear();
        draft.grade_cell = GradeCell::kNone;
      }
      const std::string check = published(draft, "qc");
      if (check.starts_with("3")) {
        intake.warn("publisher's check: wrongly labelled", draft.place, draft.id);
      }
    });
    return intake.finish();
  }
};

}  // namespace

const Adapter& fitzpatrick17k_adapter() {
  static const Fitzpatrick17k kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
