#pragma once

#include "llm/spoken.h"

namespace epicrisis::llm {

// Of a text without marks: takes out a thought that a heading announces and another ends ("Thought:
// ... Final answer: ..."), and the words that stay of marks where a server takes the marks away
// ("analysis...assistantfinal..."). `fault` says what is a thought, or may be one, and does not
// end.
void drop_unmarked_thoughts(Spoken& spoken);

}  // namespace epicrisis::llm
