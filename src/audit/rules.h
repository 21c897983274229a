#pragma once

#include <set>
#include <string>
#include <vector>

#include "audit/claim_words.h"
#include "epicrisis/audit/audit.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis::audit {

// Verdicts on claims against facts; `judged.claim` is set. One rule a kind.
void judge(JudgedClaim& judged, const NoteReading& reading, std::string_view note,
           const Facts& facts, const ClaimWords& words);

// Where no other fact speaks of a claim that is not hedged: against what was measured on the
// picture.
void judge_measured(JudgedClaim& judged, const Facts& facts);

// Of kinds of claims that something speaks against, those that a note can be wrong about: as
// AuditedNote::wrong names and orders them.
std::vector<std::string> wrong_of(const std::set<std::string>& kinds, const ClaimWords& words);

// What is known of a stored sample: facts_of(), and the usable findings that are stored of its
// picture.
Facts known_facts(Database& database, const Field& field, const Sample& sample);

// What is wrong with the form: refusals, what is missing or too much, what nobody asked for.
// `prompt` may be null.
std::vector<FormFault> form_faults(std::string_view note, const NoteReading& reading,
                                   const Prompt* prompt, const ClaimWords& words);

}  // namespace epicrisis::audit
