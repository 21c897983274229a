#include <fmt/format.h>

#include <memory>
#include <system_error>

#include "cmd_models.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/hub/hub.h"
#include "epicrisis/settings/model_folders.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

struct GetArguments {
  std::string model;
  std::string to;
  bool all = false;
};

void print_plan(const HubRepository& repository) {
  print_line(fmt::format("{} at {}, commit {}", repository.name.repository,
                         repository.name.revision, repository.commit));
  std::vector<std::vector<std::string>> rows = {{"file", "size", ""}};
  std::uint64_t bytes = 0;
  for (const HubFile& file : repository.files) {
    rows.push_back({file.name, file.bytes ? bytes_words(*file.bytes) : "not told",
                    file.there ? "is there" : "to fetch"});
    if (!file.there) bytes += file.bytes.value_or(0);
  }
  print_table(rows);
  if (!repository.left_out.empty()) {
    print_line(
        fmt::format("{} left out; --all takes them too:",
                    counted(repository.left_out.size(), "other file is", "other files are")));
    print_examples(repository.left_out, static_cast<std::int64_t>(repository.left_out.size()), "  ",
                   8);
  }
  print_line(fmt::format("{} to fetch", bytes_words(bytes)));
  flush_output();
}

// What a study calls it: its name where it is found by that, else its folder.
std::string name_in_studies(const std::string& name, const Path& folder) {
  try {
    std::error_code error;
    if (std::filesystem::equivalent(find_model(name), folder, error)) return name;
  } catch (const UsageError&) {
    return folder.string();
  }
  return folder.string();
}

void get(const GetArguments& arguments, Globals& globals) {
  HubSettings settings = hub_settings();
  if (!arguments.to.empty()) settings.cache = arguments.to;
  const auto transport = make_curl_transport();
  HubRepository repository = find_repository(*transport, settings, parse_hub_name(arguments.model),
                                             arguments.all, globals.job);
  if (!globals.json) print_plan(repository);
  std::uint64_t fetched = 0;
  const Path folder = telling_what_is_kept(
      globals.job,
      [&] {
        return fmt::format("{} came and are kept; the same command goes on from there",
                           bytes_words(fetched));
      },
      [&] { return fetch_repository(*transport, settings, repository, globals.job, fetched); });
  const FoundModel found = describe_model(folder);
  if (globals.json) {
    Json json = to_json(repository);
    json["folder"] = folder.string();
    json["fetched_bytes"] = fetched;
    json["kind"] = model_kind_name(found.kind);
    json["architecture"] = found.architecture;
    json["problem"] = found.problem;
    return print_json(json);
  }
  print_line(fmt::format("Fetched {} into {}", bytes_words(fetched), folder.string()));
  if (!found.problem.empty()) {
    print_line("It is no encoder that can be used as it is: " + found.problem);
  } else {
    print_line(fmt::format("{}: {} ({}); a study names it as \"{}\"", repository.name.repository,
                           found.architecture, model_kind_name(found.kind),
                           name_in_studies(arguments.model, folder)));
  }
}

}  // namespace

void add_models_get(CLI::App& models, Globals& globals) {
  CLI::App& command =
      *models.add_subcommand("get", "Fetch a model of Hugging Face's hub into its cache");
  const auto arguments = std::make_shared<GetArguments>();
  takes(command.add_option("MODEL", arguments->model,
                           "ORG/NAME of the repository; with @REVISION a branch, a tag or a commit "
                           "of it, main if not given"),
        "NAME")
      ->required();
  takes(command.add_option("--to", arguments->to,
                           "Cache folder in place of HF_HUB_CACHE; with a folder of "
                           "EPICRISIS_MODELS the model is found there"),
        "DIR");
  command.add_flag("--all", arguments->all,
                   "All files, also of other frameworks, not those of the model alone");
  add_global_options(command, globals);
  command.footer(
      "Examples:\n  epicrisis models get google/vit-base-patch16-224\n"
      "  epicrisis models get ORG/NAME@v1.0 --to models\n\n"
      "HF_ENDPOINT names another server of the protocol, HF_HUB_CACHE or HF_HOME\n"
      "another cache, HF_TOKEN (or the file that Hugging Face's programs keep it in) a\n"
      "token for what is not for everybody; HF_HUB_OFFLINE=1 forbids to fetch.");
  command.callback([arguments, &globals] { get(*arguments, globals); });
}

}  // namespace epicrisis::cli
