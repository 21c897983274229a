#include "llm/marks.h"

#include <algorithm>
#include <array>
#include <optional>

#include "epicrisis/core/strings.h"
#include "llm/folded_text.h"
#include "llm/role_marks.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kMaxTag = 300;     // bytes between '<' and '>'
constexpr std::size_t kMaxSquare = 100;  // the same of '[' and ']'
constexpr std::size_t kMaxName = 64;

using Names = MarkWords::Names;

// What stands in brackets.
struct Inside {
  std::string_view text;  // without bars, slash and attributes
  bool slash = false;
  bool open_bar = false;
  bool close_bar = false;
  bool square = false;
  bool self_closed = false;
  bool bars() const { return open_bar || close_bar; }
  bool closes() const { return slash || (close_bar && !open_bar); }
};

// A name with "begin of", "start", "end of" before or behind: what is left, and which it was.
struct Bounded {
  std::string name;
  bool end = false;
};
std::optional<Bounded> without_bound(std::string_view name) {
  struct Bound {
    std::string_view word;
    bool end;
  };
  constexpr std::array<Bound, 9> kBounds = {{{"beginof", false},
                                             {"startof", false},
                                             {"endof", true},
                                             {"begin", false},
                                             {"start", false},
                                             {"open", false},
                                             {"end", true},
                                             {"close", true},
                                             {"stop", true}}};
  for (const Bound& bound : kBounds) {
    if (name.size() <= bound.word.size()) continue;
    if (name.starts_with(bound.word)) {
      return Bounded{std::string(name.substr(bound.word.size())), bound.end};
    }
    if (name.ends_with(bound.word)) {
      return Bounded{std::string(name.substr(0, name.size() - bound.word.size())), bound.end};
    }
  }
  return {};
}

bool has_stem(std::string_view name) {
  return std::ranges::any_of(MarkWords::built_in().thought_stems, [&](const std::string& stem) {
    return name.find(stem) != std::string_view::npos;
  });
}

// "unused49", "0x0a". In square brackets fewer are: "[image 1]" is a word of the note.
bool is_numbered(std::string_view name, bool square) {
  std::string_view word = name;
  if (name.starts_with("0x") && name.size() == 4) {
    word = "0x";
  } else {
    while (!word.empty() && word.back() >= '0' && word.back() <= '9') word.remove_suffix(1);
  }
  const MarkWords& words = MarkWords::built_in();
  return word.size() < name.size() &&
         (square ? words.square_numbered : words.numbered).contains(word);
}

std::optional<Mark> mark_of(MarkKind kind, std::string name, bool sure = false) {
  Mark mark;
  mark.kind = kind;
  mark.name = std::move(name);
  mark.sure = sure;
  return mark;
}

