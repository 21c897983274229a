#include "epicrisis/notes/synthesis/synthesis.h"

#include <any>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "notes/synthesis/note_record.h"
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

// Keeps notes and ledger, over a connection of its own: it is called by the dispatcher's thread.
class NoteSink {
 public:
  NoteSink(Database& database, const RequestBuilder& builder)
      : database_(database.another_connection()), under_way_(database), builder_(builder) {}

  void store(std::span<const llm::SentRequest> group) {
    const Prices& prices = builder_.provider().prices;
    Transaction transaction(database_);
    for (const llm::SentRequest& sent : group) {
      const NoteOrigin origin = origin_of(sent);
      put_ledger_entry(database_, ledger_entry(origin, sent, prices));
      if (!sent.final) continue;
      const auto& result = std::any_cast<const NoteResult&>(sent.result);
      put_note(database_, note_record(origin, sent, result, prices));
    }
    transaction.commit();
    for (const llm::SentRequest& sent : group) {
      const PlannedNote& note = planned_note(*sent.request);
      fields_.insert(note.fields.begin(), note.fields.end());
      images_ = images_ || note.attach_image;
    }
  }

  // That they are about to be sent; called in the dispatcher's own thread.
  void announce(std::span<const llm::SentRequest> group) {
    std::vector<LedgerEntry> entries;
    entries.reserve(group.size());
    for (const llm::SentRequest& sent : group) {
      entries.push_back(ledger_entry(origin_of(sent), sent, builder_.provider().prices));
    }
    under_way_.put(entries);
  }

  std::vector<std::string> fields() const { return {fields_.begin(), fields_.end()}; }
  bool images() const { return images_; }

 private:
  NoteOrigin origin_of(const llm::SentRequest& sent) const {
    const PlannedNote& note = planned_note(*sent.request);
    return {.key = note.key,
            .sample_id = note.sample_id,
            .variant = note.variant,
            .facts = note.origin,
            .strategy = builder_.strategy().name,
            .template_version = template_version(builder_.strategy()),
            .provider = builder_.provider().name,
            .model = builder_.model(),
            .parameters = sent.final ? builder_.parameters(sent.max_tokens) : Json()};
  }

  Database database_;
  UnderWay under_way_;
  const RequestBuilder& builder_;
  std::set<std::string> fields_;
  bool images_ = false;
};

}  // namespace

SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  if (!options.offline) {
    require_consent(database, builder, options.allow_remote);
  }
  const Strategy& strategy = builder.strategy();
  const WorkspaceLock lock = workspace.lock("notes-" + strategy.name);
  const LedgerTotals lost = settle_lost(database, strategy.name);
  if (lost.requests > 0) {
    job.warn(
        "{} requests were under way when an earlier run was killed: up to {} tokens, {:.4f} USD "
        "may have been paid for them and count against this run's budget",
        lost.requests, lost.input_tokens + lost.output_tokens, lost.cost);
  }
  NoteSource source(database, builder, options, job);
  NoteSink sink(database, builder);
  AnswerCounts counts;
  const llm::Reader read = [&](const llm::Request&, const HttpAnswer& http) {
    NoteAnswer answer = read_answer(http, strategy, builder.schema(), job.clock().now(),
                                    builder.provider().finish_reasons);
    counts.add(answer);
    std::string outcome(note_status_name(answer.note.status));
    return llm::Reading{std::move(answer.attempt), std::move(outcome), std::move(answer.note)};
  };
  llm::Announce announce;
  if (!options.offline) {
    announce = [&](std::span<const llm::SentRequest> group) { sink.announce(group); };
  }
  const llm::DispatchOptions dispatching = {
      .label = "notes " + strategy.name,
      .unit = "notes",
      .expected = note_count(database, builder, options),
      .max_concurrency = options.max_concurrency,
      .budget = options.budget,
      .spent = {.tokens = lost.input_tokens + lost.output_tokens, .dollars = lost.cost},
      .announce = announce,
      .offline = options.offline,
      .seed = options.seed};
  SynthesisReport report{llm::dispatch(
      builder.provider(), source, read,
      [&](std::span<const llm::SentRequest> group) { sink.store(group); }, transport, dispatching,
      job)};
  report.strategy = strategy.name;
  report.provider = builder.provider().name;
  report.model = builder.model();
  report.replayed = options.offline;
  report.lost = lost.requests;
  report.fields_sent = sink.fields();
  report.images_sent = sink.images();
  report.answers = std::move(counts);
  return report;
}

}  // namespace epicrisis
