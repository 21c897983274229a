#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace epicrisis {

struct CardContent {
  std::map<std::string, std::int64_t> splits;  // lines of their tables
  std::vector<std::string> datasets;
  std::vector<std::string> strategies;
  bool pictures = false;  // they are beside the tables
};

// README.md of an exported imagefolder: which split is where, so that `load_dataset` sees all of
// them, and what the columns are.
std::string image_folder_card(const CardContent& content);

}  // namespace epicrisis
