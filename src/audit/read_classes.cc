#include <algorithm>
#include <map>

#include "audit/read_claims.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;
constexpr std::size_t kReach = 12;  // words between a mark and what it is said of

enum class Stance { kIgnored, kAsserted, kDenied, kAlternative };

struct Stated {
  std::size_t mention = 0;
  Stance stance = Stance::kIgnored;
  bool hedged = false;
  bool settling = false;  // under the heading of the type or the diagnosis
  bool weak = false;      // counts where nothing else is said
};

bool is_compared(const NoteText& text, std::size_t index) {
  // "pneumonia-like", but not "looks like".
  const std::size_t end = text.mention(index).end_word;
  if (end >= text.word_count() || text.begins_phrase(end)) return false;
  const std::size_t next = text.mention_at(end);
  return next != kNone && text.mark(next) == Mark::kLike && text.words()[end].joined;
}

bool follows(const NoteText& text, std::size_t index, Mark mark, Within level) {
  return text.left(index, mark, level, kReach) != kNone;
}

// "to exclude an effusion", "differential diagnosis: an effusion", "favoured over one".
bool alternatives_follow(const NoteText& text, std::size_t index) {
  if (text.left(index, Mark::kAlternativesFollow, Within::kPhrase, kReach) != kNone) return true;
  const std::size_t first = text.mention(index).first_word;
  for (std::size_t back = 1; back <= 3 && back <= first; ++back) {
    const std::size_t at = first - back;
    if (text.sentence(at) != text.sentence(first)) break;
    const std::size_t other = text.mention_at(at);
    if (other != kNone && text.mark(other) == Mark::kAlternativesFollow) return true;
    if (text.word(at) == "over") return true;
    if (text.word(at) == "than") return at == 0 || text.word(at - 1) != "rather";
    if (!is_article(text.word(at))) break;
  }
  return false;
}

// "Despite its harmless look, ...": what follows "despite" at once, and no statement yet.
bool is_conceded(const NoteText& text, std::size_t first) {
  for (std::size_t back = 1; back <= 4 && back <= first; ++back) {
    const std::size_t at = first - back;
    if (text.phrase(at) != text.phrase(first) || is_verb(text.word(at))) return false;
    if (text.word(at) == "despite") return true;
    if (text.word(at) == "spite" && at > 0 && text.word(at - 1) == "in") return true;
  }
  return false;
}

// What it came from, or what the patient had before: "arising in a scar", "a history of pneumonia".
bool is_of_another(const NoteText& text, std::size_t index) {
  constexpr std::size_t kNear = 3;  // words
  const std::size_t origin = text.left(index, Mark::kOrigin, Within::kPhrase, kNear);
  // "Shadows next to lines suggest pneumonia" states one.
  const std::size_t hedge = text.left(index, Mark::kHedge, Within::kPhrase, kNear);
  if (origin != kNone && (hedge == kNone || hedge < origin)) return true;
  const std::size_t first = text.mention(index).first_word;
  for (std::size_t back = 1; back <= kNear && back <= first; ++back) {
    const std::size_t at = first - back;
    if (text.clause(at) != text.clause(first)) return false;
    const std::size_t other = text.mention_at(at);
    if (other != kNone && text.kind(other) == Kind::kHistory) return true;
    if (text.word(at) == "history") return true;  // "history: stroke"
  }
  return false;
}

// Whether a denial is of what stands before: "no lines in this effusion", "no lines, pneumonia".
bool is_denied_before(const NoteText& text, std::size_t index) {
  const std::size_t first = text.mention(index).first_word;
  if (index == 0 || first == 0) return false;
  const ConceptMention& before = text.mention(index - 1);
  const Kind kind = text.kind(index - 1);
  const bool look = kind == Kind::kStructures || kind == Kind::kColours || kind == Kind::kBorder ||
                    kind == Kind::kAsymmetry;
  if (!look || !before.negated || text.clause(before.first_word) != text.clause(first))
    return false;
  for (std::size_t at = before.end_word; at < first; ++at) {
    if (text.word(at) == "or" || text.word(at) == "nor" || text.word(at) == "no") return false;
  }
  for (std::size_t at = before.end_word; at <= first; ++at) {
    const std::string_view word = text.word(at);
    if (text.begins_phrase(at)) return true;
    if (at < first && (word == "in" || word == "of" || word == "on" || word == "within"))
      return true;
  }
  return false;
}

