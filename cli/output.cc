#include "output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "epicrisis/core/strings.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kMaxLine = 4096;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

int first_failure = 0;  // the next write may succeed: an errno is kept when it is met

void remember_failure() {
  if (first_failure == 0) first_failure = errno;
}

void put(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) remember_failure();
}

// Characters, not bytes: good enough for the Latin text of tables.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

void print_json(const Json& json) { put(dump_json(json, 2) + "\n"); }

void flush_output() {
  if (std::fflush(stdout) != 0) remember_failure();
}

int finish_output() {
  flush_output();
  // Others write there too: what the parser of the command line says.
  if (first_failure == 0 && std::ferror(stdout) != 0) first_failure = EIO;
  return first_failure;
}

void print_line(const std::string& line) {
  // clean_text would fold the spaces that align.
  std::string shown = is_valid_utf8(line) ? line.substr(0, kMaxLine) : clean_text(line, kMaxLine);
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  put(shown + "\n");
}

void print_text(const std::string& text) {
  std::string shown = text;
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c != '\n' && c != '\t' && is_control(c); },
      '?');
  put(shown);
}

void print_examples(const std::vector<std::string>& examples, std::int64_t total,
                    const std::string& before, std::size_t shown) {
  const std::size_t count = std::min(examples.size(), shown);
  for (std::size_t i = 0; i < count; ++i) print_line(before + examples[i]);
  const std::int64_t more = total - static_cast<std::int64_t>(count);
  if (more <= 0) return;
  const std::string indent(before.find_first_not_of(' ') == std::string::npos
                               ? before.size()
                               : before.find_first_not_of(' '),
                           ' ');
  print_line(fmt::format("{}and {} more{}", indent, more,
                         examples.size() > count ? "; --json lists some of them" : ""));
}

std::string bytes_words(std::uint64_t bytes) {
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string wrapped(std::string line, std::size_t column, const std::string& text) {
  constexpr std::size_t kWidth = 80;
  std::string lines;
  for (const std::string& word : split(text, ' ')) {
    if (line.size() > column && line.size() + 1 + word.size() > kWidth) {
      lines += line + "\n";
      line.assign(column, ' ');
    }
    if (line.size() > column) line += ' ';
    line += word;
  }
  return lines + line + "\n";
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return;
  std::vector<std::size_t> widths(rows.front().size());
  std::vector<bool> numbers(rows.front().size(), rows.size() > 1);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      widths[c] = std::max(widths[c], width_of(rows[r].at(c)));
      if (r > 0 && !rows[r][c].empty() && !parse_number(rows[r][c])) numbers[c] = false;
    }
  }
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (c > 0) line += "  ";
      const std::string padding(widths[c] - width_of(row[c]), ' ');
      line += numbers[c] ? padding + row[c] : row[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print_line(line);
  }
}

}  // namespace epicrisis::cli
