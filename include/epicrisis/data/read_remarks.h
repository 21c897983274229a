#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/data/adapter.h"

namespace epicrisis {

// Something that a person should know of a read.
struct ReadRemark {
  bool warning = false;               // something was left out, not understood or contradicts
  std::string text;                   // "3 sex of an unknown spelling: 'x' (2), 'y' (1)"
  std::vector<std::string> examples;  // the first places, "t.csv:2: x", and how many more there are
};
std::vector<ReadRemark> remarks_on(const AdapterReport& report);

// What it means that no sample says its patient or case, and what to do.
std::string without_group_words();

// The labels that the label map does not know as [[map]] blocks, the most frequent first, for a
// person to complete and put into a label map or column map; "" where it knows all. A label that is
// left as it is becomes "known, and no class".
std::string map_blocks(const AdapterReport& report);

// The values that were not understood, of columns for which a map may give words, as [words.X]
// tables, the most frequent first; "" where there are none. Pasted as it is, a table changes no
// note.
std::string words_blocks(const AdapterReport& report);

// "NF no abnormal finding, PNEU pneumonia": what `label` may be.
std::string classes_in_words(const Field& field);

// How AdapterReport names what it does not count apart.
inline constexpr std::string_view kOtherNames = "(others)";

// Values and how often each was met, the most frequent first.
using ValueCounts = std::vector<std::pair<std::string, std::uint64_t>>;
ValueCounts by_frequency(const std::map<std::string, std::uint64_t>& counts);
// "'a' (12), 'b' (3)", the most frequent first, 20 at most.
std::string label_counts_in_words(const std::map<std::string, std::uint64_t>& counts);

}  // namespace epicrisis
