#include "notes/synthesis/pending_notes.h"

#include <algorithm>
#include <iterator>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/corpus/picture_hash.h"
#include "epicrisis/notes/strategy/sentence_notes.h"
#include "epicrisis/store/tables/batches.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/ledger.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kPage = 64;  // samples; requests wait while one is read

// The text that a rewrite starts from: the first written note of the strategy; "" if none.
std::string source_note(Database& database, std::int64_t sample_id, const std::string& strategy) {
  NoteFilter filter;
  filter.sample_ids = {sample_id};
  filter.strategies = {strategy};
  std::string text;
  for_each_note(database, filter, [&](const NoteRecord& note) {
    text = note.text;
    return false;
  });
  return text;
}

}  // namespace

bool is_drawn(const Sample& sample, double fraction) {
  if (fraction >= 1) return true;
  // A stream of random numbers seeded by the name: FNV alone mixes the last letters too little.
  return Random(fnv1a(sample.dataset + '/' + sample.key), "fraction").uniform() < fraction;
}

std::string hash_of_shown_picture(Database& database, const RequestBuilder& builder,
                                  const Sample& sample, const Job& job, std::string& skip) {
  if (!builder.needs_image()) return "";
  if (sample.image_path.empty()) {
    if (!builder.does_without_picture(sample)) skip = "no picture";
    return "";
  }
  try {
    return picture_sha256(database, sample);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput && error.kind() != ErrorKind::kSystem) throw;
    job.warn("{}", error.what());
    skip = "the picture cannot be read";
    return "";
  }
}

std::optional<std::string> asked_before(PlannedNote& planned, std::optional<NoteStatus> status,
                                        bool retry_rejected, std::string_view written) {
  if (!status || *status == NoteStatus::kFailed) return std::nullopt;
  if (*status == NoteStatus::kWritten) return std::string(written);
  if (!retry_rejected) return fmt::format("{} before", note_status_name(*status));
  if (*status == NoteStatus::kTruncated) planned.max_tokens *= 2;
  return std::nullopt;
}

TemplateFields measured_of(Database& database, const RequestBuilder& builder,
                           const Sample& sample) {
  if (!builder.names_measured()) return {};
  const Strategy& strategy = builder.strategy();
  return measured_fields(strategy, stored_findings(database, strategy.field, sample));
}

PendingNotes::PendingNotes(Database& database, const RequestBuilder& builder,
                           const SynthesisOptions& options, const Job& job, bool all)
    : database_(database),
      builder_(builder),
      filter_(options.filter),
      retry_rejected_(options.retry_rejected),
      fraction_(options.fraction),
      ask_batched_(options.ask_batched),
      all_(all),
      job_(job),
      remaining_(filter_.limit) {
  require_datasets(database, filter_.datasets);
  const Strategy& strategy = builder_.strategy();
  if (strategy.kind == StrategyKind::kJudge) {
    throw UsageError("strategy '{}' judges notes and writes none; `epicrisis notes judge` asks it",
                     strategy.name);
  }
  if (strategy.kind == StrategyKind::kRevise) {
    throw UsageError(
        "strategy '{}' writes notes again that an audit found wrong; `epicrisis notes "
        "repair` asks it",
        strategy.name);
  }
  require_same_field(fmt::format("strategy '{}'", strategy.name), strategy.field,
                     workspace_field(database));
}

std::optional<PlannedNote> PendingNotes::next() {
  // A million samples whose notes are there take a while.
  while (planned_.empty() && !(page_.empty() && at_end_) && !job_.cancelled()) {
    if (page_.empty()) {
      read_page();
      continue;
    }
    const Sample sample = std::move(page_.front());
    page_.pop_front();
    if (is_drawn(sample, fraction_)) plan_notes_of(sample);
  }
  if (planned_.empty()) return std::nullopt;
  PlannedNote note = std::move(planned_.front());
  planned_.pop_front();
  return note;
}

