#include "epicrisis/audit/workspace_audit.h"

#include <algorithm>

#include "audit/equal_notes.h"
#include "audit/prompts.h"
#include "audit/rules.h"
#include "audit/second_reader.h"
#include "audit/shared_claims.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/judgements.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kGroup = 256;  // audits of one transaction
constexpr double kShared = 0.5;      // of the other notes: a claim that fewer make is told

Json identity(const NoteRecord& note, const Sample& sample) {
  return {{"dataset", sample.dataset}, {"key", sample.key},   {"strategy", note.strategy},
          {"provider", note.provider}, {"model", note.model}, {"variant", note.variant}};
}

// A note with what was found in it.
struct Audited {
  NoteRecord note;
  Json found;
};

// Marks the claims of notes of one sample and strategy with the share of the others that make them.
void mark_shared(std::vector<Audited>& notes) {
  if (notes.size() < 2) return;
  SharedClaims shared;
  for (const Audited& one : notes) shared.add(one.found.at("claims"));
  for (Audited& one : notes) shared.mark(one.found.at("claims"));
}

// Counts what the object of one note says.
void count(AuditCounts& counts, const Json& audited) {
  ++counts.notes;
  const std::string verdict = audited.at("verdict");
  ++(verdict == "pass" ? counts.pass : verdict == "warn" ? counts.warn : counts.fail);
  bool contradicted = false, by_measures = false;
  for (const Json& claim : audited.at("claims")) {
    ++counts.claims;
    if (const auto shared = claim.find("shared"); shared != claim.end()) {
      ++counts.with_others;
      if (shared->get<double>() < kShared) ++counts.unshared;
    }
    const std::string said = claim.at("verdict");
    const bool measured = is_measured(claim);
    if (said == "agrees") ++(measured ? counts.measured_agree : counts.agree);
    if (said == "unknowable") ++counts.unknowable;
    if (said != "contradicts") continue;
    ++(measured ? counts.measured_contradict : counts.contradict);
    (measured ? by_measures : contradicted) = true;
    if (claim.at("severity") == "major") ++counts.major;
  }
  if (contradicted) ++counts.contradicted_notes;
  if (by_measures) ++counts.measured_contradicted_notes;
  if (!audited.at("self_contradictions").empty()) ++counts.self_contradicting_notes;
  for (const auto& [key, slot] :
       {std::pair{"wrong", &counts.wrong}, std::pair{"unknowable", &counts.unknowable_kind},
        std::pair{"omitted", &counts.omitted}, std::pair{"unreadable", &counts.unreadable}}) {
    for (const Json& name : audited.at(key)) ++(*slot)[name.get<std::string>()];
  }
  std::set<std::string> rules;
  for (const Json& fault : audited.at("form")) rules.insert(fault.at("rule").get<std::string>());
  for (const std::string& rule : rules) ++counts.form[rule];
}

}  // namespace

AuditReport audit_notes(Workspace& workspace, const AuditOptions& options, Job& job) {
  const WorkspaceLock lock = workspace.lock("audit");
  Database& database = workspace.database();
  require_datasets(database, options.datasets);
  const Field field = workspace_field(database);
  const Auditor auditor(field);
  Prompts prompts(auditor, field);
  NoteFilter filter;
  filter.strategies = options.strategies;
  filter.datasets = options.datasets;

  AuditReport report;
  std::map<std::vector<std::string>, AuditCounts> counts;
  std::optional<AtomicFileWriter> output;
  if (options.output) output.emplace(*options.output);
  std::vector<NoteAudit> fresh;
  const auto flush = [&] {
    if (fresh.empty()) return;
    Transaction transaction(database);
    for (const NoteAudit& one : fresh) put_audit(database, one);
    transaction.commit();
    fresh.clear();
  };
  EqualNotes equal;
  const bool judged = has_judgements(database);
  std::optional<Sample> sample;
  std::vector<Audited> together;  // of `sample`, of one strategy
  // What is not stored is found: what others say too, and whether they say the same.
  const auto finish = [&] {
    mark_shared(together);
    for (Audited& one : together) {
      const NoteRecord& note = one.note;
      if (prompts.of(note).free) {
        if (const auto twin = equal.add(note.strategy, note.text, sample->id)) {
          const Sample other = sample_by_id(database, twin->sample_id);
          one.found["form"].push_back(
              {{"rule", twin->exact ? "equal" : "nearly equal"},
               {"detail", fmt::format("the note of {}/{} says {}", other.dataset, other.key,
                                      twin->exact ? "the same, word for word" : "nearly the same")},
               {"begin", 0},
               {"end", note.text.size()},
               {"severity", "minor"}});
          if (one.found.at("verdict") == "pass") one.found["verdict"] = "warn";
        }
      }
      AuditCounts& group = counts[{sample->dataset, note.strategy, note.provider, note.model}];
      if (group.notes == 0) {
        group.dataset = sample->dataset;
        group.strategy = note.strategy;
        group.provider = note.provider;
        group.model = note.model;
      }
      if (judged) add_judgements(database, note, one.found, group.judges);
      count(group, one.found);
      if (output) {
        Json line = identity(note, *sample);
        line.update(one.found);
        output->write(dump_json(line) + "\n");
      }
    }
    together.clear();
  };
  Facts facts;
  Meter meter = job.meter("auditing", 0, "notes");
  for_each_note(database, filter, [&](const NoteRecord& note) {
    if (job.cancelled()) return false;
    if (!together.empty() && (together.back().note.sample_id != note.sample_id ||
                              together.back().note.strategy != note.strategy)) {
      finish();
    }
    if (!sample || sample->id != note.sample_id) {
      sample = find_sample(database, note.sample_id);
      if (!sample) throw InternalError("note {} is of no sample", note.id);
      facts = known_facts(database, field, *sample);
    }
    const Prompts::Entry& prompt = prompts.of(note);
    const std::string name = auditor_name(auditor, facts, prompt.hash, field);
    Json found;
    if (auto stored = find_audit(database, note.id); stored && stored->auditor == name) {
      found = std::move(stored->issues);
      ++report.kept;
    } else {
      const AuditedNote audited = auditor.audit(note.text, facts, &prompt.prompt);
      found = to_json(audited, note.text, field);
      fresh.push_back({note.id, name, std::string(note_verdict_name(audited.verdict)), found, ""});
      if (fresh.size() >= kGroup) flush();
      ++report.judged;
    }
    ++report.notes;
    together.push_back({note, std::move(found)});
    meter.add();
    return true;
  });
  finish();
  flush();
  meter.finish();
  job.check();
  if (output) output->commit();
  for (auto& [key, group] : counts) report.counts.push_back(std::move(group));
  return report;
}

