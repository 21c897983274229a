#include "epicrisis/audit/repair.h"

#include <algorithm>

#include "audit/prompts.h"
#include "audit/repair_note.h"
#include "audit/repair_pass.h"
#include "audit/rules.h"
#include "audit/shared_claims.h"
#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kGroup = 256;              // derived notes of one transaction
constexpr int kVersion = 2;                      // of how a policy is carried out
constexpr const char* kRevisionId = "revision";  // in kDerived of what a model wrote again

// Notes of one sample.
struct Peers {
  std::vector<std::int64_t> ids;
  std::int64_t sample_id = 0;
};

// By what the note that a model wrote again is found.
std::string revision_id(const Sample& sample, const std::string& text, const std::string& faults) {
  return sha256_of_fields({"revision", sample.dataset, sample.key, text, faults});
}

class Repairer {
 public:
  Repairer(Workspace& workspace, const Policy& policy, const PassOptions& pass, Job& job)
      : database_(workspace.database()),
        policy_(policy),
        pass_(pass),
        options_(pass.repair),
        job_(job),
        field_(workspace_field(database_)),
        auditor_(field_),
        prompts_(auditor_, field_) {
    report_.strategy = derived_strategy(options_.strategy, policy);
    report_.policy = policy.name;
    if (!is_safe_id(report_.strategy)) {
      throw UsageError("notes of '{}' by policy '{}' would be called '{}', which is no name",
                       options_.strategy, policy.name, report_.strategy);
    }
    load_others();
  }

  RepairPass run() {
    const std::vector<Peers> samples = find_notes();
    std::int64_t total = 0;
    for (const Peers& one : samples) total += static_cast<std::int64_t>(one.ids.size());
    Meter meter = job_.meter("repairing", static_cast<std::uint64_t>(total), "notes");
    for (const Peers& one : samples) {
      if (enough()) break;
      if (job_.cancelled()) break;
      take_up(one);
      meter.add(one.ids.size());
      if (fresh_.size() + stale_.size() >= kGroup) flush();
    }
    flush();
    meter.finish();
    job_.check();
    report_.left = total - report_.notes;
    std::int64_t rejected = 0;
    for (const auto& [reason, notes] : report_.rejected) rejected += notes;
    if (report_.notes != report_.derived() + rejected + report_.waiting ||
        report_.notes != report_.made + report_.kept + report_.waiting) {
      throw InternalError(
          "repair: {} notes, but {} derived, {} rejected; {} made, {} kept; {} waiting",
          report_.notes, report_.derived(), rejected, report_.made, report_.kept, report_.waiting);
    }
    return {std::move(report_), std::move(waiting_)};
  }

 private:
  struct Fresh {
    Derivation derivation;
    std::optional<NoteRecord> note;
    std::string key;  // of the note, there or not
  };
  // A strategy that the policy writes.
  struct Other {
    std::string name;
    std::optional<Strategy> written;  // a template, where there is no note of it
  };
  struct OtherText {
    std::string text;
    std::string asked;  // the strategy whose prompt it goes back to
  };
  using OtherTexts = std::map<std::string, OtherText>;  // of one sample, by the name in the policy

  // What a model made of texts of the sample before, by revision_id(); a written one counts, else
  // the last.
  using RevisedNotes = std::map<std::string, NoteRecord>;

  // What the notes of a sample are held against.
  struct Background {
    Sample sample;
    Facts facts;
    OtherTexts others;
    RevisedNotes revised;
    SharedClaims shared;
    std::string hashes;      // of the others and of what was revised
    std::string peers;       // hashes of its notes, where shares count
    bool may_retry = false;  // a model gave no note before, and may now
  };

  bool enough() const {
    const auto waiting = static_cast<std::int64_t>(waiting_.size());
    if (pass_.most_waiting > 0 && waiting_.size() >= pass_.most_waiting) return true;
    return options_.accepted >= 0 && report_.derived() + waiting >= options_.accepted;
  }

