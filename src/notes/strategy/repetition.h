#pragma once

#include <set>
#include <string>
#include <string_view>

#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis {

// What a prompt says in place of a picture that is not sent.
inline constexpr std::string_view kPictureNotShown =
    "There is no picture: go by the data given here alone.";

// The sentences of the strategy's prompt without values: Strategy::prompt_sentences.
std::set<std::string, std::less<>> sentences_of_prompt(const Template& system,
                                                       const Template& user);

// Small models say the prompt back or say one sentence over and over. Returns what is wrong if more
// than half of the words stand in sentences that the strategy's prompt holds word for word, or in a
// sentence that comes four times or more; else "". Sentences of up to three words count for
// neither, nor do case and white space.
std::string repetition_fault(std::string_view text, const Strategy& strategy);

}  // namespace epicrisis
