#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis::llm {

enum class MarkKind {
  kOpenThought,
  kCloseThought,
  kOpenAnswer,
  kCloseAnswer,
  kOwnTurn,   // the model's turn begins: nothing, at the beginning of a text
  kPass,      // nothing, where a turn begins
  kEnd,       // a turn ends, or another's begins
  kCut,       // a closing mark without its '>': nobody knows where it ends
  kUnknown,   // <|...|> of a name that is in no list: an end, if something was said before
  kOpenTag,   // <name> of a name that is in no list
  kCloseTag,  // </name> likewise
  kSwitch,    // of thinking, from the prompt
};

// A mark in a folded text.
struct Mark {
  MarkKind kind = MarkKind::kEnd;
  std::size_t begin = 0;  // bytes of the folded text, [begin, end)
  std::size_t end = 0;
  std::string name;      // as it is compared
  bool channel = false;  // begun by a turn's mark: its end ends a thought too
  bool sure = false;     // of an answer: before it there are but thoughts, even if no mark says so;
                         // of the model's own turn: the mark says whose it is
};

// What answers/marks.toml says of marks and of words; lists of words are as they stand there, names
// without what they are compared without.
struct MarkWords {
  using Names = std::set<std::string, std::less<>>;
  Names thoughts, channels, square_thoughts, square_open, square_close, thoughts_open,
      thoughts_close, answers, answers_open, answers_close, square_answers;
  std::vector<std::string> thought_stems, cut_thoughts, inline_answers;
  Names thought_headings, weak_thought_headings, thought_ends;
  Names answer_headings, weak_answer_headings, note_headings, summing_headings;
  // Openings are what a thought begins with; `aloud_openings` only behind a word of `lead_ins`.
  std::vector<std::string> thought_openings, aloud_openings, lead_ins, polite_lead_ins,
      summary_openings;
  Names begin, role, heads, pass, end, square, bars_only, numbered, square_numbered, turn_lines;
  std::vector<std::string> literals, switches, weak_switches, turns, own_turns, begin_turns,
      line_ends, inline_turns, sentence_turns;
  // Whose turns they are that lines begin with; what several versions of a note are headed by.
  Names speakers, askers, versions, alternatives, corrections, options;
  std::vector<std::string> letters, own_literals;
  Names own_roles, own_names, answer_roles, other_roles;
  Names html, wrappers;
  std::vector<std::string> attributes;
  // What stands around a note, that is of it and not in it.
  std::vector<std::string> announcements, announced_by, announced, closings, closing_sentences;

  static const MarkWords& built_in();
};

// A name as it is compared: letters and digits alone.
std::string plain_name(std::string_view name);
inline bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Whether a name, folded, is one of thoughts: in the list or with one of the stems.
bool is_thought_name(std::string_view name);

// All marks of a folded text, in order. Linear in the text.
std::vector<Mark> find_marks(std::string_view folded);

}  // namespace epicrisis::llm
