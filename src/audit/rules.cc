#include "audit/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "audit/known.h"
#include "audit/note_text.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

// The concepts of a kind that a text of the metadata names.
std::vector<std::size_t> concepts_in(const ClaimWords& words, std::string_view text, Kind kind) {
  std::vector<std::size_t> found;
  for (const ConceptMention& mention : mentions_in(words, text, kind)) {
    found.push_back(mention.concept_index);
  }
  return found;
}

std::string joined_findings(const Facts& facts) {
  std::string text;
  for (const Finding& finding : facts.findings) {
    text += fmt::format("{}: {}. ", finding.name, finding.value);
  }
  return text;
}

void decide(JudgedClaim& judged, bool agrees, Severity severity, std::string evidence) {
  judged.verdict = agrees ? Verdict::kAgrees : Verdict::kContradicts;
  judged.severity = agrees ? Severity::kNone : severity;
  judged.evidence = std::move(evidence);
}

void judge_class(JudgedClaim& judged, const NoteReading& reading, const Facts& facts,
                 const ClaimWords& words) {
  judged.rule = "class";
  const auto label = known_class(facts, words);
  if (!label) return;
  // A denial counts where the note settles for another class: "no invasive one" may be of it.
  if (judged.claim.denied && reading.diagnosis == label) return;
  const std::string& known = words.field().at(*label).name;
  // Another disease may be what the metadata says more exactly.
  if (judged.claim.concept_index &&
      words.kind(*judged.claim.concept_index) == Kind::kOtherDisease) {
    for (const std::string* text : {&facts.diagnosis, &facts.subclass}) {
      const std::vector<std::size_t> named = concepts_in(words, *text, Kind::kOtherDisease);
      if (std::ranges::find(named, *judged.claim.concept_index) != named.end()) {
        return decide(judged, true, Severity::kNone, *text);
      }
    }
  }
  decide(judged, (judged.claim.value == known) != judged.claim.denied, Severity::kMajor,
         "label " + known);
}

void judge_subclass(JudgedClaim& judged, const Facts& facts, const ClaimWords& words) {
  judged.rule = "subclass";
  if (!judged.claim.concept_index) return;
  const std::size_t said = *judged.claim.concept_index;
  std::vector<std::size_t> known;
  for (const std::string* text : {&facts.subclass, &facts.diagnosis}) {
    for (const std::size_t index : concepts_in(words, *text, Kind::kDiagnosis)) {
      if (!words.at(index).within.empty()) known.push_back(index);
    }
  }
  if (known.empty() || words.at(known.front()).label != words.at(said).label) return;
  const bool agrees =
      std::ranges::any_of(known, [&](std::size_t index) { return words.same_line(said, index); });
  decide(judged, agrees != judged.claim.denied, Severity::kMinor,
         facts.subclass.empty() ? facts.diagnosis : facts.subclass);
}

void judge_grade(JudgedClaim& judged, const NoteReading& reading, const Facts& facts) {
  judged.rule = "grade";
  if (facts.grade.empty()) return;
  // A denial counts where the note says nothing else.
  if (judged.claim.denied && reading.grade == facts.grade) return;
  decide(judged, (judged.claim.value == facts.grade) != judged.claim.denied, Severity::kMajor,
         facts.grade);
}

// The side that the words before byte `end` give, back to the preposition that leads to the site:
// "on the left upper", "on the right side of the". Nothing where they give none, or both.
std::string_view side_before(std::string_view text, std::size_t end) {
  constexpr int kReach = 6;  // words
  const auto is_letter = [&](std::size_t at) {
    const auto lower = static_cast<unsigned char>(text[at]) | 0x20U;
    return lower >= 'a' && lower <= 'z';
  };
  std::string_view side;
  for (int words = 0; words < kReach; ++words) {
    while (end > 0 && !is_letter(end - 1)) {
      if (std::string_view(" -\t\r\n").find(text[end - 1]) == std::string_view::npos) return side;
      --end;
    }
    std::size_t begin = end;
    while (begin > 0 && is_letter(begin - 1)) --begin;
    const std::string word =
        ascii_lower(text.substr(begin, std::min<std::size_t>(end - begin, 16)));
    if (word.empty() || (is_preposition(word) && word != "of")) break;
    for (const std::string_view one : {"left", "right"}) {
      if (word != one) continue;
      if (!side.empty() && side != one) return {};
      side = one;
    }
    end = begin;
  }
  return side;
}

