#pragma once

#include "llm/spoken.h"

namespace epicrisis::llm {

// Of a text without thoughts: takes away what stands around the note and is no part of it, by
// [html] and [around] of answers/marks.toml: \boxed{...}, a tag around the whole, a line that
// announces the note ("Here is the note:") and a last one about it ("(Word count: 12)"). Whether
// anything went. `fault` where words stand beside a box.
bool drop_wrapping(Spoken& spoken);

}  // namespace epicrisis::llm
