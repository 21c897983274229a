#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/sex_letters.h"
#include "epicrisis/core/files.h"

namespace epicrisis {

inline constexpr std::size_t kStartRows = 5000;
inline constexpr std::size_t kStartValues = 1000;  // of a column, told apart

// The beginning of a column.
struct ColumnStart {
  std::string name;
  std::size_t filled = 0;  // rows that say something
  std::map<std::string, std::uint64_t> values;
  bool all_different = true;
  std::string role;  // "" while it has none
  SexLetters letters;

  // The share of the filled rows whose value the test takes.
  template <typename Test>
  double share(Test test) const {
    std::uint64_t all = 0;
    std::uint64_t taken = 0;
    for (const auto& [value, count] : values) {
      all += count;
      if (test(value)) taken += count;
    }
    return all == 0 ? 0 : static_cast<double>(taken) / static_cast<double>(all);
  }
};

struct TableStart {
  std::string file;  // below the folder
  char separator = ',';
  std::size_t rows = 0;
  bool whole = true;
  std::vector<ColumnStart> columns;
};

// The first rows of a table below the folder. InputError for one that cannot be read, or has no row
// below its first line.
TableStart read_table_start(const Path& folder, const std::string& file);

}  // namespace epicrisis