// "forearm (left)", "back, right side.", "cheek on the left": nothing where more follows, as in
// "on the back, the left half is darker".
std::string_view side_after(std::string_view text, std::size_t begin) {
  const std::string lower = ascii_lower(text.substr(begin, 40));
  std::string_view rest = lower;
  rest.remove_prefix(std::min(rest.find_first_not_of(" ,("), rest.size()));
  if (rest.starts_with("on the ")) rest.remove_prefix(7);
  for (const std::string_view side : {"left", "right"}) {
    if (!rest.starts_with(side)) continue;
    rest.remove_prefix(side.size());
    if (rest.starts_with(" side")) rest.remove_prefix(5);
    const bool ends =
        rest.empty() || std::string_view(".,;)\r\n").find(rest.front()) != std::string_view::npos;
    return ends ? side : std::string_view();
  }
  return {};
}

void judge_site(JudgedClaim& judged, std::string_view note, const Facts& facts,
                const ClaimWords& words) {
  judged.rule = "site";
  if (facts.site.empty() || !judged.claim.concept_index) return;
  const std::vector<std::size_t> known = concepts_in(words, facts.site, Kind::kSite);
  if (known.empty()) return;
  const bool agrees = std::ranges::any_of(known, [&](std::size_t index) {
    return words.same_line(*judged.claim.concept_index, index);
  });
  decide(judged, agrees, Severity::kMinor, "site " + facts.site);
  std::string_view said = side_before(note, judged.claim.begin);
  if (said.empty()) said = side_after(note, judged.claim.end);
  const std::string site = ascii_lower(facts.site);
  const bool left = site.find("left") != std::string::npos;
  const bool right = site.find("right") != std::string::npos;
  if (agrees && !said.empty() && left != right && (said == "left") != left) {
    decide(judged, false, Severity::kMajor, "site " + facts.site);
    judged.rule = "side";
  }
}

// Whether the word before byte `end` says that a number is a rough one: "about 60".
bool is_rough(std::string_view note, std::size_t end) {
  constexpr std::size_t kLooked = 32;  // bytes, or a note of ages would take its length for each
  constexpr std::array<std::string_view, 8> kWords = {
      "about", "almost", "approximately", "around", "nearly", "roughly", "circa", "ca."};
  const std::size_t begin = end - std::min(end, kLooked);
  const std::string before = ascii_lower(trim(note.substr(begin, end - begin)));
  return std::ranges::any_of(kWords, [&](std::string_view word) { return before.ends_with(word); });
}

// The years of a sample: a number, or a word for a band, "newborn".
std::optional<Years> known_years(const Facts& facts, const ClaimWords& words) {
  if (const auto years = years_of(facts.age)) return years;
  const std::vector<std::size_t> bands = concepts_in(words, facts.age, Kind::kAge);
  return bands.size() == 1 ? years_of(words.at(bands.front()).value) : std::nullopt;
}

void judge_age(JudgedClaim& judged, std::string_view note, const Facts& facts,
               const ClaimWords& words) {
  constexpr double kRough = 5;            // years
  constexpr double kRoughInParts = 0.25;  // of what is told in months, weeks or days
  judged.rule = "age";
  const auto known = known_years(facts, words);
  const auto said = years_of(judged.claim.value);
  if (!known || !said) return;
  const bool in_parts = judged.claim.value.find(' ') != std::string::npos;
  double around = 0;
  if (is_rough(note, judged.claim.begin)) around = in_parts ? kRoughInParts : kRough;
  // Both may be bands: they agree if they overlap.
  const bool agrees = said->least - around < known->most && known->least < said->most + around;
  decide(judged, agrees, Severity::kMinor, "age " + facts.age);
}

void judge_sex(JudgedClaim& judged, const Facts& facts, const ClaimWords& words) {
  judged.rule = "sex";
  std::string sex = ascii_lower(facts.sex);
  if (sex == "f") sex = "female";
  if (sex == "m") sex = "male";
  const std::vector<std::size_t> known = concepts_in(words, sex, Kind::kSex);
  if (known.empty()) return;
  decide(judged, words.at(known.front()).value == judged.claim.value, Severity::kMinor,
         "sex " + facts.sex);
}

void unknowable(JudgedClaim& judged, Severity severity) {
  if (judged.claim.denied) return;  // "no bleeding is seen" claims no fact
  judged.verdict = Verdict::kUnknowable;
  judged.severity = severity;
}

