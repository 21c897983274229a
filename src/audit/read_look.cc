#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "audit/read_claims.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

// What the words that follow mention `index` are about.
enum class Noun { kNothing, kSubject, kGround, kBackground, kOther };

bool is_thing(Kind kind) { return kind == Kind::kStructures || kind == Kind::kElevation; }

// The noun that a colour or an adjective stands before: "pale pink surroundings".
std::pair<Noun, std::size_t> noun_after(const NoteText& text, std::size_t index) {
  constexpr std::size_t kReach = 6;
  const std::size_t from = text.mention(index).end_word;
  for (std::size_t at = from; at < text.word_count() && at < from + kReach; ++at) {
    if (text.words()[at].stop_depth <= text.words()[at].depth) break;
    const std::size_t other = text.mention_at(at);
    if (text.begins_phrase(at)) {
      // "pink, red ground": a list of colours goes on.
      if (other == kNone || text.kind(other) != Kind::kColours) break;
    }
    if (other != kNone) {
      if (is_thing(text.kind(other))) {
        return {text.entry(other).id == "hair" ? Noun::kOther : Noun::kSubject, other};
      }
      switch (text.mark(other)) {
        case Mark::kGround:
          return {Noun::kGround, other};
        case Mark::kBackground:
          return {Noun::kBackground, other};
        case Mark::kInk:
        case Mark::kPicture:
          return {Noun::kOther, other};
        case Mark::kSubject:
        case Mark::kAreaNoun:
        case Mark::kBorderNoun:
        case Mark::kClauseBreak:
          return {Noun::kSubject, other};
        default:
          break;
      }
    }
    if (is_preposition(text.word(at)) || is_verb(text.word(at))) break;
  }
  return {Noun::kNothing, kNone};
}

// Whether the words before word `at` begin with a preposition that sets it apart: "on a pink".
bool set_apart(const NoteText& text, std::size_t at) {
  for (std::size_t back = 1; back <= 5 && back <= at; ++back) {
    const std::size_t left = at - back;
    const std::string_view word = text.word(left);
    if (word == "on" || word == "into" || word == "against" || word == "from" || word == "onto" ||
        word == "with" || word == "over") {
      return true;
    }
    if (text.begins_phrase(left) || is_verb(word)) return false;
  }
  return false;
}

// "light reddish-brown": the shade is that of the colour at the end.
std::string_view shaded(const NoteText& text, std::size_t index) {
  std::size_t first = index;
  while (first > 0 && text.kind(first - 1) == Kind::kColours &&
         text.mention(first - 1).end_word == text.mention(first).first_word &&
         !text.begins_phrase(text.mention(first).first_word)) {
    --first;
  }
  if (first == index || first == 0) return {};
  if (text.mention(first - 1).end_word != text.mention(first).first_word) return {};
  if (text.begins_phrase(text.mention(first).first_word)) return {};
  const Mark mark = text.mark(first - 1);
  if (mark != Mark::kDark && mark != Mark::kLight) return {};
  return text.claim_words().shade(text.entry(index).value, mark);
}

// "light to medium brown": the colour that the shade at mention `index` stands for, and where.
std::size_t shared_noun(const NoteText& text, std::size_t index) {
  const std::size_t end = text.mention(index).end_word;
  if (end + 1 >= text.word_count() || !is_joining(text.word(end))) return kNone;
  std::size_t last = kNone;
  for (std::size_t at = end + 1; at < end + 5 && at < text.word_count(); ++at) {
    if (text.begins_phrase(at)) break;
    const std::size_t other = text.mention_at(at);
    if (other != kNone && text.kind(other) == Kind::kColours) {
      last = other;
    } else if (last != kNone) {
      break;
    }
  }
  return last;
}

void add_shade(const NoteText& text, std::size_t index, NoteReading& reading) {
  const Mark mark = text.mark(index);
  if (mark != Mark::kLight && mark != Mark::kDark && mark != Mark::kMedium) return;
  const std::size_t noun = shared_noun(text, index);
  if (noun == kNone) return;
  const std::string_view base = text.claim_words().shade_base(text.entry(noun).value);
  if (base.empty() || is_elsewhere(text, noun)) return;
  Claim claim = claim_of(text, noun);
  claim.value = text.claim_words().shade(base, mark);
  claim.begin = text.mention(index).begin;
  reading.claims.push_back(std::move(claim));
}

