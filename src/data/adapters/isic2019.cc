#include "data/adapters/isic_challenge.h"
#include "data/adapters/registry.h"

namespace epicrisis {
namespace {

class Isic2019 final : public Adapter {
 public:
  std::string_view name() const override { return "isic2019"; }
  std::string_view describe() const override {
    return "ISIC 2019 challenge: dermoscopy of BCN20000, HAM10000 and MSK, eight classes";
  }
  std::vector<std::string> expected_files() const override {
    return {"ISIC_2019_{Training,Test}_GroundTruth.csv",
            "ISIC_2019_{Training,Test}_Metadata.csv (optional)",
            "images/ or ISIC_2019_{Training,Test}_Input/"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    PictureLayout layout;
    layout.usual = {{"images"}, {"ISIC_2019_Training_Input", "ISIC_2019_Test_Input"}, {"."}};
    Intake intake(input, name(), "isic2019", layout, sink);
    read_challenge(intake, input.path,
                   {{.split = "train",
                     .truth = {"ISIC_2019_Training_GroundTruth.csv"},
                     .details = {"ISIC_2019_Training_Metadata.csv"}},
                    {.split = "test",
                     .truth = {"ISIC_2019_Test_GroundTruth.csv"},
                     .details = {"ISIC_2019_Test_Metadata.csv"},
                     .may_lack_truth = true}},
                   one_hot_classes());
    return intake.finish();
  }
};

}  // namespace

const Adapter& isic2019_adapter() {
  static const Isic2019 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
