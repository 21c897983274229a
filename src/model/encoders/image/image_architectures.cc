#include "epicrisis/core/error.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {

// The registry: a new image encoder is one file, one line here and one in
// settings/image_encoder_config.cc.
const std::vector<ImageArchitecture>& image_architectures() {
  static const std::vector<ImageArchitecture> all{
      mobilenet_v2_architecture(),
      densenet121_architecture(),
      resnet18_architecture(),
      resnet50_architecture(),
  };
  return all;
}

const ImageArchitecture& image_architecture(std::string_view name) {
  for (const ImageArchitecture& known : image_architectures()) {
    if (known.name == name) return known;
  }
  throw InternalError("image_architecture: '{}' is not built", image_encoder_info(name).name);
}

}  // namespace epicrisis
