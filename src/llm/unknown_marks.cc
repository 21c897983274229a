#include "llm/unknown_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/marks.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kShown = 60;    // bytes
constexpr std::size_t kMaxName = 40;  // bytes of a name in brackets
constexpr int kMostClosings = 16;     // that are looked at; a text has few

void fail(Spoken& spoken, std::string_view mark) {
  spoken.fault =
      fmt::format("the unknown mark {}, which may be one of a thought", clean_text(mark, kShown));
}

// <workings>, </workings>
void refuse_tags(Spoken& spoken, const FoldedText& folded) {
  const std::string& text = spoken.text;
  for (const Mark& mark : find_marks(folded.text())) {
    const std::size_t begin = folded.original(mark.begin);
    const char c = text[begin];
    if (c != '<' && c != '&' && c != '\\') continue;  // « quotes » of some language
    const bool first = trim(text.substr(0, begin)).empty();
    const bool behind_sentence =
        mark.begin > 0 &&
        std::string_view(".!?").find(folded.text()[mark.begin - 1]) != std::string_view::npos;
    if (mark.kind == MarkKind::kOpenTag && !first && behind_sentence) {
      spoken.text = trim(text.substr(0, begin));
      spoken.dropped.control_tokens = true;
      return;
    }
    // Other marks are those that come about where one is taken out of another.
    if (mark.kind != MarkKind::kOpenTag || first) {
      return fail(spoken, std::string_view(text).substr(begin, folded.original(mark.end) - begin));
    }
  }
}

bool is_name(std::string_view text) {
  return text.size() > 1 && text.size() <= kMaxName && is_name_byte(text.front()) &&
         std::ranges::all_of(text, [](char c) {
           return is_name_byte(c) || std::string_view(" _-:").find(c) != std::string_view::npos;
         });
}

// What "[/plan]", "{/plan}", "(/plan)", "{% endplan %}" at `begin` closes: its opening mark.
std::optional<std::string> opening_of(std::string_view folded, std::size_t begin) {
  const std::string_view rest = folded.substr(begin, kMaxName + 16);
  constexpr std::string_view kTemplate = "{%";
  if (rest.starts_with(kTemplate)) {
    const std::size_t word = std::min(rest.find_first_not_of(" -", kTemplate.size()), rest.size());
    if (rest.substr(word).starts_with("end")) return "{%";
    return {};
  }
  if (rest.size() < 2 || rest[1] != '/') return {};
  const char close = rest[0] == '[' ? ']' : rest[0] == '{' ? '}' : ')';
  const std::size_t end = rest.find(close);
  if (end == std::string_view::npos || !is_name(rest.substr(2, end - 2))) return {};
  const std::string_view name = rest.substr(2, end - 2);
  // [b]bold[/b]
  if (MarkWords::built_in().html.contains(name)) return {};
  return fmt::format("{}{}{}", rest[0], name, close);
}

// [PLAN]...[/PLAN] and its like: a closing mark behind its opening one.
void refuse_pairs(Spoken& spoken, const FoldedText& folded) {
  const std::string_view text = folded.text();
  int closings = 0;
  for (std::size_t i = text.find_first_of("[{("); i != std::string_view::npos;
       i = text.find_first_of("[{(", i + 1)) {
    const auto opening = opening_of(text, i);
    if (!opening) continue;
    const bool opened = text.substr(0, i).find(*opening) != std::string_view::npos;
    if (!opened && ++closings < kMostClosings) continue;
    const std::size_t begin = folded.original(i);
    const std::size_t end = folded.original(std::min(i + opening->size() + 1, text.size()));
    return fail(spoken, std::string_view(spoken.text).substr(begin, end - begin));
  }
}

}  // namespace

void refuse_unknown_marks(Spoken& spoken) {
  refuse_tags(spoken, FoldedText(spoken.text));
  if (spoken.fault.empty()) refuse_pairs(spoken, FoldedText(spoken.text));
}

}  // namespace epicrisis::llm
