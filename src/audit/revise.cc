#include <algorithm>
#include <utility>

#include "audit/prompts.h"
#include "audit/repair_pass.h"
#include "audit/revision_source.h"
#include "epicrisis/audit/repair.h"
#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"
#include "notes/strategy/measuring.h"
#include "notes/synthesis/asking.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kMostWaiting = 5'000;  // in memory

void add(std::map<std::string, std::int64_t>& sum,
         const std::map<std::string, std::int64_t>& more) {
  for (const auto& [name, count] : more) sum[name] += count;
}

// What two runs of one strategy asked, one after the other.
void add(SynthesisReport& sum, SynthesisReport more) {
  more.taken += sum.taken;
  more.done += sum.done;
  more.failed += sum.failed;
  more.skipped += sum.skipped;
  add(more.rejected, sum.rejected);
  add(more.skips, sum.skips);
  more.requests += sum.requests;
  more.retries += sum.retries;
  more.input_tokens += sum.input_tokens;
  more.output_tokens += sum.output_tokens;
  more.cost += sum.cost;
  more.unpriced += sum.unpriced;
  more.seconds += sum.seconds;
  more.waited += sum.waited;
  more.most_in_flight = std::max(more.most_in_flight, sum.most_in_flight);
  more.lost += sum.lost;
  add(more.answers.dropped, sum.answers.dropped);
  add(more.answers.unknown_finish_reasons, sum.answers.unknown_finish_reasons);
  more.images_sent = more.images_sent || sum.images_sent;
  more.fields_sent.insert(sum.fields_sent.begin(), sum.fields_sent.end());
  sum = std::move(more);
}

SynthesisReport ask_again(Workspace& workspace, const RequestBuilder& builder,
                          const SynthesisOptions& options, std::vector<WaitingNote> waiting,
                          HttpTransport& transport, Job& job) {
  const std::size_t expected = waiting.size();
  RevisionSource source(workspace.database(), builder, options, std::move(waiting), job);
  return ask_for_notes(workspace, builder, options,
                       {.source = source,
                        .planned = [](const llm::Request& request) -> const PlannedNote& {
                          return note_to_revise(request).planned;
                        },
                        .expected = expected,
                        .finish =
                            [](NoteRecord& note, const llm::Request& request) {
                              note.parameters[kDerived] = note_to_revise(request).provenance;
                            }},
                       transport, job);
}

}  // namespace

RevisionReport revise_notes(Workspace& workspace, const Policy& policy,
                            const RepairOptions& options, const RequestBuilder& builder,
                            const SynthesisOptions& asking, HttpTransport& transport, Job& job) {
  if (!policy.may_ask()) {
    throw UsageError("policy '{}' asks no model: no rule of it has the action \"ask\"",
                     policy.name);
  }
  const Strategy& strategy = builder.strategy();
  if (strategy.kind != StrategyKind::kRevise) {
    throw UsageError(
        "strategy '{}' is not for writing a note again: its kind is '{}', not 'revise'",
        strategy.name, strategy_kind_name(strategy.kind));
  }
  require_same_field(fmt::format("strategy '{}'", strategy.name), strategy.field,
                     workspace_field(workspace.database()));
  const WorkspaceLock lock = workspace.lock("repair");
  require_datasets(workspace.database(), options.datasets);
  SampleFilter measured;
  measured.datasets = options.datasets;
  measure_for(workspace, strategy, measured, job);
  const std::string revised = revised_strategy(options.strategy, policy);
  const RequestBuilder own = builder.under_name(revised);
  PassOptions pass = {options, kMostWaiting, {}, asking.retry_rejected};
  RevisionReport report;
  report.asked.strategy = revised;
  report.asked.provider = builder.provider().name;
  report.asked.model = builder.model();
  report.asked.replayed = asking.offline;
  for (;;) {
    RepairPass repaired = repair_pass(workspace, policy, pass, job);
    report.repair = std::move(repaired.report);
    if (repaired.waiting.empty() || !report.asked.stopped.empty()) break;
    for (const WaitingNote& one : repaired.waiting) pass.asked.insert(one.id);
    SynthesisOptions now = asking;
    now.spent = {.tokens = report.asked.input_tokens + report.asked.output_tokens,
                 .dollars = report.asked.cost};
    add(report.asked, ask_again(workspace, own, now, std::move(repaired.waiting), transport, job));
    if (job.cancelled()) return report;  // which says so
  }
  AuditOptions audited;
  audited.strategies = {options.strategy, report.repair.strategy, revised};
  audited.datasets = options.datasets;
  audit_notes(workspace, audited, job);
  return report;
}

RevisionReport run_revision(Workspace& workspace, const Policy& policy,
                            const RepairOptions& options, const SynthesisJob& task, Job& job) {
  const PreparedRun run = prepare_run(task, job);
  return revise_notes(workspace, policy, options, run.builder, run.options, *run.transport, job);
}

Json to_json(const RevisionReport& report) {
  Json json = to_json(report.repair);
  json["requests"] = to_json(report.asked);
  return json;
}

}  // namespace epicrisis::audit
