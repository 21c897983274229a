#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "audit/read_claims.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

// One remark on the border.
struct Remark {
  std::size_t mention = 0;
  std::string value;
  bool local = false;    // of one side
  bool partly = false;   // of parts, without saying which
  bool overall = false;  // "on the whole"
  bool minor = false;    // brought in by "with" after another
};

bool is_other_claim(const NoteText& text, std::size_t index) {
  const Kind kind = text.kind(index);
  return kind == Kind::kColours || kind == Kind::kStructures || kind == Kind::kElevation ||
         kind == Kind::kDiagnosis || text.mark(index) == Mark::kSubject ||
         text.mark(index) == Mark::kGround;
}

// Whether the words between two mentions tie an adjective to a border: nothing else that could be
// meant stands between.
bool tied(const NoteText& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from + 1; i < to; ++i) {
    if (is_other_claim(text, i)) return false;
  }
  return true;
}

// Whether the adjective belongs to the thing that follows at once: "regular network".
bool modifies_thing(const NoteText& text, std::size_t index) {
  const std::size_t end = text.mention(index).end_word;
  if (end >= text.word_count() || text.begins_phrase(end)) return false;
  for (std::size_t at = end; at < text.word_count() && at < end + 3 && !text.begins_phrase(at);
       ++at) {
    const std::size_t next = text.mention_at(at);
    if (is_preposition(text.word(at)) || is_joining(text.word(at)) || is_verb(text.word(at))) {
      return false;
    }
    if (next == kNone) continue;
    if (text.mark(next) == Mark::kBorderNoun) return false;
    if (is_other_claim(text, next) || text.mark(next) == Mark::kAreaNoun) return true;
  }
  return false;
}

// A word for the border, or a remark that holds one: "irregular border".
bool is_noun(const NoteText& text, std::size_t index) {
  return text.mark(index) == Mark::kBorderNoun ||
         (text.kind(index) == Kind::kBorder && text.need(index) == Need::kNone);
}

std::size_t border_noun(const NoteText& text, std::size_t index) {
  constexpr std::size_t kRight = 6, kLeft = 10;
  const ConceptMention& mention = text.mention(index);
  for (std::size_t i = index + 1; i < text.mention_count(); ++i) {
    const ConceptMention& other = text.mention(i);
    if (other.first_word > mention.end_word + kRight ||
        !text.together(other.first_word, mention.first_word, Within::kClause)) {
      break;
    }
    if (is_other_claim(text, i)) break;
    if (!is_noun(text, i)) continue;
    bool apart = false;
    for (std::size_t at = mention.end_word; at < other.first_word; ++at) {
      apart = apart || is_preposition(text.word(at)) || text.word(at) == "is";
    }
    if (!apart) return i;
    break;
  }
  for (std::size_t i = index; i > 0; --i) {
    const ConceptMention& other = text.mention(i - 1);
    if (mention.first_word > other.end_word + kLeft ||
        !text.together(other.first_word, mention.first_word, Within::kSentence) ||
        text.clause(other.first_word) + 1 < text.clause(mention.first_word)) {
      break;
    }
    if (is_noun(text, i - 1) && !text.is_heading(i - 1)) {
      return tied(text, i - 1, index) ? i - 1 : kNone;
    }
    if (is_other_claim(text, i - 1)) break;
  }
  return kNone;
}

bool near(const NoteText& text, std::size_t index, Mark mark, std::size_t reach) {
  return text.left(index, mark, Within::kPhrase, reach) != kNone ||
         text.right(index, mark, Within::kPhrase, reach) != kNone;
}

// "left" of "the left cheek" names a site, no part of the border.
bool belongs_to_site(const NoteText& text, std::size_t place) {
  constexpr std::size_t kReach = 2;  // words
  for (std::size_t i = place + 1; i < text.mention_count(); ++i) {
    const ConceptMention& other = text.mention(i);
    const std::size_t end = text.mention(i - 1).end_word;
    if (other.first_word >= end + kReach ||
        !text.together(other.first_word, end - 1, Within::kPhrase)) {
      return false;
    }
    if (text.kind(i) == Kind::kSite) return true;
  }
  return false;
}

bool at_one_place(const NoteText& text, std::size_t index) {
  constexpr std::size_t kReach = 6;
  const std::size_t left = text.left(index, Mark::kPlace, Within::kPhrase, kReach);
  const std::size_t right = text.right(index, Mark::kPlace, Within::kPhrase, kReach);
  return (left != kNone && !belongs_to_site(text, left)) ||
         (right != kNone && !belongs_to_site(text, right));
}

