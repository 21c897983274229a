#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// Runs of letters and digits, ASCII letters lower-cased. Everything else only parts words.
std::vector<std::string> words_of(std::string_view text);

}  // namespace epicrisis
