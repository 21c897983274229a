#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/llm/provider.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

std::string provider_place(const Provider& provider) {
  std::vector<std::string> urls;
  for (const Endpoint& endpoint : provider.endpoints) {
    urls.push_back(endpoint.url.empty() ? "--endpoint" : endpoint.url);
  }
  return join(urls, ", ");
}

}  // namespace

void add_notes_providers(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("providers", "List the providers, or check provider files");
  auto files = std::make_shared<std::vector<std::string>>();
  takes(command->add_option("FILE", *files, "Provider files to read and check"), "FILE")
      ->check(no_folder("a provider file"));
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes providers", "epicrisis notes providers mine.toml"});
  command->callback([files, &globals] {
    Json list = Json::array();
    std::vector<std::vector<std::string>> rows = {{"NAME", "WHERE", "TITLE"}};
    for (const std::string& name : files->empty() ? built_in_providers() : *files) {
      const Provider provider = load_provider(name);
      list.push_back(to_json(provider));
      rows.push_back({provider.name, provider_place(provider), provider.title});
    }
    if (globals.json) {
      print_json(list);
    } else {
      print_table(rows);
    }
  });
}

}  // namespace epicrisis::cli
