#include "llm/unmarked_thoughts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/lines.h"
#include "llm/marks.h"
#include "llm/told_thoughts.h"
#include "llm/turns.h"

namespace epicrisis::llm {
namespace {

constexpr std::string_view kAfterLeadIn = " \t,.!:;-\n";
constexpr std::string_view kBeforeWords = " \t#*_>=~`-([.\"@%$|+^:\n";

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// What closes a line between signs or in brackets, behind other words: "... **End of thinking**".
// `begin` is where the signs begin; no heading where the line is nothing else.
struct Closing {
  std::string_view name;
  std::size_t begin = 0;
};
std::optional<Closing> closing_of(std::string_view line) {
  constexpr std::string_view kSigns = "*=-#_~+";
  while (line.ends_with(' ') || line.ends_with(':')) line.remove_suffix(1);
  if (line.empty()) return {};
  const char last = line.back();
  std::size_t end = line.size() - 1;
  char open = last == ')' ? '(' : last == ']' ? '[' : last == '}' ? '{' : '\0';
  const bool signs = open == '\0';
  if (signs) {
    if (kSigns.find(last) == std::string_view::npos) return {};
    open = last;
    const std::size_t kept = line.find_last_not_of(last);
    if (kept == std::string_view::npos || line.size() - kept - 1 < 2) return {};
    end = kept + 1;
  }
  const std::size_t begin = line.substr(0, end).rfind(open);
  if (begin == std::string_view::npos || begin + 1 >= end || end - begin > kMaxHeading) return {};
  Closing closing;
  closing.name = trim(line.substr(begin + 1, end - begin - 1));
  while (closing.name.ends_with(':') || closing.name.ends_with('.')) closing.name.remove_suffix(1);
  closing.begin = begin;
  while (signs && closing.begin > 0 && line[closing.begin - 1] == open) --closing.begin;
  if (signs && begin == closing.begin) return {};  // one sign alone
  return closing;
}

// "thought", "thought 1"
bool is_thought_heading(std::string_view name) {
  const MarkWords::Names& names = MarkWords::built_in().thought_headings;
  return names.contains(name) || names.contains(without_number(name));
}

// "Okay, so the user wants ...": how those begin who think and say so by no mark.
bool thinks_aloud(std::string_view text) {
  constexpr int kMostLeadIns = 4;
  const MarkWords& words = MarkWords::built_in();
  bool led_in = false;
  for (int i = 0; i <= kMostLeadIns; ++i) {
    text.remove_prefix(std::min(text.find_first_not_of(kBeforeWords), text.size()));
    if (begins_with_any(text, words.thought_openings)) return true;
    text.remove_prefix(words_begin(text));
    if (begins_with_any(text, words.thought_openings)) return true;
    if (led_in && begins_with_any(text, words.aloud_openings)) return true;
    const auto behind = [&](const std::string& word) {
      return text.starts_with(word) &&
             (text.size() == word.size() ||
              kAfterLeadIn.find(text[word.size()]) != std::string_view::npos);
    };
    auto found = std::ranges::find_if(words.lead_ins, behind);
    if (found != words.lead_ins.end()) {
      led_in = true;
    } else {
      found = std::ranges::find_if(words.polite_lead_ins, behind);
      if (found == words.polite_lead_ins.end()) return false;
    }
    text.remove_prefix(std::min(text.find_first_not_of(kAfterLeadIn, found->size()), text.size()));
  }
  return false;
}

// A text without the quotation marks around the whole, by which TOML and YAML hold one.
std::string without_quotes(std::string_view text) {
  for (const std::string_view mark : {"\"\"\"", "'''", "\""}) {
    if (text.size() < 2 * mark.size() || !text.starts_with(mark) || !text.ends_with(mark)) continue;
    const std::string_view inside = text.substr(mark.size(), text.size() - 2 * mark.size());
    if (inside.find(mark) == std::string_view::npos) return std::string(trim(inside));
  }
  return std::string(text);
}

class ThoughtFinder {
 public:
  explicit ThoughtFinder(Spoken& spoken) : spoken_(spoken), folded_(spoken.text) {}

