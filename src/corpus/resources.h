#pragma once

#include "core/resources.h"

namespace epicrisis {

// What findings are made of, a file a field: taxonomy/findings_FIELD.toml.
const Resources& corpus_resources();

}  // namespace epicrisis
