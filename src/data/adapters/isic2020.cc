#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"

namespace epicrisis {
namespace {

class Isic2020 final : public Adapter {
 public:
  std::string_view name() const override { return "isic2020"; }
  std::string_view describe() const override {
    return "ISIC 2020 challenge: dermoscopy by patient, mostly 'unknown' benign lesions";
  }
  std::vector<std::string> expected_files() const override {
    return {
        "ISIC_2020_Training_GroundTruth_v2.csv, ISIC_2020_Training_GroundTruth.csv or train.csv",
        "images/, train/ or ISIC_2020_Training_JPEG/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    CsvReader reader(
        require_published_table(input.path, {"ISIC_2020_Training_GroundTruth_v2.csv",
                                             "ISIC_2020_Training_GroundTruth.csv", "train.csv"}));
    PictureLayout layout;
    layout.usual = {{"images"}, {"train"}, {"ISIC_2020_Training_JPEG"}, {"."}};
    layout.recursive = true;
    Intake intake(input, name(), "isic2020", layout, sink);
    ColumnMap map;
    map.id = "image_name";
    map.label = "diagnosis";
    map.group = "patient_id";
    map.grade = "benign_malignant";
    map.age = "age_approx";
    map.sex = "sex";
    map.site = "anatom_site_general_challenge";
    map.modality = "dermoscopic image";
    read_table(intake, reader, map, [](Draft& draft) {
      draft.sample.published_splits = {"train"};  // the published test set has no labels
    });
    return intake.finish();
  }
};

}  // namespace

const Adapter& isic2020_adapter() {
  static const Isic2020 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
