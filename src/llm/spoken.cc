#include "llm/spoken.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/marks.h"
#include "llm/unmarked_thoughts.h"
#include "llm/wrapping.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kPreamble = 120;                  // bytes of a "Here is the note:"
constexpr std::size_t kHeader = 60;                     // bytes between a role's mark and its end
constexpr std::size_t kProse = std::size_t{256} << 10;  // bytes; what is longer is no note

bool is_white(std::string_view text) { return trim(text).empty(); }

bool begins_a_turn(std::string_view folded) {
  const std::string_view words = trim(folded);
  return begins_with_any(words, MarkWords::built_in().turns) ||
         begins_with_any(words, MarkWords::built_in().own_turns);
}

// Goes through the marks of a text in order and keeps what is said outside of thoughts.
class MarkReader {
 public:
  explicit MarkReader(std::string_view text)
      : text_(text), folded_(text), marks_(find_marks(folded_.text())) {}

  Spoken read() {
    while (next_ < marks_.size() && spoken_.fault.empty() && !ended_) {
      const Mark mark = marks_[next_++];
      say(place_, mark.begin);
      place_ = mark.end;
      take(mark);
    }
    if (!ended_) say(place_, folded_.text().size());
    finish();
    return std::move(spoken_);
  }

 private:
  std::string_view original(std::size_t begin, std::size_t end) const {
    return text_.substr(folded_.original(begin), folded_.original(end) - folded_.original(begin));
  }
  std::string_view words_of(const Mark& mark) const { return original(mark.begin, mark.end); }
  void fail(std::string_view why, const Mark& mark) {
    if (spoken_.fault.empty()) {
      spoken_.fault = fmt::format("{} {}", why, clean_text(words_of(mark), 60));
    }
  }

  void say(std::size_t begin, std::size_t end) {
    const std::string_view piece = original(begin, end);
    if (is_white(piece) && note_.empty()) return;
    if (!thoughts_.empty()) {
      if (!is_white(piece)) thought_begun_ = true;
      return;
    }
    if (answered_ && !is_white(piece)) {
      if (begins_a_turn(std::string_view(folded_.text()).substr(begin, end - begin))) {
        spoken_.dropped.control_tokens = true;
        ended_ = true;
        return;
      }
      fail("text behind the end of the answer:", answer_);
    }
    note_ += piece;
  }

  bool silent() const { return is_white(note_); }
  void forget() {
    if (!silent()) spoken_.dropped.thoughts = true;
    note_.clear();
  }

  void take(const Mark& mark) {
    switch (mark.kind) {
      case MarkKind::kOpenThought:
        open_thought(mark);
        break;
      case MarkKind::kCloseThought:
        close_thought(mark);
        break;
      case MarkKind::kOpenAnswer:
        open_answer(mark);
        break;
      case MarkKind::kCloseAnswer:
        if (thoughts_.empty()) {
          answered_ = true;
          answer_ = mark;
        }
        break;
      case MarkKind::kOwnTurn:
        spoken_.dropped.control_tokens = true;
        // A turn of its own begins behind <|im_start|>think.
        if (!thoughts_.empty() && mark.sure && thoughts_.back().channel) thoughts_.pop_back();
        if (!thoughts_.empty()) break;
        if (!silent()) return end_turn();
        in_header_ = true;
        break;
      case MarkKind::kPass:
        pass(mark);
        break;
      case MarkKind::kSwitch:
        spoken_.dropped.control_tokens = true;
        break;
      case MarkKind::kEnd:
        end_turn();
        if (ended_ && !silent() && goes_on_itself()) {
          fail("what stands before this may be a thought:", mark);
        }
        break;
      case MarkKind::kCut:
        fail("a mark that is cut off:", mark);
        break;
      case MarkKind::kUnknown:
        if (thoughts_.empty() && silent()) return fail("begins with the unknown mark", mark);
        end_turn();
        break;
      case MarkKind::kOpenTag:
      case MarkKind::kCloseTag:
        say(mark.begin, mark.end);  // spoken_text() looks at these
        break;
    }
  }

