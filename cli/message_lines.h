#pragma once

#include <string>
#include <string_view>

namespace epicrisis::cli {

// A message as a terminal may see it. Lists that the library puts into a message begin their lines
// with two spaces or more and stay lines; every other control character is escaped, so that text
// from outside cannot begin a line as a message of its own.
std::string message_lines(std::string_view text);

}  // namespace epicrisis::cli