std::vector<Remark> gather(const NoteText& text) {
  std::vector<Remark> remarks;
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    const bool noun = text.mark(i) == Mark::kBorderNoun;
    if ((text.kind(i) != Kind::kBorder && !noun) || text.is_heading(i)) continue;
    const ConceptMention& mention = text.mention(i);
    Remark remark;
    remark.mention = i;
    if (noun) {
      // "no clear border", "limits are not visible": the border itself is denied.
      if (!mention.negated) continue;
      remark.value = "indistinct";
    } else {
      const bool scoped = text.scope(mention.first_word) == Scope::kBorder;
      remark.value = text.entry(i).value;
      if (text.need(i) == Need::kBorder) {
        if (scoped ? false : (modifies_thing(text, i) || border_noun(text, i) == kNone)) continue;
      }
      if (mention.negated) {
        if (remark.value == "sharp") {
          remark.value = "indistinct";
        } else if (remark.value == "regular") {
          remark.value = "irregular";
        } else {
          continue;
        }
      }
    }
    remark.overall = near(text, i, Mark::kOverall, 5);
    remark.local = !remark.overall && at_one_place(text, i);
    remark.partly = !remark.overall && near(text, i, Mark::kPartly, 3);
    // "well defined, with a slightly blurred edge"
    const std::size_t first = mention.first_word;
    for (std::size_t back = 1; back <= 5 && back <= first; ++back) {
      if (text.word(first - back) == "with" && !remarks.empty() &&
          text.sentence(first - back) ==
              text.sentence(text.mention(remarks.back().mention).first_word)) {
        remark.minor = true;
      }
      if (text.begins_phrase(first - back)) break;
    }
    remarks.push_back(std::move(remark));
  }
  return remarks;
}

// "irregular border", "the border is irregular": not a border that is named elsewhere.
bool names_border(const NoteText& text, std::size_t index) {
  constexpr std::size_t kReach = 4;
  if (text.need(index) == Need::kNone) return true;  // it holds the noun
  const std::size_t end = text.mention(index).end_word;
  const std::size_t next = text.ends_phrase(end) ? kNone : text.mention_at(end);
  if (next != kNone && text.mark(next) == Mark::kBorderNoun) return true;
  const std::size_t noun = text.left(index, Mark::kBorderNoun, Within::kPhrase, kReach);
  if (noun == kNone) return false;
  const std::size_t after = text.mention(noun).end_word;
  return after < text.mention(index).first_word && is_verb(text.word(after));
}

// "asymmetric in colour", "the distribution is asymmetric": of one aspect, as another one need not
// be.
bool is_of_aspect(const NoteText& text, std::size_t index) {
  const std::initializer_list<std::string_view> aspects = {"in",     "distribution", "shape",
                                                           "colors", "color",        "structures"};
  constexpr std::size_t kReach = 5;
  const std::size_t end = text.mention(index).end_word;
  return text.follows_one_of(index, kReach, aspects) ||
         (!text.ends_phrase(end) && std::ranges::find(aspects, text.word(end)) != aspects.end());
}

// The two verdicts on the symmetry of the whole, each where it was given first and last.
class Verdicts {
 public:
  void add(const NoteText& text, std::size_t index, bool asymmetric) {
    if (is_hedged(text, index) || is_of_aspect(text, index) || at_one_place(text, index)) return;
    Places& places = places_.at(asymmetric ? 1 : 0);
    if (places.first == kNone) places.first = index;
    places.last = index;
  }

  // Nothing is wrong within one sentence: "neither symmetric nor asymmetric".
  void contradict_each_other(const NoteText& text, NoteReading& reading) const {
    for (const auto& [a, b] : {std::pair(places_[0].first, places_[1].last),
                               std::pair(places_[1].first, places_[0].last)}) {
      if (a == kNone || b == kNone ||
          text.together(text.mention(a).first_word, text.mention(b).first_word,
                        Within::kSentence)) {
        continue;
      }
      contradict(text, a, b, "symmetric and asymmetric", false, reading);
      return;
    }
  }

 private:
  struct Places {
    std::size_t first = kNone, last = kNone;
  };
  std::array<Places, 2> places_;  // of symmetric, of asymmetric
};

// Whether word `at` stands in the phrase that follows "Asymmetry:" at once.
bool answers_asymmetry(const NoteText& text, std::size_t at) {
  while (at > 0 && !text.begins_phrase(at)) --at;
  if (at == 0 || text.words()[at].colon_depth > text.words()[at].depth) return false;
  return text.word(at - 1) == "asymmetry" || text.word(at - 1) == "symmetry";
}

}  // namespace

