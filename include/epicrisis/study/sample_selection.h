#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epicrisis {

// Which samples of a workspace: all conditions must hold; an empty list is no condition.
struct SampleSelection {
  std::vector<std::string> datasets;
  std::vector<std::string> splits;  // of sample_parts(), in the split of the run's study
};

// "train", "validation", "test", "external".
std::vector<std::string> sample_parts();

// A sample as tables name it. Any of the texts but the first two may be empty.
struct SampleLine {
  std::int64_t id = 0;
  std::string dataset;
  std::string key;
  std::string group;       // patient or case
  std::string class_name;  // short
  std::string split;       // in the split of the run's study, one of sample_parts()
};

}  // namespace epicrisis
