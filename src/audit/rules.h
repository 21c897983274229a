#pragma once

#include "audit/claim_words.h"
#include "epicrisis/audit/audit.h"

namespace epicrisis::audit {

// Verdicts on claims against facts; `judged.claim` is set. One rule a kind.
void judge(JudgedClaim& judged, const NoteReading& reading, std::string_view note,
           const Facts& facts, const ClaimWords& words);

// What is wrong with the form: refusals, what is missing or too much, what nobody asked for.
// `prompt` may be null.
std::vector<FormFault> form_faults(std::string_view note, const NoteReading& reading,
                                   const Prompt* prompt, const ClaimWords& words);

}  // namespace epicrisis::audit
