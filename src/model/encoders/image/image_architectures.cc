#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {

// The registry: a new image encoder is one file and one line here.
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
  std::vector<std::string> names;
  for (const ImageArchitecture& known : image_architectures()) {
    if (known.info.name == name) return known;
    names.emplace_back(known.info.name);
  }
  const auto nearest = nearest_name(name, names);
  throw UsageError("'{}' is no image encoder; there are {}{}", name, join(names, ", "),
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

const std::vector<ImageEncoderInfo>& image_encoders() {
  static const std::vector<ImageEncoderInfo> all = [] {
    std::vector<ImageEncoderInfo> infos;
    for (const ImageArchitecture& known : image_architectures()) infos.push_back(known.info);
    return infos;
  }();
  return all;
}

}  // namespace epicrisis
