#pragma once

#include <string>
#include <string_view>

namespace epicrisis::llm {

// What a text is. A person's note may be "No." or "Please see a specialist.", and so may a part of
// an answer.
enum class Said {
  kNote,    // by a model or a person
  kAnswer,  // what a model says that was asked for a note
  kPart,    // a member of an answer of several
};

// The words by which a text gives itself away as a refusal of a model, or, introduced so, as the
// statement that it was given no picture or sees none, or as a form that was not filled in; "" for
// a note. By answers/refusals.toml, of the beginning, but for open places. A note that names what
// it cannot see ("I cannot see a pigment network.") is a note. Never throws; linear in the text.
std::string refusal_words(std::string_view text, Said said = Said::kNote);

}  // namespace epicrisis::llm
