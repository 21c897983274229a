#include "model/encoders/image/image_projection.h"

#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxWidth = 16384;

// The tensors behind what trainings put before their names, by some of the names.
TensorFile named_tensors(const TensorFile& file, const std::vector<std::string>& some) {
  std::vector<std::string> remarks;  // that much else is there is known
  return model_weights(file, some, remarks);
}

Projection hugging_face_projection(const ModelConfig& config, const TensorFile& weights,
                                   std::int64_t width) {
  const auto type = json_get_or<std::string>(config.json, "model_type", "", config.source);
  const TensorFile own = named_tensors(weights, {"visual_projection.weight"});
  Projection projection;
  const bool is_whole = type == "clip";
  if (!is_whole && !(type == "clip_vision_model" && own.has("visual_projection.weight"))) {
    return projection;
  }
  const std::int64_t shared =
      whole_number(config.json, "projection_dim", 512, 1, kMaxWidth, config.source);
  projection.maps.push_back(projection_map(own, "visual_projection", shared, width));
  return projection;
}

// The tower's own [in, out], which is called neither weight nor bias.
AffineTensors transposed_map(const TensorFile& file, const std::string& name, std::int64_t out,
                             std::int64_t in) {
  const auto called_weight = [&](const std::string& published) {
    return published == name ? published + ".weight" : published;
  };
  AffineTensors map = projection_map(file.renamed(called_weight), name, in, out);
  map.weight = map.weight.t().contiguous();
  return map;
}

Projection open_clip_projection(const ModelConfig& config, const TensorFile& weights,
                                std::int64_t width) {
  const Json model = open_clip_model(config.json);
  const Json& vision = model["vision_cfg"];
  const std::int64_t shared = whole_number(model, "embed_dim", 512, 1, kMaxWidth, config.source);
  Projection projection;
  if (is_panderm_tower(config.json)) {
    const TensorFile own = named_tensors(weights, {"visual.head.weight"});
    projection.maps.push_back(projection_map(own, "visual.head", shared, width));
    return projection;
  }
  if (!vision.contains("timm_model_name")) {
    const TensorFile own = named_tensors(weights, {"visual.proj"});
    projection.maps.push_back(transposed_map(own, "visual.proj", shared, width));
    return projection;
  }
  const auto kind = json_get_or<std::string>(vision, "timm_proj", "linear", config.source);
  if (kind == "linear") {
    const TensorFile own = named_tensors(weights, {"visual.head.proj.weight"});
    projection.maps.push_back(projection_map(own, "visual.head.proj", shared, width));
  } else if (kind == "mlp") {
    const TensorFile own = named_tensors(weights, {"visual.head.mlp.fc1.weight"});
    projection.maps.push_back(projection_map(own, "visual.head.mlp.fc1", 2 * shared, width));
    projection.maps.push_back(projection_map(own, "visual.head.mlp.fc2", shared, 2 * shared));
  } else if (kind == "none") {
    return projection;
  } else if (kind.empty()) {  // the classifier of timm's model stands for it
    const TensorFile own = named_tensors(weights, {"visual.trunk.head.weight"});
    projection.maps.push_back(projection_map(own, "visual.trunk.head", shared, width));
  } else {
    throw InputError("{}: 'timm_proj' is '{}'; there are linear, mlp and none", config.source,
                     kind);
  }
  return projection;
}

}  // namespace

Projection read_image_projection(const ModelConfig& config, const TensorFile& weights,
                                 std::int64_t width) {
  if (is_open_clip_config(config.json)) return open_clip_projection(config, weights, width);
  if (is_hugging_face_image_model(config.json)) {
    return hugging_face_projection(config, weights, width);
  }
  return {};
}

}  // namespace epicrisis
