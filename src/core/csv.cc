#include "epicrisis/core/csv.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/csv_shape.h"
#include "core/posix_files.h"
#include "core/utf8.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;
constexpr std::size_t kHead = std::size_t{1} << 16;  // bytes by which a table's form is told
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// White space of other scripts and what is not seen go from the ends of a column's name.
std::string_view trimmed_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kAround = {
      "\xC2\xA0", "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x81\xA0", "\xE3\x80\x80", kByteOrderMark};
  for (std::string_view before; before.size() != name.size();) {
    before = name = trim(name);
    for (const std::string_view one : kAround) {
      if (name.starts_with(one)) name.remove_prefix(one.size());
      if (name.ends_with(one)) name.remove_suffix(one.size());
    }
  }
  return name;
}

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

}  // namespace

struct CsvReader::State {
  State(std::string file_name, CsvOptions csv_options)
      : name(std::move(file_name)), options(csv_options) {}

  // ---- bytes ----

  // True if at least one byte is at buffer[pos].
  bool fill() {
    if (pos < buffer.size()) return true;
    if (descriptor.get() < 0) return false;
    consumed += buffer.size();
    buffer.resize(kChunk);
    buffer.resize(read_some(descriptor.get(), buffer.data(), kChunk, name));
    pos = 0;
    return !buffer.empty();
  }

  std::uint64_t offset() const { return consumed + pos; }

  // Looks at the start of the file: what it is, its separator, its line ends.
  void read_head() {
    while (descriptor.get() >= 0 && buffer.size() < kHead) {
      std::string piece(kHead, '\0');
      piece.resize(read_some(descriptor.get(), piece.data(), piece.size(), name));
      if (piece.empty()) break;
      buffer += piece;
    }
    if (std::string_view(buffer).starts_with(kByteOrderMark)) {
      pos = kByteOrderMark.size();
    } else if (const std::optional<std::string> why = why_no_table(buffer)) {
      throw InputError("{}: {}", name, *why);
    }
    const CsvShape shape = csv_shape(std::string_view(buffer).substr(pos, kHead));
    likely_separator = shape.separator;
    if (options.separator == kFindSeparator) options.separator = shape.separator;
    line_end = shape.ends_in_cr ? '\r' : '\n';
    if (shape.sep_line > 0 && options.header) {
      pos += shape.sep_line;
      ++current_line;
    }
    line_start = pos;
    for (const char c : {options.separator, '"', '\r', '\n', '\0'}) {
      ends_run[static_cast<unsigned char>(c)] = true;
    }
  }

