#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"

namespace epicrisis {
namespace {

class Ham10000 final : public Adapter {
 public:
  std::string_view name() const override { return "ham10000"; }
  std::string_view describe() const override {
    return "HAM10000: dermoscopy, seven classes, several pictures of a lesion";
  }
  std::vector<std::string> expected_files() const override {
    return {"HAM10000_metadata.csv or HAM10000_metadata",
            "images/, HAM10000_images_part_1/ and _part_2/, or images_600x450/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    CsvReader reader(require_published_table(
        input.path, {"HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab"}));
    PictureLayout layout;
    layout.usual = {{"images"},
                    {"HAM10000_images_part_1", "HAM10000_images_part_2"},
                    {"HAM10000_images"},
                    {"images_600x450"},
                    {"."}};
    Intake intake(input, name(), "ham10000", layout, sink);
    ColumnMap map;
    map.id = "image_id";
    map.label = std::string("dx");  // GCC 12 sees a "dx" of two bytes uninitialised
    map.group = "lesion_id";
    map.age = "age";
    map.sex = "sex";
    map.site = "localization";
    map.modality = "dermoscopic image";
    map.findings = {{.name = "diagnosis confirmed by", .columns = {"dx_type"}}};
    read_table(intake, reader, map);
    return intake.finish();
  }
};

}  // namespace

const Adapter& ham10000_adapter() {
  static const Ham10000 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
