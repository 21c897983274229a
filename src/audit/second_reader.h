#pragma once

#include <map>
#include <string>
#include <string_view>

#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis::audit {

// "judge (openai, gpt-4o-mini)".
std::string judge_name(std::string_view judge, std::string_view provider, std::string_view model);

// Puts beside the claims of an audited note what judges said of them (member "judges"), and counts
// it, by judge_name(), against the rules' verdicts. Of a note that was revised since, what was said
// of its old text is counted as stale and not shown.
void add_judgements(Database& database, const NoteRecord& note, Json& audited,
                    std::map<std::string, JudgeCounts>& counts);

}  // namespace epicrisis::audit
