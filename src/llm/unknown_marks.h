#pragma once

#include "llm/spoken.h"

namespace epicrisis::llm {

// Marks of a name that is in no list: in pairs (<workings>...</workings>, [PLAN]...[/PLAN]) or at
// the beginning they may be those of a thought, which becomes the `fault`. One alone behind the end
// of a sentence ("border.<end_code>") is a control token: the text is cut there. Linear time.
void refuse_unknown_marks(Spoken& spoken);

}  // namespace epicrisis::llm
