#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/claim_words.h"
#include "audit/read_claims.h"
#include "epicrisis/audit/claims.h"
#include "epicrisis/core/hash.h"

namespace epicrisis::audit {
namespace {

// Of the rules: what was read under another number may read differently now.
constexpr int kVersion = 4;

void count_common_words(const NoteText& text, NoteReading& reading) {
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    const std::string_view word = text.word(at);
    if (is_article(word) || is_preposition(word) || is_joining(word) || is_verb(word)) {
      ++reading.common_words;
    }
  }
  // English has one in three.
  if (reading.common_words * 6 > reading.words) return;
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    if (text.claim_words().is_foreign(text.word(at))) ++reading.foreign_words;
  }
}

}  // namespace

ClaimReader::ClaimReader(const Field& field) : words_(std::make_shared<ClaimWords>(field)) {}

std::string ClaimReader::version() const {
  return fmt::format("{}:{}", kVersion, words_->hash().substr(0, 16));
}

NoteReading ClaimReader::read(std::string_view note) const {
  const NoteText text(note, *words_);
  NoteReading reading;
  reading.words = text.word_count();
  read_classes(text, reading);
  read_asymmetry(text, reading);
  read_border(text, reading);
  read_look(text, reading);
  read_sites(text, reading);
  read_person(text, reading);
  read_identity(text, reading);
  read_unseen(text, reading);
  // Asked for only where little was read: a note full of claims is in English.
  if (reading.claims.size() * 5 < reading.words) count_common_words(text, reading);
  std::stable_sort(reading.claims.begin(), reading.claims.end(),
                   [](const Claim& a, const Claim& b) {
                     return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                   });
  return reading;
}

Json guide_keys(const NoteReading& reading, const Field& field) {
  std::map<std::string, std::set<std::string>, std::less<>> asserted, denied;
  for (const Claim& claim : reading.claims) {
    (claim.denied ? denied : asserted)[claim.kind].insert(claim.value);
  }
  const auto list = [](const std::set<std::string>& values) {
    return Json(std::vector<std::string>(values.begin(), values.end()));
  };
  const auto first = [&](const char* kind) -> Json {
    const auto& values = asserted[kind];
    return values.empty() ? Json() : Json(*values.begin());
  };
  Json keys = Json::object();
  keys["diagnosis"] = reading.diagnosis ? Json(field.at(*reading.diagnosis).name) : Json();
  keys["diagnosis_hedged"] = reading.diagnosis_hedged;
  keys["diagnoses_other"] = list(asserted["diagnoses_other"]);
  keys["diagnoses_denied"] = list(denied["diagnosis"]);
  if (!field.grade_name().empty()) {
    keys[field.grade_name()] = reading.grade.empty() ? Json() : Json(reading.grade);
    keys[field.grade_name() + "_hedged"] = reading.grade_hedged;
  }
  keys["asymmetry"] = first("asymmetry");
  keys["border"] = list(asserted["border"]);
  for (const char* kind : {"colours", "structures"}) {
    keys[kind] = list(asserted[kind]);
    keys[std::string(kind) + "_denied"] = list(denied[kind]);
  }
  keys["elevation"] = list(asserted["elevation"]);
  keys["site"] = first("site");
  keys["age"] = first("age");
  keys["sex"] = first("sex");
  for (const char* kind : {"size", "symptoms", "history"}) {
    keys[std::string(kind) + "_asserted"] = asserted.contains(kind) && !asserted[kind].empty();
  }
  keys["advice"] = asserted.contains("advice");
  return keys;
}

}  // namespace epicrisis::audit
