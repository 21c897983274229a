#include <memory>
#include <optional>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {

void add_init_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand("init", "Make an empty workspace");
  const auto folder = std::make_shared<std::string>();
  takes(command.add_option("DIR", *folder, "A new or empty folder"), "DIR")->required();
  const auto name = std::make_shared<std::string>();
  takes(command.add_option("--field", *name,
                           "What its pictures are of: a built-in field or a field file; if not "
                           "given, the first import says it"),
        "NAME|FILE");
  add_global_options(command, globals);
  add_examples(command, {"epicrisis init work", "epicrisis init work --field chest_xray"});
  command.callback([folder, name, &globals] {
    std::optional<Field> field;  // before a workspace is made for nothing
    if (!name->empty()) field = Field::load(*name);
    share_as(*folder);
    Workspace workspace = Workspace::create(*folder);
    if (field) settle_field(workspace.database(), *field);
    if (globals.json) {
      print_json({{"workspace", workspace.root().string()},
                  {"layout", current_layout_version()},
                  {"field", workspace_field(workspace.database()).name()}});
    } else {
      print_line(fmt::format("Made a workspace in {}", workspace.root().string()));
    }
  });
}

}  // namespace epicrisis::cli
