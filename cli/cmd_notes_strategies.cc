#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "output.h"

namespace epicrisis::cli {

void add_notes_strategies(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("strategies", "List the strategies, or check strategy files");
  auto files = std::make_shared<std::vector<std::string>>();
  takes(command->add_option("FILE", *files, "Strategy files to read and check"), "FILE");
  auto field_name = std::make_shared<std::string>();
  takes(
      command->add_option("--field", *field_name, "Of this field: a built-in one or a field file"),
      "NAME|FILE");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes strategies", "epicrisis notes strategies mine.toml"});
  command->callback([files, field_name, &globals] {
    const Field field = field_name->empty() ? Field::standard() : Field::load(*field_name);
    Json list = Json::array();
    std::vector<std::string> faults;
    for (const std::string& name : files->empty() ? built_in_strategies(field) : *files) {
      Strategy strategy;
      try {
        strategy = load_strategy(name, field);
      } catch (const Error& error) {
        faults.emplace_back(error.what());
        continue;
      }
      list.push_back(to_json(strategy));
      if (globals.json) continue;
      print_line(fmt::format("{:<6} {:<9} sees {}{}", strategy.name,
                             strategy_kind_name(strategy.kind), strategy.image ? "the image, " : "",
                             join(strategy.fields, ", ")));
      print_line("       " + strategy.title);
    }
    if (globals.json) {
      print_json(list);
    } else if (files->empty() && field.name() == Field::standard().name()) {
      for (const auto& [name, members] : note_sets())
        print_line(fmt::format("{:<6} set       {}", name, join(members, " + ")));
    }
    if (!faults.empty()) throw UsageError("{}", join(faults, "\n"));
  });
}

}  // namespace epicrisis::cli
