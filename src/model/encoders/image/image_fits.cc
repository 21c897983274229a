#include "model/encoders/image/image_fits.h"

#include <optional>
#include <string>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/image/image_encoder_source.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

// An encoder is looked at whose parameters are at most so many times those of the file, as of a
// file that lacks most of it, or so many times fewer, as where a training's state is with it.
constexpr std::int64_t kTimesMore = 3;
constexpr std::int64_t kTimesFewer = 16;

std::optional<ImageEncoderConfig> said_in(const Path& folder) {
  try {
    return read_image_encoder_config(folder);
  } catch (const Error&) {
    return std::nullopt;  // no file, or of what is not read: the weights are held against all
  }
}

ArchitectureFit image_fit(const ImageEncoderConfig& config, const TensorFile& file, bool said) {
  ArchitectureFit fit;
  fit.architecture = config.architecture;
  fit.kind = model_kind_name(ModelKind::kImageEncoder);
  fit.said = said;
  try {
    fit.fit = image_weight_fit(config, file, fit.prefix);
  } catch (const InputError& error) {
    fit.problem = error.what();
  }
  return fit;
}

std::int64_t values_in(const TensorFile& file) {
  std::int64_t values = 0;
  for (const auto& [name, tensor] : file.tensors()) values += tensor.count();
  return values;
}

}  // namespace

std::vector<ArchitectureFit> image_fits(const Path& weights, const Path& folder, const Job& job) {
  const TensorFile file = read_weights(weights);
  const std::optional<ImageEncoderConfig> said = said_in(folder);
  std::vector<ArchitectureFit> all;
  if (said) all.push_back(image_fit(*said, file, true));
  if (said && all.front().fits()) return all;
  const std::int64_t values = values_in(file);
  for (const ImageEncoderInfo& info : image_encoders()) {
    job.check();
    if (said && said->architecture == info.name) continue;
    if (info.parameters > kTimesMore * values || values > kTimesFewer * info.parameters) continue;
    all.push_back(image_fit(default_image_encoder_config(info.name), file, false));
  }
  return all;
}

}  // namespace epicrisis