std::int64_t PendingNotes::rest() const {
  const Strategy& strategy = builder_.strategy();
  std::map<std::int64_t, std::int64_t> there;
  if (!all_) {
    there = count_variants(database_,
                           {.strategy = strategy.name,
                            .provider = builder_.provider().name,
                            .model = builder_.model(),
                            .template_version = template_version(strategy)},
                           retry_rejected_);
  }
  std::int64_t notes = 0;
  const auto add = [&](const Sample& sample) {
    if (!is_drawn(sample, fraction_)) return true;
    const auto found = there.find(sample.id);
    const std::int64_t known = found == there.end() ? 0 : found->second;
    notes += std::max<std::int64_t>(strategy.variants - known, 0);
    return true;
  };
  for (const Sample& sample : page_) add(sample);
  if (at_end_) return notes;
  SampleFilter filter = filter_;
  filter.limit = remaining_;
  for_each_sample(database_, filter, add);
  return notes;
}

void PendingNotes::read_page() {
  filter_.limit = remaining_ < 0 ? kPage : std::min(kPage, remaining_);
  std::vector<Sample> samples = load_samples(database_, filter_);
  at_end_ = static_cast<std::int64_t>(samples.size()) < kPage;
  if (samples.empty()) return;
  filter_.after_id = samples.back().id;
  if (remaining_ >= 0) {
    remaining_ -= static_cast<std::int64_t>(samples.size());
    at_end_ = at_end_ || remaining_ == 0;
  }
  std::ranges::move(samples, std::back_inserter(page_));
}

void PendingNotes::plan_notes_of(const Sample& sample) {
  const Strategy& strategy = builder_.strategy();
  notes_ += strategy.variants;
  const auto skip = [&](const std::string& reason) { skips_[reason] += strategy.variants; };
  if (strategy.names_label && !sample.label && sample.diagnosis.empty()) return skip("no class");
  TemplateFields more = measured_of(database_, builder_, sample);
  if (strategy.kind == StrategyKind::kRewrite) {
    const std::string note = source_note(database_, sample.id, strategy.rewrites);
    if (note.empty()) return skip(fmt::format("no note of {} to rewrite", strategy.rewrites));
    more["note"] = note;
  }
  std::string unseen;
  const std::string hash = hash_of_shown_picture(database_, builder_, sample, job_, unseen);
  if (!unseen.empty()) return skip(unseen);
  for (int variant = 0; variant < strategy.variants; ++variant) {
    PlannedNote planned = builder_.plan(sample, variant, hash, more);
    const std::optional<NoteStatus> status =
        all_ ? std::nullopt : note_status(database_, planned.key);
    if (const auto reason = asked_before(planned, status, retry_rejected_, "written before")) {
      ++skips_[*reason];
    } else if (!ask_batched_ && is_out_in_batch(planned.key)) {
      ++skips_["out in a batch"];
    } else {
      planned_.push_back(std::move(planned));
    }
  }
}

bool PendingNotes::is_out_in_batch(std::string_view key) const {
  const std::optional<BatchRequest> last = last_batch_request(database_, key);
  return last && last->state == BatchRequestState::kOut;
}

void require_consent(Database& database, const RequestBuilder& builder, bool allow_remote) {
  require_consent(database, builder.provider(), builder.needs_image() ? "pictures" : "prompts",
                  allow_remote);
}

void require_consent(Database& database, const Provider& provider, std::string_view what,
                     bool allow_remote) {
  if (is_local(provider)) return;
  if (allow_remote) {
    put_setting(database, kRemoteAllowed,
                fmt::format("{} {}", format_utc(system_clock().now()), provider.name));
    return;
  }
  if (find_setting(database, kRemoteAllowed)) return;
  std::vector<std::string> urls;
  for (const Endpoint& endpoint : provider.endpoints) urls.push_back(endpoint.url);
  throw UsageError(
      "provider '{}' is not on this machine: {} and data of patients would go to {}. "
      "`epicrisis notes preview` shows what; `allow_remote` allows it, once for this workspace",
      provider.name, what, join(urls, ", "));
}

}  // namespace epicrisis