void read_colour(const NoteText& text, std::size_t index, NoteReading& reading) {
  const auto [noun, at] = noun_after(text, index);
  if (noun == Noun::kGround || noun == Noun::kOther) return;
  if (noun == Noun::kBackground && set_apart(text, text.mention(index).first_word)) return;
  if (is_elsewhere(text, index)) return;
  Claim claim = claim_of(text, index);
  // "no black blotches" denies the blotches.
  if (claim.denied && at != kNone && text.kind(at) == Kind::kStructures &&
      text.mention(at).negated) {
    return;
  }
  if (const std::string_view shade = shaded(text, index); !shade.empty()) claim.value = shade;
  reading.claims.push_back(std::move(claim));
}

bool meets_need(const NoteText& text, std::size_t index) {
  const ConceptMention& mention = text.mention(index);
  switch (text.need(index)) {
    case Need::kArea: {
      // "homogeneous brown area", "the pigment is homogeneous".
      if (text.scope(mention.first_word) == Scope::kColours) {
        const std::size_t area = text.right(index, Mark::kAreaNoun, Within::kPhrase, 5);
        return area != kNone && text.word(text.mention(area).first_word) != "center";
      }
      return text.right(index, Mark::kAreaNoun, Within::kPhrase, 5) != kNone ||
             text.left(index, Mark::kAreaNoun, Within::kPhrase, 4) != kNone;
    }
    case Need::kAlone:
      for (std::size_t i = index + 1; i < text.mention_count(); ++i) {
        if (text.mention(i).first_word > mention.end_word + 4 ||
            !text.together(text.mention(i).first_word, mention.first_word, Within::kPhrase)) {
          break;
        }
        if (text.kind(i) == Kind::kStructures) return false;
      }
      return true;
    case Need::kNoun: {
      const std::size_t end = mention.end_word;
      for (std::size_t at = end; at < end + 2 && at < text.word_count(); ++at) {
        if (text.begins_phrase(at)) break;
        const std::size_t other = text.mention_at(at);
        if (other != kNone &&
            (text.mark(other) == Mark::kSubject || text.mark(other) == Mark::kAreaNoun)) {
          return true;
        }
      }
      return false;
    }
    case Need::kType: {
      // The head of the note's or the heading's first words: "1) Type: a thin patch".
      if (text.word(mention.first_word).ends_with("es")) return false;
      const std::size_t first = mention.first_word;
      // "the patch is mildly asymmetric"
      if (first > 0 && text.word(first - 1) == "the" && first + 1 < text.word_count() &&
          is_verb(text.word(first + 1))) {
        return true;
      }
      const Scope scope = text.scope(first);
      if (scope != Scope::kType && (scope != Scope::kNone || text.sentence(first) != 0)) {
        return false;
      }
      for (std::size_t at = first; at > 0 && text.clause(at - 1) == text.clause(first); --at) {
        if (text.scope(at - 1) != scope) break;
        if (is_preposition(text.word(at - 1)) || first - at > 12) return false;
        const std::size_t other = text.mention_at(at - 1);
        if (other != kNone && text.mark(other) == Mark::kSubject) return false;
      }
      return true;
    }
    case Need::kNever:
      return false;
    default:
      return true;
  }
}

// "no network can be assessed": neither there nor not there.
bool is_unassessed(const NoteText& text, std::size_t index) {
  const std::size_t at = text.right(index, Mark::kUnassessed, Within::kPhrase, 8);
  if (at == kNone) return false;
  int verbs = 0;
  for (std::size_t i = text.mention(index).end_word; i < text.mention(at).first_word; ++i) {
    if (text.word(i) == "is" || text.word(i) == "are") ++verbs;
  }
  return verbs <= 1;
}

// Whether mention `index` says of the subject that it has something, or has it not.
bool is_of_subject(const NoteText& text, std::size_t index) {
  return meets_need(text, index) && !is_elsewhere(text, index) && !is_unassessed(text, index);
}