std::vector<ExplainedNote> explain_notes(Workspace& workspace, std::string_view key,
                                         const AuditOptions& options) {
  Database& database = workspace.database();
  const Field field = workspace_field(database);
  const Auditor auditor(field);
  Prompts prompts(auditor, field);
  const Sample sample = sample_by_key(database, key, options.datasets);
  NoteFilter filter;
  filter.sample_ids = {sample.id};
  filter.strategies = options.strategies;
  std::vector<ExplainedNote> explained;
  for (NoteRecord& note : load_notes(database, filter)) {
    ExplainedNote one;
    one.facts = known_facts(database, field, sample);
    one.audited = auditor.audit(note.text, one.facts, &prompts.of(note).prompt);
    one.note = std::move(note);
    one.sample = sample;
    explained.push_back(std::move(one));
  }
  if (explained.empty()) {
    throw UsageError("no written note of {}/{} to explain", sample.dataset, sample.key);
  }
  return explained;
}

Json to_json(const ExplainedNote& explained, const Field& field) {
  Json json = identity(explained.note, explained.sample);
  json["note"] = explained.note.text;
  json.update(to_json(explained.audited, explained.note.text, field));
  return json;
}

Json to_json(const AuditCounts& counts) {
  Json judges = Json::object();
  for (const auto& [name, judge] : counts.judges) judges[name] = to_json(judge);
  const auto share = [&](std::int64_t part, std::int64_t whole) {
    return whole == 0 ? Json() : Json(static_cast<double>(part) / static_cast<double>(whole));
  };
  return {{"dataset", counts.dataset},
          {"strategy", counts.strategy},
          {"provider", counts.provider},
          {"model", counts.model},
          {"notes", counts.notes},
          {"pass", counts.pass},
          {"warn", counts.warn},
          {"fail", counts.fail},
          {"claims", counts.claims},
          {"claims_agreeing", counts.agree},
          {"claims_contradicted", counts.contradict},
          {"claims_contradicted_major", counts.major},
          {"claims_measured_agreeing", counts.measured_agree},
          {"claims_measured_contradicted", counts.measured_contradict},
          {"claims_unknowable", counts.unknowable},
          {"claims_with_other_notes", counts.with_others},
          {"claims_unshared", counts.unshared},
          {"contradicted_notes", counts.contradicted_notes},
          {"contradicted_notes_share", share(counts.contradicted_notes, counts.notes)},
          {"contradicted_claims_share", share(counts.contradict, counts.agree + counts.contradict)},
          {"measured_contradicted_notes", counts.measured_contradicted_notes},
          {"measured_contradicted_notes_share",
           share(counts.measured_contradicted_notes, counts.notes)},
          {"measured_contradicted_claims_share",
           share(counts.measured_contradict, counts.measured_agree + counts.measured_contradict)},
          {"self_contradicting_notes", counts.self_contradicting_notes},
          {"wrong", counts.wrong},
          {"unknowable", counts.unknowable_kind},
          {"omitted", counts.omitted},
          {"unreadable", counts.unreadable},
          {"form", counts.form},
          {"judges", std::move(judges)}};
}

Json to_json(const AuditReport& report) {
  return {{"notes", report.notes},
          {"judged", report.judged},
          {"kept", report.kept},
          {"counts", json_list(report.counts)}};
}

}  // namespace epicrisis::audit
