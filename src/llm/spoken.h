#pragma once

#include <string>
#include <string_view>

#include "epicrisis/llm/chat.h"

namespace epicrisis::llm {

// What a model says to its reader, of all that it said.
struct Spoken {
  std::string text;   // trimmed; "" if there is none
  std::string fault;  // why the text cannot be told from a thought, on one line; "" if it can
  Dropped dropped;
};

// The text without what stands between marks of thoughts (answers/marks.toml), up to the first mark
// of a turn's end. For JSON, whose words are looked at later. Never throws on what a model said.
// Linear in the text.
Spoken unmarked_text(std::string_view text);

// The same for prose: thoughts that headings or their first words give away go too or are a fault,
// and so are marks of a name that is in no list. The one place that decides what of a text is a
// note, whether a server, a batch or a file brings it.
Spoken spoken_text(std::string_view text);

}  // namespace epicrisis::llm
