#include "llm/turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/lines.h"
#include "llm/marks.h"

namespace epicrisis::llm {
namespace {

constexpr std::string_view kVersions = "several versions of a note:";

const MarkWords& known() { return MarkWords::built_in(); }

// "---" between a note and what is cut off behind it.
void drop_last_rule(std::string& text) {
  const std::size_t line = text.rfind('\n');
  if (line == std::string::npos || text.find_first_not_of(kRule, line + 1) != std::string::npos) {
    return;
  }
  text = trim(std::string(text.substr(0, line)));
}

bool is_role(std::string_view word) {
  return word == "assistant" || word == "user" || word == "system" || word == "model";
}
bool is_own_role(std::string_view word) { return word == "assistant" || word == "model"; }

bool ends_sentence(std::string_view text) {
  return !text.empty() && std::string_view(".!?").find(text.back()) != std::string_view::npos;
}

// "**User:** ...", "Human (2): ...", and of those who may be named in a note, questions alone.
bool is_speaker(std::string_view line, bool first) {
  const auto heading = heading_of(line);
  if (!heading || !(heading->colon || (heading->alone && heading->marked))) return false;
  const std::string_view whole = heading->name;
  const std::string_view name = without_number(trim(whole.substr(0, whole.find('('))));
  if (known().speakers.contains(name)) return true;
  return !first && heading->colon && line.ends_with('?') && known().askers.contains(name);
}

// The first two words of a text, as notes begin alike.
std::string_view first_words(std::string_view text) {
  text.remove_prefix(std::min(words_begin(text), text.size()));
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return text;
  return text.substr(0, text.find_first_of(" ,.:;\n", space + 1));
}

class TurnCutter {
 public:
  explicit TurnCutter(Spoken& spoken) : spoken_(spoken), folded_(spoken.text) {}

  bool own_turn() {
    const std::string_view all = text();
    const std::size_t begin = words_begin(all.substr(0, all.find('\n')));
    const auto turn = std::ranges::find_if(known().begin_turns, [&](const std::string& one) {
      return all.substr(begin).starts_with(one);
    });
    if (turn == known().begin_turns.end()) return false;
    const std::size_t end =
        all.find_first_not_of(begin > 0 ? "*_ :\n" : " :\n", begin + turn->size());
    return end != std::string_view::npos && keep_from(end);
  }

  bool turns() {
    if (refuse_letters()) return true;
    for (auto line = next_line(text(), 0); line; line = next_line(text(), line->end + 1)) {
      if (take(*line)) return true;
    }
    return false;
  }

 private:
  const std::string& text() const { return folded_.text(); }
  std::string_view words_of(const Line& line) const {
    return std::string_view(text()).substr(line.begin, line.end - line.begin);
  }
  bool keep_from(std::size_t place) {
    spoken_.text = spoken_.text.substr(folded_.original(place));
    spoken_.dropped.control_tokens = true;
    return true;
  }
  bool cut_at(std::size_t place) {
    spoken_.text = trim(spoken_.text.substr(0, folded_.original(place)));
    drop_last_rule(spoken_.text);
    spoken_.dropped.control_tokens = true;
    return true;
  }
  bool fail(std::string_view why, std::size_t place) {
    const std::string_view rest = std::string_view(spoken_.text).substr(folded_.original(place));
    spoken_.fault = fmt::format("{} '{}'", why, clean_text(rest, 60));
    return true;
  }
  // A turn of the model's own from `place` on, whose words begin at `words`.
  bool own_turn_at(std::size_t place, std::size_t words) {
    const std::size_t said = std::min(words, text().size());
    if (std::string_view(text()).find_first_not_of(" :\n*", said) == std::string_view::npos) {
      return cut_at(place);
    }
    return fail("a turn of the model's own, so what stands before may be a thought:", place);
  }

  bool take(const Line& line) {
    const bool first = line.begin == 0;
    return (first ? begins_own(line) : continues_own(line)) || begins_another(line) ||
           (!first && begins_version(line));
  }

  // In the first line: "### Response:", "assistant", "assistant/think".
  bool begins_own(const Line& line) {
    const std::string_view words = words_of(line);
    const std::string_view whole = trim(words);
    const auto own = std::ranges::find_if(
        known().own_turns, [&](const std::string& turn) { return whole.starts_with(turn); });
    const bool named = own != known().own_turns.end();
    if (named || is_own_role(whole)) {
      const std::size_t end = named ? line.begin + words.find(*own) + own->size() : line.end;
      return keep_from(std::min(text().find_first_not_of(" :\n", end), text().size()));
    }
    const std::size_t joint = whole.find_first_of("/:-(");
    if (joint == std::string_view::npos || !is_own_role(trim(whole.substr(0, joint))) ||
        !known().thoughts.contains(plain_name(whole.substr(joint)))) {
      return false;
    }
    for (auto next = next_line(text(), line.end + 1); next;
         next = next_line(text(), next->end + 1)) {
      if (!is_own_role(trim(words_of(*next))) || next->end + 1 >= text().size()) continue;
      spoken_.dropped.thoughts = true;
      return keep_from(next->end + 1);
    }
    return fail("a thought that does not end:", line.begin);
  }

