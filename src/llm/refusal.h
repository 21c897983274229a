#pragma once

#include <string>
#include <string_view>

namespace epicrisis::llm {

// The words by which a text gives itself away as a refusal of a model, or, introduced so, as the
// statement that it was given no picture or sees none; "" for a note. By answers/refusals.toml, of
// the beginning alone. A note that names what it cannot see ("I cannot see a pigment network.") is a
// note. Never throws; linear in the text.
std::string refusal_words(std::string_view text);

}  // namespace epicrisis::llm
