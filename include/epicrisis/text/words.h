#pragma once

#include <climits>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Words of a text and the punctuation between them, as far as it parts clauses.
namespace epicrisis {

struct Word {
  std::string folded;     // without case and accents
  std::size_t begin = 0;  // bytes of the text, [begin, end)
  std::size_t end = 0;
  int depth = 0;  // brackets around it
  // Of what stands between the word before and this one:
  bool joined = false;         // nothing but white space, hyphens, slashes, apostrophes, a colon
  bool bracket = false;        // a bracket
  bool comma = false;          // a comma
  bool semicolon = false;      // a semicolon
  bool line = false;           // a line break
  int stop_depth = INT_MAX;    // least number of brackets around a full stop, ; ! ? or line break
  int colon_depth = INT_MAX;   // the same of a colon
  int lowest_depth = INT_MAX;  // least number of brackets around any of it, its ends included
};

// Runs of letters and digits. A full stop counts as one where no letter or digit follows at once
// ("5.0 mm"). Invisible characters neither part words nor belong to them.
std::vector<Word> split_words(std::string_view text);

}  // namespace epicrisis