// Of a mention that is_of_subject().
void read_thing(const NoteText& text, std::size_t index, NoteReading& reading) {
  const Concept& entry = text.entry(index);
  if (text.kind(index) == Kind::kElevation &&
      text.left(index, Mark::kBeside, Within::kPhrase, 3) != kNone) {
    return;
  }
  Claim claim = claim_of(text, index);
  if (claim.denied && entry.asserted_only) return;
  if (claim.denied && entry.value.empty()) return;
  for (const std::string& id : entry.implies) {
    const auto implied = text.claim_words().lexicon().index_of(id);
    if (!implied) continue;
    Claim also = claim;
    also.concept_index = *implied;
    also.kind = text.claim_words().kind_name(text.claim_words().kind(*implied));
    also.value = text.claim_words().at(*implied).value;
    reading.claims.push_back(std::move(also));
  }
  if (!entry.value.empty()) reading.claims.push_back(std::move(claim));
}

// "none of the other structures can be seen": the options that are not named are denied.
void deny_others(const NoteText& text, std::size_t index, NoteReading& reading) {
  Claim claim = claim_of(text, index);
  claim.kind = text.claim_words().kind_name(Kind::kStructures);
  claim.denied = true;
  claim.concept_index.reset();
  for (const std::string& value : text.claim_words().others(Kind::kStructures)) {
    const bool named = std::ranges::any_of(reading.claims, [&](const Claim& other) {
      return other.kind == claim.kind && other.value == value;
    });
    if (named) continue;
    claim.value = value;
    reading.claims.push_back(claim);
  }
}

// "no network", "neither dots nor network"; not "no typical network", beside which there may be
// another one.
bool is_denied_whole(const NoteText& text, std::size_t index) {
  constexpr std::array<std::string_view, 9> kBefore = {"no",    "not",     "nor", "neither", "any",
                                                       "lacks", "lacking", "and", "or"};
  const std::size_t first = text.mention(index).first_word;
  if (text.begins_phrase(first)) return true;
  const std::string_view before = text.word(first - 1);
  return is_article(before) || is_preposition(before) ||
         std::ranges::find(kBefore, before) != kBefore.end();
}

// "a network", "network is seen"; not "network-like patches", nor "network in the center".
bool is_noun_of_whole(const NoteText& text, std::size_t index) {
  const std::size_t end = text.mention(index).end_word;
  return text.ends_phrase(end) || is_verb(text.word(end)) || is_joining(text.word(end));
}

// Of the same structure, one sentence says that it is there and another one that it is not.
// `structures`: the mentions that are of the subject.
void contradict_structures(const NoteText& text, const std::vector<std::size_t>& structures,
                           NoteReading& reading) {
  constexpr std::size_t kReach = 8;
  std::vector<std::size_t> asserted, denied;  // mentions
  for (const std::size_t i : structures) {
    if (!is_noun_of_whole(text, i) || is_hedged(text, i) ||
        text.left(i, Mark::kPlace, Within::kClause, kReach) != kNone ||
        text.right(i, Mark::kPlace, Within::kClause, kReach) != kNone) {
      continue;
    }
    if (!text.mention(i).negated) {
      asserted.push_back(i);
    } else if (!text.entry(i).asserted_only && is_denied_whole(text, i)) {
      denied.push_back(i);
    }
  }
  const auto concept_of = [&](std::size_t index) { return text.mention(index).concept_index; };
  std::ranges::stable_sort(asserted, {}, concept_of);
  std::set<std::size_t> told;
  for (const std::size_t index : denied) {
    const auto other = std::ranges::lower_bound(asserted, concept_of(index), {}, concept_of);
    if (other == asserted.end() || concept_of(*other) != concept_of(index)) continue;
    if (text.together(text.mention(index).first_word, text.mention(*other).first_word,
                      Within::kSentence) ||
        !told.insert(concept_of(index)).second) {
      continue;
    }
    contradict(text, *other, index, "asserted and denied", false, reading);
  }
}

}  // namespace

