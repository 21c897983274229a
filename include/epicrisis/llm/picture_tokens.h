#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "epicrisis/llm/provider.h"

namespace epicrisis {

// How many tokens a picture counts as input, at most.
struct PictureTokens {
  std::int64_t tokens = 0;
  // false: nothing is known of the model, and `tokens` is what GPT-4o would count.
  bool known = false;
  std::string source;  // who says so: a file, a guide; "" where it is not known
};

// For the provider's model, detail and largest side: what the provider says itself
// (Provider::image_tokens), else by answers/picture_tokens.toml. Only the longer side of a picture
// is known beforehand, so it is the most over all shapes. docs/formats/providers.md.
PictureTokens picture_tokens(const Provider& provider);

}  // namespace epicrisis
