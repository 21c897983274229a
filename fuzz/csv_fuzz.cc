// links: core

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace {

using epicrisis::CsvReader;

// Reads `text` and writes it anew; what was written must read as the same fields, but for the
// apostrophe that csv_row() puts before a formula.
void check(const std::string& text, epicrisis::CsvOptions options) {
  CsvReader reader = CsvReader::from_text(text, "fuzz.csv", options);
  epicrisis::CsvOptions bare;
  bare.header = false;
  bare.separator = ',';
  while (reader.next()) {
    const std::vector<std::string>& row = reader.row();
    if (options.header && row.size() != reader.header().size()) std::abort();
    for (const std::string& field : row) {
      if (field.size() > options.max_field || !epicrisis::is_valid_utf8(field)) std::abort();
    }
    CsvReader again = CsvReader::from_text(epicrisis::csv_row(row), "again.csv", bare);
    if (!again.next() || again.row().size() != row.size()) std::abort();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (again.at(i) != row[i] && again.at(i) != "'" + row[i]) std::abort();
    }
    if (again.next()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  epicrisis::CsvOptions options;
  options.max_field = 256;
  options.max_columns = 16;
  for (const char separator : {epicrisis::kFindSeparator, ',', '\t'}) {
    for (const bool header : {true, false}) {
      options.separator = separator;
      options.header = header;
      try {
        check(text, options);
      } catch (const epicrisis::InputError&) {
        // A broken file, told as such.
      }
    }
  }
  return 0;
}
