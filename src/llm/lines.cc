#include "llm/lines.h"

#include <algorithm>

#include "llm/marks.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

bool is_picture(std::int32_t code) {
  return (code >= 0x2190 && code <= 0x2bff) || code == 0xfe0f || code >= 0x1f000;
}

}  // namespace

std::optional<Heading> heading_of(std::string_view line) {
  const std::size_t begin = words_begin(line);
  if (begin == line.size()) return {};
  const std::string_view rest = line.substr(begin, kMaxHeading + 1);
  Heading heading;
  std::size_t size = rest.find_first_of(":*<=");
  if (size == std::string_view::npos) {
    if (line.size() - begin > kMaxHeading) return {};
    size = rest.size();
  }
  heading.marked = begin > 0 || size < rest.size();
  heading.colon = size < rest.size() && (rest[size] == ':' || rest[size] == '=');
  std::string_view name = rest.substr(0, size);
  while (!name.empty() &&
         std::string_view(" .#_*\"=~-@%$|+^)]`").find(name.back()) != std::string_view::npos) {
    name.remove_suffix(1);
  }
  heading.name = name;
  heading.end = std::min(line.find_first_not_of(kAfterHeading, begin + size), line.size());
  heading.alone = heading.end == line.size();
  // "最终答案：" has its colon folded; other scripts have no such line.
  return heading;
}

std::string_view without_number(std::string_view name) {
  const std::size_t last = name.find_last_not_of("0123456789 #(.");
  return last == std::string_view::npos ? name : name.substr(0, last + 1);
}

std::size_t words_begin(std::string_view line) {
  std::size_t begin = 0;
  while (begin < line.size()) {
    const char c = line[begin];
    if (kDecoration.find(c) != std::string_view::npos) {
      ++begin;
    } else if (line.substr(begin).starts_with("//")) {
      begin += 2;
    } else if (c == '<') {
      const std::size_t close = line.find('>', begin);
      if (close == std::string_view::npos ||
          !MarkWords::built_in().html.contains(line.substr(begin + 1, close - begin - 1))) {
        break;
      }
      begin = close + 1;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      const unicode::Decoded character = unicode::decode(line.substr(begin));
      if (!is_picture(character.code)) break;
      begin += character.length;
    } else {
      break;
    }
  }
  return begin;
}

std::optional<Line> next_line(std::string_view folded, std::size_t from) {
  if (from >= folded.size()) return {};
  return Line{from, std::min(folded.find('\n', from), folded.size())};
}

}  // namespace epicrisis::llm
