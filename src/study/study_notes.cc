#include "study/study_notes.h"

#include <algorithm>
#include <filesystem>

#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "study/study_data.h"
#include "study/study_inputs.h"

namespace epicrisis::study {
namespace {

Path below(const Path& data_root, const Path& file) {
  if (file.empty() || file.is_absolute()) return file;
  return data_root / file;
}

Budget read_budget(const TomlTable& table) {
  const std::string words = table.string("budget");
  try {
    return parse_budget(words);
  } catch (const UsageError& error) {
    throw UsageError("{}: {}", table.place("budget"), error.what());
  }
}

// One table may name several strategies: a job each.
void read_synthesis(const TomlTable& table, const Path& data_root, const Path& folder,
                    Study& study) {
  SynthesisJob job;
  job.choice = read_provider_choice(table);
  job.choice.provider = beside(folder, job.choice.provider);
  job.choice.record = below(data_root, job.choice.record);
  job.choice.replay = below(data_root, job.choice.replay);
  job.disclosure.images = table.boolean_or("images", true);
  if (table.has("fields")) job.disclosure.fields = table.strings_or("fields", {});
  job.options.filter.datasets = table.strings_or("datasets", {});
  job.options.filter.roles = table.strings_or("roles", {});
  job.options.filter.limit = table.integer_in("limit", 1, INT64_MAX, INT64_MAX);
  job.options.fraction = table.number_in("fraction", 0, 1, 1.0);
  job.options.max_concurrency = static_cast<int>(table.integer_in("concurrency", 0, 100'000, 0));
  if (table.has("budget")) job.options.budget = read_budget(table);
  const std::vector<std::string> strategies = table.strings_or("strategies", {});
  if (strategies.empty()) {
    throw UsageError("{}: strategies = [\"P1\", ...] is missing", table.place());
  }
  table.finish();
  for (const std::string& strategy : strategies) {
    job.strategy = beside(folder, strategy);
    job.field = study.field;
    try {
      make_builder(job);
    } catch (const UsageError& error) {
      throw UsageError("{}: {}", table.place(), error.what());
    }
    study.synthesis.push_back(job);
    study.synthesis_places.push_back(table.place());
  }
}

void read_derivation(const TomlTable& table, const Path& folder, Study& study) {
  const std::vector<std::string> from = expand_note_sets(table.strings_or("from", {}));
  if (from.empty()) throw UsageError("{}: from = [\"P3\", ...] is missing", table.place());
  const std::string policy = beside(folder, table.string("policy"));
  table.finish();
  try {
    const audit::Policy loaded = audit::load_policy(policy);
    for (const StudyDerivation& other : study.derivations) {
      if (other.policy == policy || audit::load_policy(other.policy).name != loaded.name) continue;
      throw UsageError("the policy {} has the name '{}', as {} of {} has: give it another", policy,
                       loaded.name, other.policy, other.place);
    }
    for (const std::string& strategy : from) {
      study.derivations.push_back(
          {strategy, policy, audit::derived_strategy(strategy, loaded), table.place()});
    }
  } catch (const UsageError& error) {
    throw UsageError("{}: {}", table.place(), error.what());
  }
}

void derive_notes(Workspace& workspace, const Study& study, const StudyDerivation& task, Job& job) {
  const audit::RepairReport report = derive_study_notes(workspace, study, task, job);
  job.info(
      "notes {}: {} of {}: {} as they are, {} stripped, {} asked for again, {} replaced; "
      "{} rejected",
      report.strategy, report.derived(), counted(report.notes, "note"), report.accepted,
      report.stripped, report.asked, report.fell_back,
      report.notes - report.derived() - report.waiting);
  if (report.waiting > 0) {
    job.warn(
        "notes {}: {} wait for a language model to write them again, which `epicrisis notes "
        "repair` asks",
        report.strategy, report.waiting);
  }
}

void synthesize_notes(Workspace& workspace, SynthesisJob task, const CaseSet& set,
                      bool allow_remote, Job& job) {
  task.options.filter.split_set = set.split_set;
  task.options.allow_remote = allow_remote;
  const SynthesisReport report = run_synthesis(workspace, task, job);
  job.info("notes {} by {}: {} {}, {} failed, {} skipped", report.strategy, report.model,
           report.done, report.replayed ? "replayed" : "written", report.failed, report.skipped);
  if (report.error) {
    throw Error(*report.error,
                fmt::format("notes {} by {}: {}", report.strategy, report.model,
                            report.stopped.empty() ? "no note could be written" : report.stopped));
  }
  if (!report.stopped.empty()) job.warn("notes {}: {}", report.strategy, report.stopped);
}

// A misspelled strategy is found before a note is paid for.
void check_strategies(Workspace& workspace, const Study& study) {
  std::vector<std::string> known;
  for (const NoteCount& count : count_notes(workspace.database())) known.push_back(count.strategy);
  for (const SynthesisJob& job : study.synthesis) {
    known.push_back(load_strategy(job.strategy, job.field).name);
  }
  for (const StudyDerivation& one : study.derivations) known.push_back(one.strategy);
  for (const StudyRun& run : study.runs) {
    for (const std::string& name : wanted_strategies(run)) {
      if (std::ranges::find(known, name) == known.end()) {
        throw UsageError(
            "run '{}' trains on notes of strategy '{}': none are there, and the study writes, "
            "imports and synthesises none",
            run.name, name);
      }
    }
  }
}

}  // namespace

std::string beside(const Path& folder, const std::string& name) {
  return names_toml_file(name) && std::filesystem::exists(folder / name) ? (folder / name).string()
                                                                         : name;
}

void read_notes(const TomlTable& notes, const Path& data_root, const Path& folder, Study& study) {
  for (const std::string& name : notes.strings_or("write", {})) {
    study.strategies.push_back(beside(folder, name));
  }
  for (const std::string& file : notes.strings_or("import", {})) {
    study.note_imports.push_back(below(data_root, file));
  }
  study.keep_doubtful_notes = notes.boolean_or("keep_doubtful", false);
  if (notes.has("keep_doubtful") && study.note_imports.empty()) {
    throw UsageError(
        "{}: keep_doubtful is for files of notes, and none is named: write import = [\"...\"] too",
        notes.place("keep_doubtful"));
  }
  for (const TomlTable& table : notes.tables_or_empty("synthesis")) {
    read_synthesis(table, data_root, folder, study);
  }
  for (const TomlTable& table : notes.tables_or_empty("derive")) {
    read_derivation(table, folder, study);
  }
  notes.finish();
}

void import_study_notes(Workspace& workspace, const Study& study, Job& job) {
  for (const Path& file : study.note_imports) {
    NoteImportOptions options;
    options.keep_doubtful = study.keep_doubtful_notes;
    const NoteImportReport report = import_notes(workspace, file, job, options);
    job.info("notes from {}: {} new, {} there already, {} without a sample", file.string(),
             report.written, report.unchanged, report.unmatched);
    const auto warn = [&](std::int64_t count, const std::vector<std::string>& examples,
                          std::string_view what) {
      if (count > 0) job.warn("{}: {} {} ({})", file.string(), count, what, join(examples, "; "));
    };
    warn(report.invalid, report.invalid_examples, "rows are no notes");
    warn(report.conflicting, report.conflicting_examples,
         "notes are here under the same key with another text, which stays");
    warn(report.unmatched, report.unmatched_examples,
         report.rows == report.unmatched ? "notes, none of a sample here"
                                         : "notes of no sample here");
  }
}

audit::RepairReport derive_study_notes(Workspace& workspace, const Study& study,
                                       const StudyDerivation& task, Job& job) {
  audit::RepairOptions options;
  options.datasets = names_of_data(study);
  options.strategy = task.from;
  return audit::repair_notes(workspace, audit::load_policy(task.policy), options, job);
}

void write_notes(Workspace& workspace, const Study& study, const CaseSet& set, bool allow_remote,
                 Job& job) {
  for (const std::string& name : study.strategies) {
    WriteNotesOptions options;
    options.filter.split_set = set.split_set;
    const WriteNotesReport report =
        write_template_notes(workspace, load_strategy(name, study.field), job, options);
    if (report.written > 0) job.info("notes {}: {} written", name, report.written);
  }
  import_study_notes(workspace, study, job);
  if (!study.synthesis.empty()) check_strategies(workspace, study);
  for (const SynthesisJob& task : study.synthesis) {
    synthesize_notes(workspace, task, set, allow_remote, job);
  }
  for (const StudyDerivation& task : study.derivations) derive_notes(workspace, study, task, job);
}

void audit_study_notes(Workspace& workspace, const Study& study, Job& job) {
  audit::AuditOptions options;
  options.datasets = names_of_data(study);
  const audit::AuditReport report = audit::audit_notes(workspace, options, job);
  if (report.judged > 0)
    job.info("audit: {} of {} judged", report.judged, counted(report.notes, "note"));
}

}  // namespace epicrisis::study