void judge_size(JudgedClaim& judged, const Facts& facts) {
  constexpr double kNear = 0.05;  // mm
  judged.rule = "size";
  std::vector<double> known;
  for (const Finding& finding : facts.findings) {
    if (finding.value.find("mm") == std::string::npos &&
        finding.value.find("cm") == std::string::npos) {
      continue;
    }
    for (const double number : millimetres_in(finding.value)) known.push_back(number);
  }
  const std::vector<double> said = millimetres_in(judged.claim.value);
  if (known.empty() || said.empty()) return unknowable(judged, Severity::kMinor);
  const bool agrees = std::ranges::all_of(said, [&](double number) {
    return std::ranges::any_of(known, [&](double one) { return std::abs(one - number) < kNear; });
  });
  decide(judged, agrees, Severity::kMinor, joined_findings(facts));
}

// What a finding may say: symptoms that were reported, how a diagnosis was confirmed.
void judge_reported(JudgedClaim& judged, Kind kind, const Facts& facts, const ClaimWords& words,
                    Severity severity) {
  judged.rule = std::string(words.kind_name(kind));
  const std::string findings = joined_findings(facts);
  for (const ConceptMention& mention : mentions_in(words, findings, kind)) {
    if (words.at(mention.concept_index).value != judged.claim.value) continue;
    return decide(judged, judged.claim.denied == mention.negated, Severity::kMinor, findings);
  }
  unknowable(judged, severity);
}

// What a finding records of the look: "elevation: raised", "elevation: not raised".
void judge_look(JudgedClaim& judged, Kind kind, const Facts& facts, const ClaimWords& words) {
  judged.rule = std::string(words.kind_name(kind));
  const std::string findings = joined_findings(facts);
  const auto is_raised = [](std::string_view value, bool denied) {
    if (value == "raised") return denied ? -1 : 1;
    if (value == "flat") return denied ? 1 : -1;
    return 0;
  };
  const int said = is_raised(judged.claim.value, judged.claim.denied);
  for (const ConceptMention& mention : mentions_in(words, findings, kind)) {
    const std::string& value = words.at(mention.concept_index).value;
    const int known = is_raised(value, mention.negated);
    if (value == judged.claim.value) {
      return decide(judged, judged.claim.denied == mention.negated, Severity::kMinor, findings);
    }
    if (said != 0 && known != 0) {
      return decide(judged, said == known, Severity::kMinor, findings);
    }
  }
}

}  // namespace

std::vector<std::string> wrong_of(const std::set<std::string>& kinds, const ClaimWords& words) {
  std::vector<std::string> wrong;
  for (const Kind kind : {Kind::kDiagnosis, Kind::kGrade, Kind::kSite, Kind::kAge, Kind::kSex}) {
    std::string name(words.kind_name(kind));
    if (kinds.contains(name)) wrong.push_back(std::move(name));
  }
  return wrong;
}

void judge(JudgedClaim& judged, const NoteReading& reading, std::string_view note,
           const Facts& facts, const ClaimWords& words) {
  const std::string& kind = judged.claim.kind;
  const auto is = [&](Kind wanted) { return kind == words.kind_name(wanted); };
  if (is(Kind::kDiagnosis)) {
    judge_class(judged, reading, facts, words);
  } else if (kind == "subclass") {
    judge_subclass(judged, facts, words);
  } else if (!kind.empty() && is(Kind::kGrade)) {
    judge_grade(judged, reading, facts);
  } else if (is(Kind::kSite)) {
    judge_site(judged, note, facts, words);
  } else if (is(Kind::kAge)) {
    judge_age(judged, note, facts, words);
  } else if (is(Kind::kSex)) {
    judge_sex(judged, facts, words);
  } else if (is(Kind::kSize)) {
    judge_size(judged, facts);
  } else if (is(Kind::kSymptoms)) {
    judge_reported(judged, Kind::kSymptoms, facts, words, Severity::kMinor);
  } else if (is(Kind::kTestResults)) {
    judge_reported(judged, Kind::kTestResults, facts, words, Severity::kMajor);
  } else if (is(Kind::kHistory)) {
    judge_reported(judged, Kind::kHistory, facts, words, Severity::kMinor);
  } else if (is(Kind::kAdvice)) {
    judge_reported(judged, Kind::kAdvice, facts, words, Severity::kMinor);
  } else if (is(Kind::kPersons)) {
    judged.rule = "persons";
    unknowable(judged, Severity::kMajor);
  } else if (is(Kind::kElevation)) {
    judge_look(judged, Kind::kElevation, facts, words);
  }
}

}  // namespace epicrisis::audit
