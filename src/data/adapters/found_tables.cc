#include "data/adapters/found_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "data/adapters/picture_index.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/column_proposal.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxRows = 5000;  // counted
constexpr std::size_t kMaxNamed = 5;    // tables named in a sentence

}  // namespace

std::vector<std::string> tables_in(const Path& folder) {
  const auto tables_of = [&](const Path& one) {
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::directory_iterator files(one, error), end; !error && files != end;
         files.increment(error)) {
      std::error_code ignored;
      const std::string suffix = ascii_lower(files->path().extension().string());
      if ((suffix == ".csv" || suffix == ".tsv" || suffix == ".tab" || suffix == ".txt") &&
          files->is_regular_file(ignored)) {
        found.push_back(files->path().lexically_relative(folder).generic_string());
      }
    }
    std::ranges::sort(found);
    return found;
  };
  std::vector<std::string> found = tables_of(folder);
  if (!found.empty()) return found;
  for (const Path& below : folders_below(folder)) {
    for (std::string& table : tables_of(below)) found.push_back(std::move(table));
  }
  return found;
}

std::string described_table(const Path& file) {
  try {
    CsvReader reader(file);
    if (reader.header().size() < 2) return {};
    std::size_t rows = 0;
    while (rows < kMaxRows && reader.next()) ++rows;
    if (rows == 0) return {};
    const bool whole = rows < kMaxRows || !reader.next();
    return fmt::format("a table of {}{} row{}", rows, whole ? "" : " or more",
                       rows == 1 ? "" : "s");
  } catch (const Error&) {
    return {};  // no table
  }
}

std::string tables_in_words(const Path& folder) {
  std::vector<std::string> found;
  for (const std::string& file : tables_in(folder)) {
    const std::string described = described_table(folder / file);
    if (described.empty()) continue;
    if (found.size() == kMaxNamed) {
      found.emplace_back("there are more tables");
      break;
    }
    found.push_back(clean_text(file, 200) + " is " + described);
  }
  return join(found, ", ");
}

}  // namespace epicrisis
