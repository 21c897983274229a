#pragma once

#include <optional>
#include <string>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/finish_reasons.h"

namespace epicrisis::llm {

// Why a choice ended, as it says in one of the places where servers say it.
struct Finish {
  std::string name;                // as it stands there; "" if it says nothing
  std::optional<FinishKind> kind;  // empty: not known
};

// The worst of what is said of the end: by the choice, its message and the whole completion, as a
// reason, a status or a member beside them. Where nothing is said, an end, as servers were before
// they said anything.
Finish finish_of(const Json& choice, const Json& message, const Json& completion,
                 const FinishReasons& reasons);

}  // namespace epicrisis::llm
