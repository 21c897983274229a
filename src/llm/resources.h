#pragma once

#include "core/resources.h"

namespace epicrisis {

// providers/
const Resources& llm_resources();

}  // namespace epicrisis