void read_border(const NoteText& text, NoteReading& reading) {
  const std::vector<Remark> remarks = gather(text);
  const auto find = [&](std::string_view value, bool whole) -> const Remark* {
    const Remark* best = nullptr;
    for (const Remark& one : remarks) {
      if (one.value != value) continue;
      if (whole && (one.local || one.partly)) continue;
      if (best == nullptr || (best->minor && !one.minor)) best = &one;
    }
    return best;
  };
  const auto state = [&](const Remark& remark, std::string_view value) {
    Claim claim = asserted_claim_of(text, remark.mention);
    claim.kind = text.claim_words().kind_name(Kind::kBorder);
    claim.value = value;
    reading.claims.push_back(std::move(claim));
  };
  const Remark* sharp = find("sharp", false);
  const Remark* indistinct = find("indistinct", false);
  if (const Remark* mixed = find("mixed", false); mixed != nullptr) {
    state(*mixed, "mixed");
  } else if (sharp != nullptr && indistinct != nullptr) {
    const bool sharp_first = sharp->mention < indistinct->mention;
    const Remark& first = sharp_first ? *sharp : *indistinct;
    const Remark& second = sharp_first ? *indistinct : *sharp;
    if (first.overall || second.minor ||
        (second.local && !first.local && !first.partly && second.minor)) {
      state(first, first.value);
    } else if (second.overall) {
      state(second, second.value);
    } else {
      state(first, "mixed");
    }
  } else if (const Remark* one = sharp != nullptr ? sharp : indistinct; one != nullptr) {
    if (one->partly) {
      state(*one, "mixed");
    } else if (const Remark* whole = find(one->value, true); whole != nullptr) {
      state(*whole, whole->value);
    } else if (remarks.size() == 1) {
      state(*one, one->value);
    }
  }
  const Remark* irregular = find("irregular", true);
  const Remark* regular = find("regular", true);
  if (irregular != nullptr) state(*irregular, "irregular");
  if (regular != nullptr && irregular == nullptr) state(*regular, "regular");
  if (regular != nullptr && irregular != nullptr) {
    // "Mostly regular" leaves room, and so does one sentence.
    const auto plain = [&](const Remark& one) {
      return !one.overall && !one.minor && !is_hedged(text, one.mention) &&
             names_border(text, one.mention);
    };
    if (plain(*irregular) && plain(*regular) &&
        !text.together(text.mention(irregular->mention).first_word,
                       text.mention(regular->mention).first_word, Within::kSentence)) {
      contradict(text, irregular->mention, regular->mention, "two borders", false, reading);
    }
  }
}

void read_asymmetry(const NoteText& text, NoteReading& reading) {
  std::size_t asymmetric = kNone, symmetric = kNone;
  std::optional<std::uint32_t> answered;  // the sentence that answers the heading
  Verdicts verdicts;
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.kind(i) != Kind::kAsymmetry) continue;
    const ConceptMention& mention = text.mention(i);
    bool value = text.entry(i).value == "asymmetric";
    if (text.is_heading(i)) {
      // "Asymmetry: none", "Asymmetry: present" answer; other words do not.
      const std::string_view next = text.word(mention.end_word);
      if (!mention.negated && next != "present" && next != "yes" && next != "marked" &&
          next != "mild" && next != "slight" && next != "moderate" && next != "pronounced") {
        continue;
      }
    }
    if (is_elsewhere(text, i)) continue;
    if (mention.negated) value = !value;
    verdicts.add(text, i, value);
    // What answers the heading is settled for, whatever stood before it.
    const std::uint32_t sentence = text.sentence(mention.first_word);
    if (!answered && answers_asymmetry(text, mention.first_word)) {
      answered = sentence;
      asymmetric = symmetric = kNone;
    }
    if (answered && sentence != *answered) continue;
    std::size_t& slot = value ? asymmetric : symmetric;
    if (slot == kNone) slot = i;
  }
  const std::size_t settled = asymmetric != kNone ? asymmetric : symmetric;
  if (settled == kNone) return;
  Claim claim = asserted_claim_of(text, settled);
  claim.value = asymmetric != kNone ? "asymmetric" : "symmetric";
  reading.claims.push_back(std::move(claim));
  verdicts.contradict_each_other(text, reading);
}

}  // namespace epicrisis::audit
