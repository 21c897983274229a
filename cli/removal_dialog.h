#pragma once

#include <string>

#include "command.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/removal.h"
#include "output.h"

namespace epicrisis::cli {

struct RemovalArguments {
  std::string workspace;
  bool dry_run = false;
  bool yes = false;
};

// The files that go or stay, a line each, and what they take; `gone` says the verb: "go", "are
// removed".
void print_sweep(const SweepReport& sweep, const std::string& gone);

// Asks on the terminal whether to go on; "y" and "yes" are a yes. UsageError, before anything is
// done, where standard input is no terminal, or the answer is another. Interrupted on a Ctrl-C.
void require_confirmation(const std::string& question, const Job& job);

// Shows what would go, asks, does it: `remove(workspace, options)`, `print(outcome, verb)`.
// Nothing is asked where `is_nothing(outcome)`.
template <typename Remove, typename Print, typename IsNothing>
void show_and_remove(const RemovalArguments& arguments, const Globals& globals,
                     const Remove& remove, const Print& print, const IsNothing& is_nothing) {
  // Where nothing is to change, a workspace that may only be read will do.
  Workspace workspace = arguments.dry_run ? Workspace::open_to_read(arguments.workspace)
                                          : Workspace::open(arguments.workspace);
  if (arguments.dry_run || !arguments.yes) {
    const auto planned = remove(workspace, RemovalOptions{.dry_run = true});
    if (arguments.dry_run && globals.json) return print_json(to_json(planned));
    if (!globals.json) print(planned, "would go");
    if (arguments.dry_run) return;
    if (is_nothing(planned)) {
      if (globals.json) print_json(to_json(planned));
      return;
    }
    require_confirmation("Remove this?", globals.job);
  }
  const auto removal = remove(workspace, RemovalOptions{});
  if (globals.json) return print_json(to_json(removal));
  print(removal, "are removed");
}

}  // namespace epicrisis::cli