  // ---- errors ----

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError("{}:{}:{}: {}", name, current_line, offset() - line_start + 1,
                     fmt::format(format, std::forward<Args>(args)...));
  }

  std::string column_name(std::size_t index) const {
    return index < header.size() ? fmt::format("column '{}'", clean_text(header[index], 100))
                                 : fmt::format("column {}", index + 1);
  }

  // ---- fields ----

  // Appends bytes up to the next one that `stops` marks; that one stays at buffer[pos].
  void append_run(std::string& field, std::size_t index) {
    const char* begin = buffer.data() + pos;
    const char* const end = buffer.data() + buffer.size();
    const char* p = begin;
    while (p != end && !ends_run[static_cast<unsigned char>(*p)]) ++p;
    append(field, index, begin, static_cast<std::size_t>(p - begin));
  }

  void append(std::string& field, std::size_t index, const char* begin, std::size_t size) {
    if (size > options.max_field - field.size()) {
      fail("{} is longer than {} bytes; a quote that is never closed?", column_name(index),
           options.max_field);
    }
    field.append(begin, size);
    pos += size;
  }

  [[noreturn]] void fail_at_nul(std::size_t index) {
    fail(
        "NUL byte in {}; a file that was cut off as it was written may end in some: copy it anew, or "
        "take them out (tr -d '\\0')",
        column_name(index));
  }

  // The content of a quoted field, from after the opening quote to after the closing one.
  void read_quoted(std::string& field, std::size_t index) {
    const std::uint64_t open_line = current_line;
    while (true) {
      if (!fill()) {
        fail("{} is open: the quote of line {} is never closed", column_name(index), open_line);
      }
      const std::string_view left = std::string_view(buffer).substr(pos);
      const std::size_t quote = left.find('"');
      const std::string_view run = left.substr(0, quote);
      if (const std::size_t nul = run.find('\0'); nul != std::string_view::npos) {
        pos += nul;
        fail_at_nul(index);
      }
      for (std::size_t feed = run.find(line_end); feed != std::string_view::npos;
           feed = run.find(line_end, feed + 1)) {
        ++current_line;
        line_start = offset() + feed + 1;
      }
      append(field, index, run.data(), run.size());
      if (quote == std::string_view::npos) continue;
      ++pos;
      if (!fill() || buffer[pos] != '"') return;
      append(field, index, buffer.data() + pos, 1);
    }
  }

  // Reads one field and what ends it. False if that was the end of the row.
  bool read_field(std::string& field, std::size_t index) {
    field.clear();
    bool quoted = false;
    while (true) {
      if (!fill()) {
        check_utf8(field, index);
        cut_off = true;
        return false;
      }
      const char c = buffer[pos];
      if (c == options.separator) {
        check_utf8(field, index);
        ++pos;
        return true;
      }
      if (c == '\n' || c == line_end) {
        check_utf8(field, index);
        end_line();
        return false;
      }
      if (c == '\r') {
        if (at_line_feed()) continue;
        fail(
            "carriage return without a line feed in {}; a value with one in it needs quotes, and "
            "lines have to end alike (dos2unix does it)",
            column_name(index));
      }
      if (c == '\0') fail_at_nul(index);
      // Spaces around a quoted field are no part of it.
      if (quoted && c == ' ') {
        ++pos;
        continue;
      }
      if (quoted) {
        fail("text after the closing quote of {}; a quote within quotes is written twice (\"\")",
             column_name(index));
      }
      if (c == '"' && trim(field).empty()) {
        field.clear();
        quoted = true;
        ++pos;
        read_quoted(field, index);
        continue;
      }
      // An inch, or a word in quotes.
      if (c == '"') {
        bare_quotes = true;
        append(field, index, buffer.data() + pos, 1);
        continue;
      }
      append_run(field, index);
    }
  }

  // Behind carriage returns: a file that was written twice as text has several.
  bool at_line_feed() {
    while (fill() && buffer[pos] == '\r') ++pos;
    return fill() && buffer[pos] == '\n';
  }

  void end_line() {
    ++pos;
    ++current_line;
    line_start = offset();
  }

  void check_utf8(const std::string& field, std::size_t index) const {
    const std::size_t valid = valid_utf8_prefix(field);
    if (valid == field.size()) return;
    fail("{} is not UTF-8: byte {} of the field is 0x{:02x}; {}", column_name(index), valid + 1,
         static_cast<unsigned char>(field[valid]),
         looks_like_latin1(field)
             ? "the file is probably Windows-1252 or Latin-1: save it from the spreadsheet as 'CSV "
               "UTF-8', or convert it (iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW) and look whether "
               "its words are right then: of another encoding they come out garbled, without an "
               "error"
             : "its encoding cannot be told from its bytes (GBK, SHIFT_JIS, BIG5, EUC-KR, "
               "WINDOWS-1251, MACINTOSH, CP850, WINDOWS-1252 ...), and by a wrong one words come "
               "out garbled, without an error: save it as 'CSV UTF-8' from the program that shows "
               "it right, or convert it by the name of its encoding (iconv -f NAME -t UTF-8 OLD > "
               "NEW)");
  }

  void skip_blank_lines() {
    while (fill()) {
      if (buffer[pos] == '\n' || buffer[pos] == line_end) {
        end_line();
      } else if (buffer[pos] == '\r') {
        if (!at_line_feed()) fail("carriage return without a line feed");
        end_line();
      } else if (buffer[pos] == '\f' || buffer[pos] == '\x1A') {
        ++pos;  // the end of a page, or of a file of DOS
      } else {
        return;
      }
    }
  }

  bool read_row() {
    skip_blank_lines();
    row_line = current_line;
    if (!fill()) {
      row.clear();
      return false;
    }
    std::size_t count = 0;
    bool more = true;
    missing = 0;
    bare_quotes = false;
    cut_off = false;
    while (more) {
      if (width != 0 && count >= width) {
        more = pass_over_extra_field(count);
      } else {
        if (count == options.max_columns) fail("more than {} columns", options.max_columns);
        if (count == row.size()) row.emplace_back();
        more = read_field(row[count], count);
      }
      ++count;
    }
    if (width == 0) {
      width = count;
      least_width = count;
    } else if (count < least_width) {
      take_short_row(count);
    }
    fields_before = count;
    for (; count < row.size(); ++count) row[count].clear();
    row.resize(width);
    return true;
  }

  // Programs leave out the empty fields at the end of a row. It is something else where one field
  // is all there is (a remark below the table), where the file ends within the row, where a quote
  // may have been meant to hold several fields together, and where this row and the one before are
  // as long together as one that a line break has cut in two.
  void take_short_row(std::size_t count) {
    const std::size_t together = fields_before + count - 1;
    const bool halves = fields_before < least_width && fields_before != count &&
                        together >= least_width && together <= width;
    if (short_rows && count > 1 && !cut_off && !bare_quotes && !halves) {
      missing = least_width - count;
      return;
    }
    throw InputError(
        "{}: {} fields, but the {} has {} (from {} on they are missing){}; fill the row up or take "
        "it out",
        place(), count, first_row(), width, column_name(count),
        halves ? ", as many as the row before lacks: a line break within a value needs quotes"
               : "");
  }

  // Spreadsheets end rows in separators for columns that nobody uses.
  bool pass_over_extra_field(std::size_t count) {
    const std::uint64_t line = current_line;
    const std::uint64_t column = offset() - line_start + 1;
    if (count == options.max_columns) fail("more than {} columns", options.max_columns);
    const bool more = read_field(extra, count);
    if (trim(extra).empty() && !bare_quotes) return more;
    throw InputError(
        "{}:{}:{}: line {} has more fields than the {} of the {}; a value with {} in it needs "
        "quotes around it{}, a column without a name needs one",
        name, line, column, row_line, width, first_row(), separator_name(options.separator),
        bare_quotes ? " as a whole, and quotes in it doubled" : "");
  }

  const char* first_row() const { return options.header ? "header" : "first row"; }

  void read_header() {
    read_head();
    if (!options.header) return;
    if (!read_row()) throw InputError("{}: empty, a row of column names was expected", name);
    std::vector<std::string> names;
    for (const std::string& cell : row) names.emplace_back(trimmed_name(cell));
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) continue;
      least_width = i + 1;
      if (!index_of.emplace(names[i], i).second) {
        throw InputError("{}: two columns are named '{}'; give one of them another name", place(),
                         clean_text(names[i], 100));
      }
    }
    header = std::move(names);
  }

  std::string place() const { return fmt::format("{}:{}", name, row_line); }

  // What may be wrong with a table that has no column of this name: "" if nothing is seen.
  std::string wrong_form(std::string_view column) const {
    if (consumed > 0) return "";
    constexpr std::uint64_t kLines = 20;
    std::string_view rest = std::string_view(buffer).substr(std::min(pos, buffer.size()));
    for (std::uint64_t line = current_line; line < current_line + kLines && !rest.empty(); ++line) {
      const std::string_view text = rest.substr(0, rest.find(line_end));
      for (const std::string& cell : split(text, options.separator)) {
        if (trim_quotes(cell) != column) continue;
        return fmt::format(
            " (line {} has it: the lines before the names of the columns have to go)", line);
      }
      rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    }
    if (header.size() != 1) return "";
    for (const char c : {';', '\t', ',', '|', '^', '~', ':'}) {
      if (header[0].find(c) == std::string::npos) continue;
      if (buffer.find('"') < buffer.find(c)) {
        return " (one column: the lines stand in quotes as a whole; take them out)";
      }
      return fmt::format(
          " (one column, but it seems to be separated by {}: give it as `separator`, and take out a "
          "line sep= that says otherwise)",
          separator_name(c));
    }
    if (trim(header[0]).find(' ') != std::string_view::npos) {
      return " (one column; if spaces part the columns, put commas or tabs in their place)";
    }
    return "";
  }

  static std::string_view trim_quotes(std::string_view cell) {
    cell = trim(cell);
    if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"') {
      cell = cell.substr(1, cell.size() - 2);
    }
    return cell;
  }

  std::string name;
  CsvOptions options;
  Descriptor descriptor{-1};
  std::string buffer;
  std::size_t pos = 0;
  std::uint64_t consumed = 0;      // bytes of the file before the buffer
  std::uint64_t current_line = 1;  // of pos
  std::uint64_t line_start = 0;    // offset where it starts
  std::uint64_t row_line = 1;
  std::size_t width = 0;          // fields a row; 0 before the first
  std::size_t least_width = 0;    // without the last columns that have no name: a row may lack them
  bool short_rows = false;        // are taken
  std::size_t missing = 0;        // fields of the row
  std::size_t fields_before = 0;  // of the row before
  bool bare_quotes = false;       // the row has quotes in fields without
  bool cut_off = false;           // the row ends where the file does, without a line end
  char line_end = '\n';
  char likely_separator = ',';  // by the look of the file
  std::string extra;            // a field beyond the width
  std::array<bool, 256> ends_run{};
  std::vector<std::string> header;
  std::unordered_map<std::string, std::size_t, NameHash, std::equal_to<>> index_of;
  std::vector<std::string> row;
};

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->read_header();
}

