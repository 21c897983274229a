#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// `text` as one word of a POSIX shell, for commands that a person is told to type: as it is where
// it is plain, else in single quotes.
std::string shell_word(std::string_view text);

}  // namespace epicrisis
