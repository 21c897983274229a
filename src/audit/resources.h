#pragma once

#include "core/resources.h"

namespace epicrisis {

// The words of claims: taxonomy/claims.toml, that of a field beside it, and taxonomy/lexicon.toml.
// The policies of repair: policies/
const Resources& audit_resources();

}  // namespace epicrisis
