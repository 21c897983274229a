#include "llm/spoken.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/marks.h"
#include "llm/role_marks.h"
#include "llm/told_thoughts.h"
#include "llm/turns.h"
#include "llm/unknown_marks.h"
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
        if (!silent()) return end_turn(mark);
        in_header_ = true;
        break;
      case MarkKind::kPass:
        pass(mark);
        break;
      case MarkKind::kSwitch:
        spoken_.dropped.control_tokens = true;
        if (silent() && thinks_behind(mark)) switched_on_ = true;
        break;
      case MarkKind::kEnd:
        end_turn(mark);
        break;
      case MarkKind::kCut:
        fail("a mark that is cut off:", mark);
        break;
      case MarkKind::kUnknown:
        if (thoughts_.empty() && silent()) return fail("begins with the unknown mark", mark);
        end_turn(mark);
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
    if (const auto kind = addressed_to(note_); kind && *kind != MarkKind::kEnd) {
      Mark opened = mark;
      opened.kind = *kind;
      opened.channel = opened.sure = true;
      note_.clear();
      return take(opened);
    }
    if (!in_header_ || trim(note_).size() > kHeader) {
      end_turn(mark);
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

  // Where a turn of the model's own begins in which something is said, behind the end of one by
  // `mark`: an index of marks_, their number for one that words alone begin; none where another
  // speaks, or nobody.
  std::optional<std::size_t> own_turn_behind(const Mark& mark) const {
    std::size_t place = mark.end;
    bool own = mark.kind == MarkKind::kOwnTurn && says_whose(mark);
    std::size_t found = next_;
    for (std::size_t i = next_; i <= marks_.size(); ++i) {
      const std::size_t end = i < marks_.size() ? marks_[i].begin : folded_.text().size();
      const std::string_view words =
          trim(std::string_view(folded_.text()).substr(place, std::max(place, end) - place));
      if (!words.empty() && own) return found;
      if (!words.empty())
        return begins_own_turn(words) ? marks_.size() : std::optional<std::size_t>();
      if (i == marks_.size()) return {};
      const Mark& next = marks_[i];
      place = next.end;
      if (next.kind == MarkKind::kOwnTurn && says_whose(next)) {
        own = true;
        found = i;
      } else if (next.kind == MarkKind::kEnd) {
        own = false;
      } else if (own && next.kind != MarkKind::kOwnTurn && next.kind != MarkKind::kPass &&
                 next.kind != MarkKind::kSwitch) {
        return found;
      }
    }
    return {};
  }
  static bool says_whose(const Mark& mark) {
    return mark.sure || MarkWords::built_in().own_names.contains(mark.name);
  }
  // "assistant\n...", "Assistant: ...", as they stand without marks.
  static bool begins_own_turn(std::string_view words) {
    const MarkWords& known = MarkWords::built_in();
    const std::size_t line = words.find('\n');
    if (line != std::string_view::npos && known.own_roles.contains(trim(words.substr(0, line)))) {
      return true;
    }
    const auto said = [&](const std::string& turn) {
      return words.size() > turn.size() && words.starts_with(turn);
    };
    return std::ranges::any_of(known.own_turns, said) ||
           std::ranges::any_of(known.begin_turns, said);
  }
  // "/think" in the first line, as HyperCLOVA begins a turn of thoughts.
  bool thinks_behind(const Mark& mark) const {
    return MarkWords::built_in().thoughts.contains(plain_name(mark.name)) &&
           mark.end < folded_.text().size() &&
           (folded_.text()[mark.end] == '\n' || folded_.text()[mark.end - 1] == '\n');
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

  void end_turn(const Mark& mark) {
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
    const auto own = silent() ? std::nullopt : own_turn_behind(mark);
    if (own && switched_on_ && *own < marks_.size()) {
      forget();
      switched_on_ = false;
      place_ = marks_[*own].begin;
      next_ = *own;
      return;
    }
    ended_ = true;
    if (own)
      fail("a turn of the model's own follows, so what stands before may be a thought:", mark);
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
  bool switched_on_ = false;    // the turn began by a switch of thinking
  Mark answer_, last_;
  std::string note_;
  Spoken spoken_;
};

}  // namespace

Spoken unmarked_text(std::string_view text) { return MarkReader(text).read(); }

Spoken spoken_text(std::string_view text) {
  Spoken spoken = unmarked_text(text);
  if (!spoken.fault.empty() || spoken.text.empty()) return spoken;
  if (spoken.text.size() > kProse) return spoken;
  refuse_unknown_marks(spoken);
  // What is unwrapped may begin with a thought.
  constexpr int kMostWraps = 4;
  for (int i = 0; i < kMostWraps && spoken.fault.empty(); ++i) {
    drop_unmarked_thoughts(spoken);
    if (!spoken.fault.empty() || !drop_wrapping(spoken)) break;
  }
  if (spoken.fault.empty()) spoken.fault = told_thought(spoken.text);
  return spoken;
}

}  // namespace epicrisis::llm
