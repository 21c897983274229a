#include "notes/synthesis/asking.h"

#include <fmt/format.h>

#include <any>
#include <mutex>
#include <set>
#include <span>
#include <utility>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/ledger.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis {
namespace {

// Keeps answers and ledger, over a connection of its own: it is called by threads of the
// dispatcher. They share it, for each commit of another connection costs this one all pages that it
// has read.
class AnswerSink {
 public:
  AnswerSink(Database& database, const RequestBuilder& builder, const Asking& asking)
      : database_(database.another_connection()), builder_(builder), asking_(asking) {}

  void store(std::span<const llm::SentRequest> group) {
    const std::lock_guard lock(mutex_);
    database_.set_durability(Durability::kPowerCut);
    Transaction transaction(database_);
    for (const llm::SentRequest& sent : group) {
      const NoteOrigin origin = origin_of(sent);
      put_ledger_entry(database_, ledger_entry(origin, sent, builder_.provider().prices));
      if (sent.final) asking_.keep(database_, origin, sent);
    }
    transaction.commit();
    for (const llm::SentRequest& sent : group) {
      const PlannedNote& note = asking_.planned(*sent.request);
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
    const std::lock_guard lock(mutex_);
    database_.set_durability(Durability::kKill);  // there is one before every request
    put_under_way(database_, entries);
  }

  const std::set<std::string>& fields() const { return fields_; }
  bool images() const { return images_; }

 private:
  NoteOrigin origin_of(const llm::SentRequest& sent) const {
    const PlannedNote& note = asking_.planned(*sent.request);
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

  std::mutex mutex_;
  Database database_;  // with the mutex
  const RequestBuilder& builder_;
  const Asking& asking_;
  std::set<std::string> fields_;
  bool images_ = false;
};

}  // namespace

SynthesisReport ask(Workspace& workspace, const RequestBuilder& builder,
                    const SynthesisOptions& options, const Asking& asking, HttpTransport& transport,
                    Job& job) {
  Database& database = workspace.database();
  if (!options.offline) require_consent(database, builder, options.allow_remote);
  const std::string& strategy = builder.strategy().name;
  const WorkspaceLock lock = workspace.lock("notes-" + strategy);
  const LedgerTotals lost = settle_lost(database, strategy);
  if (lost.requests > 0) {
    job.warn(
        "{} under way when an earlier run was killed: up to {} tokens, {}, may have been paid "
        "for that and count against this run's budget",
        counted(lost.requests, "request was", "requests were"),
        lost.input_tokens + lost.output_tokens, cost_words(lost.cost, lost.unpriced));
  }
  AnswerSink sink(database, builder, asking);
  llm::Announce announce;
  if (!options.offline) {
    announce = [&](std::span<const llm::SentRequest> group) { sink.announce(group); };
  }
  const llm::DispatchOptions dispatching = {
      .label = fmt::format("{} {}", asking.unit, strategy),
      .unit = asking.unit,
      .expected = asking.expected,
      .max_concurrency = options.max_concurrency,
      .budget = options.budget,
      .spent = {.tokens = options.spent.tokens + lost.input_tokens + lost.output_tokens,
                .dollars = options.spent.dollars + lost.cost},
      .announce = announce,
      .offline = options.offline,
      .seed = options.seed};
  SynthesisReport report{llm::dispatch(
      builder.provider(), asking.source, asking.read,
      [&](std::span<const llm::SentRequest> group) { sink.store(group); }, transport, dispatching,
      job)};
  report.strategy = strategy;
  report.provider = builder.provider().name;
  report.model = builder.model();
  report.replayed = options.offline;
  report.lost = lost.requests;
  report.fields_sent = sink.fields();
  report.images_sent = sink.images();
  return report;
}

SynthesisReport ask_for_notes(Workspace& workspace, const RequestBuilder& builder,
                              const SynthesisOptions& options, const NoteAsking& notes,
                              HttpTransport& transport, Job& job) {
  const Provider& provider = builder.provider();
  AnswerCounts counts;
  const Asking asking = {
      .source = notes.source,
      .read =
          [&](const llm::Request&, const HttpAnswer& http) {
            NoteAnswer answer = read_answer(http, builder.strategy(), builder.schema(),
                                            job.clock().now(), provider.finish_reasons);
            counts.add(answer);
            std::string outcome(note_status_name(answer.note.status));
            return llm::Reading{std::move(answer.attempt), std::move(outcome),
                                std::move(answer.note)};
          },
      .planned = notes.planned,
      .keep =
          [&](Database& own, const NoteOrigin& origin, const llm::SentRequest& sent) {
            const auto& result = std::any_cast<const NoteResult&>(sent.result);
            NoteRecord note = note_record(origin, sent, result, provider.prices);
            if (notes.finish) notes.finish(note, *sent.request);
            put_note(own, note);
          },
      .unit = "notes",
      .expected = notes.expected};
  SynthesisReport report = ask(workspace, builder, options, asking, transport, job);
  report.answers = std::move(counts);
  return report;
}

}  // namespace epicrisis
