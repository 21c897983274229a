#include "data/adapters/table_start.h"

#include "data/adapters/intake.h"
#include "data/values.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kShownHeader = 80;  // bytes

}  // namespace

TableStart read_table_start(const Path& folder, const std::string& file) {
  CsvReader reader(folder / file);
  TableStart table;
  table.file = file;
  table.separator = reader.separator();
  for (const std::string& name : reader.header()) table.columns.emplace_back().name = name;
  while (reader.next()) {
    if (table.rows == kStartRows) {
      table.whole = false;
      break;
    }
    ++table.rows;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      ColumnStart& column = table.columns[i];
      const std::string value = clean_text(reader.at(i), kMaxFindingValue);
      if (is_missing(value)) continue;
      ++column.filled;
      const bool known = column.values.contains(value);
      if (known) column.all_different = false;
      if (known || column.values.size() < kStartValues) ++column.values[value];
    }
  }
  if (table.rows == 0) {
    throw InputError(
        "{}: there is no row below the first line ('{}'), so it is no table of samples", file,
        clean_text(join(reader.header(), ", "), kShownHeader));
  }
  return table;
}

}  // namespace epicrisis