bool is_elsewhere(const NoteText& text, std::size_t index) {
  constexpr std::size_t kReach = 14;
  const std::size_t first = text.mention(index).first_word;
  // "hairs cross it".
  if (text.kind(index) == Kind::kStructures &&
      text.right(index, Mark::kSubject, Within::kPhrase, 6) != kNone &&
      text.left(index, Mark::kSubject, Within::kPhrase, 6) == kNone) {
    return text.right(index, Mark::kSurrounding, Within::kPhrase, 4) != kNone;
  }
  // "on pink ground with a few hairs"
  if (text.kind(index) == Kind::kStructures || text.kind(index) == Kind::kColours) {
    for (const Mark mark : {Mark::kGround, Mark::kBackground}) {
      const std::size_t left = text.left(index, mark, Within::kPhrase, 4);
      if (left == kNone) continue;
      const std::size_t end = text.mention(left).end_word;
      if (end < first && (text.word(end) == "with" || text.word(end) == "showing") &&
          set_apart(text, text.mention(left).first_word)) {
        return true;
      }
    }
  }
  if (text.left(index, Mark::kInk, Within::kPhrase, 2) != kNone) return true;
  // "The surroundings are pale with brown spots": what the clause is about, until it turns to
  // the subject.
  bool around = false;
  std::size_t ground = kNone;
  for (std::size_t i = index; i > 0; --i) {
    const ConceptMention& other = text.mention(i - 1);
    if (first - other.end_word > 2 * kReach ||
        !text.together(other.first_word, first, Within::kClause)) {
      break;
    }
    const Mark mark = text.mark(i - 1);
    if (mark == Mark::kSubject || text.kind(i - 1) == Kind::kElevation) break;
    if (mark == Mark::kGround || mark == Mark::kBackground) ground = i - 1;
    if (mark == Mark::kPicture) ground = i - 1;
    if (mark == Mark::kSurrounding) around = true;
  }
  if (ground != kNone) {
    const std::size_t at = text.mention(ground).first_word;
    const std::size_t end = text.mention(ground).end_word;
    // It is what the clause is about if it stands at the head: no preposition leads to it.
    bool led = false;
    for (std::size_t back = 1; back <= 4 && back <= at; ++back) {
      if (text.clause(at - back) != text.clause(at)) break;
      led = led || is_preposition(text.word(at - back));
    }
    const bool verb = end < text.word_count() && first > end &&
                      (is_verb(text.word(end)) || is_verb(text.word(std::min(end + 1, first))));
    const bool is_picture = text.mark(ground) == Mark::kPicture;
    if (!led && is_picture) {
      if (text.right(index, Mark::kCast, Within::kPhrase, 3) != kNone) return true;
    } else if (!led && (around || text.mark(ground) == Mark::kBackground || verb)) {
      if (around || verb) return true;
    }
  }
  // "hairs are seen in the surroundings".
  for (std::size_t i = index + 1; i < text.mention_count(); ++i) {
    const ConceptMention& other = text.mention(i);
    if (other.first_word - first > kReach ||
        !text.together(other.first_word, first, Within::kClause)) {
      break;
    }
    if (text.words()[other.first_word].comma) break;
    if (text.mark(i) == Mark::kSubject) break;
    if (text.mark(i) == Mark::kSurrounding || text.mark(i) == Mark::kBeside) {
      // One word, "around the spot", or led to by a preposition that places.
      for (std::size_t back = 1; back <= 3 && back <= other.first_word; ++back) {
        const std::string_view word = text.word(other.first_word - back);
        if (word == "in" || word == "on" || word == "across" || word == "through" || word == "of" ||
            word == "over" || word == "throughout" || word == "around") {
          return true;
        }
        if (is_preposition(word)) break;
      }
      if (other.end_word - other.first_word > 1 || text.mark(i) == Mark::kBeside) return true;
      break;
    }
  }
  // "The violet ring is pen marking."
  const std::size_t ink = text.right(index, Mark::kInk, Within::kClause, kReach);
  if (ink != kNone && text.right(index, Mark::kSubject, Within::kPhrase, 3) == kNone) {
    for (std::size_t at = first + 1; at < text.mention(ink).first_word; ++at) {
      if (text.word(at) == "is" || text.word(at) == "are") return true;
    }
  }
  return false;
}

void read_look(const NoteText& text, NoteReading& reading) {
  std::size_t others = kNone;
  std::vector<std::size_t> structures;
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.is_heading(i)) continue;
    switch (text.kind(i)) {
      case Kind::kColours:
        read_colour(text, i, reading);
        break;
      case Kind::kStructures:
      case Kind::kElevation:
        if (!is_of_subject(text, i)) break;
        read_thing(text, i, reading);
        if (text.kind(i) == Kind::kStructures) structures.push_back(i);
        break;
      case Kind::kNone:
        add_shade(text, i, reading);
        if (text.mark(i) == Mark::kNoneOfOthers) others = i;
        break;
      default:
        break;
    }
  }
  if (others != kNone) deny_others(text, others, reading);
  contradict_structures(text, structures, reading);
}

}  // namespace epicrisis::audit
