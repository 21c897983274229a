#pragma once

#include "core/resources.h"

namespace epicrisis {

// The words of claims: taxonomy/claims.toml, that of a field beside it, and taxonomy/lexicon.toml.
const Resources& audit_resources();

}  // namespace epicrisis
