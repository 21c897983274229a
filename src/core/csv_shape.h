#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace epicrisis {

// What the first bytes of a table say of its form.
struct CsvShape {
  char separator = ',';
  bool ends_in_cr = false;   // lines end in a carriage return alone, as old spreadsheets wrote them
  std::size_t sep_line = 0;  // bytes of a first line "sep=;", its end included; 0 for none
};

// Of ',', ';', tab and '|' the one by which the first rows fall into columns, most of them alike;
// ',' where none does. A line "sep=X" says it itself. `head`: the start of the file, from after a
// byte order mark.
CsvShape csv_shape(std::string_view head);

// Why a file that starts so is no table of UTF-8 text, and what to do; empty: nothing speaks
// against it.
std::optional<std::string> why_no_table(std::string_view head);

// "a tab" or "';'".
std::string separator_name(char separator);

// Of text that is no UTF-8: whether its bytes beyond ASCII are letters of Latin-1 within words of
// ASCII letters, at most two together.
bool looks_like_latin1(std::string_view text);

}  // namespace epicrisis
