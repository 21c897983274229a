#include "llm/unknown_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

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

// What a line between signs begins or ends: "=== BEGIN PLAN ===", "[END NOTES]", "#+END_X".
struct Bound {
  std::string name;
  bool end = false;
};
std::optional<Bound> bound_of(std::string_view line) {
  constexpr std::string_view kSigns = " =#*-_+~[](){}<>%@:\\";
  const std::size_t from = line.find_first_not_of(kSigns);
  if (from == 0 || from == std::string_view::npos) return {};
  // "- Start ..." is an item of a list.
  if (line[0] != '[' && line[1] == ' ') return {};
  line = line.substr(from, line.find_last_not_of(kSigns) - from + 1);
  for (const std::string_view word : {"begin", "start", "end", "stop"}) {
    if (!line.starts_with(word) || line.size() > kMaxName) continue;
    const std::string_view name = line.substr(word.size());
    if (name.empty() || std::string_view(" _-{:").find(name.front()) == std::string_view::npos) {
      continue;
    }
    return Bound{plain_name(name), word == "end" || word == "stop"};
  }
  return {};
}

// "[BEGIN NOTES]...[END NOTES]", in lines of their own or in brackets.
void refuse_bounds(Spoken& spoken, const FoldedText& folded) {
  const std::string_view text = folded.text();
  std::set<std::string, std::less<>> begun;
  const auto look = [&](std::size_t begin, std::size_t end) {
    const auto bound = bound_of(text.substr(begin, end - begin));
    if (!bound) return;
    if (!bound->end) begun.insert(bound->name);
    if (!bound->end || !begun.contains(bound->name)) return;
    const std::size_t from = folded.original(begin);
    fail(spoken, std::string_view(spoken.text).substr(from, folded.original(end) - from));
  };
  for (std::size_t i = 0; i < text.size() && spoken.fault.empty();) {
    const std::size_t line = std::min(text.find('\n', i), text.size());
    look(i, line);
    for (std::size_t open = text.find('[', i); open < line && spoken.fault.empty();
         open = text.find('[', open + 1)) {
      const std::size_t close = text.find_first_of("[]\n", open + 1);
      if (close < text.size() && text[close] == ']') look(open, close + 1);
    }
    i = line + 1;
  }
}

// \begin{think}, ||hidden|| and >!hidden!< at the beginning.
void refuse_hidden(Spoken& spoken, const FoldedText& folded) {
  const std::string_view text = folded.text();
  constexpr std::string_view kBegin = "\\begin{";
  if (text.starts_with(kBegin)) {
    const std::size_t end = text.substr(0, 2 * kMaxName).find('}');
    if (end != std::string_view::npos &&
        is_thought_name(text.substr(kBegin.size(), end - kBegin.size()))) {
      fail(spoken, text.substr(0, end + 1));
    }
  }
  for (const auto& [open, close] : {std::pair("||", "||"), std::pair(">!", "!<")}) {
    if (text.starts_with(open) && text.find(close, 2) != std::string_view::npos) fail(spoken, open);
  }
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
  if (!spoken.fault.empty()) return;
  const FoldedText folded(spoken.text);
  refuse_pairs(spoken, folded);
  refuse_hidden(spoken, folded);
  if (spoken.fault.empty()) refuse_bounds(spoken, folded);
}

}  // namespace epicrisis::llm
