#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {
namespace {

constexpr std::uint64_t kMaxNote = std::uint64_t{16} << 20;     // bytes of one note's file
constexpr std::uint64_t kMaxMetadata = std::uint64_t{1} << 20;  // bytes of its metadata

struct AuditArguments {
  std::string workspace, output, text, metadata, explain, strategy, field;
  std::vector<std::string> strategies, datasets;
};

std::string joined(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [name, number] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, number);
  }
  return text.empty() ? "none" : text;
}

void print_judge(const std::string& name, const audit::JudgeCounts& judge) {
  print_line(fmt::format("  judge {}: {}, {}: {}", name, counted(judge.notes, "note"),
                         counted(judge.claims, "claim"), joined(judge.verdicts)));
  const double kappa = judge.kappa();
  print_line(fmt::format(
      "    with the rules: both agree {}, both contradict {}, rules alone {}, judge alone {}; {}",
      judge.both_agree, judge.both_contradict, judge.rules_alone, judge.judge_alone,
      std::isnan(kappa) ? "no kappa" : fmt::format("kappa {:.2f}", kappa)));
  if (judge.stale_notes + judge.stale_claims > 0) {
    print_line(fmt::format("    not shown: {} revised since, {} read otherwise since",
                           counted(judge.stale_notes, "note"),
                           counted(judge.stale_claims, "claim")));
  }
}

void print_report(const audit::AuditReport& report) {
  print_line(fmt::format("{}: {} judged now, {} before", counted(report.notes, "note"),
                         report.judged, report.kept));
  for (const audit::AuditCounts& one : report.counts) {
    print_line(fmt::format("{} {} ({}{}{}): {}: {} pass, {} warn, {} fail", one.dataset,
                           one.strategy, one.provider, one.model.empty() ? "" : ", ", one.model,
                           counted(one.notes, "note"), one.pass, one.warn, one.fail));
    print_line(fmt::format(
        "  claims: {}; with what is known {} agree, {} contradict ({} major); {} unknowable",
        one.claims, one.agree, one.contradict, one.major, one.unknowable));
    print_line(fmt::format("  claims with what was measured on pictures: {} agree, {} contradict",
                           one.measured_agree, one.measured_contradict));
    print_line(fmt::format("  notes contradicted: {} by what is known, {} by measures",
                           one.contradicted_notes, one.measured_contradicted_notes));
    if (one.with_others > 0) {
      print_line(fmt::format("  claims that most other notes of the sample do not make: {} of {}",
                             one.unshared, one.with_others));
    }
    print_line("  notes with what is wrong: " + joined(one.wrong));
    print_line(fmt::format("  notes that contradict themselves: {}", one.self_contradicting_notes));
    print_line("  notes with what nobody can know: " + joined(one.unknowable_kind));
    print_line("  notes that leave out what they were given: " + joined(one.omitted));
    if (!one.unreadable.empty()) {
      print_line("  notes that were given what the audit cannot read: " + joined(one.unreadable));
    }
    print_line("  notes with faults of form: " + joined(one.form));
    for (const auto& [name, judge] : one.judges) print_judge(name, judge);
  }
}

void print_note(const audit::AuditedNote& audited, const std::string& note) {
  print_line(fmt::format("verdict: {}", audit::note_verdict_name(audited.verdict)));
  std::vector<std::vector<std::string>> rows = {
      {"kind", "value", "", "verdict", "severity", "said", "evidence"}};
  for (const audit::JudgedClaim& one : audited.claims) {
    rows.push_back({one.claim.kind, one.claim.value,
                    fmt::format("{}{}", one.claim.denied ? "denied" : "asserted",
                                one.claim.hedged ? ", hedged" : ""),
                    std::string(audit::verdict_name(one.verdict)),
                    std::string(audit::severity_name(one.severity)),
                    note.substr(one.claim.begin, one.claim.end - one.claim.begin), one.evidence});
  }
  print_table(rows);
  for (const audit::SelfContradiction& one : audited.reading.self_contradictions) {
    print_line(fmt::format("contradicts itself ({}): {} || {}", one.rule,
                           note.substr(one.first_begin, one.first_end - one.first_begin),
                           note.substr(one.second_begin, one.second_end - one.second_begin)));
  }
  for (const std::string& name : audited.omitted) print_line("leaves out: " + name);
  for (const std::string& name : audited.unreadable) {
    print_line("not readable, so that nothing can be said of it: " + name);
  }
  for (const audit::FormFault& fault : audited.form) {
    print_line(fmt::format("form ({}): {}", fault.rule, fault.detail));
  }
}

