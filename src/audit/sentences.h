#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis::audit {

// A sentence of a note, or a line of it that is none (a heading, an entry of a list): bytes
// [begin, end), without the white space around.
struct Sentence {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// In order; they hold all of the text but white space. A sentence ends at . ! ? before white space
// and no lower-case letter, but not after an abbreviation, the mark of a list ("1.") or in
// brackets; and at the end of a line, unless the next one goes on with a lower-case letter. Linear.
std::vector<Sentence> sentences_of(std::string_view text);

// The text without some of its sentences (`gone`, one entry each), and without headings
// ("Diagnosis:") that nothing follows any more. What stays is byte for byte as it was, with the
// white space that stood between; "" if nothing stays. `gone` then tells what went.
std::string without_sentences(std::string_view text, const std::vector<Sentence>& sentences,
                              std::vector<bool>& gone);

}  // namespace epicrisis::audit
