#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <optional>

#include "command.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/split_table.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/workspace.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {
namespace {

struct SplitArguments {
  std::string workspace;
  SplitRequest request;
  std::optional<double> train;
  std::optional<double> validation;
  std::optional<double> test;
  std::string output;
  std::string store;
  bool replace = false;
};

// The training set has what the others leave, unless it is given.
SplitFractions fractions_of(const SplitArguments& arguments) {
  const bool folds = arguments.request.folds > 0;
  SplitFractions fractions;
  fractions.validation = arguments.validation.value_or(folds ? 0 : fractions.validation);
  fractions.test = arguments.test.value_or(folds ? 0 : fractions.test);
  fractions.train = arguments.train.value_or(1 - fractions.validation - fractions.test);
  return fractions;
}

void print_split(const SplitTable& table) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"class"});
  rows.front().insert(rows.front().end(), table.parts.begin(), table.parts.end());
  rows.front().emplace_back("together");
  std::vector<std::int64_t> sums(table.parts.size());
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& counts) {
    std::vector<std::string> row = {name};
    for (const std::int64_t count : counts) row.push_back(std::to_string(count));
    row.push_back(std::to_string(std::accumulate(counts.begin(), counts.end(), std::int64_t{0})));
    rows.push_back(std::move(row));
  };
  for (std::size_t i = 0; i < table.counts.size(); ++i) {
    const std::vector<std::int64_t>& counts = table.counts[i];
    if (std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == 0) continue;
    for (std::size_t part = 0; part < counts.size(); ++part) sums[part] += counts[part];
    add(table.field.classes()[i].name, counts);
  }
  add("all samples", sums);
  add("patients or cases", table.groups);
  print_table(rows);
  if (table.without_class > 0) {
    print_line(fmt::format(
        "{} in no part",
        counted(table.without_class, "sample without a class is", "samples without a class are")));
  }
  for (const std::string& remark : table.remarks) print_line(remark);
}

std::string what_is_kept(const SplitArguments& arguments, const Workspace& workspace) {
  const bool kept = arguments.request.pictures && workspace.kept();
  return fmt::format(
      "{}{}{}", arguments.store.empty() ? "nothing is split" : "no split set is stored",
      not_written(arguments.output),
      kept ? fmt::format("; what was read of pictures is kept, and {}", kGoesOn) : "");
}

void run(const SplitArguments& arguments, const Globals& globals) {
  if (!arguments.output.empty()) require_output(arguments.output, OutputKind::kSplit);
  SplitRequest request = arguments.request;
  request.fractions = fractions_of(arguments);
  // Before pictures are read.
  check_fractions(request.fractions, !arguments.test && request.fractions.test > 0);
  Workspace workspace = arguments.store.empty() ? Workspace::open_to_read(arguments.workspace)
                                                : Workspace::open(arguments.workspace);
  const SplitTable table = telling_what_is_kept(
      globals.job, [&] { return what_is_kept(arguments, workspace); },
      [&] { return split_samples(workspace, request, globals.job); });
  if (!arguments.store.empty()) {
    store_split(workspace.database(), arguments.store, table, arguments.replace);
  }
  if (!arguments.output.empty()) write_split_csv(table, arguments.output);
  if (globals.json) {
    Json result = to_json(table);
    result["file"] = arguments.output;
    result["split_set"] = arguments.store;
    return print_json(result);
  }
  print_split(table);
  if (!arguments.output.empty()) {
    print_line(fmt::format(
        "Wrote {}; a study takes it: [split] file = \"{}\"{}", arguments.output, arguments.output,
        request.folds > 0 ? fmt::format(" and fold = 1 (to {})", request.folds) : ""));
  }
  if (!arguments.store.empty()) {
    print_line(
        fmt::format("Stored as {}; epicrisis check --split-set {} holds the pictures of its "
                    "parts against each other",
                    arguments.store, arguments.store));
  }
  if (arguments.output.empty() && arguments.store.empty()) {
    print_line("Nothing is written: -o FILE writes it, --store NAME keeps it in the workspace");
  }
}

}  // namespace

void add_split_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "split",
      "Split samples by class, patients and copies of a picture whole, into train, validation, "
      "test or folds");
  const auto arguments = std::make_shared<SplitArguments>();
  add_workspace_option(command, arguments->workspace);
  takes(command.add_option("--dataset", arguments->request.filter.datasets, "Only these data sets"),
        "NAME");
  command.add_flag("--with-picture", arguments->request.filter.with_image,
                   "Only samples with a picture");
  takes(command.add_option("--train", arguments->train,
                           "Share of the training set; what the others leave if not given"),
        "F")
      ->check(between(0.0, 1.0));
  takes(command.add_option("--validation", arguments->validation,
                           "Share of the validation set; 0.15 if not given, 0 with --folds"),
        "F")
      ->check(between(0.0, 1.0));
  takes(command.add_option("--test", arguments->test,
                           "Share of the test set; 0.15 if not given, 0 with --folds"),
        "F")
      ->check(between(0.0, 1.0));
  takes(command.add_option("--folds", arguments->request.folds,
                           "Cut all but the test set into so many folds"),
        "K")
      ->check(between(2, kMaxFolds));
  takes(command.add_option("--seed", arguments->request.seed,
                           "The same seed gives the same split, on every machine"),
        "N")
      ->check(whole_number())
      ->capture_default_str();
  command.add_flag("--honour-published", arguments->request.honour_published,
                   "Keep the splits that a data set publishes, and take what it lacks from its "
                   "training set");
  command.add_flag_callback(
      "--no-pictures", [arguments] { arguments->request.pictures = false; },
      "Open no picture; copies of one may then come into two parts");
  add_threads_option(command, arguments->request.threads);
  takes(command.add_option("-o,--output", arguments->output,
                           "Write dataset, key, group, class, split, fold as CSV"),
        "FILE");
  takes(command.add_option("--store", arguments->store, "Keep it as the split set of this name"),
        "NAME");
  command.add_flag("--replace", arguments->replace, "Even if there is a split set of this name");
  add_global_options(command, globals);
  add_examples(command, {"epicrisis split -w work -o split.csv",
                         "epicrisis split -w work --folds 5 --test 0.2 --seed 7 -o folds.csv"});
  command.callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
