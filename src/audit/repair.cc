#include "epicrisis/audit/repair.h"

#include <algorithm>

#include "audit/prompts.h"
#include "audit/repair_note.h"
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

constexpr std::size_t kGroup = 256;  // derived notes of one transaction
constexpr int kVersion = 2;          // of how a policy is carried out

// Notes of one sample.
struct Peers {
  std::vector<std::int64_t> ids;
  std::int64_t sample_id = 0;
};

class Repairer {
 public:
  Repairer(Workspace& workspace, const Policy& policy, const RepairOptions& options, Job& job)
      : database_(workspace.database()),
        policy_(policy),
        options_(options),
        job_(job),
        field_(workspace_field(database_)),
        auditor_(field_),
        prompts_(auditor_, field_) {
    report_.strategy = derived_strategy(options.strategy, policy);
    report_.policy = policy.name;
    if (!is_safe_id(report_.strategy)) {
      throw UsageError("notes of '{}' by policy '{}' would be called '{}', which is no name",
                       options.strategy, policy.name, report_.strategy);
    }
    load_others();
  }

  RepairReport run() {
    const std::vector<Peers> samples = find_notes();
    std::int64_t total = 0;
    for (const Peers& one : samples) total += static_cast<std::int64_t>(one.ids.size());
    Meter meter = job_.meter("repairing", static_cast<std::uint64_t>(total), "notes");
    for (const Peers& one : samples) {
      if (enough()) break;
      if (job_.cancelled()) break;
      take_up(one);
      meter.add(one.ids.size());
      if (fresh_.size() >= kGroup) flush();
    }
    flush();
    meter.finish();
    job_.check();
    report_.left = total - report_.notes;
    std::int64_t rejected = 0;
    for (const auto& [reason, notes] : report_.rejected) rejected += notes;
    if (report_.notes != report_.derived() + rejected ||
        report_.notes != report_.made + report_.kept) {
      throw InternalError("repair: {} notes, but {} derived, {} rejected; {} made, {} kept",
                          report_.notes, report_.derived(), rejected, report_.made, report_.kept);
    }
    return report_;
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

  bool enough() const { return options_.accepted >= 0 && report_.derived() >= options_.accepted; }

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
    const Sample sample = sample_by_id(database_, one.sample_id);
    const Facts facts = known_facts(database_, field_, sample);
    std::vector<NoteRecord> notes;
    SharedClaims shared;
    std::string peers;
    for (const std::int64_t id : one.ids) {
      auto note = find_note(database_, id);
      if (!note) throw InternalError("note {} went while it was repaired", id);
      if (policy_.uses_shares()) {
        shared.add(auditor_.reader().read(note->text));
        peers += sha256_hex(note->text);
      }
      notes.push_back(std::move(*note));
    }
    const OtherTexts others = other_texts(sample, facts);
    for (const NoteRecord& note : notes) {
      if (enough()) return;
      repair(note, facts, others, shared, peers);
    }
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

  void repair(const NoteRecord& source, const Facts& facts, const OtherTexts& others,
              const SharedClaims& shared, const std::string& peers) {
    const Prompts::Entry& prompt = prompts_.of(source);
    const auto other = [&](const std::string& named) {
      const auto found = others.find(named);
      return found == others.end() ? nullptr : &found->second;
    };
    std::string hashes = others_hash_;
    for (const auto& [named, strategy] : others_) {
      const OtherText* text = other(named);
      hashes += text ? sha256_of_fields({text->text, text->asked}) : sha256_of_fields({"", ""});
    }
    const std::string rules = auditor_name(auditor_, facts, prompt.hash, field_);
    const std::string maker = sha256_of_fields({std::to_string(kVersion), policy_.hash, rules,
                                                source.text, hashes, peers})
                                  .substr(0, 32);
    ++report_.notes;
    const auto old = find_derivation(database_, source.id, policy_.name);
    if (old && old->maker == maker) {
      ++report_.kept;
      count(*old);
      return;
    }
    ++report_.made;
    if (old) ++report_.remade;
    SharedBy shared_by;
    if (policy_.uses_shares()) {
      shared_by = [&](const Claim& claim) { return shared.share(claim); };
    }
    const RepairedNote repaired =
        repair_note(source.text, auditor_, policy_, facts, &prompt.prompt, shared_by,
                    [&](const std::string& named) -> std::optional<std::string> {
                      const OtherText* text = other(named);
                      return text ? std::optional(text->text) : std::nullopt;
                    });
    const std::string asked =
        repaired.written.empty() ? asked_strategy(source) : others.at(repaired.written).asked;
    Fresh fresh;
    fresh.key = sha256_of_fields({"derived", source.key, policy_.name});
    fresh.derivation = {source.id,
                        policy_.name,
                        std::nullopt,
                        maker,
                        repaired.outcome,
                        repaired.reason,
                        static_cast<std::int64_t>(repaired.sentences),
                        0};
    if (repaired.outcome != "rejected") {
      fresh.note = derived_note(source, repaired, rules, asked);
      fresh.note->key = fresh.key;
    }
    count(fresh.derivation);
    fresh_.push_back(std::move(fresh));
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
    if (one.outcome == "stripped") {
      ++report_.stripped;
      report_.sentences += one.sentences;
    }
  }

  void flush() {
    if (fresh_.empty()) return;
    Transaction transaction(database_);
    for (const Fresh& one : fresh_) {
      put_derivation(database_, one.derivation, one.note ? &*one.note : nullptr);
      // One of an import, which no derivation knows of.
      if (!one.note) remove_derived_note(database_, one.key);
    }
    transaction.commit();
    fresh_.clear();
  }

  Database& database_;
  const Policy& policy_;
  const RepairOptions& options_;
  Job& job_;
  Field field_;
  Auditor auditor_;
  Prompts prompts_;
  std::map<std::string, Other> others_;  // by the name or path in the policy
  std::string others_hash_;
  std::vector<Fresh> fresh_;
  RepairReport report_;
};

}  // namespace

RepairReport repair_notes(Workspace& workspace, const Policy& policy, const RepairOptions& options,
                          Job& job) {
  const WorkspaceLock lock = workspace.lock("repair");
  require_datasets(workspace.database(), options.datasets);
  RepairReport report;
  AuditOptions audited;
  audited.strategies = {options.strategy};
  audited.datasets = options.datasets;
  {
    Repairer repairer(workspace, policy, options, job);
    audit_notes(workspace, audited, job);
    report = repairer.run();
  }
  audited.strategies = {report.strategy};
  audit_notes(workspace, audited, job);
  return report;
}

Json to_json(const RepairReport& report) {
  return {{"strategy", report.strategy},   {"policy", report.policy},
          {"notes", report.notes},         {"made", report.made},
          {"remade", report.remade},       {"kept", report.kept},
          {"left", report.left},           {"derived", report.derived()},
          {"accepted", report.accepted},   {"stripped", report.stripped},
          {"sentences", report.sentences}, {"fell_back", report.fell_back},
          {"rejected", report.rejected}};
}

}  // namespace epicrisis::audit