void audit_text(const AuditArguments& arguments, const Globals& globals) {
  const Field field = arguments.field.empty() ? Field::standard() : Field::load(arguments.field);
  const audit::Auditor auditor(field);
  const std::string note = read_file(arguments.text, kMaxNote);
  audit::Facts facts;
  if (!arguments.metadata.empty()) {
    facts = audit::parse_facts(
        parse_json(read_file(arguments.metadata, kMaxMetadata), arguments.metadata), field,
        arguments.metadata);
  }
  std::optional<audit::Prompt> prompt;
  if (!arguments.strategies.empty()) {
    prompt = auditor.prompt_of(load_strategy(arguments.strategies.front(), field));
  }
  const audit::AuditedNote audited = auditor.audit(note, facts, prompt ? &*prompt : nullptr);
  if (globals.json) {
    print_json(to_json(audited, note, field));
  } else {
    print_note(audited, note);
  }
}

void explain(Workspace& workspace, const AuditArguments& arguments,
             const audit::AuditOptions& options, const Globals& globals) {
  const Field field = workspace_field(workspace.database());
  const auto notes = audit::explain_notes(workspace, arguments.explain, options);
  if (globals.json) {
    Json list = Json::array();
    for (const auto& one : notes) list.push_back(to_json(one, field));
    return print_json(list);
  }
  for (const auto& one : notes) {
    print_line(fmt::format("{} of {}/{} ({}{}{})", one.note.strategy, one.sample.dataset,
                           one.sample.key, one.note.provider, one.note.model.empty() ? "" : ", ",
                           one.note.model));
    print_text(one.note.text + "\n");
    print_note(one.audited, one.note.text);
    print_line("");
  }
}

}  // namespace

void add_notes_audit(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "audit", "Hold what notes claim against what is known, and say what is wrong");
  auto arguments = std::make_shared<AuditArguments>();
  CLI::Option* workspace = add_workspace_option(*command, arguments->workspace)->required(false);
  takes(command->add_option("--strategy", arguments->strategies,
                            "Only these strategies; with --text what the note was asked for"),
        "NAME", [] { return built_in_strategies(); });
  takes(command->add_option("--dataset", arguments->datasets, "Only these data sets"), "NAME");
  CLI::Option* output = takes(
      command->add_option("-o,--output", arguments->output, "An object a note, as JSON lines"),
      "FILE");
  CLI::Option* explained = takes(command->add_option("--explain", arguments->explain,
                                                     "Show the notes of the sample of this key"),
                                 "KEY");
  CLI::Option* text =
      takes(command->add_option("--text", arguments->text, "Judge the note in this file instead"),
            "FILE")
          ->check(no_folder("the note's file"));
  takes(command->add_option("--metadata", arguments->metadata,
                            "With --text: what is known, as a JSON object"),
        "FILE")
      ->check(no_folder("a JSON file"))
      ->needs(text);
  takes(command->add_option("--field", arguments->field, "With --text: the field of the note"),
        "NAME|FILE", [] { return Field::names(); })
      ->needs(text);
  text->excludes(output)->excludes(explained);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes audit -w work -o audit.jsonl",
                          "epicrisis notes audit -w work --explain ISIC_0024306",
                          "epicrisis notes audit --text note.txt --metadata known.json --json"});
  command->callback([arguments, workspace, &globals] {
    (void)workspace;
    if (!arguments->text.empty()) return audit_text(*arguments, globals);
    if (arguments->workspace.empty()) {
      throw UsageError("nothing to audit: give a workspace as `workspace`, or one note as `text`");
    }
    if (!arguments->output.empty()) require_output(arguments->output, OutputKind::kAudit);
    Workspace opened = Workspace::open_to_read(arguments->workspace);
    audit::AuditOptions options;
    options.strategies = expand_note_sets(arguments->strategies);
    require_strategies(opened.database(), options.strategies);
    options.datasets = arguments->datasets;
    if (!arguments->explain.empty()) return explain(opened, *arguments, options, globals);
    if (!arguments->output.empty()) options.output = arguments->output;
    const auto kept = [&] {
      return (opened.kept() ? fmt::format("the notes audited so far are kept as such; {}", kGoesOn)
                            : std::string("nothing is kept, as the workspace is read-only")) +
             not_written(arguments->output);
    };
    const audit::AuditReport report = telling_what_is_kept(
        globals.job, kept, [&] { return audit::audit_notes(opened, options, globals.job); });
    warn_if_not_kept(opened, globals.job);
    if (globals.json) {
      Json json = to_json(report);
      json["stored"] = opened.kept();
      print_json(json);
    } else {
      print_report(report);
    }
  });
}

}  // namespace epicrisis::cli
