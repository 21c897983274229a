#include "study/check_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <system_error>

#include "epicrisis/audit/policy.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "notes/synthesis/pending_notes.h"
#include "study/data_state.h"
#include "study/study_inputs.h"
#include "study/study_notes.h"

namespace epicrisis::study {
namespace {

constexpr std::int64_t kPlannedSamples = 20;  // whose requests stand for all

// The strategy's own name: a study may name a file. As it is named where it cannot be loaded.
std::string name_of(const std::string& strategy, const Field& field) {
  try {
    return load_strategy(strategy, field).name;
  } catch (const Error&) {  // which is told where it is checked
    return strategy;
  }
}

// None where a job is at fault, which is told where it is checked.
std::optional<RequestBuilder> builder_if_sound(const SynthesisJob& job) {
  try {
    return make_builder(job);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::int64_t count_with_note(Workspace& workspace, SampleFilter filter,
                             const std::string& strategy) {
  filter.strategy = strategy;
  return count_samples(workspace.database(), filter);
}

// By sample: how many requests a job would send, about. What was answered before, with a refusal
// too, is not asked again.
std::map<std::int64_t, std::int64_t> open_requests(Workspace& workspace, const CaseSet& set,
                                                   const SynthesisJob& job,
                                                   const RequestBuilder& builder) {
  const Strategy& strategy = builder.strategy();
  const std::map<std::int64_t, std::int64_t> answered =
      count_variants(workspace.database(),
                     {.strategy = strategy.name,
                      .provider = builder.provider().name,
                      .model = builder.model(),
                      .template_version = template_version(strategy)},
                     false);
  SampleFilter filter = job.options.filter;
  filter.split_set = set.split_set;
  std::map<std::int64_t, std::int64_t> open;
  for_each_sample(workspace.database(), filter, [&](const Sample& sample) {
    if (!is_drawn(sample, job.options.fraction)) return true;
    const auto found = answered.find(sample.id);
    const std::int64_t wanted =
        std::max(1, strategy.variants) - (found == answered.end() ? 0 : found->second);
    if (wanted > 0) open.emplace(sample.id, wanted);
    return true;
  });
  return open;
}

class NotesChecker {
 public:
  NotesChecker(Workspace& workspace, const Study& study, const CaseSet* set, bool allow_remote,
               Findings& findings, StudyPlan& plan, Job& job)
      : workspace_(workspace),
        study_(study),
        set_(set),
        allow_remote_(allow_remote),
        findings_(findings),
        plan_(plan),
        job_(job) {}

  void run() {
    for (const std::string& strategy : study_.strategies) {
      guard(study_.notes_place, [&] { check_template(strategy); });
    }
    for (std::size_t i = 0; i < study_.synthesis.size(); ++i) {
      guard(study_.synthesis_places.at(i),
            [&] { check_synthesis(study_.synthesis[i], study_.synthesis_places[i]); });
    }
    for (const NoteCount& count : count_notes(workspace_.database())) {
      if (count.status == NoteStatus::kWritten) known_.insert(count.strategy);
    }
    changed_ = changed_ || other_data();
    for (const StudyDerivation& one : study_.derivations) {
      guard(one.place, [&] { check_derivation(one); });
    }
    // What the files of notes hold is known where the samples are.
    if (set_ != nullptr || study_.note_imports.empty()) check_runs();
  }

 private:
  void guard(const std::string& place, const std::function<void()>& work) {
    try {
      work();
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      findings_.error(place, error.kind(), error.what());
    }
  }

  void check_template(const std::string& strategy) {
    known_.insert(name_of(strategy, study_.field));
    const Strategy loaded = load_strategy(strategy, study_.field);
    if (loaded.kind != StrategyKind::kTemplate) {
      throw UsageError(
          "write names '{}', which a language model answers: put it into "
          "[[notes.synthesis]]",
          strategy);
    }
    if (set_ == nullptr) return;
    PlannedNotes planned;
    planned.strategy = loaded.name;
    planned.provider = kTemplateProvider;
    planned.cost = 0;
    SampleFilter filter;
    filter.split_set = set_->split_set;
    planned.there = count_with_note(workspace_, filter, loaded.name);
    planned.to_write = count_samples(workspace_.database(), filter) - planned.there;
    WriteNotesOptions options;
    options.filter = filter;
    options.measure = false;
    planned.to_revise = write_template_notes(workspace_, loaded, job_, options).revised;
    changed_ = changed_ || planned.to_revise > 0;
    plan_.notes.push_back(std::move(planned));
  }

  void check_synthesis(const SynthesisJob& job, const std::string& place) {
    known_.insert(name_of(job.strategy, job.field));
    const RequestBuilder builder = make_builder(job);
    const Provider& provider = builder.provider();
    const bool replayed = !job.choice.replay.empty();
    std::error_code error;
    if (replayed && !std::filesystem::exists(job.choice.replay, error)) {
      throw UsageError("there is no recording {} to replay{}; where there is none, write record",
                       job.choice.replay.string(), near_path_words(job.choice.replay));
    }
    const bool remote = !replayed && !is_local(provider);
    if (!replayed) {
      check_keys(provider, place);
      const std::string unknown = unknown_picture_tokens(builder, job.options.budget);
      if (!unknown.empty()) findings_.warning(place, unknown);
    }
    if (remote && !allow_remote_ && !find_setting(workspace_.database(), kRemoteAllowed)) {
      findings_.error(place, ErrorKind::kUsage,
                      fmt::format("provider '{}' is not on this machine, and that data of patients "
                                  "goes there was never allowed for this workspace: `allow_remote` "
                                  "of study run does",
                                  provider.name));
    }
    if (set_ != nullptr) plan_notes(job, builder, remote, replayed);
  }

  // By name only: whether a key is right, the server alone knows.
  void check_keys(const Provider& provider, const std::string& place) {
    std::error_code error;
    for (const Endpoint& endpoint : provider.endpoints) {
      const std::string& variable = endpoint.key_variable;
      if (!variable.empty() && std::getenv(variable.c_str()) == nullptr) {
        findings_.error(
            place, ErrorKind::kUsage,
            fmt::format("provider '{}': the environment variable {}, which holds its key, "
                        "is not set: set it, or name another provider",
                        provider.name, variable));
      } else if (variable.empty() && !endpoint.key_file.empty() &&
                 !std::filesystem::exists(endpoint.key_file, error)) {
        findings_.error(
            place, ErrorKind::kUsage,
            fmt::format("provider '{}': there is no file {}, which holds its key{}", provider.name,
                        endpoint.key_file.string(), near_path_words(endpoint.key_file)));
      }
    }
  }

  void plan_notes(const SynthesisJob& job, const RequestBuilder& builder, bool remote,
                  bool replayed) {
    PlannedNotes planned;
    planned.strategy = builder.strategy().name;
    planned.provider = builder.provider().name;
    planned.model = builder.model();
    planned.remote = remote;
    SampleFilter filter = job.options.filter;
    filter.split_set = set_->split_set;
    filter.limit = -1;
    planned.there = count_with_note(workspace_, filter, planned.strategy);
    for (const auto& [sample, requests] : open_requests(workspace_, *set_, job, builder)) {
      planned.to_write += requests;
    }
    filter.limit = kPlannedSamples;
    std::int64_t tokens = 0;
    std::int64_t most = 0;
    std::int64_t samples = 0;
    for (const Sample& sample : load_samples(workspace_.database(), filter)) {
      const PlannedNote note = builder.plan(sample, 0, "");
      tokens += note.input_tokens;
      most += note.max_tokens;
      ++samples;
    }
    if (samples > 0) {
      planned.input_tokens = tokens / samples * planned.to_write;
      planned.output_tokens = most / samples * planned.to_write;
    }
    const Prices& prices = builder.provider().prices;
    if (replayed) {
      planned.cost = 0;
    } else if (prices.known()) {
      planned.cost = prices.of(planned.input_tokens, planned.output_tokens);
    } else {
      planned.cost_unknown = fmt::format(
          "the price of '{}' is not known; give input_price and output_price, in $ a million tokens",
          planned.provider);
    }
    plan_.notes.push_back(std::move(planned));
  }

  void check_derivation(const StudyDerivation& one) {
    std::vector<std::string> wanted = audit::load_policy(one.policy).strategies();
    // What is a template is written where it is needed.
    std::erase_if(wanted, [&](const std::string& name) { return is_template(name); });
    wanted.push_back(one.from);
    for (const std::string& name : wanted) {
      if (known_.contains(name)) continue;
      if (set_ == nullptr && !study_.note_imports.empty()) continue;  // they may hold them
      findings_.error(one.place, ErrorKind::kUsage,
                      fmt::format("'{}' is made of notes of {}: {}", one.strategy, name,
                                  nobody_writes({name})));
    }
    const bool derived_before = !known_.insert(one.strategy).second;
    if (set_ != nullptr && changed_ && derived_before && known_.contains(one.from)) derive(one);
  }

  // What notes were derived under may have changed: that of templates is known, that of samples is
  // where runs were trained on other data. Else all of them would be looked at.
  bool other_data() {
    if (set_ == nullptr || study_.derivations.empty()) return false;
    const Json now = data_state(workspace_.database(), study_);
    for (const RunRecord& record : list_runs(workspace_.database(), study_.name)) {
      for (const StudyRun& run : study_.runs) {
        if (run.name == record.name && !data_changes(record.data_state, now, study_, run).empty()) {
          return true;
        }
      }
    }
    return false;
  }

  void derive(const StudyDerivation& one) {
    try {
      derive_study_notes(workspace_, study_, one, job_);
    } catch (const SystemError&) {  // another process is at it; what is there is taken
    }
  }

  // Why there are none, what a name may be a slip of, and how there would be some.
  std::string nobody_writes(const std::vector<std::string>& names) const {
    std::string text =
        "none are in the workspace, and the study neither writes, imports nor synthesises any";
    std::vector<std::string> slips;
    for (const std::string& name : names) {
      const auto near = nearest_name(name, {known_.begin(), known_.end()});
      if (near) slips.push_back(fmt::format("did you mean '{}'?", *near));
    }
    text += slips.empty() ? "" : "; " + join(slips, " ");
    return text + "; write them under [notes] (write, import, [[notes.synthesis]]) or name others";
  }

  bool is_template(const std::string& strategy) const {
    const std::vector<std::string> built_in = built_in_strategies(study_.field);
    if (!names_toml_file(strategy) && std::ranges::find(built_in, strategy) == built_in.end()) {
      return false;
    }
    return load_strategy(strategy, study_.field).kind == StrategyKind::kTemplate;
  }

  // A strategy that nobody writes is found before a note is paid for.
  void check_runs() {
    for (const StudyRun& run : study_.runs) {
      std::vector<std::string> missing;
      for (const std::string& name : wanted_strategies(run)) {
        if (!known_.contains(name) && std::ranges::find(missing, name) == missing.end()) {
          missing.push_back(name);
        }
      }
      if (missing.empty()) continue;
      findings_.error(run.place, ErrorKind::kUsage,
                      fmt::format("run '{}' needs notes of {}: {}", run.name, join(missing, ", "),
                                  nobody_writes(missing)));
    }
  }

  Workspace& workspace_;
  const Study& study_;
  const CaseSet* set_;
  bool allow_remote_;
  Findings& findings_;
  StudyPlan& plan_;
  Job& job_;
  bool changed_ = false;         // notes or data, since notes were derived
  std::set<std::string> known_;  // strategies
};

}  // namespace

void check_notes(Workspace& workspace, const Study& study, const CaseSet* set, bool allow_remote,
                 Findings& findings, StudyPlan& plan, Job& job) {
  NotesChecker(workspace, study, set, allow_remote, findings, plan, job).run();
}

FutureNotes::FutureNotes(Workspace& workspace, const Study& study, const CaseSet& set)
    : workspace_(workspace), study_(study), set_(set) {}

const std::vector<bool>& FutureNotes::of(const std::string& strategy, const StudyRun& run) {
  const Wish wish{strategy, run.note_providers, run.note_models};
  const auto known = known_.find(wish);
  if (known != known_.end()) return known->second;
  std::vector<bool> has = look_up(strategy, run);
  // What a policy will leave of other notes is not known before it has.
  for (const StudyDerivation& one : study_.derivations) {
    if (one.strategy == strategy && one.from != strategy &&
        std::ranges::find(has, true) == has.end()) {
      has = of(one.from, run);
    }
  }
  return known_.emplace(wish, std::move(has)).first->second;
}

std::vector<bool> FutureNotes::look_up(const std::string& strategy, const StudyRun& run) const {
  std::vector<bool> result(set_.cases.size(), false);
  NoteFilter filter = note_filter(run);
  filter.strategies = {strategy};
  const NoteTable there = load_note_table(workspace_, set_, filter);
  const auto allows = [](const std::vector<std::string>& wanted, const std::string& name) {
    return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
  };
  bool written = false;
  for (const std::string& name : study_.strategies) {
    written = written || (name_of(name, study_.field) == strategy &&
                          allows(run.note_providers, kTemplateProvider));
  }
  std::set<std::int64_t> asked;  // samples
  for (const SynthesisJob& job : study_.synthesis) {
    if (name_of(job.strategy, job.field) != strategy) continue;
    const std::optional<RequestBuilder> builder = builder_if_sound(job);
    if (!builder || !allows(run.note_providers, builder->provider().name) ||
        !allows(run.note_models, builder->model())) {
      continue;
    }
    for (const auto& [sample, requests] : open_requests(workspace_, set_, job, *builder)) {
      asked.insert(sample);
    }
  }
  for (std::size_t i = 0; i < set_.cases.size(); ++i) {
    result[i] = written || !there.of_case[i].empty() || asked.contains(set_.cases[i].sample_id);
  }
  return result;
}

}  // namespace epicrisis::study
