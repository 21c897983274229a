#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/audit/review.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {
namespace {

std::string estimate_words(const Estimate& one) {
  if (!std::isfinite(one.value)) return "-";
  if (!std::isfinite(one.lo) || !std::isfinite(one.hi)) return fmt::format("{:.3f}", one.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", one.value, one.lo, one.hi);
}

void add_export(CLI::App& review, Globals& globals) {
  struct Arguments {
    std::string workspace, output;
    audit::ReviewExportOptions options;
  };
  CLI::App* command =
      review.add_subcommand("export", "Write notes as a sheet with empty columns for a reader");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("-o,--output", arguments->output, "A .csv or a .jsonl file"), "FILE")
      ->required();
  takes(command->add_option("--strategy", arguments->options.strategies, "Only these strategies"),
        "NAME", [] { return built_in_strategies(); });
  takes(command->add_option("--dataset", arguments->options.datasets, "Only these data sets"),
        "NAME");
  takes(command->add_option("--sample", arguments->options.sample, "So many notes, drawn")
            ->check(between(1, 1'000'000'000)),
        "N");
  takes(command->add_option("--seed", arguments->options.seed, "Of the draw (default 1)"), "N")
      ->check(whole_number());
  command->add_flag("--blind", arguments->options.blind, "Without the claims that the audit found");
  add_global_options(*command, globals);
  add_examples(*command,
               {"epicrisis notes review export -w work --strategy P3 --sample 100 -o sheet.csv"});
  command->callback([arguments, &globals] {
    require_output(arguments->output, OutputKind::kReviewSheet);
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    arguments->options.strategies = expand_note_sets(arguments->options.strategies);
    const std::int64_t notes = telling_what_is_kept(
        globals.job, [&] { return arguments->output + " was not written"; },
        [&] {
          return audit::export_review(workspace, arguments->output, arguments->options,
                                      globals.job);
        });
    if (globals.json) return print_json({{"notes", notes}, {"output", arguments->output}});
    print_line(fmt::format("{} written to {}", counted(notes, "note"), arguments->output));
  });
}

void add_import(CLI::App& review, Globals& globals) {
  struct Arguments {
    std::string workspace, file, reader;
  };
  CLI::App* command = review.add_subcommand("import", "Take a sheet back that a reader filled in");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("SHEET", arguments->file, "A .csv or a .jsonl file"), "FILE")
      ->check(no_folder("a sheet"))
      ->required();
  takes(command->add_option("--reader", arguments->reader, "Who filled it in")->required(), "NAME");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes review import -w work sheet.csv --reader anna"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open(arguments->workspace);
    const audit::ReviewImportReport report =
        audit::import_review(workspace, arguments->file, arguments->reader, globals.job);
    if (globals.json) return print_json(to_json(report));
    print_line(fmt::format("{}: {} new or with other answers, {} unchanged, {} without an answer",
                           counted(report.rows, "row"), report.fresh, report.unchanged,
                           report.blank));
    if (report.notes_gone > 0) {
      print_line(fmt::format("{} of them are of notes that are not in the workspace any more",
                             report.notes_gone));
    }
  });
}

void print_second(const audit::SecondReader& one) {
  std::string line =
      fmt::format("{}: speaks of {} of {}, with {}; against {}", one.name, one.notes,
                  counted(one.notes + one.not_read + one.stale_notes, "labelled note"),
                  counted(one.claims, "claim"), one.against);
  const auto add = [&](std::int64_t number, std::string_view words) {
    if (number > 0) line += fmt::format("; {} {}", number, words);
  };
  add(one.against_unlabelled, "of these are of kinds that no label tells to be wrong");
  add(one.cannot_tell, "claims it cannot tell");
  add(one.stale_notes, "notes were revised since");
  add(one.stale_claims, "claims are read otherwise since");
  print_line(line);
}

void print_agreement(const audit::AgreementReport& report) {
  for (const auto& [reader, notes] : report.readers) {
    print_line(fmt::format("{}: {}", reader, counted(notes, "note")));
  }
  if (report.readers.empty()) return print_line("No note was reviewed.");
  if (report.notes_gone > 0) {
    print_line(
        fmt::format("{} labelled notes are not in the workspace any more: the audit has no "
                    "say on them",
                    report.notes_gone));
  }
  for (const audit::SecondReader& one : report.second_readers) print_second(one);
  std::vector<std::vector<std::string>> rows = {
      {"key", "first", "second", "notes", "agree", "kappa", "precision", "recall"}};
  for (const audit::Agreement& one : report.agreements) {
    rows.push_back({one.key, one.first, one.second, std::to_string(one.notes),
                    fmt::format("{:.3f}", one.agree), estimate_words(one.kappa),
                    estimate_words(one.precision), estimate_words(one.recall)});
  }
  print_table(rows);
  print_line("Precision and recall are of the second, where the first counts as right.");
  print_line(
      "Judges, and claims that fewer of the sample's other notes share, are compared in what is "
      "wrong.");
}

void add_agreement(CLI::App& review, Globals& globals) {
  CLI::App* command = review.add_subcommand(
      "agreement",
      "How readers agree among themselves, with the audit and with judges, with intervals");
  auto workspace_path = std::make_shared<std::string>();
  add_workspace_option(*command, *workspace_path);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes review agreement -w work --json"});
  command->callback([workspace_path, &globals] {
    Workspace workspace = Workspace::open_to_read(*workspace_path);
    const audit::AgreementReport report =
        telling_what_is_kept(globals.job, nothing_is_changed,
                             [&] { return audit::review_agreement(workspace, globals.job); });
    if (globals.json) return print_json(to_json(report));
    print_agreement(report);
  });
}

}  // namespace

void add_notes_review(CLI::App& notes, Globals& globals) {
  CLI::App* review =
      notes.add_subcommand("review", "Have notes read by people, and compare what they say");
  review->require_subcommand(1);
  add_export(*review, globals);
  add_import(*review, globals);
  add_agreement(*review, globals);
}

}  // namespace epicrisis::cli