Stance stance_of(const NoteText& text, std::size_t index) {
  if (is_compared(text, index)) return Stance::kIgnored;
  const std::size_t first = text.mention(index).first_word;
  if (text.left(index, Mark::kSurrounding, Within::kPhrase, 3) != kNone ||
      text.left(index, Mark::kBeside, Within::kPhrase, 1) != kNone) {
    return Stance::kIgnored;
  }
  if (is_conceded(text, first) || is_of_another(text, index)) return Stance::kIgnored;
  if (alternatives_follow(text, index) ||
      text.right(index, Mark::kAlternativesBefore, Within::kPhrase, kReach) != kNone) {
    return Stance::kAlternative;
  }
  if (text.mention(index).negated && !is_denied_before(text, index)) return Stance::kDenied;
  if (follows(text, index, Mark::kCondition, Within::kClause)) return Stance::kAlternative;
  return Stance::kAsserted;
}

// A second thing in the picture: "A small mole lies below".
bool is_bystander(const NoteText& text, std::size_t index) {
  if (text.left(index, Mark::kAroundIt, Within::kClause, kReach) != kNone) return true;
  const std::size_t at = text.right(index, Mark::kBystander, Within::kPhrase, 6);
  if (at == kNone) return text.right(index, Mark::kSurrounding, Within::kPhrase, 3) != kNone;
  // "The effusion lies on the left" is about the thing itself.
  for (std::size_t i = at + 1; i < text.mention_count(); ++i) {
    if (!text.together(text.mention(i).first_word, text.mention(index).first_word,
                       Within::kPhrase)) {
      break;
    }
    if (text.kind(i) == Kind::kSite) return false;
  }
  return true;
}

// Whether `b` stands beside `a` as its alternative: "a or b".
bool is_choice(const NoteText& text, std::size_t a, std::size_t b) {
  const std::size_t from = text.mention(a).end_word;
  const std::size_t to = text.mention(b).first_word;
  if (to < from || to - from > 3 || text.sentence(from - 1) != text.sentence(to)) return false;
  for (std::size_t at = from; at < to; ++at) {
    if (text.word(at) == "or" || text.word(at) == "versus") return true;
  }
  return false;
}

// Whether nothing but "or", "and" and a comma, and a few adjectives, stands between two mentions.
bool is_listed(const NoteText& text, std::size_t a, std::size_t b) {
  const std::size_t from = text.mention(a).end_word;
  const std::size_t to = text.mention(b).first_word;
  if (to < from || to - from > 4 || text.clause(from - 1) != text.clause(to)) return false;
  for (std::size_t at = from; at < to; ++at) {
    if (is_verb(text.word(at)) || is_preposition(text.word(at))) return false;
  }
  return true;
}

std::vector<Stated> gather(const NoteText& text, Kind kind) {
  std::vector<Stated> found;
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.kind(i) != kind || text.is_heading(i)) continue;
    Stated stated{i, stance_of(text, i), is_hedged(text, i), false,
                  text.need(i) == Need::kNothingElse};
    const Scope scope = text.scope(text.mention(i).first_word);
    stated.settling = scope == Scope::kType || scope == Scope::kDiagnosis;
    // "suggests pneumonia (or bronchopneumonia)": the doubt goes for both.
    if (!found.empty() && found.back().hedged && found.back().stance == Stance::kAsserted &&
        text.entry(found.back().mention).label == text.entry(i).label && kind == Kind::kDiagnosis &&
        is_listed(text, found.back().mention, i)) {
      stated.hedged = true;
    }
    found.push_back(stated);
  }
  return found;
}

