#include <memory>
#include <set>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/data/read_remarks.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kShown = 20;

struct Options {
  std::string workspace;
  CheckOptions check;
  bool one_domain = false;
  bool exact_only = false;
  bool no_pictures = false;
  bool allow_leakage = false;
  std::size_t listed = 1000;
};

// The first of those that leak, or of those that do not.
void print_overlaps(const LeakageReport& report, bool leakage) {
  const std::int64_t count = leakage ? report.leaks() : report.inside();
  std::size_t shown = 0;
  for (const Overlap& overlap : report.overlaps) {
    if (shown == kShown) break;
    if (overlap.leakage != leakage) continue;
    print_line(fmt::format("  {}", overlap_words(overlap)));
    ++shown;
  }
  if (count > static_cast<std::int64_t>(shown)) {
    print_line(
        fmt::format("  and {} more; --json lists them", count - static_cast<std::int64_t>(shown)));
  }
}

// What leaked, and what of that cannot be known yet.
void print_verdict(const LeakageReport& report, bool allowed) {
  if (report.leaks() > 0) {
    return print_line(allowed ? "Leakage, allowed and recorded"
                              : "Leakage: change the splits, or go on with --allow-leakage");
  }
  if (report.samples == 0) {
    return print_line("No sample to check: the workspace, or what was asked for of it, has none");
  }
  if (report.without_split == 0) {
    return print_line(may_leak_by_spelling(report)
                          ? "No leakage found, if the patients or cases that are spelled alike are "
                            "different ones"
                          : "No leakage found");
  }
  if (report.without_split < report.samples) {
    return print_line(fmt::format("No leakage found; {} in no split",
                                  counted(report.without_split, "sample is", "samples are")));
  }
  print_line(
      "No leakage found, but there is no split yet that something could leak through. A study "
      "makes its split and checks it; epicrisis split --store NAME makes one for check --split-set "
      "NAME");
}

void print_report(const LeakageReport& report, bool allowed) {
  print_line(fmt::format("{}, {} compared", counted(report.samples, "sample"),
                         counted(report.pictures, "picture")));
  std::set<std::string> kinds;
  for (const auto& [kind, count] : report.leaks_by_kind) kinds.insert(kind);
  for (const auto& [kind, count] : report.inside_by_kind) kinds.insert(kind);
  std::vector<std::vector<std::string>> rows = {{"overlap by", "leaks", "inside one split"}};
  const auto count_of = [](const auto& counts, const std::string& kind) {
    const auto found = counts.find(kind);
    return fmt::format("{}", found == counts.end() ? 0 : found->second);
  };
  for (const std::string& kind : kinds) {
    rows.push_back(
        {kind, count_of(report.leaks_by_kind, kind), count_of(report.inside_by_kind, kind)});
  }
  if (!kinds.empty()) print_table(rows);
  print_overlaps(report, true);
  if (report.inside() > 0) {
    print_line("No leaks, as they lie inside one split; splits made here keep them together:");
    print_overlaps(report, false);
  }
  if (report.unreadable > 0) {
    print_line(fmt::format("{} could not be read, and so not compared:",
                           counted(report.unreadable, "picture")));
    print_examples(report.unreadable_examples, report.unreadable);
  }
  if (report.uncompared > 0) {
    print_line(
        fmt::format("{} or more pairs with the same perceptual hash were too many to compare",
                    report.uncompared));
  }
  if (report.other_class > 0) {
    print_line(fmt::format(
        "LABELS DIFFER in {} of these pairs: one picture, two classes, so one must be wrong",
        report.other_class));
  }
  if (report.other_group > 0) {
    print_line(
        fmt::format("PATIENTS DIFFER in {} of these pairs: one picture of two patients or cases",
                    report.other_group));
  }
  if (!report.without_groups.empty()) {
    print_line(fmt::format("{}: {}", join(report.without_groups, ", "), without_group_words()));
  }
  if (const std::string words = like_groups_words(report); !words.empty()) print_line(words);
  print_verdict(report, allowed);
}

void run(const Options& options, Globals& globals) {
  CheckOptions check = options.check;
  check.datasets_are_domains = !options.one_domain;
  check.near_duplicates = !options.exact_only;
  check.pictures = !options.no_pictures;
  Workspace workspace = Workspace::open_to_read(options.workspace);
  const LeakageReport report = telling_what_is_kept(
      globals.job,
      [&] {
        return fmt::format(
            "there is no outcome yet; {}",
            workspace.kept()
                ? fmt::format("what was read of pictures is kept, and {}", kGoesOn)
                : std::string("nothing is kept, as the workspace cannot be written to"));
      },
      [&] { return check_leakage(workspace, globals.job, check); });
  save_leakage(workspace.database(), report, check, options.allow_leakage, globals.job);
  warn_if_not_kept(workspace, globals.job);
  if (globals.json) {
    Json json = to_json(report, options.listed);
    json["allowed"] = options.allow_leakage;
    json["stored"] = workspace.kept();
    print_json(json);
  } else {
    print_report(report, options.allow_leakage);
  }
  if (report.leaks() > 0 && !options.allow_leakage) {
    globals.exit_code = exit_status(ErrorKind::kLeakage);
  } else if (report.pictures == 0 && report.unreadable > 0) {
    globals.exit_code = exit_status(ErrorKind::kInput);
  }
}

}  // namespace

void add_check_command(CLI::App& app, Globals& globals) {
  CLI::App& command =
      *app.add_subcommand("check", "Look for samples that are in two splits or data sets at once");
  const auto options = std::make_shared<Options>();
  add_workspace_option(command, options->workspace);
  takes(command.add_option("--dataset", options->check.datasets, "Only these data sets"), "NAME");
  takes(command.add_option("--split-set", options->check.split_set,
                           "Roles of this split set; the published splits if not given"),
        "NAME");
  takes(command.add_option("--external", options->check.external,
                           "Data sets that are external as a whole"),
        "NAME");
  command.add_flag("--one-domain", options->one_domain,
                   "The same picture in two data sets is no leak while their roles agree");
  command.add_flag("--exact-only", options->exact_only,
                   "Identical pictures only, no near-duplicates");
  command.add_flag("--no-pictures", options->no_pictures, "Ids and groups only");
  command.add_flag("--allow-leakage", options->allow_leakage,
                   "Exit with 0 though there is leakage; it is recorded");
  takes(command.add_option("--max-listed", options->listed, "Overlaps in the JSON document"), "N")
      ->check(between(0, 1'000'000'000))
      ->capture_default_str();
  add_threads_option(command, options->check.threads);
  add_global_options(command, globals);
  add_examples(command, {"epicrisis check -w work", "epicrisis check -w work --json > leaks.json"});
  command.callback([options, &globals] { run(*options, globals); });
}

}  // namespace epicrisis::cli
