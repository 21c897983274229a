#include "llm/wrapping.h"

#include <algorithm>
#include <string_view>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/lines.h"
#include "llm/marks.h"

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

// "Sure, here is the note: A brown macule."
bool drop_lead(Spoken& spoken) {
  constexpr std::size_t kLongestLead = 120;
  const std::string_view text = spoken.text;
  const std::string_view line = text.substr(0, std::min(text.find('\n'), kLongestLead));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::size_t begin = text.find_first_not_of(" *_\n", colon + 1);
  if (begin == std::string_view::npos) return false;
  const std::string folded = FoldedText(line.substr(0, colon)).text();
  std::string_view words = folded;
  words.remove_prefix(words_begin(words));
  const MarkWords& known = MarkWords::built_in();
  if (!begins_with_any(words, known.announcements)) return false;
  const bool named = std::ranges::any_of(known.announced, [&](const std::string& word) {
    const std::size_t at = words.find(word);
    return at != std::string_view::npos && at > 0 &&
           !(words[at - 1] >= 'a' && words[at - 1] <= 'z');
  });
  if (!named) return false;
  spoken.text = trim(std::string(text.substr(begin)));
  spoken.dropped.thoughts = true;
  return true;
}

// "... border. Let me know if you need more."
bool drop_closing_sentence(Spoken& spoken) {
  const std::string_view text = spoken.text;
  std::size_t end = text.find_last_of(".!?\n", text.empty() ? 0 : text.size() - 2);
  if (end == std::string_view::npos) return false;
  ++end;
  const std::string folded = FoldedText(text.substr(end)).text();
  std::string_view words = folded;
  words.remove_prefix(words_begin(words));
  if (!begins_with_any(words, MarkWords::built_in().closing_sentences)) return false;
  spoken.text = trim(std::string(text.substr(0, end)));
  spoken.dropped.thoughts = true;
  return true;
}

// "```" lines around the whole.
bool drop_fence_around(Spoken& spoken) {
  constexpr std::string_view kFence = "```";
  const std::string_view text = spoken.text;
  const std::size_t line = text.find('\n');
  if (!text.starts_with(kFence) || !text.ends_with(kFence) || line == std::string_view::npos) {
    return false;
  }
  const std::string language = ascii_lower(trim(text.substr(3, line - 3)));
  for (const std::string_view known : {"", "text", "txt", "plaintext", "markdown", "md"}) {
    if (language != known || line + 3 > text.size() - 3) continue;
    const std::string_view inside = text.substr(line, text.size() - 3 - line);
    if (inside.find(kFence) != std::string_view::npos) return false;
    return keep(spoken, std::string(inside));
  }
  return false;
}

// "(250 words)" or a rule.
bool is_count_or_rule(std::string_view line) {
  if (line.size() >= 3 && line.find_first_not_of(" -*_=") == std::string_view::npos) return true;
  const std::size_t digits = line.find_first_not_of("([");
  const std::size_t word = line.find_first_not_of("0123456789", digits);
  if (digits == 0 || word == std::string_view::npos || word == digits) return false;
  return line.substr(word).starts_with(" words");
}

bool drop_closing(Spoken& spoken) {
  const std::size_t line = spoken.text.rfind('\n');
  if (line == std::string::npos || spoken.text.size() - line > kLongestLine) return false;
  const std::string folded = FoldedText(trim(spoken.text.substr(line))).text();
  std::string_view words = folded;
  const std::size_t begin = words.find_first_not_of(" *_#>-");
  words.remove_prefix(std::min(begin, words.size()));
  if (!is_count_or_rule(folded) && !begins_with_any(words, MarkWords::built_in().closings)) {
    return false;
  }
  spoken.text = trim(spoken.text.substr(0, line));
  spoken.dropped.thoughts = true;
  return true;
}

}  // namespace

bool drop_wrapping(Spoken& spoken) {
  if (spoken.text.empty()) return false;
  if (drop_box(spoken)) return true;
  if (!spoken.fault.empty()) return false;
  return drop_tag(spoken) || drop_fence_around(spoken) || drop_announcement(spoken) ||
         drop_lead(spoken) || drop_closing(spoken) || drop_closing_sentence(spoken);
}

}  // namespace epicrisis::llm
