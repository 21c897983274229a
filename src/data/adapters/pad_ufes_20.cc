#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"

namespace epicrisis {
namespace {

// "True" says `words`; "False" says that it was asked and is not so.
std::map<std::string, std::string> yes(std::string words) {
  return {{"true", std::move(words)}, {"false", ""}};
}

ColumnMap columns() {
  ColumnMap map;
  map.id = "img_id";
  map.label = "diagnostic";
  map.group = "patient_id";
  map.age = "age";
  map.sex = "gender";
  map.site = "region";
  map.coded["skin_type"] = "fitspatrick";  // the publisher's spelling
  map.modality = "clinical image";
  map.findings = {
      {.name = "diameter", .columns = {"diameter_1", "diameter_2"}, .between = " x ", .unit = "mm"},
      {.name = "elevation",
       .columns = {"elevation"},
       .words = {{"elevation", {{"true", "raised"}, {"false", "not raised"}}}}},
      {.name = "symptoms",
       .columns = {"itch", "grew", "hurt", "changed", "bleed"},
       .words = {{"itch", yes("itch")},
                 {"grew", yes("growth")},
                 {"hurt", yes("pain")},
                 {"changed", yes("change")},
                 {"bleed", yes("bleeding")}},
       .none = "none reported"},
      {.name = "history",
       .columns = {"skin_cancer_history", "cancer_history"},
       .words = {{"skin_cancer_history", yes("skin cancer")}, {"cancer_history", yes("cancer")}}},
      {.name = "diagnosis confirmed by",
       .columns = {"biopsed"},
       .words = {{"biopsed", yes("histopathology")}}},
  };
  return map;
}

class PadUfes20 final : public Adapter {
 public:
  std::string_view name() const override { return "pad_ufes_20"; }
  std::string_view describe() const override {
    return "PAD-UFES-20: smartphone pictures with 21 patient features, six classes";
  }
  std::vector<std::string> expected_files() const override {
    return {"metadata.csv", "images/, images_png/ or imgs_part_1/ to imgs_part_3/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    CsvReader reader(require_published_table(input.path, {"metadata.csv"}));
    PictureLayout layout;
    layout.usual = {
        {"images"}, {"imgs_part_1", "imgs_part_2", "imgs_part_3"}, {"images_png"}, {"."}};
    // The published zip archives hold a folder of their own name.
    layout.recursive = true;
    Intake intake(input, name(), "pad_ufes_20", layout, sink);
    read_table(intake, reader, columns());
    return intake.finish();
  }
};

}  // namespace

const Adapter& pad_ufes_20_adapter() {
  static const PadUfes20 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
