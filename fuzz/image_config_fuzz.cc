// links: settings

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/model_folders.h"
#include "settings/clip_text_config.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_text(const epicrisis::Json& json) {
  try {
    const auto config = epicrisis::parse_clip_text_config(json, "fuzz.json");
    require(config.width > 0 && config.heads > 0 && config.width % config.heads == 0);
    require(config.layers > 0 && config.hidden > 0 && config.positions >= 2);
    require(config.norm_epsilon > 0 && config.projection >= 0);
  } catch (const epicrisis::InputError&) {
    // Told as such.
  }
}

}  // namespace

// The input as an image encoder's config.json, timm's, Hugging Face's or ours: what is read of it
// holds together, and is read again as it is written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto json = epicrisis::parse_json(
        std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.json");
    const std::string text = epicrisis::text_model_type(json, "fuzz.json");
    if (epicrisis::is_hugging_face_image_model(json)) {
      require(text.empty() || text == epicrisis::kClipText);
    }
    if (text == epicrisis::kClipText) check_text(json);
    const auto config = epicrisis::parse_image_encoder_config(json, "fuzz.json");
    require(config.feature_dim > 0 && config.input_size >= 32 && config.norm_epsilon > 0);
    if (config.vit) {
      const epicrisis::VitForm& form = *config.vit;
      require(form.width == config.feature_dim && form.heads > 0 && form.width % form.heads == 0);
      require(form.patch > 0 && form.grid > 0 && form.layers > 0 && form.hidden > 0);
    }
    const auto written = epicrisis::to_json(config);
    require(epicrisis::to_json(epicrisis::parse_image_encoder_config(written, "again")) == written);
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  }
  return 0;
}
