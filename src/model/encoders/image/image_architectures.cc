#include "epicrisis/core/error.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {
namespace {

// A new family is one file, one line here and its members in settings/image_encoder_config.cc.
constexpr std::vector<ImageArchitecture> (*kFamilies[])(){
    mobilenet_v2_architectures, densenet_architectures, resnet_architectures,
    efficientnet_architectures, vit_architectures};

}  // namespace

const std::vector<ImageArchitecture>& image_architectures() {
  static const std::vector<ImageArchitecture> all = [] {
    std::vector<ImageArchitecture> families;
    for (const auto family : kFamilies) {
      for (const ImageArchitecture& member : family()) families.push_back(member);
    }
    return families;
  }();
  return all;
}

const ImageArchitecture& image_architecture(std::string_view name) {
  for (const ImageArchitecture& known : image_architectures()) {
    if (known.name == name) return known;
  }
  if (name == kVitOfSizes) return vit_of_sizes();
  throw InternalError("image_architecture: '{}' is not built", image_encoder_info(name).name);
}

}  // namespace epicrisis
