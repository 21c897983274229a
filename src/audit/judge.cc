#include "epicrisis/audit/judge.h"

#include <any>
#include <utility>

#include "audit/judge_source.h"
#include "epicrisis/core/error.h"
#include "epicrisis/llm/attempt.h"
#include "epicrisis/store/tables/judgements.h"
#include "llm/server_error.h"
#include "notes/synthesis/asking.h"

namespace epicrisis::audit {
namespace {

// What an answer makes of the claims of a note.
struct JudgeResult {
  NoteStatus status = NoteStatus::kFailed;
  Json verdicts = Json::array();
};

const PlannedNote& planned_of(const llm::Request& request) {
  return note_to_judge(request).planned;
}

// The verdicts of an answer that is as the schema says; asked again where their numbers are wrong.
JudgeResult read_verdicts(const llm::Request& request, NoteAnswer& answer) {
  JudgeResult result{answer.note.status};
  if (result.status != NoteStatus::kWritten) return result;
  try {
    result.verdicts =
        verdicts_on(note_to_judge(request).claims, parse_json(answer.note.text, "answer"));
  } catch (const InputError& error) {
    result.status = NoteStatus::kInvalid;
    answer.attempt.next = llm::NextStep::kRetry;
    answer.attempt.wrong_form = true;
    answer.attempt.reason = llm::one_line(error.what());
  }
  return result;
}

Judgement judgement_of(const NoteOrigin& origin, const llm::SentRequest& sent,
                       const Prices& prices) {
  const NoteToJudge& judged = note_to_judge(*sent.request);
  const auto& result = std::any_cast<const JudgeResult&>(sent.result);
  Judgement judgement;
  judgement.key = origin.key;
  judgement.note_id = judged.note_id;
  judgement.note_sha256 = judged.note_sha256;
  judgement.judge = origin.strategy;
  judgement.provider = origin.provider;
  judgement.model = origin.model;
  judgement.template_version = origin.template_version;
  judgement.status = result.status;
  judgement.verdicts = result.verdicts;
  judgement.reason = sent.reason;
  judgement.parameters = origin.parameters;
  judgement.input_tokens = sent.all_input_tokens;
  judgement.output_tokens = sent.all_output_tokens;
  judgement.cost = prices.of(judgement.input_tokens, judgement.output_tokens);
  judgement.unpriced = prices.unpriced(judgement.input_tokens, judgement.output_tokens);
  judgement.attempts = sent.attempt;
  return judgement;
}

}  // namespace

JudgeReport judge_notes(Workspace& workspace, const RequestBuilder& builder,
                        const JudgeOptions& options, HttpTransport& transport, Job& job) {
  JudgeSource source(workspace.database(), builder, options, job);
  const Provider& provider = builder.provider();
  AnswerCounts counts;
  std::map<std::string, std::int64_t> verdicts;
  const Asking asking = {
      .source = source,
      .read =
          [&](const llm::Request& request, const HttpAnswer& http) {
            NoteAnswer answer = read_answer(http, builder.strategy(), builder.schema(),
                                            job.clock().now(), provider.finish_reasons);
            JudgeResult result = read_verdicts(request, answer);
            counts.add(answer);
            for (const Json& one : result.verdicts) ++verdicts[one.at("verdict")];
            std::string outcome(note_status_name(result.status));
            return llm::Reading{std::move(answer.attempt), std::move(outcome), std::move(result)};
          },
      .planned = planned_of,
      .keep =
          [&](Database& own, const NoteOrigin& origin, const llm::SentRequest& sent) {
            put_judgement(own, judgement_of(origin, sent, provider.prices));
          },
      .unit = "verdicts",
      .expected = source.notes()};
  JudgeReport report{ask(workspace, builder, options.asking, asking, transport, job)};
  report.answers = std::move(counts);
  report.verdicts = std::move(verdicts);
  return report;
}

JudgeReport run_judge(Workspace& workspace, const SynthesisJob& task,
                      const std::vector<std::string>& strategies, Job& job) {
  const PreparedRun run = prepare_run(task, job);
  return judge_notes(workspace, run.builder, {run.options, strategies}, *run.transport, job);
}

SynthesisPreview preview_judge(Workspace& workspace, const RequestBuilder& builder,
                               const JudgeOptions& options, const Job& job) {
  SynthesisPreview preview = preview_of(builder);
  JudgeSource source(workspace.database(), builder, options, job);
  while (const std::optional<llm::Request> request = source.next()) {
    add_request(preview, planned_of(*request), builder);
    if (preview.body.empty()) preview.body = source.body(*request, request->max_tokens);
  }
  job.check();
  preview.notes = source.taken();
  preview.skips = source.skips();
  return preview;
}

Json to_json(const JudgeReport& report) {
  Json json = to_json(static_cast<const SynthesisReport&>(report));
  json["judged"] = json.at("written");
  json.erase("written");
  json["verdicts"] = report.verdicts;
  return json;
}

}  // namespace epicrisis::audit