// The value that is settled for among what is asserted: under a heading that asks for it the first
// that is stated there; else the last one stated without doubt; else the last one.
template <typename ValueOf>
const Stated* settle(const std::vector<Stated>& all, const ValueOf& value_of) {
  const Stated* best = nullptr;
  int best_rank = -1;
  for (const Stated& one : all) {
    if (one.stance != Stance::kAsserted || value_of(one).empty()) continue;
    const int rank = (one.settling ? 4 : 0) + (one.weak ? 0 : 2) + (one.hedged ? 0 : 1);
    // The first under a heading stays, else the last wins.
    if (rank > best_rank || (rank == best_rank && !one.settling)) {
      best = &one;
      best_rank = rank;
    }
  }
  return best;
}

// A note that settles for none of the classes may settle for another disease.
void read_other_disease(const NoteText& text, NoteReading& reading) {
  const std::vector<Stated> found = gather(text, Kind::kOtherDisease);
  const Stated* settled = settle(found, [&](const Stated& one) -> const std::string& {
    return text.entry(one.mention).value;
  });
  if (settled == nullptr) return;
  Claim claim = claim_of(text, settled->mention);
  claim.kind = text.claim_words().kind_name(Kind::kDiagnosis);
  claim.hedged = settled->hedged;
  reading.claims.push_back(std::move(claim));
}

// "mild" of "mild effusion": the grade that the words of a class hold; "" for others.
std::string grade_in_name(const NoteText& text, std::size_t index, const Field& field) {
  for (std::size_t at = text.mention(index).first_word; at < text.mention(index).end_word; ++at) {
    const auto grade = std::ranges::find(field.grades(), text.word(at));
    if (grade != field.grades().end()) return *grade;
  }
  return "";
}

}  // namespace

