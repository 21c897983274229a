#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// The words by which a text gives itself away as a refusal of a model, or as the statement that it
// was given no picture; "" for a note. Looks at the beginning alone and knows English. A note that
// names what it cannot see ("I cannot see a pigment network.") is a note.
std::string refusal_words(std::string_view text);

}  // namespace epicrisis
