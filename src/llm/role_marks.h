#pragma once

#include <optional>
#include <string_view>

#include "llm/marks.h"

namespace epicrisis::llm {

// Whose turn or which channel, as it stands behind <|im_start|> and its like; moves `mark.end`
// behind it. `mark` has its name and where it ends.
Mark role_mark(Mark mark, std::string_view folded);

// What is opened or closed by <|open|>think<|sep|> and <|close|>think<|sep|>, where `mark` is the
// first of the two; moves `mark.end` behind the second.
Mark spelled_mark(Mark mark, std::string_view folded, bool closes);

// "to=self" of the words before <|message|>: a thought; "to=user": an answer. None for others.
std::optional<MarkKind> addressed_to(std::string_view words);

}  // namespace epicrisis::llm
