#pragma once

#include <string_view>

#include "audit/claim_words.h"

namespace epicrisis::audit {

// Whether a given value, as a site in another language, is one that the reader of notes knows.
bool is_read(const ClaimWords& words, Kind kind, std::string_view value);
// Whether a note has a value word for word.
bool stands_in(std::string_view note, std::string_view value);

}  // namespace epicrisis::audit