void read_classes(const NoteText& text, NoteReading& reading) {
  const Field& field = text.claim_words().field();
  std::vector<Stated> classes = gather(text, Kind::kDiagnosis);
  const auto label_of = [&](const Stated& one) -> const std::string& {
    return text.entry(one.mention).label;
  };
  // "pneumonia or an effusion": the second is the alternative of the first.
  for (std::size_t i = 1; i < classes.size(); ++i) {
    if (classes[i].stance == Stance::kAsserted &&
        label_of(classes[i]) != label_of(classes[i - 1]) &&
        is_choice(text, classes[i - 1].mention, classes[i].mention)) {
      classes[i].stance = Stance::kAlternative;
    }
  }
  // A list of alternatives goes on: "to exclude pneumonia or an effusion".
  for (std::size_t i = 1; i < classes.size(); ++i) {
    if (classes[i].stance == Stance::kAsserted && classes[i - 1].stance == Stance::kAlternative &&
        is_listed(text, classes[i - 1].mention, classes[i].mention)) {
      classes[i].stance = Stance::kAlternative;
    }
    const std::size_t back = classes.size() - 1 - i;
    if (classes[back].stance == Stance::kAsserted &&
        classes[back + 1].stance == Stance::kAlternative && !classes[back].settling &&
        is_listed(text, classes[back].mention, classes[back + 1].mention) &&
        text.right(classes[back + 1].mention, Mark::kAlternativesBefore, Within::kPhrase, kReach) !=
            kNone) {
      classes[back].stance = Stance::kAlternative;
    }
  }
  // What else is in the picture does not count where the note settles for another class.
  const auto asserted = [](const Stated& one) { return one.stance == Stance::kAsserted; };
  const auto stands = [&](const Stated& one) {
    return asserted(one) && !is_bystander(text, one.mention);
  };
  if (std::ranges::any_of(classes, stands)) {
    for (Stated& one : classes) {
      if (asserted(one) && !stands(one)) one.stance = Stance::kIgnored;
    }
  }
  const Stated* settled = settle(classes, label_of);
  if (settled != nullptr) {
    reading.diagnosis = field.find_class(label_of(*settled));
    reading.diagnosis_hedged = true;
  }
  const Stated* rival = nullptr;
  for (const Stated& one : classes) {
    if (one.stance == Stance::kIgnored) continue;
    Claim claim = claim_of(text, one.mention);
    claim.value = label_of(one);
    claim.hedged = one.hedged;
    claim.denied = one.stance == Stance::kDenied;
    const bool same = settled != nullptr && claim.value == label_of(*settled);
    if (one.stance == Stance::kAsserted && same && !one.hedged) reading.diagnosis_hedged = false;
    if (one.stance == Stance::kAlternative ||
        (one.stance == Stance::kAsserted && !same && (one.hedged || settled->settling))) {
      if (same) continue;  // an alternative to itself
      claim.kind = "diagnoses_other";
    } else if (one.stance == Stance::kAsserted && !same) {
      rival = &one;
    }
    if (one.stance == Stance::kAsserted && same && !text.entry(one.mention).within.empty()) {
      Claim kind_of_it = claim;
      kind_of_it.kind = "subclass";
      kind_of_it.value = text.entry(one.mention).value;
      reading.claims.push_back(std::move(kind_of_it));
    }
    reading.claims.push_back(std::move(claim));
  }
  if (rival != nullptr && !settled->hedged) {
    contradict(text, settled->mention, rival->mention, "two classes", true, reading);
  }

  for (const Stated& one : classes) {
    if (settled == nullptr || one.stance != Stance::kDenied || settled->hedged || one.hedged)
      continue;
    if (label_of(one) == label_of(*settled) && text.entry(one.mention).within.empty()) {
      contradict(text, settled->mention, one.mention, "asserted and denied", true, reading);
      break;
    }
  }
  if (settled == nullptr) read_other_disease(text, reading);

  std::vector<Stated> grades = gather(text, Kind::kGrade);
  const auto grade_of = [&](const Stated& one) -> const std::string& {
    return text.entry(one.mention).value;
  };
  const Stated* grade = settle(grades, grade_of);
  reading.grade_hedged = grade != nullptr;
  if (grade != nullptr) {
    reading.grade = grade_of(*grade);
  } else if (settled != nullptr && reading.diagnosis &&
             !grade_in_name(text, settled->mention, field).empty()) {
    reading.grade = grade_in_name(text, settled->mention, field);
    reading.grade_hedged = reading.diagnosis_hedged;
  } else {
    // "nothing grave": where nothing else is said, the highest denied is the lowest asserted.
    for (const Stated& one : grades) {
      if (one.stance != Stance::kDenied || field.grades().empty()) continue;
      if (grade_of(one) != field.grades().back()) continue;
      reading.grade = field.grades().front();
      reading.grade_hedged = one.hedged;
    }
  }
  const Stated* other_grade = nullptr;
  for (const Stated& one : grades) {
    if (one.stance != Stance::kAsserted && one.stance != Stance::kDenied) continue;
    Claim claim = claim_of(text, one.mention);
    claim.denied = one.stance == Stance::kDenied;
    claim.hedged = one.hedged;
    if (!claim.denied && claim.value == reading.grade) {
      if (!one.hedged) reading.grade_hedged = false;
    } else if (!claim.denied && !one.hedged) {
      other_grade = &one;
    }
    reading.claims.push_back(std::move(claim));
  }
  if (other_grade != nullptr && !grade->hedged) {
    contradict(text, grade->mention, other_grade->mention, "two grades", true, reading);
  }
  if (grade != nullptr && settled != nullptr && reading.diagnosis && !reading.grade_hedged &&
      !reading.diagnosis_hedged && other_grade == nullptr && rival == nullptr) {
    const std::vector<std::string>& order = field.grades();
    const std::string& usual = field.at(*reading.diagnosis).grade;
    // Neighbouring grades are a matter of opinion; the lowest and the highest are none.
    const auto place = [&](const std::string& value) {
      return std::ranges::find(order, value) - order.begin();
    };
    if (!usual.empty() && std::abs(place(usual) - place(reading.grade)) > 1) {
      contradict(text, settled->mention, grade->mention, "class and grade", true, reading);
    }
  }
}

}  // namespace epicrisis::audit
