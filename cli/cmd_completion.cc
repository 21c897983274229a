#include <memory>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "output.h"

namespace epicrisis::cli {

void add_completion_command(CLI::App& app, Globals& globals) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print what makes a shell complete commands and options");
  auto shell = std::make_shared<std::string>();
  takes(completion->add_option("SHELL", *shell, "bash, zsh or fish"), "NAME", [] {
    return std::vector<std::string>{"bash", "zsh", "fish"};
  })->required();
  add_quiet_option(*completion, globals);
  add_examples(*completion,
               {"source <(epicrisis completion bash)",
                "epicrisis completion fish > ~/.config/fish/completions/epicrisis.fish"});
  completion->callback([shell, &app] {
    if (*shell == "bash") return print_text(bash_completion(describe(app)));
    if (*shell == "zsh") return print_text(zsh_completion(describe(app)));
    if (*shell == "fish") return print_text(fish_completion(describe(app)));
    throw UsageError("there is no completion for '{}'; there are bash, zsh and fish",
                     clean_text(*shell, 60));
  });

  // For the build, which installs it.
  CLI::App* man = app.add_subcommand("man", "Print the man page (roff)")->group("");
  add_quiet_option(*man, globals);
  man->callback([&app] { print_text(man_page(describe(app))); });
}

}  // namespace epicrisis::cli
