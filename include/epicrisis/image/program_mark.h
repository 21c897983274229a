#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// A picture that the program drew can be told by its first bytes from one that somebody took: PNG
// has a chunk tEXt "Software", JPEG a comment, with the program's name.

// Puts the mark into what encode_png() or encode_jpeg() gave; its pixels stay.
std::string with_program_mark(std::string encoded);
// Whether a file that begins with these bytes has it; 128 of them are enough.
bool has_program_mark(std::string_view beginning);

}  // namespace epicrisis
