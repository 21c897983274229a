#pragma once

#include <string>

#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// The name that timm gives a tensor of a vision transformer which Hugging Face (ViT, DINOv2, CLIP's
// vision tower), open_clip or DINOv2's authors publish under another; any other name stays as it
// is. Query, key and value where they are apart become "blocks.N.attn.q." and so on.
std::string timm_vit_name(const std::string& published);

// The tensors under timm_vit_name()'s names, behind no prefix, as timm has them: query, key and
// value in one, tokens and positions of three dimensions, without what features do not need
// (poolers, projections, mask tokens). What is made anew has memory of its own.
// InputError where of query, key and value one is not there, or has another shape than the others.
TensorFile timm_vit_tensors(const TensorFile& file);

// What the weights alone tell of a form: how many positions there are and whether the class token
// has one, registers, layer scales, the norm before the layers, the norm of pooled patches. Parts
// that `form` has and the weights lack stay, for the loader to say that they are missing.
void tell_vit_form(const TensorFile& weights, VitForm& form);

}  // namespace epicrisis