  // The strategies that the policy writes.
  void load_others() {
    std::set<std::string> there;
    for (const NoteCount& one : count_notes(database_)) {
      if (one.status == NoteStatus::kWritten) there.insert(one.strategy);
    }
    if (!there.contains(options_.strategy)) {
      throw UsageError("there is no written note of strategy '{}' to repair; there are notes of {}",
                       options_.strategy,
                       there.empty()
                           ? "none"
                           : join(std::vector<std::string>(there.begin(), there.end()), ", "));
    }
    const std::vector<std::string> known = built_in_strategies(field_);
    for (const std::string& named : policy_.strategies()) {
      Other& other = others_[named];
      other.name = named;
      if (names_toml_file(named) || std::ranges::find(known, named) != known.end()) {
        Strategy strategy = load_strategy(
            names_toml_file(named) ? (policy_.folder / named).string() : named, field_);
        others_hash_ += strategy.content_hash;
        other.name = strategy.name;
        if (strategy.kind == StrategyKind::kTemplate) {
          other.written = std::move(strategy);
          continue;
        }
      }
      if (!there.contains(other.name)) {
        throw UsageError(
            "policy '{}' writes notes of '{}', which is no template, and there are none of it",
            policy_.name, other.name);
      }
    }
  }

  std::vector<Peers> find_notes() {
    NoteFilter filter;
    filter.strategies = {options_.strategy};
    filter.datasets = options_.datasets;
    std::vector<Peers> samples;
    for_each_note(database_, filter, [&](const NoteRecord& note) {
      if (samples.empty() || samples.back().sample_id != note.sample_id) {
        samples.push_back({{}, note.sample_id});
      }
      samples.back().ids.push_back(note.id);
      return true;
    });
    return samples;
  }

  void take_up(const Peers& one) {
    Background background;
    background.sample = sample_by_id(database_, one.sample_id);
    background.facts = known_facts(database_, field_, background.sample);
    std::vector<NoteRecord> notes;
    for (const std::int64_t id : one.ids) {
      auto note = find_note(database_, id);
      if (!note) throw InternalError("note {} went while it was repaired", id);
      if (policy_.uses_shares()) {
        background.shared.add(auditor_.reader().read(note->text));
        background.peers += sha256_hex(note->text);
      }
      notes.push_back(std::move(*note));
    }
    background.others = other_texts(background.sample, background.facts);
    background.revised = revised_notes(background.sample.id);
    background.hashes = others_hash_;
    for (const auto& [named, strategy] : others_) {
      const auto text = background.others.find(named);
      background.hashes += text == background.others.end()
                               ? sha256_of_fields({"", ""})
                               : sha256_of_fields({text->second.text, text->second.asked});
    }
    for (const auto& [id, note] : background.revised) {
      background.hashes += sha256_of_fields({id, note_status_name(note.status), note.text});
      background.may_retry =
          background.may_retry || (pass_.retry_rejected && note.status != NoteStatus::kWritten);
    }
    for (const NoteRecord& note : notes) {
      if (enough()) return;
      repair(note, background);
    }
  }

  // Whatever strategy and policy they were written again for: a request is paid for once.
  RevisedNotes revised_notes(std::int64_t sample_id) {
    RevisedNotes found;
    if (!policy_.may_ask()) return found;
    NoteFilter filter;
    filter.sample_ids = {sample_id};
    filter.status = std::nullopt;
    for_each_note(database_, filter, [&](const NoteRecord& note) {
      // Comes in with imported notes too.
      const auto derived = note.parameters.find(kDerived);
      if (derived == note.parameters.end() || !derived->is_object()) return true;
      const auto id = derived->find(kRevisionId);
      if (id == derived->end() || !id->is_string()) return true;
      const auto [one, is_new] = found.emplace(id->get<std::string>(), note);
      if (!is_new &&
          (one->second.status != NoteStatus::kWritten || note.status == NoteStatus::kWritten)) {
        one->second = note;
      }
      return true;
    });
    return found;
  }

