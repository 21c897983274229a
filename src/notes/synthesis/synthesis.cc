#include "epicrisis/notes/synthesis/synthesis.h"

#include <any>
#include <cmath>
#include <utility>

#include "notes/strategy/measuring.h"
#include "notes/synthesis/asking.h"
#include "notes/synthesis/note_source.h"

namespace epicrisis {
namespace {

// How many notes the run will take up; an estimate where it takes a fraction.
std::uint64_t note_count(Database& database, const RequestBuilder& builder,
                         const SynthesisOptions& options) {
  const auto samples = static_cast<double>(count_samples(database, options.filter));
  return static_cast<std::uint64_t>(std::llround(samples * options.fraction)) *
         static_cast<std::uint64_t>(builder.strategy().variants);
}

}  // namespace

SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  const Strategy& strategy = builder.strategy();
  const Prices& prices = builder.provider().prices;
  measure_for(workspace, strategy, options.filter, job);
  NoteSource source(database, builder, options, job);
  AnswerCounts counts;
  const Asking asking = {
      .source = source,
      .read =
          [&](const llm::Request&, const HttpAnswer& http) {
            NoteAnswer answer = read_answer(http, strategy, builder.schema(), job.clock().now(),
                                            builder.provider().finish_reasons);
            counts.add(answer);
            std::string outcome(note_status_name(answer.note.status));
            return llm::Reading{std::move(answer.attempt), std::move(outcome),
                                std::move(answer.note)};
          },
      .planned = planned_note,
      .keep =
          [&](Database& own, const NoteOrigin& origin, const llm::SentRequest& sent) {
            const auto& result = std::any_cast<const NoteResult&>(sent.result);
            put_note(own, note_record(origin, sent, result, prices));
          },
      .unit = "notes",
      .expected = note_count(database, builder, options)};
  SynthesisReport report = ask(workspace, builder, options, asking, transport, job);
  report.answers = std::move(counts);
  return report;
}

}  // namespace epicrisis
