#include "audit/judge_source.h"

#include <any>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/judgements.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/samples.h"
#include "notes/synthesis/note_source.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis::audit {
namespace {

std::string_view polarity(const Claim& claim) { return claim.denied ? "denied" : "asserted"; }

}  // namespace

JudgeSource::JudgeSource(Database& database, const RequestBuilder& builder,
                         const JudgeOptions& options, const Job& job)
    : database_(database),
      builder_(builder),
      retry_rejected_(options.asking.retry_rejected),
      job_(job),
      field_(workspace_field(database)),
      reader_(field_) {
  const Strategy& strategy = builder.strategy();
  if (strategy.kind != StrategyKind::kJudge) {
    throw UsageError("strategy '{}' is no judge: its kind is '{}'", strategy.name,
                     strategy_kind_name(strategy.kind));
  }
  require_same_field(fmt::format("judge '{}'", strategy.name), strategy.field, field_);
  require_datasets(database, options.asking.filter.datasets);
  NoteFilter filter;
  filter.datasets = options.asking.filter.datasets;
  filter.strategies = options.strategies;
  const std::int64_t limit = options.asking.filter.limit;
  std::int64_t sample_id = -1;
  std::int64_t samples = 0;
  bool drawn = false;
  bool any = false;
  for_each_note(database, filter, [&](const NoteRecord& note) {
    // What a template says is as true as the metadata, and its words are none of a model's.
    if (options.strategies.empty() && note.provider == kTemplateProvider) return !job.cancelled();
    any = true;
    if (note.sample_id != sample_id) {
      if (limit >= 0 && samples >= limit) return false;
      sample_id = note.sample_id;
      drawn = options.asking.fraction >= 1 ||
              is_drawn(sample_by_id(database, sample_id), options.asking.fraction);
      if (drawn) ++samples;
    }
    if (drawn) ids_.push_back(note.id);
    return !job.cancelled();
  });
  if (!any && !options.strategies.empty() && !job.cancelled()) {
    throw UsageError("there is no written note of {} to judge{}", join(options.strategies, ", "),
                     filter.datasets.empty() ? "" : " in " + join(filter.datasets, ", "));
  }
}

std::optional<llm::Request> JudgeSource::next() {
  while (at_ < ids_.size() && !job_.cancelled()) {
    ++taken_;
    const std::optional<NoteRecord> note = find_note(database_, ids_[at_++]);
    if (!note) {
      ++skips_["removed meanwhile"];
      continue;
    }
    std::optional<NoteToJudge> planned = plan(*note);
    if (!planned) continue;
    llm::Request request = request_of(planned->planned, builder_);
    request.subject = *std::move(planned);
    return request;
  }
  return std::nullopt;
}

std::optional<NoteToJudge> JudgeSource::plan(const NoteRecord& note) {
  NoteToJudge to_judge;
  to_judge.claims = reader_.read(note.text).claims;
  if (to_judge.claims.empty()) {
    ++skips_["no claims"];
    return std::nullopt;
  }
  const std::string claims = numbered_claims(to_judge.claims, field_);
  // It would be cut, and asked about in part.
  if (note.text.size() > kMaxNoteBytes || claims.size() > kMaxNoteBytes) {
    ++skips_[note.text.size() > kMaxNoteBytes ? "too long a note" : "too many claims"];
    return std::nullopt;
  }
  const Sample sample = sample_by_id(database_, note.sample_id);
  std::string unseen;
  const std::string hash = hash_of_shown_picture(database_, builder_, sample, job_, unseen);
  if (!unseen.empty()) {
    ++skips_[unseen];
    return std::nullopt;
  }
  to_judge.note_id = note.id;
  to_judge.note_sha256 = sha256_hex(note.text);
  to_judge.planned = builder_.plan(sample, 0, hash, {{"note", note.text}, {"claims", claims}});
  if (!asked_.insert(to_judge.planned.key).second) {
    ++skips_["same text as another note"];
    return std::nullopt;
  }
  const std::optional<NoteStatus> status = judgement_status(database_, to_judge.planned.key);
  if (const auto reason =
          asked_before(to_judge.planned, status, retry_rejected_, "judged before")) {
    ++skips_[*reason];
    return std::nullopt;
  }
  return to_judge;
}

std::string JudgeSource::body(const llm::Request& request, int max_tokens) const {
  return builder_.body(note_to_judge(request).planned, max_tokens);
}

void JudgeSource::drop(const llm::Request&) { ++skips_["the picture cannot be read"]; }

const NoteToJudge& note_to_judge(const llm::Request& request) {
  return std::any_cast<const NoteToJudge&>(request.subject);
}

std::string numbered_claims(const std::vector<Claim>& claims, const Field& field) {
  std::string list;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    const bool is_class = claim.kind == "diagnosis" || claim.kind == "diagnoses_other";
    const std::optional<ClassId> id = is_class ? field.find_class(claim.value) : std::nullopt;
    list += fmt::format("{}{}) {}: {}{}{}", i == 0 ? "" : "; ", i + 1, claim.kind,
                        id ? field.at(*id).words : claim.value, claim.denied ? ", denied" : "",
                        claim.hedged ? ", doubted" : "");
  }
  return list;
}

Json verdicts_on(const std::vector<Claim>& claims, const Json& answer) {
  std::vector<std::string> said(claims.size());
  for (const Json& one : answer.at("verdicts")) {
    // Not as an integer: 1e300 is a whole number too.
    const auto number = one.at("claim").get<double>();
    if (!(number >= 1 && number <= static_cast<double>(claims.size()))) {
      throw InputError("a verdict on claim {}; there are 1 to {}", number, claims.size());
    }
    std::string& verdict = said[static_cast<std::size_t>(number) - 1];
    const std::string now = one.at("verdict");
    if (!verdict.empty() && verdict != now) {
      throw InputError("two verdicts on claim {}: {} and {}", number, verdict, now);
    }
    verdict = now;
  }
  Json verdicts = Json::array();
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (said[i].empty()) throw InputError("no verdict on claim {} of {}", i + 1, claims.size());
    verdicts.push_back({{"kind", claims[i].kind},
                        {"value", claims[i].value},
                        {"polarity", polarity(claims[i])},
                        {"begin", claims[i].begin},
                        {"end", claims[i].end},
                        {"verdict", said[i]}});
  }
  return verdicts;
}

}  // namespace epicrisis::audit