  OtherTexts other_texts(const Sample& sample, const Facts& facts) {
    OtherTexts texts;
    for (const auto& [named, other] : others_) {
      NoteFilter filter;
      filter.sample_ids = {sample.id};
      filter.strategies = {other.name};
      for_each_note(database_, filter, [&, &name = named](const NoteRecord& note) {
        texts[name] = {note.text, asked_strategy(note)};
        return false;
      });
      if (texts.contains(named) || !other.written) continue;
      texts[named] = {template_note(*other.written, sample, facts.measured), other.name};
    }
    return texts;
  }

  void repair(const NoteRecord& source, const Background& background) {
    const Prompts::Entry& prompt = prompts_.of(source);
    const std::string rules = auditor_name(auditor_, background.facts, prompt.hash, field_);
    const std::string maker = sha256_of_fields({std::to_string(kVersion), policy_.hash, rules,
                                                source.text, background.hashes, background.peers})
                                  .substr(0, 32);
    ++report_.notes;
    const auto old = find_derivation(database_, source.id, policy_.name);
    if (old && old->maker == maker && !background.may_retry) {
      ++report_.kept;
      count(*old);
      return;
    }
    SharedBy shared_by;
    if (policy_.uses_shares()) {
      shared_by = [&](const Claim& claim) { return background.shared.share(claim); };
    }
    std::string waits_for;
    const RepairedNote repaired = repair_note(
        source.text, auditor_, policy_, background.facts, &prompt.prompt, shared_by,
        [&](const std::string& named) -> std::optional<std::string> {
          const auto found = background.others.find(named);
          return found == background.others.end() ? std::nullopt
                                                  : std::optional(found->second.text);
        },
        [&](const std::string& text, const std::string& faults) {
          std::string id = revision_id(background.sample, text, faults);
          const auto found = background.revised.find(id);
          if (found == background.revised.end() || is_to_be_asked(id, found->second.status)) {
            waits_for = std::move(id);
            return Revision();
          }
          const NoteRecord& note = found->second;
          Revision revision{
              .asked = true, .text = {}, .provider = note.provider, .model = note.model};
          if (note.status == NoteStatus::kWritten) revision.text = note.text;
          return revision;
        });
    if (repaired.outcome == kWaiting) {
      wait(source, repaired, waits_for, old.has_value());
      return;
    }
    ++report_.made;
    if (old) ++report_.remade;
    const std::string asked = repaired.written.empty()
                                  ? asked_strategy(source)
                                  : background.others.at(repaired.written).asked;
    Fresh fresh;
    fresh.key = derived_key(source);
    fresh.derivation = {source.id,
                        policy_.name,
                        std::nullopt,
                        maker,
                        repaired.outcome,
                        repaired.reason,
                        static_cast<std::int64_t>(repaired.sentences),
                        repaired.asked};
    if (repaired.outcome != "rejected") {
      fresh.note = derived_note(source, repaired, rules, asked);
      fresh.note->key = fresh.key;
      if (repaired.outcome == "asked") {
        fresh.note->provider = repaired.provider;
        fresh.note->model = repaired.model;
      }
    }
    count(fresh.derivation);
    fresh_.push_back(std::move(fresh));
  }

  bool is_to_be_asked(const std::string& id, NoteStatus status) const {
    if (status == NoteStatus::kWritten) return false;
    if (status == NoteStatus::kFailed) return true;
    return pass_.retry_rejected && !pass_.asked.contains(id);
  }

  // What was derived of it by other rules is no note of these.
  void wait(const NoteRecord& source, const RepairedNote& repaired, const std::string& id,
            bool derived_before) {
    ++report_.waiting;
    if (derived_before) stale_.push_back(derived_key(source));
    if (pass_.most_waiting == 0 || pass_.asked.contains(id)) return;
    WaitingNote waiting;
    waiting.id = id;
    waiting.sample_id = source.sample_id;
    waiting.variant = source.variant;
    waiting.text = repaired.text;
    waiting.faults = repaired.faults;
    waiting.provenance = {
        {"from", source.key},     {"strategy", source.strategy}, {"asked", asked_strategy(source)},
        {"policy", policy_.name}, {"faults", repaired.faults},   {kRevisionId, waiting.id}};
    waiting_.push_back(std::move(waiting));
  }

