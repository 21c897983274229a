#pragma once

#include <string>
#include <string_view>

namespace epicrisis::llm {

// What of a text speaks of the task, of who set it or of the text's own length, by
// answers/thoughts.toml: a fault in one line; "" if nothing does. Linear in the text.
std::string told_thought(std::string_view text);

}  // namespace epicrisis::llm
