#pragma once

#include "core/resources.h"

namespace epicrisis {

// providers/, answers/
const Resources& llm_resources();

}  // namespace epicrisis