// By the whole of a name that is in the lists.
std::optional<Mark> known_mark(const std::string& name, const Inside& inside) {
  const MarkWords& words = MarkWords::built_in();
  const std::string key = (inside.slash ? "/" : "") + name;
  const auto is = [&](const Names& names) {
    return names.contains(key) && (!inside.square || words.square.contains(key));
  };
  const MarkKind thought = inside.closes() ? MarkKind::kCloseThought : MarkKind::kOpenThought;
  const MarkKind answer = inside.closes() ? MarkKind::kCloseAnswer : MarkKind::kOpenAnswer;
  if (inside.square) {
    if (words.square_open.contains(key)) return mark_of(MarkKind::kOpenThought, name);
    if (words.square_close.contains(key)) return mark_of(MarkKind::kCloseThought, name);
  } else {
    if (words.thoughts_open.contains(key)) return mark_of(MarkKind::kOpenThought, name);
    if (words.thoughts_close.contains(key)) return mark_of(MarkKind::kCloseThought, name);
    if (words.answers_open.contains(key)) return mark_of(MarkKind::kOpenAnswer, name);
    if (words.answers_close.contains(key)) return mark_of(MarkKind::kCloseAnswer, name);
  }
  const Names& answers = inside.square ? words.square_answers : words.answers;
  if (words.channels.contains(name)) {
    Mark mark;
    mark.kind = thought;
    mark.name = name;
    mark.channel = true;
    return mark;
  }
  if (words.thoughts.contains(name)) return mark_of(thought, name);
  if (answers.contains(name)) return mark_of(answer, name, name.starts_with("final"));
  if (!inside.bars() && !inside.square && words.bars_only.contains(name)) return {};
  if (is(words.begin)) return mark_of(MarkKind::kOwnTurn, name);
  if (is(words.pass)) return mark_of(MarkKind::kPass, name);
  if (is(words.end) || is_numbered(name, inside.square)) return mark_of(MarkKind::kEnd, name);
  // </bos>, </end>
  if (inside.slash && !inside.square && (words.end.contains(name) || words.begin.contains(name))) {
    return mark_of(MarkKind::kEnd, name);
  }
  if (const auto bounded = without_bound(name)) {
    if (words.thoughts.contains(bounded->name)) {
      return mark_of(bounded->end ? MarkKind::kCloseThought : MarkKind::kOpenThought,
                     bounded->name);
    }
    if (answers.contains(bounded->name)) {
      return mark_of(bounded->end ? MarkKind::kCloseAnswer : MarkKind::kOpenAnswer, bounded->name,
                     true);
    }
  }
  return {};
}

// Some words, and not "5 mm, I think, and".
bool may_be_name(std::string_view text) {
  constexpr std::ptrdiff_t kMostSpaces = 3;
  return !text.empty() && is_name_byte(text.front()) &&
         !(text.front() <= '9' && text.front() >= '0') &&
         std::ranges::count(text, ' ') <= kMostSpaces && std::ranges::all_of(text, [](char c) {
           return is_name_byte(c) || std::string_view(" _-.:").find(c) != std::string_view::npos;
         });
}

// Of any language: <denken>, <рассуждение>.
bool is_tag_name(std::string_view text) {
  return !text.empty() && is_name_byte(text[0]) && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(
             text, [](char c) { return is_name_byte(c) || c == '_' || c == '-' || c == ':'; });
}

// <seed:think>, <ifm|think>, <|plamo:end_think:plamo|>: a maker's name beside one that is known.
std::optional<Mark> named_by_maker(const Inside& inside) {
  constexpr std::string_view kJoints = ":|";
  const std::size_t joint = inside.text.find_last_of(kJoints);
  if (joint == std::string_view::npos) return {};
  const std::string_view behind = inside.text.substr(joint + 1);
  if (auto mark = known_mark(plain_name(behind), inside)) return mark;
  // <answer:6124c>, <answer:opensource>: a number or a word of the model's own.
  if (behind.find_first_of("0123456789") == std::string_view::npos &&
      (inside.square || !is_tag_name(behind))) {
    return {};
  }
  const std::string_view before = inside.text.substr(0, joint);
  if (auto mark = known_mark(plain_name(before), inside)) return mark;
  const std::size_t other = before.find_last_of(kJoints);
  if (other == std::string_view::npos) return {};
  return known_mark(plain_name(before.substr(other + 1)), inside);
}