  bool continues_own(const Line& line) {
    const std::string_view words = words_of(line);
    const std::string_view whole = trim(words);
    const std::size_t begin = std::min(words_begin(whole), whole.size());
    const auto names = [&](const std::string& turn) {
      return whole.starts_with(turn) || whole.substr(begin).starts_with(turn);
    };
    const auto own = std::ranges::find_if(known().own_turns, names);
    if (own != known().own_turns.end()) {
      return own_turn_at(line.begin, line.begin + words.find(*own) + own->size());
    }
    return is_own_role(whole) && own_turn_at(line.begin, line.end);
  }

  // Another's turn, or what ends a text in letters.
  bool begins_another(const Line& line) {
    const std::string_view words = words_of(line);
    const std::string_view whole = trim(words);
    const bool first = line.begin == 0;
    if (begins_with_any(whole, known().turns) || known().turn_lines.contains(whole) ||
        (is_role(whole) && !first) || is_speaker(whole, first)) {
      return cut_at(line.begin);
    }
    // "...border.assistant"
    for (const std::string_view role : {"assistant", "user"}) {
      if (whole.size() <= role.size() || !whole.ends_with(role)) continue;
      if (!ends_sentence(whole.substr(0, whole.size() - role.size()))) continue;
      const std::size_t place = line.begin + words.rfind(role);
      return is_own_role(role) ? own_turn_at(place, line.end) : cut_at(place);
    }
    std::size_t cut = std::string::npos;
    for (const std::string& turn : known().inline_turns) {
      if (const std::size_t at = words.find(turn); at != std::string_view::npos && at > 0) {
        cut = std::min(cut, line.begin + at);
      }
    }
    for (const std::string& turn : known().sentence_turns) {
      for (std::size_t at = words.find(turn); at != std::string_view::npos;
           at = words.find(turn, at + 1)) {
        if (!ends_sentence(trim(words.substr(0, at)))) continue;
        cut = std::min(cut, line.begin + at);
        break;
      }
    }
    for (const std::string& end : known().line_ends) {
      if (cut == std::string::npos && whole.size() > end.size() && whole.ends_with(end)) {
        cut = line.begin + words.rfind(end);
      }
    }
    for (const std::string& letter : known().letters) {
      const std::size_t at = words.find(letter);
      if (at != std::string_view::npos && ends_sentence(words.substr(0, at))) {
        cut = std::min(cut, line.begin + at);
      }
    }
    return cut != std::string::npos && cut_at(cut);
  }

  // "Option 2: ..." below "Option 1: ...", "Alternative version: ...".
  bool begins_version(const Line& line) {
    const std::string_view words = words_of(line);
    const auto heading = heading_of(words);
    if (!heading || !(heading->colon || heading->alone)) return false;
    if (known().versions.contains(heading->name)) return cut_at(line.begin);
    const bool corrects = known().corrections.contains(heading->name);
    if ((corrects || known().alternatives.contains(heading->name)) &&
        begins_alike(line.begin + heading->end)) {
      return corrects ? fail(kVersions, line.begin) : cut_at(line.begin);
    }
    const auto top = heading_of(std::string_view(text()).substr(0, text().find('\n')));
    if (!top || top->name == heading->name) return false;
    const std::string_view option = numbered(heading->name);
    if (option.empty() || option != numbered(top->name)) return false;
    return fail(kVersions, line.begin);
  }
  // Whether what stands from `place` on begins as the text does, behind its own heading too.
  bool begins_alike(std::size_t place) const {
    const std::string_view all = text();
    const std::string_view words = first_words(trim(all.substr(std::min(place, all.size()))));
    if (words == first_words(all)) return true;
    const auto top = heading_of(all.substr(0, all.find('\n')));
    return top && top->colon && words == first_words(trim(all.substr(top->end)));
  }
  // "option" of "option 2" and "option b"; empty for other names.
  static std::string_view numbered(std::string_view name) {
    std::string_view word = without_number(name);
    if (word == name && name.size() > 2 && name[name.size() - 2] == ' ') {
      word = name.substr(0, name.size() - 2);
    }
    return word != name && known().options.contains(word) ? word : std::string_view();
  }

  // "TheĠnextĠword", "The▁next▁word": a tokenizer's letters for spaces.
  bool refuse_letters() {
    constexpr std::string_view kWord = "\u2581";
    constexpr int kFew = 3;
    const std::string_view all = spoken_.text;
    int found = 0;
    const auto count = [&](std::string_view letter) {
      for (std::size_t at = all.find(letter); at != std::string_view::npos && found <= kFew;
           at = all.find(letter, at + letter.size())) {
        const std::size_t behind = at + letter.size();
        const bool within =
            at > 0 && behind < all.size() && is_visible(all[at - 1]) && is_visible(all[behind]);
        if (within) ++found;
      }
    };
    count(kWord);
    for (const std::string& letter : known().letters) count(letter);
    return found > kFew && fail("a tokenizer's letters, not words:", 0);
  }
  static bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

  Spoken& spoken_;
  FoldedText folded_;
};

}  // namespace

bool cut_own_turn(Spoken& spoken) { return TurnCutter(spoken).own_turn(); }
bool cut_turns(Spoken& spoken) { return TurnCutter(spoken).turns(); }

}  // namespace epicrisis::llm
