#include <fmt/core.h>

#include "command.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/model_folders.h"
#include "message_lines.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

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
          {"searched", searched}};
}

}  // namespace

void add_models_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand("models", "List the encoders that can be used");
  add_global_options(*command, globals);
  command->footer(
      "Looks in the folders of EPICRISIS_MODELS, separated by ':'; by default models and "
      "../shared/models.");
  command->callback([&globals] {
    const std::vector<FoundModel> models = list_models();
    if (globals.json) {
      print_json(json_of(models));
    } else {
      print_models(models);
    }
  });
}

}  // namespace epicrisis::cli
