#include "cmd_models.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/model_folders.h"
#include "message_lines.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

constexpr const char* kFooter =
    "Looks in the folders of EPICRISIS_MODELS, separated by ':', by default models\n"
    "and ../shared/models, then in Hugging Face's cache.";

// Of EPICRISIS_MODELS; those that are looked at without it need not be there.
std::vector<std::string> missing_folders() {
  std::vector<std::string> missing;
  const char* named = std::getenv("EPICRISIS_MODELS");
  if (named == nullptr || *named == '\0') return missing;
  for (const Path& folder : model_search_folders()) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) missing.push_back(folder.string());
  }
  return missing;
}

void print_models(const std::vector<FoundModel>& models) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "kind", "architecture", "width", "where"}};
  for (const FoundModel& model : models) {
    rows.push_back({model.name, std::string(model_kind_name(model.kind)), model.architecture,
                    model.width > 0 ? std::to_string(model.width) : "", model.folder.string()});
  }
  rows.push_back({std::string(kTrainedTokens), "text encoder", "token embeddings",
                  std::to_string(kTokenWidth), "built in, trained with a run"});
  rows.push_back(
      {"random:ARCHITECTURE", "image encoder", "those below", "", "built in, random weights"});
  print_table(rows);
  std::vector<std::string> architectures;
  for (const ImageEncoderInfo& info : image_encoders()) architectures.emplace_back(info.name);
  print_text("\n" + wrapped("", 0, "Image encoders: " + join(architectures, ", ") + "."));
  for (const std::string& folder : missing_folders()) {
    print_line(fmt::format("EPICRISIS_MODELS names {}, which is not there.", folder));
  }
  for (const FoundModel& model : models) {
    if (!model.problem.empty()) {
      print_text(message_lines(fmt::format("{} cannot be used: {}", model.name, model.problem)) +
                 "\n");
    }
  }
}

Json json_of(const std::vector<FoundModel>& models) {
  Json searched = Json::array();
  for (const Path& folder : model_search_folders()) searched.push_back(folder.string());
  return {{"models", json_list(models)},
          {"image_architectures", json_list(image_encoders())},
          {"searched", searched},
          {"not_there", missing_folders()}};
}

void list(const Globals& globals) {
  const std::vector<FoundModel> models = list_models();
  if (globals.json) {
    print_json(json_of(models));
  } else {
    print_models(models);
  }
}

void add_models_list(CLI::App& models, Globals& globals) {
  CLI::App& command = *models.add_subcommand("list", "The encoders that can be used");
  add_global_options(command, globals);
  command.footer(kFooter);
  command.callback([&globals] { list(globals); });
}

}  // namespace

void add_models_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "models", "List the encoders that can be used, look into weights, fetch models");
  add_global_options(*command, globals);
  add_models_list(*command, globals);
  add_models_inspect(*command, globals);
  add_models_get(*command, globals);
  command->footer(std::string("Without a command, lists.\n") + kFooter);
  command->callback([command, &globals] {
    if (command->get_subcommands().empty()) list(globals);
  });
}

}  // namespace epicrisis::cli
