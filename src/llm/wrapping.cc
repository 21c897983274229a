#include "llm/wrapping.h"

#include <algorithm>
#include <string_view>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/marks.h"
#include "llm/unmarked_thoughts.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kLongestLine = 300;  // bytes of an announcement

bool keep(Spoken& spoken, std::string_view text) {
  spoken.text = std::string(trim(text));
  spoken.dropped.control_tokens = true;
  return true;
}

// Where the brace that opens at `open` is closed; npos if it is not.
std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// \boxed{...}, as models do that were trained on sums; also $\boxed{\text{...}}$.
bool drop_box(Spoken& spoken) {
  constexpr std::string_view kBox = "\\boxed{";
  constexpr std::string_view kMath = " \n\t$\\[]().*";
  const std::string_view text = spoken.text;
  const std::size_t box = text.find(kBox);
  if (box == std::string_view::npos) return false;
  const std::size_t close = closing_brace(text, box + kBox.size() - 1);
  if (text.find_first_not_of(kMath) != box + 1) {
    spoken.fault = "what stands before \\boxed{ may be a thought";
    return false;
  }
  if (close == std::string_view::npos ||
      text.find_first_not_of(kMath, close + 1) != std::string_view::npos) {
    spoken.fault = "text behind the end of the answer: \\boxed{}";
    return false;
  }
  std::string_view inside = trim(text.substr(box + kBox.size(), close - box - kBox.size()));
  for (const std::string_view name : {"\\text{", "\\textbf{", "\\mathrm{"}) {
    if (inside.starts_with(name) && closing_brace(inside, name.size() - 1) == inside.size() - 1) {
      inside = inside.substr(name.size(), inside.size() - name.size() - 1);
    }
  }
  return keep(spoken, std::string(inside));
}

// <p>...</p> around the whole.
bool drop_tag(Spoken& spoken) {
  const std::string_view text = spoken.text;
  if (!text.starts_with('<') || !text.ends_with('>')) return false;
  const std::size_t end = text.find('>');
  const std::string name = ascii_lower(text.substr(1, end - 1));
  if (!MarkWords::built_in().wrappers.contains(name)) return false;
  const std::string close = "</" + name + ">";
  const std::string_view inside = text.substr(end + 1);
  if (inside.size() < close.size() ||
      ascii_lower(inside.substr(inside.size() - close.size())) != close) {
    return false;
  }
  const std::string_view note = inside.substr(0, inside.size() - close.size());
  if (ascii_lower(note).find("<" + name) != std::string::npos) return false;
  return keep(spoken, std::string(note));
}

bool drop_announcement(Spoken& spoken) {
  const std::size_t line = spoken.text.find('\n');
  if (line == std::string::npos || line > kLongestLine) return false;
  if (trim(spoken.text.substr(line)).empty()) return false;
  const std::string folded = FoldedText(trim(spoken.text.substr(0, line))).text();
  std::string_view words = folded;
  while (!words.empty() && std::string_view("*_# ").find(words.back()) != std::string::npos) {
    words.remove_suffix(1);
  }
  const MarkWords& known = MarkWords::built_in();
  if (!std::ranges::any_of(known.announced_by,
                           [&](const std::string& end) { return words.ends_with(end); })) {
    return false;
  }
  words.remove_prefix(words_begin(words));
  if (!begins_with_any(words, known.announcements)) return false;
  spoken.text = trim(spoken.text.substr(line));
  spoken.dropped.thoughts = true;
  return true;
}

bool drop_closing(Spoken& spoken) {
  const std::size_t line = spoken.text.rfind('\n');
  if (line == std::string::npos || spoken.text.size() - line > kLongestLine) return false;
  const std::string folded = FoldedText(trim(spoken.text.substr(line))).text();
  std::string_view words = folded;
  const std::size_t begin = words.find_first_not_of(" *_#>-");
  words.remove_prefix(std::min(begin, words.size()));
  if (!begins_with_any(words, MarkWords::built_in().closings)) return false;
  spoken.text = trim(spoken.text.substr(0, line));
  spoken.dropped.thoughts = true;
  return true;
}

}  // namespace

bool drop_wrapping(Spoken& spoken) {
  if (spoken.text.empty()) return false;
  return drop_box(spoken) || (spoken.fault.empty() && drop_tag(spoken)) ||
         (spoken.fault.empty() && (drop_announcement(spoken) || drop_closing(spoken)));
}

}  // namespace epicrisis::llm
