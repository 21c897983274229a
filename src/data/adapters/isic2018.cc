#include "data/adapters/isic_challenge.h"
#include "data/adapters/registry.h"

namespace epicrisis {
namespace {

class Isic2018 final : public Adapter {
 public:
  std::string_view name() const override { return "isic2018"; }
  std::string_view describe() const override {
    return "ISIC 2018 challenge, task 3: dermoscopy, seven classes";
  }
  std::vector<std::string> expected_files() const override {
    return {"ISIC2018_Task3_{Training,Validation,Test}_GroundTruth.csv",
            "ISIC2018_Task3_Training_LesionGroupings.csv, ISIC_2019_{Training,Test}_Metadata.csv "
            "(optional)",
            "images/ or ISIC2018_Task3_{Training,Validation,Test}_Input/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    PictureLayout layout;
    layout.usual = {{"images"},
                    {"ISIC2018_Task3_Training_Input", "ISIC2018_Task3_Validation_Input",
                     "ISIC2018_Task3_Test_Input"},
                    {"."}};
    Intake intake(input, name(), "isic2018", layout, sink);
    read_challenge(intake, input.path,
                   {{.split = "train",
                     .truth = {"ISIC2018_Task3_Training_GroundTruth.csv"},
                     .details = {"ISIC2018_Task3_Training_LesionGroupings.csv",
                                 "ISIC_2019_Training_Metadata.csv"}},
                    {.split = "validation",
                     .truth = {"ISIC2018_Task3_Validation_GroundTruth.csv"},
                     .details = {"ISIC_2019_Test_Metadata.csv"}},
                    {.split = "test",
                     .truth = {"ISIC2018_Task3_Test_GroundTruth.csv"},
                     .details = {"ISIC_2019_Test_Metadata.csv"}}},
                   one_hot_classes());
    return intake.finish();
  }
};

}  // namespace

const Adapter& isic2018_adapter() {
  static const Isic2018 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
