#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// What web addresses and spreadsheets make of names, taken back to find near ones.

// "a%20b" as "a b".
std::string without_percent_signs(std::string_view text);
// "1" for 0001, 1, 1.0, ="0001" and "1,000" as "1000"; "" for what is no whole number.
std::string plain_number(std::string_view text);

}  // namespace epicrisis