std::optional<Mark> mark_of_inside(const Inside& inside, std::string_view folded, std::size_t end) {
  const MarkWords& words = MarkWords::built_in();
  const std::string name = plain_name(inside.text);
  if (name.empty() || name.size() > kMaxName) return {};
  const bool takes_role = words.role.contains(name) && !inside.square &&
                          (inside.bars() || !words.bars_only.contains(name));
  if (takes_role) {
    Mark mark;
    mark.name = name;
    mark.end = end;
    if (!inside.closes()) return role_mark(std::move(mark), folded);
    mark.kind = name == "channel" ? MarkKind::kCloseThought : MarkKind::kEnd;
    if (name == "role") mark.kind = MarkKind::kPass;
    return mark;
  }
  const bool spelled = inside.open_bar && inside.close_bar && (name == "open" || name == "close");
  if (spelled && end < folded.size() && is_name_byte(folded[end])) {
    Mark mark;
    mark.end = end;
    return spelled_mark(std::move(mark), folded, name == "close");
  }
  if (auto mark = known_mark(name, inside)) return mark;
  if (auto mark = named_by_maker(inside)) return mark;
  if (inside.square) {
    const bool special = inside.open_bar && inside.close_bar;
    return special ? mark_of(MarkKind::kUnknown, name) : std::nullopt;
  }
  if (has_stem(name) && may_be_name(inside.text)) {
    const auto bounded = without_bound(name);
    const bool closes = inside.closes() || (bounded && bounded->end);
    return mark_of(closes ? MarkKind::kCloseThought : MarkKind::kOpenThought,
                   bounded ? bounded->name : name);
  }
  if (inside.bars()) return mark_of(MarkKind::kUnknown, name);
  return {};
}

// What stands in the brackets from `begin` on, and where they end.
std::optional<std::pair<Inside, std::size_t>> inside_at(std::string_view folded, std::size_t begin,
                                                        char close, std::size_t most) {
  Inside inside;
  inside.square = close != '>';
  std::size_t from = begin + 1;
  const auto skip = [&](char c) {
    const bool there = from < folded.size() && folded[from] == c;
    if (there) ++from;
    return there;
  };
  while (skip(' ')) {
  }
  inside.open_bar = skip('|');
  while (skip(' ')) {
  }
  inside.slash = skip('/');
  inside.open_bar = skip('|') || inside.open_bar;
  while (skip(' ')) {
  }
  const std::string_view rest = folded.substr(from, most);
  const std::size_t size = rest.find_first_of(close == '>' ? "<>\n" : "[]{}()\n");
  if (size == std::string_view::npos || size == 0) return {};
  // "<think\n>"
  const std::size_t end = std::min(rest.find_first_not_of(" \n", size), rest.size());
  if (end == rest.size() || rest[end] != close) return {};
  std::string_view text = trim(rest.substr(0, size));
  if (text.ends_with('|')) {
    inside.close_bar = true;
    text.remove_suffix(1);
  } else if (text.ends_with('/')) {
    inside.self_closed = true;
    text.remove_suffix(1);
  }
  inside.text = trim(text);
  return std::pair{inside, from + end + 1};
}

std::optional<Mark> mark_at(std::string_view folded, std::size_t begin) {
  const char open = folded[begin];
  const char close = open == '<' ? '>' : open == '[' ? ']' : open == '{' ? '}' : ')';
  auto found = inside_at(folded, begin, close, open == '<' ? kMaxTag : kMaxSquare);
  if (!found) return {};
  Inside& inside = found->first;
  std::optional<Mark> mark = mark_of_inside(inside, folded, found->second);
  if (!mark && !inside.bars()) {
    // <think duration="3">
    const std::size_t space = inside.text.find_first_of(" =");
    if (space != std::string_view::npos && inside.text.find('=') != std::string_view::npos) {
      inside.text = inside.text.substr(0, space);
      mark = mark_of_inside(inside, folded, found->second);
    }
    if (!mark && open == '<' && is_tag_name(inside.text) && !inside.self_closed &&
        (inside.text.size() > 1 || inside.slash) &&
        !MarkWords::built_in().html.contains(plain_name(inside.text))) {
      mark =
          mark_of(inside.slash ? MarkKind::kCloseTag : MarkKind::kOpenTag, plain_name(inside.text));
    }
  }
  if (!mark) return {};
  // In ordinary brackets nothing but the end of a thought is told from words; {% think %} and
  // {{#think}} are no words.
  const bool sign = open == '{' && (folded[begin + 1] == '%' || folded[begin + 1] == '#');
  if ((open == '(' || open == '{') && !sign &&
      !(inside.slash && mark->kind == MarkKind::kCloseThought)) {
    return {};
  }
  mark->begin = begin;
  mark->end = std::max(mark->end, found->second);
  if (inside.self_closed && mark->kind != MarkKind::kEnd) mark->kind = MarkKind::kPass;
  return mark;
}