  // <|channel|>final <|constrain|>json<|message|>: the header goes with its end.
  void pass(const Mark& mark) {
    spoken_.dropped.control_tokens = true;
    if (!thoughts_.empty() || silent() || closes_itself(mark)) return;
    if (!in_header_ || trim(note_).size() > kHeader) {
      end_turn();
      if (ended_ && MarkWords::built_in().heads.contains(mark.name) && !said_behind().empty()) {
        fail("text before this, which may be a thought:", mark);
      }
      return;
    }
    note_.clear();
  }

  // What follows up to the next mark.
  std::string_view said_behind() const {
    const std::size_t end = next_ < marks_.size() ? marks_[next_].begin : folded_.text().size();
    const std::string_view folded = folded_.text();
    return trim(folded.substr(place_, std::max(place_, end) - place_));
  }

  // A turn of the model's own that begins behind the end of one: the first may have been a thought.
  bool goes_on_itself() const {
    const std::string_view said = said_behind();
    const std::size_t line = said.find('\n');
    return line != std::string_view::npos && !trim(said.substr(line)).empty() &&
           MarkWords::built_in().own_roles.contains(trim(said.substr(0, line)));
  }

  // A tag that closes itself holds nothing.
  static bool closes_itself(const Mark& mark) {
    return mark.kind == MarkKind::kPass && !MarkWords::built_in().pass.contains(mark.name);
  }

  void open_thought(const Mark& mark) {
    spoken_.dropped.thoughts = true;
    alone_ = false;
    // Said twice: by the prompt's template and by the model.
    if (!thoughts_.empty() && thoughts_.back().name == mark.name && !thought_begun_) return;
    thoughts_.push_back(mark);
    thought_begun_ = false;
  }

  void close_thought(const Mark& mark) {
    spoken_.dropped.thoughts = true;
    if (thoughts_.empty()) {
      // Its opening was part of the prompt: all before was the thought.
      alone_ = alone_ || !silent();
      last_ = mark;
      note_.clear();
      answered_ = false;
      return;
    }
    const auto same = std::find_if(thoughts_.rbegin(), thoughts_.rend(),
                                   [&](const Mark& open) { return open.name == mark.name; });
    thoughts_.erase(same == thoughts_.rend() ? thoughts_.end() - 1 : same.base() - 1,
                    thoughts_.end());
  }

  void open_answer(const Mark& mark) {
    const bool after_thought = spoken_.dropped.thoughts;
    if (answered_ && !silent()) return fail("a second answer:", mark);
    if (!silent() && !mark.sure && !after_thought && !is_preamble()) {
      return fail("text before the answer's mark, which may be a thought:", mark);
    }
    if (!thoughts_.empty()) spoken_.dropped.thoughts = true;
    thoughts_.clear();
    forget();
    alone_ = false;
    answered_ = false;
    in_header_ = mark.channel;
  }

  // "Here is the note:"
  bool is_preamble() const {
    const std::string_view said = trim(note_);
    return said.size() <= kPreamble && said.ends_with(':');
  }

  void end_turn() {
    spoken_.dropped.control_tokens = true;
    if (!thoughts_.empty()) {
      // Within other thoughts a turn's end is a slip, if the thought's end follows.
      if (thoughts_.back().channel) thoughts_.pop_back();
      return;
    }
    // The end of a channel that had no beginning: what was said is a thought if an answer follows.
    for (std::size_t i = next_; i < marks_.size(); ++i) {
      const Mark& later = marks_[i];
      if (later.kind == MarkKind::kOpenThought) break;
      if (later.kind == MarkKind::kCloseThought) {
        return silent() ? void() : fail("a thought ends behind the end of the turn:", later);
      }
      if (later.kind != MarkKind::kOpenAnswer || !later.sure) continue;
      forget();
      place_ = later.begin;
      next_ = i;
      return;
    }
    ended_ = true;
  }