CsvReader::CsvReader(const Path& path, CsvOptions options)
    : CsvReader([&] {
        auto state = std::make_unique<State>(path.string(), options);
        require_given(path);
        state->descriptor = open_to_read(path);
        return state;
      }()) {}

CsvReader CsvReader::from_text(std::string text, std::string name, CsvOptions options) {
  auto state = std::make_unique<State>(std::move(name), options);
  state->buffer = std::move(text);
  return CsvReader(std::move(state));
}

CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;

const std::vector<std::string>& CsvReader::header() const { return state_->header; }

bool CsvReader::has_column(std::string_view name) const {
  return state_->index_of.find(name) != state_->index_of.end();
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto found = state_->index_of.find(name);
  if (found != state_->index_of.end()) return found->second;
  const std::vector<std::string>& header = state_->header;
  std::string hint;
  if (separator() != state_->likely_separator) {
    hint = fmt::format(" (separated by {}, but it seems to be {})", separator_name(separator()),
                       separator_name(state_->likely_separator));
  } else {
    const auto near = std::ranges::find_if(
        header, [&](const std::string& one) { return loose_name(one) == loose_name(name); });
    const std::optional<std::string> slip =
        near != header.end() ? *near : nearest_name(name, header);
    if (slip) {
      hint = fmt::format(" (did you mean '{}'?)", clean_text(*slip, 100));
    } else {
      hint = state_->wrong_form(name);
    }
  }
  throw InputError("{}: no column '{}'{}; the columns are: {}", state_->name, name, hint,
                   clean_text(join(header, ", "), 1000));
}

