#pragma once

#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis::audit {

// Puts beside the claims of an audited note what judges said of them (member "judges"), and counts
// it against the rules' verdicts. Of a note that was revised since, what was said of its old text
// is counted as stale and not shown.
void add_judgements(Database& database, const NoteRecord& note, Json& audited, AuditCounts& counts);

}  // namespace epicrisis::audit
