#pragma once

#include "core/resources.h"

namespace epicrisis {

// taxonomy/lexicon.toml
const Resources& text_resources();

}  // namespace epicrisis
