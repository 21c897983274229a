#pragma once

#include "llm/spoken.h"

namespace epicrisis::llm {

// "Assistant: ...", "**AI:** ..." at the start of a text without marks: it goes. Whether it did.
bool cut_own_turn(Spoken& spoken);

// Cuts a text without marks where another turn begins ("### Human:", "**User:**", a role's name
// alone), where it ends in letters ("__END__", "Ġ"), or where another version of the note follows.
// `fault` where a turn of the model's own follows, or where there are several versions. Whether
// anything was cut or found.
bool cut_turns(Spoken& spoken);

}  // namespace epicrisis::llm
