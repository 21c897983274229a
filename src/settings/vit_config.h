#pragma once

#include <span>
#include <string>
#include <string_view>

#include "epicrisis/settings/image_encoder_config.h"

namespace epicrisis {

// The vision transformers that timm has a name for, in the order of image_encoders().
struct NamedVit {
  std::string_view name;
  VitForm form;
  int input_size;
  std::string_view statistics;  // "half", "clip" or "imagenet": what pixels are normalised with
};
std::span<const NamedVit> named_vits();
// Null for another name.
const NamedVit* named_vit(std::string_view name);
ImageEncoderConfig named_vit_config(const NamedVit& named);
// Its name among them, but for grid and the class token's position; else kVitOfSizes.
std::string name_of_vit(const VitForm& form);

// `vit` of config.json over the values that `form` has. InputError with key and value for what is
// no whole number in its range, an unknown activation, and heads that do not divide the width.
void parse_vit_form(const Json& json, VitForm& form, std::string_view source);
Json to_json(const VitForm& form);

// Hugging Face's config.json with `model_type` vit, dinov2, dinov2_with_registers,
// clip_vision_model or clip. Keys that are not there have the defaults of the model's class.
ImageEncoderConfig parse_hugging_face_vit(const Json& json, std::string_view source);

}  // namespace epicrisis
