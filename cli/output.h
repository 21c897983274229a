#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"

namespace epicrisis::cli {

// The one JSON document of a command, indented, on standard output.
void print_json(const Json& json);

// A line on standard output; control characters of texts from outside are replaced.
void print_line(const std::string& line);

// Several lines, whole; control characters but for line ends and tabs are replaced.
void print_text(const std::string& text);

// What was printed so far goes out, for results that come one after the other.
void flush_output();

// Flushes standard output, to be called last. The errno of the first write that failed, 0 if all is
// written.
int finish_output();

// The first of `total` examples, a line each behind `before`, and how many more there are.
void print_examples(const std::vector<std::string>& examples, std::int64_t total,
                    const std::string& before = "  ", std::size_t shown = 3);

// The words of `text` in lines of at most 80 columns that begin at a column; `line` is what stands
// before the first.
std::string wrapped(std::string line, std::size_t column, const std::string& text);

// "12 B", "3.4 MB": powers of 1000.
std::string bytes_words(std::uint64_t bytes);

// Rows of equal length in aligned columns. A column whose cells below the first row are all numbers
// or empty is set flush right. Prints nothing for no rows.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace epicrisis::cli