  // Each step may leave a shorter text, which the next looks at anew.
  bool drop_fence();
  bool drop_ruled_thought();
  bool begins_with_thought(std::size_t from, std::size_t to) const;
  bool refuse_json_thought();
  bool drop_stripped_channels();
  bool drop_ended_thought();
  bool drop_headed_thought();
  bool refuse_thinking_aloud();
  bool cut_own_turn() { return llm::cut_own_turn(spoken_); }
  bool cut_turns() { return llm::cut_turns(spoken_); }

 private:
  const std::string& text() const { return folded_.text(); }
  const MarkWords& words() const { return MarkWords::built_in(); }
  bool fail(std::string_view why, std::size_t begin, std::size_t size) {
    const std::size_t from = folded_.original(begin);
    const std::size_t to = folded_.original(std::min(begin + size, text().size()));
    spoken_.fault =
        fmt::format("{} '{}'", why, clean_text(spoken_.text.substr(from, to - from), 60));
    return true;
  }
  bool keep_from(std::size_t place) {
    place = behind_rules(behind_block_sign(place));
    spoken_.text =
        without_quotes(trim(std::string_view(spoken_.text).substr(folded_.original(place))));
    spoken_.dropped.thoughts = true;
    return true;
  }
  // Behind the "|" or ">-" of "answer: |", by which YAML begins a text.
  std::size_t behind_block_sign(std::size_t place) const {
    const std::size_t end = std::min(text().find('\n', place), text().size());
    const std::string_view sign = trim(std::string_view(text()).substr(place, end - place));
    const bool block = !sign.empty() && sign.size() <= 2 &&
                       std::string_view("|>").find(sign[0]) != std::string_view::npos &&
                       (sign.size() == 1 || sign[1] == '-' || sign[1] == '+');
    return block ? end : place;
  }
  // Behind lines that are rules or underline what stands before.
  std::size_t behind_rules(std::size_t place) const {
    while (place < text().size()) {
      const std::size_t end = std::min(text().find('\n', place), text().size());
      const std::string_view line = std::string_view(text()).substr(place, end - place);
      const bool rule = line.find_first_not_of(kRule) == std::string_view::npos;
      if (!rule) break;
      place = std::min(end + 1, text().size());
    }
    return place;
  }
  // Where the answer begins that a heading announces, or an unmistakable "final answer:" in a line.
  std::optional<std::size_t> answer_behind(std::size_t from, bool weak) const;
  // The same where a line says but "Note:".
  std::optional<std::size_t> note_behind(std::size_t from) const;
  // Whether each line before has a heading of its own, and none of a thought.
  bool is_headed_to(std::size_t place) const;

