#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// Find the separator by the first rows.
inline constexpr char kFindSeparator = '\0';

struct CsvOptions {
  char separator = kFindSeparator;
  bool header = true;               // the first row names the columns
  std::size_t max_field = 1 << 20;  // bytes
  std::size_t max_columns = 4096;
};

// Streams an RFC 4180 file and the forms in which spreadsheets leave one: separated by ',', ';',
// tab or '|', with a first line "sep=;", a UTF-8 byte order mark, quotes, doubled quotes, line
// breaks in quotes, spaces around quoted fields and column names, lines that end in CRLF, LF or all
// in CR, columns without a name at the end, which rows may lack, and empty fields beyond the last
// column. Blank lines are passed over. Memory is one row and the first 64 KiB. Errors are
// InputError "file.csv:12:3: ..." with line and byte in it: an open quote at the end, text after a
// closing one, a row of another width than the header (or, without one, the first row), a carriage
// return without a line feed among others with, NUL bytes, UTF-16, invalid UTF-8, two columns of
// one name, no header, files that are no text. A quote inside a field without quotes is a character
// (5" wide), as pandas, R and spreadsheets have it. Not thread-safe.
class CsvReader {
 public:
  explicit CsvReader(const Path& path, CsvOptions options = {});
  // Reads from memory; `name` stands for the file in errors.
  static CsvReader from_text(std::string text, std::string name, CsvOptions options = {});
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;

  const std::vector<std::string>& header() const;
  bool has_column(std::string_view name) const;
  // Index of a column; InputError naming the file, the columns there are and the nearest of them.
  std::size_t column(std::string_view name) const;

  char separator() const;  // the one given or found
  // From here on rows may lack their last fields, which are empty then; the caller tells of them.
  // It stays an error where it may mean something else: a single field, the end of the file within
  // the row, quotes within its fields, two rows that are one with a line break in it.
  void take_short_rows();
  // How many fields the row lacks, those of columns without a name at the end not counted.
  std::size_t missing_fields() const;
  // The next row, or false at the end. After it the accessors below are valid.
  bool next();
  const std::vector<std::string>& row() const;
  const std::string& at(std::size_t column) const;
  const std::string& at(std::string_view column) const;
  // "" if the table has no such column.
  std::string get_or_empty(std::string_view column) const;
  std::uint64_t line() const;  // line of the file where the row starts, from 1
  // "file.csv:12", for messages of the caller.
  std::string place() const;

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One CSV row with a line feed; quotes where needed. A field that starts with = + - @ tab or CR and
// is not a number gets a leading apostrophe: spreadsheets would run it as a formula. So does one
// that starts so behind apostrophes, so that it comes back whole.
std::string csv_row(const std::vector<std::string>& fields);
// What csv_row() was given, of a field that was read: without that apostrophe.
std::string without_formula_guard(std::string_view field);

}  // namespace epicrisis
