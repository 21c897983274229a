#pragma once

#include <string_view>

#include "audit/claim_words.h"
#include "epicrisis/audit/audit.h"

namespace epicrisis::audit {

// Facts whose words the reader of notes does not know, as sites in another language: where they stand
// in the note word for word they are not omitted, and elsewhere it cannot be told. Takes them out of
// `audited.omitted`; the latter go into `audited.unreadable`.
void settle_unreadable(AuditedNote& audited, std::string_view note, const Facts& facts,
                       const ClaimWords& words);

}  // namespace epicrisis::audit
