#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "command.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/compare_runs.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

struct CompareArguments {
  std::string workspace;
  std::string first;
  std::string second;
  CompareOptions options;
};

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "undefined";
}

std::string p_words(double p) {
  if (!std::isfinite(p)) return "-";
  return p < 0.001 ? "<.001" : fmt::format("{:.3f}", p);
}

std::string side(const std::string& run, const std::vector<std::string>& seeds) {
  return fmt::format("'{}' ({} {})", run, seeds.size() == 1 ? "seed" : "seeds", join(seeds, ", "));
}

// How a difference reads once it is known how many were looked at.
std::string verdict(const MetricComparison& metric) {
  const PairedDifference& difference = metric.test.difference;
  if (!std::isfinite(difference.lo)) return "no interval";
  if (metric.adjusted_p < 0.05) {
    return (difference.difference > 0) != metric.lower_is_better ? "better" : "worse";
  }
  return metric.test.equivalence_p < 0.05 ? "equivalent" : "open";
}

void print_set(const SetComparison& set, const RunComparison& comparison) {
  print_line("");
  print_line(fmt::format("{} ({}): {} of {}", set.dataset, set.role, counted(set.n, "sample"),
                         counted(set.groups, "patient or case", "patients or cases")));
  std::vector<std::vector<std::string>> rows = {{"metric", "first", "second", "second less first",
                                                 "p", "p by Holm", "would find", "the second is"}};
  for (const MetricComparison& metric : set.metrics) {
    const PairedDifference& difference = metric.test.difference;
    const bool tested = std::isfinite(difference.lo);
    rows.push_back({metric.metric + (metric.lower_is_better ? " (lower is better)" : ""),
                    number(metric.first.value), number(metric.second.value),
                    tested ? fmt::format("{:+.3f} [{:.3f}, {:.3f}]", difference.difference,
                                         difference.lo, difference.hi)
                           : number(difference.difference),
                    tested ? p_words(difference.p_value) : "-", p_words(metric.adjusted_p),
                    tested ? number(metric.test.detectable) : "-", verdict(metric)});
  }
  print_table(rows);
  for (const TrainingComparison& training : set.trainings) {
    const McNemar& answers = training.answers;
    std::string line = fmt::format(
        "seed {} against {}: {} right in the first alone, {} in the second alone (McNemar p {})",
        training.first_seed, training.second_seed, answers.only_first_right,
        answers.only_second_right, p_words(answers.p_value));
    if (training.grade && std::isfinite(training.grade->lo)) {
      line += fmt::format("; AUROC of {} {:+.3f} [{:.3f}, {:.3f}] (DeLong p {})", comparison.grade,
                          training.grade->difference, training.grade->lo, training.grade->hi,
                          p_words(training.grade->p_value));
    }
    print_line(line);
  }
}

void print_comparison(const RunComparison& comparison) {
  print_line(fmt::format("Study {}: {} first, {} second", comparison.study,
                         side(comparison.first, comparison.first_seeds),
                         side(comparison.second, comparison.second_seeds)));
  if (!comparison.differences.empty()) {
    print_line(fmt::format("They differ in more than their notes: {}",
                           join(comparison.differences, "; ")));
  }
  for (const SetComparison& set : comparison.sets) print_set(set, comparison);
  print_line("");
  print_line(fmt::format(
      "Intervals of {:.0f} % and p by {} paired resamples of patients or cases, and of trainings "
      "where there are several.",
      comparison.confidence * 100, comparison.replicates));
  print_line(
      fmt::format("By Holm: corrected for the {} of this comparison; better or worse is "
                  "what stays below .05.",
                  counted(comparison.tests, "test")));
  print_line("Would find: the true difference that 8 of 10 such comparisons would show.");
  print_line(fmt::format("Equivalent: the difference lies within {} (p below .05). Open: neither.",
                         number(comparison.margin)));
  if (comparison.sets.front().trainings.empty()) return;
  print_line(
      "McNemar's and DeLong's tests are of single trainings and take samples for "
      "independent.");
}

}  // namespace

void add_compare_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "compare", "Hold one run of a study against another: differences, tests, what they can show");
  const auto arguments = std::make_shared<CompareArguments>();
  const char* run = "Its name in the study, with all its seeds; or the id of one training";
  takes(command.add_option("FIRST", arguments->first, run), "RUN")->required();
  takes(command.add_option("SECOND", arguments->second, run), "RUN")->required();
  add_workspace_option(command, arguments->workspace);
  takes(command.add_option("--study", arguments->options.study,
                           "Which study, where the workspace holds several"),
        "NAME");
  takes(command
            .add_option("--margin", arguments->options.margin,
                        "Within which difference the runs are equivalent")
            ->capture_default_str(),
        "DIFFERENCE");
  takes(command
            .add_option("--replicates", arguments->options.replicates, "Resamples of the bootstrap")
            ->check(between(100, 10'000'000))
            ->capture_default_str(),
        "N");
  add_global_options(command, globals);
  add_examples(command, {"epicrisis compare \"image only\" \"with notes\" -w work",
                         "epicrisis compare M P2 -w work --study trust --margin 0.01 --json"});
  command.callback([arguments, &globals] {
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    const RunComparison comparison = telling_what_is_kept(
        globals.job,
        [] { return std::string("what was compared is not kept; the same command begins anew"); },
        [&] {
          return compare_two_runs(workspace, arguments->first, arguments->second,
                                  arguments->options, globals.job);
        });
    if (globals.json) return print_json(to_json(comparison));
    print_comparison(comparison);
  });
}

}  // namespace epicrisis::cli
