#pragma once

#include <string>

namespace epicrisis {

// A number as a person writes it: "0.5", "1000", and from five digits on "1,000,000". Beyond 1e15,
// and of what is not finite, as {fmt} has it.
std::string number_words(double number);

}  // namespace epicrisis