void CsvReader::take_short_rows() { state_->short_rows = true; }

std::size_t CsvReader::missing_fields() const { return state_->missing; }

char CsvReader::separator() const { return state_->options.separator; }

bool CsvReader::next() { return state_->read_row(); }

const std::vector<std::string>& CsvReader::row() const { return state_->row; }

const std::string& CsvReader::at(std::size_t column) const {
  if (column >= state_->row.size()) {
    throw InternalError("{}: field {} of a row of {} was asked for", place(), column,
                        state_->row.size());
  }
  return state_->row[column];
}

const std::string& CsvReader::at(std::string_view column) const { return at(this->column(column)); }

std::string CsvReader::get_or_empty(std::string_view column) const {
  return has_column(column) ? at(column) : std::string();
}

std::uint64_t CsvReader::line() const { return state_->row_line; }

std::string CsvReader::place() const { return state_->place(); }

namespace {

// To a spreadsheet.
bool is_formula(std::string_view field) {
  constexpr std::string_view kStarts = "=+-@\t\r";
  // Behind apostrophes too: one of them would be taken for the guard when it is read.
  while (field.starts_with('\'')) field.remove_prefix(1);
  return !field.empty() && kStarts.find(field[0]) != std::string_view::npos && !parse_number(field);
}

}  // namespace

std::string without_formula_guard(std::string_view field) {
  const bool guarded = field.starts_with('\'') && is_formula(field.substr(1));
  return std::string(field.substr(guarded ? 1 : 0));
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    std::string field = fields[i];
    if (is_formula(field)) field.insert(0, 1, '\'');
    // Bare, a single empty field would be a blank line, and a first field that starts with a byte
    // order mark would lose it when it is read.
    const bool quote = field.find_first_of(",\"\r\n") != std::string::npos ||
                       field.starts_with(' ') || field.ends_with(' ') ||
                       field.starts_with(kByteOrderMark) || (fields.size() == 1 && field.empty());
    if (!quote) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  line += '\n';
  return line;
}

}  // namespace epicrisis