// %%/think%%, |/think|, #/reasoning#: between signs of one kind. Without the slash it is an opening
// mark where it begins the text, and what follows stands in the same line.
std::optional<Mark> signs_at(std::string_view folded, std::size_t begin) {
  constexpr std::string_view kSigns = "%$#|=@~^*+!_-";
  constexpr std::string_view kOpening = "%$#|@^";
  constexpr std::size_t kMostSigns = 16;
  const char sign = folded[begin];
  if (kSigns.find(sign) == std::string_view::npos) return {};
  if (begin > 0 && folded[begin - 1] == sign) return {};
  std::size_t at = std::min(folded.find_first_not_of(sign, begin), folded.size());
  if (at - begin > kMostSigns) return {};
  const bool slash = at < folded.size() && folded[at] == '/';
  if (slash) ++at;
  const std::size_t end = folded.substr(at, kMaxName).find(sign);
  if (end == 0 || end == std::string_view::npos) return {};
  const std::string_view words = folded.substr(at, end);
  if (words.find('\n') != std::string_view::npos || !is_thought_name(words)) return {};
  if (!MarkWords::built_in().thoughts.contains(plain_name(words))) return {};
  Mark mark;
  mark.begin = begin;
  mark.end = std::min(folded.find_first_not_of(sign, at + end), folded.size());
  mark.name = plain_name(words);
  mark.kind = slash ? MarkKind::kCloseThought : MarkKind::kOpenThought;
  if (slash) return mark;
  const bool first = trim(folded.substr(0, begin)).empty();
  const bool goes_on = mark.end < folded.size() && folded[mark.end] != '\n';
  if (!first || !goes_on || kOpening.find(sign) == std::string_view::npos) return {};
  return mark;
}

// A tag of HTML, of which nothing else is to be known.
struct HtmlTag {
  std::string name;
  std::string_view attributes;
  bool slash = false;
  std::size_t end = 0;
};
std::optional<HtmlTag> html_tag_at(std::string_view folded, std::size_t begin) {
  std::size_t at = begin + 1;
  HtmlTag tag;
  tag.slash = at < folded.size() && folded[at] == '/';
  if (tag.slash) ++at;
  const std::string_view rest = folded.substr(at, kMaxTag);
  const std::size_t size = rest.find_first_of("<>");
  if (size == std::string_view::npos || rest[size] != '>') return {};
  const std::string_view inside = rest.substr(0, size);
  const std::size_t name = std::min(inside.find_first_of(" \n"), inside.size());
  tag.name = inside.substr(0, name);
  tag.attributes = inside.substr(name);
  tag.end = at + size + 1;
  if (!MarkWords::built_in().html.contains(tag.name)) return {};
  return tag;
}

// <div class="thinking">
bool holds_thought(const HtmlTag& tag) {
  if (tag.slash) return false;
  return std::ranges::any_of(MarkWords::built_in().attributes, [&](const std::string& name) {
    const std::size_t at = tag.attributes.find(' ' + name + '=');
    if (at == std::string_view::npos) return false;
    std::string_view value = tag.attributes.substr(at + name.size() + 2);
    const char quote = value.empty() ? '\0' : value.front();
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) value.remove_prefix(1);
    return has_stem(plain_name(value.substr(0, value.find(quoted ? quote : ' '))));
  });
}

// "</thinkThe note is": letters, no '>', and words behind, or a thought's closing mark all but for
// its '>'.
bool is_cut_mark(std::string_view rest) {
  if (!rest.starts_with("</")) return false;
  const std::size_t end = std::min(rest.find_first_of("<>\n", 2), rest.size());
  if (end < rest.size() && rest[end] == '>') return false;
  if (begins_with_any(rest, MarkWords::built_in().cut_thoughts)) return true;
  std::size_t at = 2;
  while (at < end && is_name_byte(rest[at])) ++at;
  return at > 2 && at < end;
}

