#include "llm/role_marks.h"

#include <algorithm>
#include <string>
#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kMaxRole = 32;  // bytes

std::size_t word_end(std::string_view folded, std::size_t from) {
  std::size_t to = from;
  while (to < folded.size() && to - from < kMaxRole &&
         (is_name_byte(folded[to]) || folded[to] == '_')) {
    ++to;
  }
  return to;
}

// Of "assistant/think", "assistant (thinking)", "model:final": where the second word ends, if
// nothing else follows in the line or before the next mark. `from` is behind the first.
struct RoleSuffix {
  std::string word;
  std::size_t end = 0;
};
std::optional<RoleSuffix> role_suffix(std::string_view folded, std::size_t from) {
  constexpr std::size_t kMostJoints = 4;
  const std::size_t begin = std::min(folded.find_first_not_of(" /-:.|+([{=", from), folded.size());
  if (begin == from || begin - from > kMostJoints) return {};
  RoleSuffix suffix;
  suffix.end = word_end(folded, begin);
  suffix.word = plain_name(folded.substr(begin, suffix.end - begin));
  suffix.end = std::min(folded.find_first_not_of(" )]}:", suffix.end), folded.size());
  const bool alone =
      suffix.end == folded.size() || folded[suffix.end] == '\n' || folded[suffix.end] == '<';
  if (suffix.word.empty() || !alone) return {};
  return suffix;
}

// <|start|>assistant to=self<|message|>
std::optional<Mark> mark_to(Mark mark, std::string_view folded, std::size_t from) {
  const std::string_view rest = folded.substr(from, kMaxRole);
  const std::size_t end = rest.find_first_of("<\n");
  const auto kind = addressed_to(rest.substr(0, end));
  if (!kind) return {};
  mark.kind = *kind;
  mark.channel = *kind != MarkKind::kEnd;
  mark.sure = *kind == MarkKind::kOpenAnswer;
  mark.end = from + std::min(end, rest.size());
  return mark;
}

}  // namespace

std::optional<MarkKind> addressed_to(std::string_view words) {
  words = trim(words);
  if (!words.starts_with("to=")) return {};
  const std::string_view whom = trim(words.substr(3));
  if (whom == "self") return MarkKind::kOpenThought;
  return whom == "user" || whom == "all" ? MarkKind::kOpenAnswer : MarkKind::kEnd;
}

Mark spelled_mark(Mark mark, std::string_view folded, bool closes) {
  constexpr std::string_view kBehind = "<|sep|>";
  const MarkWords& words = MarkWords::built_in();
  const std::size_t to = word_end(folded, mark.end);
  mark.name = plain_name(folded.substr(mark.end, to - mark.end));
  const std::string_view rest = folded.substr(to, 4 * kMaxRole);
  const std::size_t behind = rest.find(kBehind);
  const bool own = rest.substr(0, behind).find("assistant") != std::string_view::npos;
  mark.end = behind == std::string_view::npos ? to : to + behind + kBehind.size();
  mark.sure = true;
  if (is_thought_name(mark.name)) {
    mark.kind = closes ? MarkKind::kCloseThought : MarkKind::kOpenThought;
  } else if (words.answers.contains(mark.name)) {
    mark.kind = closes ? MarkKind::kCloseAnswer : MarkKind::kOpenAnswer;
  } else {
    mark.kind = own && !closes ? MarkKind::kOwnTurn : MarkKind::kEnd;
  }
  return mark;
}

Mark role_mark(Mark mark, std::string_view folded) {
  const MarkWords& words = MarkWords::built_in();
  const bool channel = mark.name == "channel";
  std::size_t from = mark.end;
  while (from < folded.size() && folded[from] == ' ') ++from;
  std::size_t to = word_end(folded, from);
  const std::string word = plain_name(folded.substr(from, to - from));
  const auto take = [&](MarkKind kind) {
    mark.kind = kind;
    mark.end = to;
    return mark;
  };
  if (!word.empty()) {
    mark.sure = true;
    if (words.own_roles.contains(word)) {
      if (auto told = mark_to(mark, folded, to)) return *std::move(told);
      if (const auto suffix = role_suffix(folded, to)) {
        const bool answer = words.answer_roles.contains(suffix->word);
        const bool thought = !answer && is_thought_name(suffix->word);
        if (answer || thought) {
          mark.channel = true;
          mark.sure = answer;
          to = suffix->end;
          return take(thought ? MarkKind::kOpenThought : MarkKind::kOpenAnswer);
        }
      }
      // "assistant -> tool/function_call" speaks to a tool.
      const bool to_tool = trim(folded.substr(to, 4)).starts_with("->");
      return take(to_tool ? MarkKind::kEnd : MarkKind::kOwnTurn);
    }
    if (words.other_roles.contains(word)) return take(MarkKind::kEnd);
    mark.channel = true;
    if (words.answer_roles.contains(word)) return take(MarkKind::kOpenAnswer);
    mark.sure = false;
    // What is no answer in a channel is for nobody's eyes.
    if (channel || is_thought_name(word)) {
      return take(MarkKind::kOpenThought);
    }
    mark.channel = false;
  }
  mark.kind = MarkKind::kOwnTurn;
  return mark;
}

}  // namespace epicrisis::llm
