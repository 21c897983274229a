#pragma once

#include "core/resources.h"

namespace epicrisis {

// Strategies and their sets: prompts/
const Resources& notes_resources();

}  // namespace epicrisis