// Comments of HTML, and what is no name in brackets.
std::optional<Mark> literal_at(std::string_view folded, std::size_t begin, bool in_comment) {
  const std::string_view rest = folded.substr(begin);
  Mark mark;
  mark.begin = begin;
  mark.name = "!--";
  if (rest.starts_with("<!--")) {
    mark.kind = MarkKind::kOpenThought;
    mark.end = begin + 4;
    return mark;
  }
  if (in_comment && rest.starts_with("-->")) {
    mark.kind = MarkKind::kCloseThought;
    mark.end = begin + 3;
    return mark;
  }
  if (is_cut_mark(rest)) {
    mark.kind = MarkKind::kCut;
    mark.end = begin + 2;
    mark.name = "</";
    return mark;
  }
  for (const std::string& literal : MarkWords::built_in().own_literals) {
    if (!rest.starts_with(literal)) continue;
    mark.kind = MarkKind::kOwnTurn;
    mark.end = begin + literal.size();
    mark.name = literal;
    mark.sure = true;
    return mark;
  }
  for (const std::string& literal : MarkWords::built_in().literals) {
    if (!rest.starts_with(literal)) continue;
    mark.kind = MarkKind::kEnd;
    mark.end = begin + literal.size();
    mark.name = literal;
    return mark;
  }
  return {};
}

// What may stand before a switch of thinking that begins a text.
constexpr std::string_view kBeforeSwitch = "`*([\"' #>-\n";

// The switch of thinking that begins there, 0 for none: its size.
std::size_t switch_size(std::string_view rest, const std::vector<std::string>& all) {
  const auto found = std::ranges::find_if(all, [&](const std::string& word) {
    if (!rest.starts_with(word)) return false;
    const char next = word.size() < rest.size() ? rest[word.size()] : ' ';
    return !is_name_byte(next) && next != '_';
  });
  return found == all.end() ? 0 : found->size();
}

// "/no_think"; where it begins the text, with what was put around it: "**/no_think**: ...".
std::optional<Mark> switch_at(std::string_view folded, std::size_t begin) {
  constexpr std::string_view kBehind = "`*)]\"'.:,; ";
  constexpr std::string_view kAtEnd = "`*)]\"'.:,; \n";
  const MarkWords& words = MarkWords::built_in();
  if (begin >= folded.size()) return {};
  if (begin > 0 && (is_name_byte(folded[begin - 1]) || folded[begin - 1] == '_')) return {};
  const std::string_view rest = folded.substr(begin);
  std::size_t size = switch_size(rest, words.switches);
  const bool weak = size == 0;
  if (weak) size = switch_size(rest, words.weak_switches);
  if (size == 0) return {};
  const bool first = folded.find_first_not_of(kBeforeSwitch) == begin;
  const bool last = folded.find_first_not_of(kAtEnd, begin + size) == std::string_view::npos;
  if (weak && !first && !last) return {};
  Mark mark;
  mark.kind = MarkKind::kSwitch;
  mark.name = rest.substr(0, size);
  mark.begin = first ? 0 : begin;
  mark.end = begin + size;
  if (first) mark.end = std::min(folded.find_first_not_of(kBehind, mark.end), folded.size());
  return mark;
}

// [[think]] and <<END>> are one mark, and a colon behind "[answer]:" belongs to it.
void widen(std::string_view folded, std::size_t from, Mark& mark) {
  const auto at = [&](std::size_t place) { return place < folded.size() ? folded[place] : '\0'; };
  const char open = at(mark.begin);
  const char close = open == '<'   ? '>'
                     : open == '[' ? ']'
                     : open == '{' ? '}'
                     : open == '(' ? ')'
                                   : '\0';
  while (close != '\0' && mark.begin > from && folded[mark.begin - 1] == open &&
         at(mark.end) == close && folded[mark.end - 1] == close) {
    --mark.begin;
    ++mark.end;
  }
  const bool in_brackets = close != '\0' && folded[mark.end - 1] == close;
  if (in_brackets && at(mark.end) == ':' &&
      (mark.kind == MarkKind::kOpenThought || mark.kind == MarkKind::kOpenAnswer)) {
    ++mark.end;
  }
}

