#include <algorithm>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

// `whole`: all that is sent, of a file that is being written.
void print_strategy(const Strategy& strategy, bool whole) {
  const std::vector<std::string> fields = named_fields(strategy);
  const bool sent = strategy.kind != StrategyKind::kTemplate;
  print_line(fmt::format("{:<6} {:<9} {} {}{}", strategy.name, strategy_kind_name(strategy.kind),
                         sent ? "sends" : "made of",
                         strategy.image ? (fields.empty() ? "the picture" : "the picture, ") : "",
                         join(fields, ", ")));
  print_line("       " + strategy.title);
  if (!whole) return;
  const auto names = [&](std::string_view field) {
    return std::ranges::find(fields, field) != fields.end();
  };
  if (!sent) print_line("       nothing is sent: no language model is asked");
  if (strategy.image && strategy.field.measured()) {
    print_line("       to a model without vision goes what was measured on the picture, in words");
  }
  if (names("findings")) {
    print_line("       findings are age, sex, site and what else was recorded or measured");
  }
  for (const std::string& field : strategy.fields) {
    if (!names(field)) print_line(fmt::format("       {} is allowed, and no text names it", field));
  }
}

}  // namespace

void add_notes_strategies(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("strategies", "List the strategies, or check strategy files");
  auto files = std::make_shared<std::vector<std::string>>();
  takes(command->add_option("FILE", *files, "Strategy files to read and check"), "FILE")
      ->check(no_folder("a strategy file"));
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
      print_strategy(strategy, !files->empty());
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
