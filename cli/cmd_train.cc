#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/study.h"
#include "epicrisis/study/training_ranks.h"
#include "option_words.h"
#include "output.h"
#include "study_command.h"
#include "terminal_watcher.h"

namespace epicrisis::cli {
namespace {

struct TrainArguments : StudyArguments {
  TrainingChoice choice;
};

void print_trainings(const TrainingOutcome& outcome) {
  std::vector<std::vector<std::string>> rows = {
      {"run", "seed", "epochs", "best", "validation loss", "weighted F1", "folder"}};
  for (const StudyTraining& training : outcome.trainings) {
    const EpochMetrics& best = training.result.best();
    const bool validated = std::isfinite(best.validation_loss);
    rows.push_back({training.run, std::to_string(training.seed),
                    std::to_string(training.result.epochs),
                    std::to_string(training.result.best_epoch),
                    validated ? fmt::format("{:.4f}", best.validation_loss) : "none",
                    validated ? fmt::format("{:.3f}", best.validation_weighted_f1) : "none",
                    training.folder.string()});
  }
  print_table(rows);
  print_line(
      fmt::format("{} trained, {} there already", counted(outcome.trained, "run"), outcome.kept));
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// What a process does that does not lead.
void follow(Ranks& ranks, const Globals& globals) {
  try {
    study::follow_trainings(ranks, globals.job);
  } catch (const SystemError&) {
    // Where the one that leads was stopped too, it was quicker.
    globals.job.check();
    throw;
  }
}

void lead(const TrainArguments& arguments, const CLI::App& command, Globals& globals,
          Ranks* ranks) {
  const std::optional<StudyCheck> found = check_before_run(arguments, command, globals);
  if (!found) return;
  if (!globals.json && !globals.quiet) {
    print_findings(*found, command);
    flush_output();  // before hours of work
  }
  const Study study = read_study(arguments.file, data_root_of(arguments));
  StudyOptions options = options_of(arguments);
  options.ranks = ranks;
  const TrainingOutcome outcome =
      on_workspace(arguments, study, globals.job, [&](Workspace& workspace) {
        return train_study(workspace, study, arguments.choice, globals.job, options);
      });
  if (globals.json) {
    Json result = {{"study", study.name}};
    result.update(to_json(outcome));
    result["findings"] = to_json(*found)["findings"];
    result["warnings"] = globals.watcher.warnings();
    return print_json(result);
  }
  print_trainings(outcome);
}

void train(const TrainArguments& arguments, const CLI::App& command, Globals& globals) {
  const std::optional<RankPlace> place = rank_place(variable);
  const std::unique_ptr<Ranks> ranks = place ? study::join_training(*place) : nullptr;
  if (ranks && ranks->rank() > 0) return follow(*ranks, globals);
  lead(arguments, command, globals, ranks.get());
  if (ranks) study::end_trainings(*ranks);
}

}  // namespace

void add_train_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "train", "Train the runs of a study file, all or some of them; measures and reports nothing");
  auto arguments = std::make_shared<TrainArguments>();
  takes(command->add_option("--config", arguments->file,
                            "Study file (TOML; docs/formats/study-files.md)"),
        "FILE")
      ->required();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--run", arguments->choice.runs, "Only runs of this name"), "NAME");
  takes(command->add_option("--seed", arguments->choice.seeds, "Only trainings with this seed"),
        "N");
  add_data_root(*command, *arguments);
  add_permissions(*command, *arguments);
  add_global_options(*command, globals);
  add_examples(*command,
               {"epicrisis train --config study.toml -w work",
                "epicrisis train --config study.toml -w work --run 'image only' --seed 1"});
  command->callback([arguments, command, &globals] { train(*arguments, *command, globals); });
}

}  // namespace epicrisis::cli