  void finish() {
    if (!spoken_.fault.empty()) return;
    if (!thoughts_.empty()) return fail("a thought that does not end:", thoughts_.front());
    spoken_.text = trim(note_);
    drop_word_marks();
    drop_written_line_feeds();
    if (spoken_.text.empty() && alone_) fail("nothing follows the end of a thought:", last_);
  }

  // "\u2581", by which tokenizers write a space.
  void drop_word_marks() {
    constexpr std::string_view kWord = "\u2581";
    std::string_view rest = spoken_.text;
    while (rest.starts_with(kWord)) rest = trim(rest.substr(kWord.size()));
    while (rest.ends_with(kWord)) rest = trim(rest.substr(0, rest.size() - kWord.size()));
    if (rest.size() < spoken_.text.size()) spoken_.text = std::string(rest);
  }

  // "\\n" in letters, as servers give it that escape twice.
  void drop_written_line_feeds() {
    std::string_view rest = spoken_.text;
    while (rest.starts_with("\\n") && (rest.size() == 2 || !(rest[2] >= 'a' && rest[2] <= 'z'))) {
      rest = trim(rest.substr(2));
    }
    if (spoken_.dropped.thoughts && rest.ends_with("\\n"))
      rest = trim(rest.substr(0, rest.size() - 2));
    spoken_.text = std::string(rest);
  }

  std::string_view text_;
  FoldedText folded_;
  std::vector<Mark> marks_;
  std::size_t next_ = 0;   // of marks_
  std::size_t place_ = 0;  // of the folded text
  bool ended_ = false;
  std::vector<Mark> thoughts_;  // open ones, the outer first
  bool thought_begun_ = false;  // something was thought since the last opening
  bool alone_ = false;          // a thought ended that had no beginning
  bool answered_ = false;       // the answer's end was marked
  bool in_header_ = false;      // a turn or a channel began
  Mark answer_, last_;
  std::string note_;
  Spoken spoken_;
};

// Marks of a name that is in no list, in pairs or at the beginning: a thought as well as a heading.
// One alone behind the end of a sentence ("border.<end_code>") is a control token: `cut` becomes
// where it stands.
std::string unknown_tag(std::string_view text, std::size_t& cut) {
  const FoldedText folded(text);
  const auto ends_sentence = [&](std::size_t place) {
    return place > 0 && std::string_view(".!?").find(folded.text()[place - 1]) != std::string::npos;
  };
  for (const Mark& mark : find_marks(folded.text())) {
    const char c = text[folded.original(mark.begin)];
    if (c != '<' && c != '&' && c != '\\') continue;  // « quotes » of some language
    const bool first = is_white(text.substr(0, folded.original(mark.begin)));
    if (mark.kind == MarkKind::kOpenTag && !first && ends_sentence(mark.begin)) {
      cut = folded.original(mark.begin);
      return "";
    }
    // Other marks are those that come about where one is taken out of another.
    if (mark.kind != MarkKind::kOpenTag || first) {
      const std::size_t begin = folded.original(mark.begin);
      return fmt::format("the unknown mark {}, which may be one of a thought",
                         clean_text(text.substr(begin, folded.original(mark.end) - begin), 60));
    }
  }
  return "";
}

}  // namespace

Spoken unmarked_text(std::string_view text) { return MarkReader(text).read(); }

Spoken spoken_text(std::string_view text) {
  Spoken spoken = unmarked_text(text);
  if (!spoken.fault.empty() || spoken.text.empty()) return spoken;
  if (spoken.text.size() > kProse) return spoken;
  std::size_t cut = spoken.text.size();
  spoken.fault = unknown_tag(spoken.text, cut);
  if (cut < spoken.text.size()) {
    spoken.text = trim(spoken.text.substr(0, cut));
    spoken.dropped.control_tokens = true;
  }
  // What is unwrapped may begin with a thought.
  constexpr int kMostWraps = 4;
  for (int i = 0; i < kMostWraps && spoken.fault.empty(); ++i) {
    drop_unmarked_thoughts(spoken);
    if (!spoken.fault.empty() || !drop_wrapping(spoken)) break;
  }
  return spoken;
}

}  // namespace epicrisis::llm
