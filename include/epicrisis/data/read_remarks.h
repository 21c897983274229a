#pragma once

#include <cstdint>
#include <map>
#include <string>
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

// The labels that the label map does not know as [[map]] blocks, the most frequent first, for a
// person to complete and put into a label map or column map; "" where it knows all. A label that is
// left as it is becomes "known, and no class".
std::string map_blocks(const AdapterReport& report);

// Values and how often each was met, the most frequent first.
using ValueCounts = std::vector<std::pair<std::string, std::uint64_t>>;
ValueCounts by_frequency(const std::map<std::string, std::uint64_t>& counts);

}  // namespace epicrisis
