#include "epicrisis/audit/audit.h"

#include <algorithm>
#include <array>

#include "audit/claim_words.h"
#include "audit/known.h"
#include "audit/rules.h"
#include "audit/unreadable.h"

namespace epicrisis::audit {
namespace {

void add_once(std::vector<std::string>& list, std::string_view name) {
  if (std::ranges::find(list, name) == list.end()) list.emplace_back(name);
}

// Facts that the note was given and does not state. Of one in words that the reader does not know
// it cannot be told, but where it stands in the note word for word.
void find_omissions(AuditedNote& audited, std::string_view note, const Facts& facts,
                    const Prompt* prompt, const ClaimWords& words) {
  const auto given = [&](std::initializer_list<std::string_view> names) {
    if (prompt == nullptr) return true;
    return std::ranges::any_of(names, [&](std::string_view name) {
      return std::ranges::find(prompt->fields, name) != prompt->fields.end();
    });
  };
  const auto check = [&](Kind kind, bool known, std::string_view value, bool was_given) {
    const std::string_view name = words.kind_name(kind);
    if (!known || !was_given || name.empty()) return;
    const bool stated = std::ranges::any_of(audited.claims, [&](const JudgedClaim& one) {
      return one.claim.kind == name && !one.claim.denied;
    });
    if (stated) return;
    if (kind != Kind::kGrade && !is_read(words, kind, value)) {
      if (stands_in(note, value)) return;
      // The words of a class are known, whatever those of the diagnosis are.
      if (kind != Kind::kDiagnosis) {
        audited.unreadable.emplace_back(name);
        return;
      }
    }
    audited.omitted.emplace_back(name);
  };
  check(Kind::kDiagnosis, known_class(facts, words).has_value(), facts.diagnosis,
        given({"diagnosis", "class"}));
  check(Kind::kGrade, !facts.grade.empty(), facts.grade, given({words.field().grade_name()}));
  check(Kind::kSite, !facts.site.empty(), facts.site, given({"site", "findings"}));
  check(Kind::kAge, !facts.age.empty(), facts.age, given({"age", "findings"}));
  check(Kind::kSex, !facts.sex.empty(), facts.sex, given({"sex", "findings"}));
}

NoteVerdict verdict_of(const AuditedNote& audited) {
  bool warn = !audited.reading.self_contradictions.empty();
  bool fail = std::ranges::any_of(audited.reading.self_contradictions, &SelfContradiction::major);
  for (const JudgedClaim& one : audited.claims) {
    if (one.severity == Severity::kMajor) fail = true;
    if (one.severity == Severity::kMinor) warn = true;
  }
  for (const FormFault& fault : audited.form) {
    if (fault.severity == Severity::kMajor) fail = true;
    if (fault.severity == Severity::kMinor) warn = true;
  }
  return fail ? NoteVerdict::kFail : warn ? NoteVerdict::kWarn : NoteVerdict::kPass;
}

// Whether a claim is what the note settles for, where it says several classes or grades.
bool settles(const Claim& claim, const NoteReading& reading, const ClaimWords& words) {
  if (claim.denied) return true;
  if (claim.kind == words.kind_name(Kind::kDiagnosis) && reading.diagnosis) {
    return claim.value == words.field().at(*reading.diagnosis).name;
  }
  if (claim.kind == words.kind_name(Kind::kGrade) && !reading.grade.empty()) {
    return claim.value == reading.grade;
  }
  return true;
}

std::string span(std::string_view note, std::size_t begin, std::size_t end) {
  return std::string(note.substr(begin, end - begin));
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAgrees:
      return "agrees";
    case Verdict::kContradicts:
      return "contradicts";
    case Verdict::kUnknowable:
      return "unknowable";
    default:
      return "undecidable";
  }
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::kMajor:
      return "major";
    case Severity::kMinor:
      return "minor";
    default:
      return "";
  }
}

std::string_view note_verdict_name(NoteVerdict verdict) {
  switch (verdict) {
    case NoteVerdict::kPass:
      return "pass";
    case NoteVerdict::kWarn:
      return "warn";
    default:
      return "fail";
  }
}

AuditedNote Auditor::audit(std::string_view note, const Facts& facts, const Prompt* prompt) const {
  const ClaimWords& words = reader_.words();
  AuditedNote audited;
  audited.reading = reader_.read(note);
  audited.claims.reserve(audited.reading.claims.size());
  std::set<std::string> contradicted;
  for (const Claim& claim : audited.reading.claims) {
    JudgedClaim judged;
    judged.claim = claim;
    judge(judged, audited.reading, note, facts, words);
    judge_measured(judged, facts);
    if (judged.verdict == Verdict::kUnknowable) add_once(audited.unknowable, claim.kind);
    if (judged.verdict == Verdict::kContradicts && settles(claim, audited.reading, words)) {
      contradicted.insert(claim.kind);
    }
    audited.claims.push_back(std::move(judged));
  }
  audited.wrong = wrong_of(contradicted, words);
  find_omissions(audited, note, facts, prompt, words);
  audited.form = form_faults(note, audited.reading, prompt, words);
  audited.verdict = verdict_of(audited);
  return audited;
}

Json to_json(const AuditedNote& audited, std::string_view note, const Field& field) {
  Json json = Json::object();
  Json claims = Json::array();
  for (const JudgedClaim& one : audited.claims) {
    claims.push_back({{"kind", one.claim.kind},
                      {"value", one.claim.value},
                      {"polarity", one.claim.denied ? "denied" : "asserted"},
                      {"hedged", one.claim.hedged},
                      {"begin", one.claim.begin},
                      {"end", one.claim.end},
                      {"verdict", verdict_name(one.verdict)},
                      {"rule", one.rule},
                      {"evidence", one.evidence},
                      {"severity", severity_name(one.severity)}});
  }
  json["claims"] = std::move(claims);
  json["wrong"] = audited.wrong;
  Json contradictions = Json::array();
  for (const SelfContradiction& one : audited.reading.self_contradictions) {
    contradictions.push_back(span(note, one.first_begin, one.first_end) + " || " +
                             span(note, one.second_begin, one.second_end));
  }
  json["self_contradictions"] = std::move(contradictions);
  Json off_list = Json::array();
  Json form = Json::array();
  for (const FormFault& fault : audited.form) {
    if (fault.rule == "off list") off_list.push_back(span(note, fault.begin, fault.end));
    form.push_back({{"rule", fault.rule},
                    {"detail", fault.detail},
                    {"begin", fault.begin},
                    {"end", fault.end},
                    {"severity", severity_name(fault.severity)}});
  }
  json["off_list"] = std::move(off_list);
  json["unknowable"] = audited.unknowable;
  json["omitted"] = audited.omitted;
  json["unreadable"] = audited.unreadable;
  json["form"] = std::move(form);
  json["read"] = guide_keys(audited.reading, field);
  json["verdict"] = note_verdict_name(audited.verdict);
  return json;
}

}  // namespace epicrisis::audit
