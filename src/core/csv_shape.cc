#include "core/csv_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr std::size_t kMaxRecords = 50;  // that are looked at

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Fields of the next record, 0 for a blank line; `text` goes on after it. Empty where the record is
// not complete.
std::optional<std::size_t> count_fields(std::string_view& text, char separator) {
  bool at_start = true;  // of a field
  bool quoted = false;
  std::size_t fields = 1;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') continue;
      const bool doubled = i + 1 < text.size() && text[i + 1] == '"';
      if (doubled) ++i;
      quoted = doubled;
    } else if (is_line_end(c)) {
      break;
    } else if (c == separator) {
      ++fields;
      at_start = true;
    } else if (c == '"' && at_start) {
      quoted = true;
    } else if (c != ' ') {
      at_start = false;
    }
  }
  if (i == text.size() && quoted) return std::nullopt;
  const bool blank = i == 0;
  if (i < text.size()) ++i;
  text.remove_prefix(i);
  return blank ? 0 : fields;
}

struct Fit {
  std::size_t columns = 0;  // of the first record
  double alike = 0;         // share of the records that have as many
};

Fit fit_of(std::string_view text, char separator) {
  Fit fit;
  std::size_t records = 0;
  std::size_t alike = 0;
  while (!text.empty() && records < kMaxRecords) {
    const std::optional<std::size_t> fields = count_fields(text, separator);
    if (!fields) break;
    if (*fields == 0) continue;
    if (records == 0) fit.columns = *fields;
    ++records;
    if (*fields == fit.columns) ++alike;
  }
  if (records > 0) fit.alike = static_cast<double>(alike) / static_cast<double>(records);
  return fit;
}

// "sep=;" as spreadsheets write it, also in quotes or filled up with separators; '\0' for another
// line.
char separator_of_line(std::string_view line) {
  line = line.substr(0, line.find_first_of("\r\n"));
  if (line.starts_with('"')) line.remove_prefix(1);
  constexpr std::string_view kStart = "sep=";
  if (!starts_with_ignoring_case(line, kStart) || line.size() == kStart.size()) return '\0';
  const char separator = line[kStart.size()];
  line.remove_prefix(kStart.size());
  const bool plain =
      line.find_first_not_of(std::string{separator, '"', ' '}) == std::string_view::npos;
  return plain && separator != '"' ? separator : '\0';
}

// By two bytes of a byte order mark, or by ASCII letters with a NUL beside each.
std::string_view utf16_of(std::string_view head) {
  if (head.starts_with(std::string_view("\xFF\xFE\0\0", 4))) return "UTF-32";
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) return "UTF-16";
  const std::size_t pairs = std::min<std::size_t>(head.size(), 256) / 2;
  if (pairs < 2) return {};
  std::size_t first = 0;
  std::size_t second = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    if (head[2 * i] == '\0') ++first;
    if (head[2 * i + 1] == '\0') ++second;
  }
  if (first == 0 && 2 * second > pairs) return "UTF-16LE";
  if (second == 0 && 2 * first > pairs) return "UTF-16BE";
  return {};
}

struct Start {
  std::string_view bytes;  // in lower case
  std::string_view what;
};
constexpr std::array<Start, 17> kNoTables = {{
    {"pk\x03\x04",
     "an Excel workbook or a ZIP archive; save the sheet as 'CSV UTF-8', or unpack it"},
    {"\xD0\xCF\x11\xE0", "an old Excel workbook; save the sheet as 'CSV UTF-8'"},
    {"\x1F\x8B", "packed by gzip; unpack it (gunzip)"},
    {"bzh", "packed by bzip2; unpack it (bunzip2)"},
    {"version https://git-lfs",
     "a pointer of Git LFS, not the file itself; fetch it (git lfs pull)"},
    {"<!doctype", "a web page; the download failed, or wants a login"},
    {"<html", "a web page; the download failed, or wants a login"},
    {"<table", "a table of a web page; open it in a spreadsheet and save it as 'CSV UTF-8'"},
    {"<?xml", "XML; open it in a spreadsheet and save it as 'CSV UTF-8'"},
    {"{\"", "JSON; write it as CSV (pandas: read_json, to_csv)"},
    {"[{", "JSON; write it as CSV (pandas: read_json, to_csv)"},
    {"\x89png", "a picture (PNG); a table of text was expected"},
    {"\xFF\xD8\xFF", "a picture (JPEG); a table of text was expected"},
    {"riff", "a picture (WebP) or a sound; a table of text was expected"},
    {"gif8", "a picture (GIF); a table of text was expected"},
    {"%pdf", "a PDF; a table of text was expected"},
    {"par1", "a Parquet file; write it as CSV (pandas: read_parquet, to_csv)"},
}};

}  // namespace

CsvShape csv_shape(std::string_view head) {
  CsvShape shape;
  if (const char said = separator_of_line(head); said != '\0') {
    shape.separator = said;
    const std::size_t end = head.find_first_of("\r\n");
    shape.sep_line = end == std::string_view::npos ? head.size() : end + 1;
    if (head.substr(end == std::string_view::npos ? head.size() : end).starts_with("\r\n")) {
      ++shape.sep_line;
    }
    shape.ends_in_cr = head.find('\n') == std::string_view::npos && shape.sep_line > 0 &&
                       head.find('\r') != std::string_view::npos;
    return shape;
  }
  Fit best;
  for (const char separator : kSeparators) {
    const Fit fit = fit_of(head, separator);
    if (fit.columns < 2) continue;
    if (fit.alike > best.alike || (fit.alike == best.alike && fit.columns > best.columns)) {
      best = fit;
      shape.separator = separator;
    }
  }
  // A line feed within quotes is none of a row's end, but where there is one the file was not
  // written by a program that knows none.
  shape.ends_in_cr =
      head.find('\n') == std::string_view::npos && head.find('\r') != std::string_view::npos;
  return shape;
}

std::optional<std::string> why_no_table(std::string_view head) {
  if (const std::string_view encoding = utf16_of(head); !encoding.empty()) {
    return fmt::format(
        "{}, not UTF-8; convert it (iconv -f {} -t UTF-8 OLD > NEW), or save it from the "
        "spreadsheet as 'CSV UTF-8'",
        encoding.substr(0, 6), encoding);
  }
  for (const Start& start : kNoTables) {
    if (ascii_lower(head.substr(0, start.bytes.size())) == start.bytes) {
      return fmt::format("this is {}", start.what);
    }
  }
  return std::nullopt;
}

bool looks_like_latin1(std::string_view text) {
  const auto is_beyond = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t i = 0; i < text.size();) {
    if (!is_beyond(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    for (; end < text.size() && is_beyond(text[end]); ++end) {
      if (static_cast<unsigned char>(text[end]) < 0xC0) return false;
    }
    const bool in_word =
        (i > 0 && is_letter(text[i - 1])) || (end < text.size() && is_letter(text[end]));
    if (end - i > 2 || !in_word) return false;
    i = end;
  }
  return true;
}

std::string separator_name(char separator) {
  return separator == '\t' ? "a tab" : fmt::format("'{}'", separator);
}

}  // namespace epicrisis
