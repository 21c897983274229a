#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/synthesis/preview.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis::audit {

struct JudgeOptions {
  // Data sets, share of the samples, concurrency, budget, consent. Of the filter the data sets and
  // the limit count: at most so many samples that have notes.
  SynthesisOptions asking;
  // Whose notes are judged; empty: all but what templates say.
  std::vector<std::string> strategies;
};

// A note is what is taken up and done; `strategy` is the judge's.
struct JudgeReport : SynthesisReport {
  std::map<std::string, std::int64_t> verdicts = {};  // claims, by verdict; of this run
};
Json to_json(const JudgeReport& report);

// Has a language model read the written notes that it has not read yet, claim by claim, beside what
// is known and, if it sees pictures, the picture. `builder` is of a strategy of kind "judge". What
// it says is stored and changes no note; audit_notes() shows it beside the rules. Runs and ends as
// synthesize() does. UsageError if the strategy is no judge, there is no
// note of the strategies, or for what synthesize() throws one.
JudgeReport judge_notes(Workspace& workspace, const RequestBuilder& builder,
                        const JudgeOptions& options, HttpTransport& transport, Job& job);

// The same with the provider and the transport that the task names.
JudgeReport run_judge(Workspace& workspace, const SynthesisJob& task,
                      const std::vector<std::string>& strategies, Job& job);

// What a run would send and cost, with the request of the first note that is missing. Nothing is
// sent.
SynthesisPreview preview_judge(Workspace& workspace, const RequestBuilder& builder,
                               const JudgeOptions& options, const Job& job);

}  // namespace epicrisis::audit