// "[thought]" is a mark where "[/thought]" or "[answer]" follows, or where it can be nothing else.
void drop_doubtful(std::string_view folded, std::vector<Mark>& marks) {
  const MarkWords& words = MarkWords::built_in();
  const bool closed = std::ranges::any_of(marks, [](const Mark& mark) {
    return mark.kind == MarkKind::kCloseThought || mark.kind == MarkKind::kOpenAnswer;
  });
  if (closed) return;
  const auto surely = [&](const Mark& mark) {
    if (mark.name.find("think") != std::string::npos) return true;
    if (mark.name.find("thought") != std::string::npos) return true;
    if (words.square_open.contains(mark.name)) return true;
    const bool first = trim(folded.substr(0, mark.begin)).empty();
    return first && words.square_thoughts.contains(mark.name);
  };
  std::erase_if(marks, [&](const Mark& mark) {
    return mark.kind == MarkKind::kOpenThought && folded[mark.begin] == '[' && !surely(mark);
  });
}

}  // namespace

bool is_thought_name(std::string_view name) {
  const std::string plain = plain_name(name);
  return MarkWords::built_in().thoughts.contains(plain) || has_stem(plain);
}

namespace {

// The tags of HTML that hold a thought, from the first to the one that closes it.
class ThoughtTags {
 public:
  std::optional<Mark> mark_at(std::string_view folded, std::size_t begin) {
    const auto tag = html_tag_at(folded, begin);
    if (!tag) return {};
    Mark mark;
    mark.begin = begin;
    mark.end = tag->end;
    mark.name = tag->name;
    if (depth_ == 0) {
      if (!holds_thought(*tag)) return {};
      name_ = tag->name;
      depth_ = 1;
      mark.kind = MarkKind::kOpenThought;
      return mark;
    }
    if (tag->name != name_) return {};
    depth_ += tag->slash ? -1 : 1;
    if (depth_ > 0) return {};
    mark.kind = MarkKind::kCloseThought;
    return mark;
  }

 private:
  std::string name_;
  int depth_ = 0;
};

}  // namespace

std::vector<Mark> find_marks(std::string_view folded) {
  std::vector<Mark> marks;
  bool in_comment = false;
  ThoughtTags tags;
  std::size_t begin = 0;
  // Elsewhere a switch begins with a slash.
  if (auto mark = switch_at(folded, folded.find_first_not_of(kBeforeSwitch))) {
    begin = mark->end;
    marks.push_back(*std::move(mark));
  }
  for (std::size_t i = begin; i < folded.size();) {
    i = folded.find_first_of("<[({]|-%$#=@~^*+!_/", i);
    if (i == std::string_view::npos) break;
    const char c = folded[i];
    std::optional<Mark> mark;
    if (c == '<') mark = tags.mark_at(folded, i);
    if (c == '/') mark = switch_at(folded, i);
    if (!mark) mark = signs_at(folded, i);
    if (mark) {
      i = mark->end;
      marks.push_back(*std::move(mark));
      continue;
    }
    if (c == '<' || c == '[' || c == '(' || c == '{') mark = mark_at(folded, i);
    if (!mark) mark = literal_at(folded, i, in_comment);
    if (!mark) {
      ++i;
      continue;
    }
    if (mark->name == "!--") in_comment = mark->kind == MarkKind::kOpenThought;
    widen(folded, marks.empty() ? 0 : marks.back().end, *mark);
    i = mark->end;
    marks.push_back(*std::move(mark));
  }
  drop_doubtful(folded, marks);
  return marks;
}

}  // namespace epicrisis::llm