  std::string derived_key(const NoteRecord& source) const {
    return sha256_of_fields({"derived", source.key, policy_.name});
  }

  NoteRecord derived_note(const NoteRecord& source, const RepairedNote& repaired,
                          const std::string& rules, const std::string& asked) const {
    NoteRecord note;
    note.sample_id = source.sample_id;
    note.strategy = report_.strategy;
    note.provider = source.provider;
    note.model = source.model;
    note.variant = source.variant;
    note.template_version = fmt::format("policy {}:{}", policy_.version, policy_.hash);
    note.text = repaired.text;
    note.origin = source.origin;
    note.parameters[kDerived] = {{"from", source.key},     {"strategy", source.strategy},
                                 {"asked", asked},         {"policy", policy_.name},
                                 {"rules", rules},         {"outcome", repaired.outcome},
                                 {"steps", repaired.steps}};
    return note;
  }

  void count(const Derivation& one) {
    if (one.outcome == "accepted") ++report_.accepted;
    if (one.outcome == "fell back") ++report_.fell_back;
    if (one.outcome == "rejected") ++report_.rejected[one.reason];
    if (one.outcome == "stripped") ++report_.stripped;
    if (one.outcome == "asked") ++report_.asked;
    report_.sentences += one.sentences;
  }

  void flush() {
    if (fresh_.empty() && stale_.empty()) return;
    Transaction transaction(database_);
    for (const std::string& key : stale_) remove_derived_note(database_, key);
    for (const Fresh& one : fresh_) {
      put_derivation(database_, one.derivation, one.note ? &*one.note : nullptr);
      // One of an import, which no derivation knows of.
      if (!one.note) remove_derived_note(database_, one.key);
    }
    transaction.commit();
    fresh_.clear();
    stale_.clear();
  }

  Database& database_;
  const Policy& policy_;
  const PassOptions& pass_;
  const RepairOptions& options_;
  Job& job_;
  Field field_;
  Auditor auditor_;
  Prompts prompts_;
  std::map<std::string, Other> others_;  // by the name or path in the policy
  std::string others_hash_;
  std::vector<Fresh> fresh_;
  std::vector<std::string> stale_;  // keys of derived notes whose sources wait now
  std::vector<WaitingNote> waiting_;
  RepairReport report_;
};

}  // namespace

RepairPass repair_pass(Workspace& workspace, const Policy& policy, const PassOptions& options,
                       Job& job) {
  return Repairer(workspace, policy, options, job).run();
}

RepairReport repair_notes(Workspace& workspace, const Policy& policy, const RepairOptions& options,
                          Job& job) {
  const WorkspaceLock lock = workspace.lock("repair");
  require_datasets(workspace.database(), options.datasets);
  PassOptions pass;
  pass.repair = options;
  RepairReport report = repair_pass(workspace, policy, pass, job).report;
  AuditOptions audited;
  audited.strategies = {options.strategy, report.strategy};
  audited.datasets = options.datasets;
  audit_notes(workspace, audited, job);
  return report;
}

Json to_json(const RepairReport& report) {
  return {{"strategy", report.strategy},   {"policy", report.policy},
          {"notes", report.notes},         {"made", report.made},
          {"remade", report.remade},       {"kept", report.kept},
          {"left", report.left},           {"derived", report.derived()},
          {"accepted", report.accepted},   {"stripped", report.stripped},
          {"asked", report.asked},         {"sentences", report.sentences},
          {"fell_back", report.fell_back}, {"rejected", report.rejected},
          {"waiting", report.waiting}};
}

}  // namespace epicrisis::audit
