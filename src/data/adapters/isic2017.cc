#include "data/adapters/isic_challenge.h"
#include "data/adapters/registry.h"

namespace epicrisis {
namespace {

// Two columns, both 0 for a nevus. The raw label is the column's name, or "nevus".
ClassReader part3_classes() {
  return [](const CsvReader& table) -> ReadClass {
    const std::size_t melanoma = table.column("melanoma");
    const std::size_t keratosis = table.column("seborrheic_keratosis");
    return [one_hot = OneHot({melanoma, keratosis})](const CsvReader& reader) {
      OneHot::Answer answer = one_hot.read(reader);
      if (answer.raw_label.empty()) answer.raw_label = "nevus";
      return answer;
    };
  };
}

class Isic2017 final : public Adapter {
 public:
  std::string_view name() const override { return "isic2017"; }
  std::string_view describe() const override {
    return "ISIC 2017 challenge, part 3: dermoscopy, melanoma, seborrheic keratosis and nevus";
  }
  std::vector<std::string> expected_files() const override {
    return {
        "ISIC-2017_Training_Part3_GroundTruth.csv, ISIC-2017_Validation_Part3_GroundTruth.csv, "
        "ISIC-2017_Test_v2_Part3_GroundTruth.csv",
        "ISIC-2017_{Training,Validation}_Data_metadata.csv, ISIC_2019_Training_Metadata.csv "
        "(optional)",
        "images/ or ISIC-2017_{Training,Validation,Test_v2}_Data/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    PictureLayout layout;
    layout.usual = {
        {"images"},
        {"ISIC-2017_Training_Data", "ISIC-2017_Validation_Data", "ISIC-2017_Test_v2_Data"},
        {"."}};
    Intake intake(input, name(), "isic2017", layout, sink);
    read_challenge(
        intake, input.path,
        {{.split = "train",
          .truth = {"ISIC-2017_Training_Part3_GroundTruth.csv"},
          .details = {"ISIC-2017_Training_Data_metadata.csv", "ISIC_2019_Training_Metadata.csv"}},
         {.split = "validation",
          .truth = {"ISIC-2017_Validation_Part3_GroundTruth.csv"},
          .details = {"ISIC-2017_Validation_Data_metadata.csv", "ISIC_2019_Training_Metadata.csv"}},
         {.split = "test",
          .truth = {"ISIC-2017_Test_v2_Part3_GroundTruth.csv"},
          .details = {"ISIC-2017_Test_v2_Data_metadata.csv", "ISIC_2019_Training_Metadata.csv"}}},
        part3_classes());
    return intake.finish();
  }
};

}  // namespace

const Adapter& isic2017_adapter() {
  static const Isic2017 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