  Spoken& spoken_;
  FoldedText folded_;
};

// "**Considering the Metadata**" and below it "I'm focusing on ...", as models sum up thoughts.
bool is_summary(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return false;
  const auto heading = heading_of(text.substr(0, line));
  if (!heading || !heading->alone || !heading->marked) return false;
  const std::string_view name = heading->name;
  if (!name.substr(0, name.find(' ')).ends_with("ing")) return false;
  return begins_with_any(trim(text.substr(line)), MarkWords::built_in().summary_openings);
}

// {"thinking": "...", "note": "..."} where a text was asked for.
bool ThoughtFinder::refuse_json_thought() {
  // The same parts as Python prints them: [{'type': 'thinking', ...}], [ThinkChunk(...)].
  for (const std::string_view parts : {"[{'type'", "{'type'", "[thinkchunk(", "[textchunk("}) {
    if (text().starts_with(parts)) return fail("the parts of a message, not its text:", 0, 60);
  }
  const std::size_t begin = text().find_first_not_of("`json \n");
  if (begin == std::string::npos || text()[begin] != '{') return false;
  const std::size_t end = spoken_.text.rfind('}');
  const std::size_t from = folded_.original(begin);
  if (end == std::string::npos || end < from) return false;
  const Json json =
      Json::parse(spoken_.text.begin() + static_cast<std::ptrdiff_t>(from),
                  spoken_.text.begin() + static_cast<std::ptrdiff_t>(end) + 1, nullptr, false);
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    if (is_thought_name(FoldedText(name).text())) {
      return fail("JSON with a thought in it:", begin, 60);
    }
  }
  return false;
}

// ```thinking ... ```, ::: thinking ... :::
bool ThoughtFinder::drop_fence() {
  // /* ... */
  if (text().starts_with("/*")) {
    const std::size_t end = text().find("*/");
    return end == std::string::npos ? fail("a thought that does not end:", 0, 60)
                                    : keep_from(end + 2);
  }
  if (!text().starts_with("```") && !text().starts_with("~~~") && !text().starts_with(":::")) {
    return false;
  }
  const std::size_t line = std::min(text().find('\n'), text().size());
  std::string_view name = std::string_view(text()).substr(0, line);
  name.remove_prefix(std::min(name.find_first_not_of("`~: {.\t"), name.size()));
  name = name.substr(0, name.find_first_of("}:{`~"));
  name = trim(name);
  const std::size_t close = text().find(text().substr(0, 3), line);
  const bool named = words().thought_headings.contains(name);
  if (close == std::string::npos) {
    return named && fail("a thought that does not end:", 0, line);
  }
  const std::size_t behind = std::min(text().find_first_not_of("`~:", close), text().size());
  if (named) return keep_from(behind);
  // ```\nThought: ...\n``` is one by its first line, where the note follows the fence.
  if (trim(std::string_view(text()).substr(behind)).empty()) return false;
  const bool planned = words().weak_thought_headings.contains(name);
  const bool plain = name.empty() || name == "text" || name == "txt" || name == "plaintext" ||
                     name == "markdown" || name == "md";
  return (planned || (plain && begins_with_thought(line, close))) && keep_from(behind);
}

// ---\nThe user wants ...\n---\n: between rules.
bool ThoughtFinder::drop_ruled_thought() {
  const auto is_rule = [&](const Line& line) {
    const std::string_view words =
        trim(std::string_view(text()).substr(line.begin, line.end - line.begin));
    return words.size() >= 3 && words.find_first_not_of("-*_=~") == std::string_view::npos;
  };
  const auto first = next_line(text(), 0);
  if (!first || !is_rule(*first)) return false;
  for (auto line = next_line(text(), first->end + 1); line;
       line = next_line(text(), line->end + 1)) {
    if (!is_rule(*line)) continue;
    if (trim(std::string_view(text()).substr(line->end)).empty()) return false;
    return begins_with_thought(first->end, line->begin) && keep_from(line->end);
  }
  return false;
}

// Whether the first line between two places that says something is the heading of a thought, or
// begins as one does.
bool ThoughtFinder::begins_with_thought(std::size_t from, std::size_t to) const {
  for (auto line = next_line(text(), from); line && line->begin < to;
       line = next_line(text(), line->end + 1)) {
    const std::string_view words =
        std::string_view(text()).substr(line->begin, line->end - line->begin);
    if (trim(words).empty()) continue;
    const auto heading = heading_of(words);
    if (heading && (heading->marked || heading->alone) && is_thought_heading(heading->name)) {
      return true;
    }
    const std::string_view inside = std::string_view(text()).substr(line->begin, to - line->begin);
    return thinks_aloud(inside) || !told_thought(inside).empty();
  }
  return false;
}

// "... done thinking." in a line of its own.
bool ThoughtFinder::drop_ended_thought() {
  std::optional<std::size_t> end;
  for (auto line = next_line(text(), 0); line; line = next_line(text(), line->end + 1)) {
    const std::string_view whole =
        std::string_view(text()).substr(line->begin, line->end - line->begin);
    const auto heading = heading_of(whole);
    const auto closing = closing_of(whole);
    if ((heading && heading->alone && words().thought_ends.contains(heading->name)) ||
        (closing && words().thought_ends.contains(closing->name))) {
      if (trim(std::string_view(text()).substr(line->end)).empty()) {
        return fail("nothing follows the end of a thought:", line->begin, line->end - line->begin);
      }
      end = line->end;
    }
  }
  return end && keep_from(*end);
}

// Of <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>... the
// names stay where a server takes the marks away.
bool ThoughtFinder::drop_stripped_channels() {
  constexpr std::string_view kFinal = "assistantfinal";
  const auto capital_at = [&](std::size_t place) {
    if (place >= text().size()) return false;
    const char c = spoken_.text[folded_.original(place)];
    return !(c >= 'a' && c <= 'z');
  };
  const std::size_t final = text().rfind(kFinal);
  if (final != std::string::npos &&
      (final == 0 || !is_letter(text()[final - 1]) || text().starts_with("analysis") ||
       text().starts_with("commentary")) &&
      capital_at(final + kFinal.size())) {
    return keep_from(final + kFinal.size());
  }
  for (const std::string_view channel : {"analysis", "commentary", "assistantanalysis"}) {
    if (!text().starts_with(channel) || text().size() == channel.size()) continue;
    const char first = spoken_.text[folded_.original(channel.size())];
    if (spoken_.text[0] == channel[0] && first >= 'A' && first <= 'Z') {
      return fail("a thought that does not end:", 0, 60);
    }
  }
  if (spoken_.text.starts_with("final") && text().size() > 5) {
    const char first = spoken_.text[folded_.original(5)];
    if (first >= 'A' && first <= 'Z') return keep_from(5);
  }
  return false;
}

std::optional<std::size_t> ThoughtFinder::answer_behind(std::size_t from, bool weak) const {
  std::optional<std::size_t> found;
  for (auto line = next_line(text(), from); line; line = next_line(text(), line->end + 1)) {
    const std::string_view whole =
        std::string_view(text()).substr(line->begin, line->end - line->begin);
    const auto heading = heading_of(whole);
    if (!heading || !(heading->marked || heading->alone)) continue;
    if (words().answer_headings.contains(heading->name) ||
        (weak && words().weak_answer_headings.contains(heading->name))) {
      found = line->begin + heading->end;
    }
  }
  if (found) return found;
  std::size_t last = std::string::npos;
  for (const std::string& told : words().inline_answers) {
    const std::size_t place = text().rfind(told);
    if (place == std::string::npos || place < from) continue;
    const std::size_t behind =
        std::min(text().find_first_not_of(kAfterHeading, place + told.size()), text().size());
    if (last == std::string::npos || behind > last) last = behind;
  }
  if (last != std::string::npos) return last;
  return {};
}

std::optional<std::size_t> ThoughtFinder::note_behind(std::size_t from) const {
  for (auto line = next_line(text(), from); line; line = next_line(text(), line->end + 1)) {
    const auto heading =
        heading_of(std::string_view(text()).substr(line->begin, line->end - line->begin));
    if (heading && heading->alone && heading->marked &&
        words().note_headings.contains(heading->name)) {
      return line->begin + heading->end;
    }
  }
  return {};
}

bool ThoughtFinder::is_headed_to(std::size_t place) const {
  for (auto line = next_line(text(), 0); line && line->begin < place;
       line = next_line(text(), line->end + 1)) {
    const std::string_view words =
        std::string_view(text()).substr(line->begin, line->end - line->begin);
    if (trim(words).empty()) continue;
    const auto heading = heading_of(words);
    const bool headed = heading && heading->marked && words.find(':') != std::string_view::npos;
    if (!headed || is_thought_heading(heading->name) ||
        this->words().weak_thought_headings.contains(heading->name)) {
      return false;
    }
  }
  return true;
}

bool ThoughtFinder::drop_headed_thought() {
  const std::size_t begin = std::min(text().find_first_not_of('\n'), text().size());
  const auto line = next_line(text(), begin);
  if (!line) return false;
  const auto heading =
      heading_of(std::string_view(text()).substr(line->begin, line->end - line->begin));
  const bool told = heading && (heading->marked || heading->alone);
  const bool thought = told && is_thought_heading(heading->name);
  const bool aloud = thinks_aloud(text()) || is_summary(std::string_view(text()).substr(begin));
  if (thought || aloud || (told && words().weak_thought_headings.contains(heading->name))) {
    const auto answer = answer_behind(line->begin + (told ? heading->end : 0), thought || aloud);
    if (answer && *answer < text().size()) return keep_from(*answer);
    if (thought) return fail("a thought that does not end:", line->begin, line->end - line->begin);
    if (aloud) return fail("a thought, by its first words:", 0, 60);
    const auto note = note_behind(line->begin + heading->end);
    return note && *note < text().size() && keep_from(*note);
  }
  if (told && (heading->name.ends_with("answer") || heading->name.find("final") < 5) &&
      words().answer_headings.contains(heading->name) && heading->end < text().size()) {
    return keep_from(line->begin + heading->end);
  }
  return false;
}

// "... Final answer: ..." where nothing says what stands before.
bool ThoughtFinder::refuse_thinking_aloud() {
  const bool in_sections = !text().empty() && (text()[0] == '#' || text().starts_with("**"));
  for (auto line = next_line(text(), 0); line; line = next_line(text(), line->end + 1)) {
    const std::string_view whole =
        std::string_view(text()).substr(line->begin, line->end - line->begin);
    // "... *** Final answer ***"
    const auto closing = closing_of(whole);
    if (closing && closing->begin > 0 && words().answer_headings.contains(closing->name) &&
        !trim(std::string_view(text()).substr(line->end)).empty()) {
      return fail("what stands before this may be a thought:", line->begin + closing->begin, 40);
    }
    if (line->begin == 0) continue;
    const auto heading = heading_of(whole);
    if (!heading || !(heading->marked || heading->alone) ||
        !words().answer_headings.contains(heading->name)) {
      continue;
    }
    // "## Answer" below other words; "Answer: effusion" may be a line of a note, and so may a
    // section.
    const bool final = heading->name.find("final") != std::string::npos;
    const bool section = heading->alone && !in_sections && (whole[0] == '#' || whole[0] == '*');
    if (!final && !section) continue;
    if (words().summing_headings.contains(heading->name) && is_headed_to(line->begin)) continue;
    return fail("what stands before this may be a thought:", line->begin, heading->name.size() + 8);
  }
  return false;
}

}  // namespace

void drop_unmarked_thoughts(Spoken& spoken) {
  // A text has few turns and thoughts; what has more is none.
  constexpr int kMostSteps = 8;
  constexpr std::array kSteps = {&ThoughtFinder::drop_fence,
                                 &ThoughtFinder::drop_ruled_thought,
                                 &ThoughtFinder::drop_ended_thought,
                                 &ThoughtFinder::refuse_json_thought,
                                 &ThoughtFinder::drop_stripped_channels,
                                 &ThoughtFinder::drop_headed_thought,
                                 &ThoughtFinder::cut_own_turn,
                                 &ThoughtFinder::cut_turns,
                                 &ThoughtFinder::refuse_thinking_aloud};
  for (int i = 0; i < kMostSteps; ++i) {
    spoken.text = trim(std::string(spoken.text));
    bool changed = false;
    ThoughtFinder finder(spoken);
    for (const auto step : kSteps) {
      changed = (finder.*step)();
      if (changed) break;
    }
    if (!changed || !spoken.fault.empty() || spoken.text.empty()) return;
  }
  spoken.fault = "thoughts within thoughts";
}

}  // namespace epicrisis::llm
