#pragma once

#include <functional>
#include <string_view>

namespace epicrisis {

// Hands each word of a text to `word`, in their order. Invalid UTF-8 is read as U+FFFD.

// CLIP's words: the text composed (NFC) and in lower case; contractions ('s 't 're 've 'm 'll 'd),
// runs of letters, single digits, runs of other characters. White space is dropped.
void for_clip_words(std::string_view text, const std::function<void(std::string_view)>& word);

// GPT-2's words: contractions; runs of letters, of digits, of other characters, each with the space
// before it; runs of white space but for that space. `space_before` puts one before a text that
// begins otherwise.
void for_gpt_words(std::string_view text, bool space_before,
                   const std::function<void(std::string_view)>& word);

}  // namespace epicrisis
