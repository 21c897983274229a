#include <memory>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {

void add_init_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand("init", "Make an empty workspace");
  const auto folder = std::make_shared<std::string>();
  takes(command.add_option("DIR", *folder, "A new or empty folder"), "DIR")->required();
  add_global_options(command, globals);
  add_examples(command, {"epicrisis init work"});
  command.callback([folder, &globals] {
    Workspace workspace = Workspace::create(*folder);
    if (globals.json) {
      print_json({{"workspace", workspace.root().string()}, {"layout", current_layout_version()}});
    } else {
      print_line(fmt::format("Made a workspace in {}", workspace.root().string()));
    }
  });
}

}  // namespace epicrisis::cli
