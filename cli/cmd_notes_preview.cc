#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/synthesis/preview.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct PreviewArguments {
  SynthesisArguments common;
  std::string key;
  bool whole_pictures = false;
};

// The sample of --key, in the data set of --dataset or, if one alone has that key, in any; 0
// without --key.
std::int64_t sample_of(Workspace& workspace, const PreviewArguments& arguments) {
  if (arguments.key.empty()) return 0;
  std::vector<std::string> datasets = arguments.common.datasets;
  if (datasets.empty()) datasets = dataset_names(workspace.database());
  std::vector<Sample> found;
  for (const std::string& dataset : datasets) {
    if (auto sample = find_sample(workspace.database(), dataset, arguments.key)) {
      found.push_back(*std::move(sample));
    }
  }
  if (found.empty()) {
    throw UsageError("no sample '{}' in {}", clean_text(arguments.key, 100), join(datasets, ", "));
  }
  if (found.size() > 1) {
    throw UsageError("'{}' is in {} data sets; name one with --dataset",
                     clean_text(arguments.key, 100), found.size());
  }
  return found.front().id;
}

void print_preview(const SynthesisPreview& preview, const Provider& provider) {
  for (const std::string& url : preview.urls) {
    print_line(
        fmt::format("{} {}", preview.remote ? "To another machine:" : "To this machine:", url));
  }
  print_line(fmt::format("Sent: {}; {}", preview.images ? "the picture" : "no picture",
                         preview.fields.empty() ? "no metadata" : join(preview.fields, ", ")));
  print_line(fmt::format("{} notes, {} missing", preview.notes, preview.missing));
  for (const auto& [reason, count] : preview.skips) {
    print_line(fmt::format("  {} skipped: {}", count, reason));
  }
  const bool priced = provider.prices.known();
  print_line(fmt::format("About {} tokens in, at most {} out{}", preview.input_tokens,
                         preview.output_tokens,
                         priced ? fmt::format(", at most {:.4f} US dollars", preview.cost)
                                : std::string("; the provider's file names no prices")));
  if (preview.body.empty()) return;
  print_line("Request:");
  // Not by print_line(), which cuts: this is what will be sent. JSON escapes control characters.
  const Json body = parse_json(preview.body, "request");
  fmt::print("{}\n", dump_json(shorten_pictures(body), 2));
}

std::string provider_place(const Provider& provider) {
  std::vector<std::string> urls;
  for (const Endpoint& endpoint : provider.endpoints) {
    urls.push_back(endpoint.url.empty() ? "--endpoint" : endpoint.url);
  }
  return join(urls, ", ");
}

}  // namespace

void add_notes_preview(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "preview", "Show what a run would send, where to, and what it would cost; sends nothing");
  auto arguments = std::make_shared<PreviewArguments>();
  add_synthesis_options(*command, arguments->common);
  takes(command->add_option("--key", arguments->key, "Show the request for the sample of this key"),
        "KEY");
  command->add_flag("--whole-pictures", arguments->whole_pictures,
                    "With --json: the request's picture uncut");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes preview -w work --strategy P2 --provider openai"});
  command->callback([arguments, &globals] {
    const SynthesisJob job = job_of(arguments->common);
    const RequestBuilder builder = make_builder(job);
    Workspace workspace = Workspace::open(arguments->common.workspace);
    const SynthesisPreview preview = preview_synthesis(workspace, builder, job.options, globals.job,
                                                       sample_of(workspace, *arguments));
    if (globals.json) {
      print_json(preview.to_json(arguments->whole_pictures));
    } else {
      print_preview(preview, builder.provider());
    }
  });
}

void add_notes_providers(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("providers", "List the providers, or check provider files");
  auto files = std::make_shared<std::vector<std::string>>();
  takes(command->add_option("FILE", *files, "Provider files to read and check"), "FILE");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes providers", "epicrisis notes providers mine.toml"});
  command->callback([files, &globals] {
    Json list = Json::array();
    std::vector<std::vector<std::string>> rows = {{"NAME", "WHERE", "TITLE"}};
    for (const std::string& name : files->empty() ? built_in_providers() : *files) {
      const Provider provider = load_provider(name);
      Json endpoints = Json::array();
      for (const Endpoint& endpoint : provider.endpoints) {
        endpoints.push_back({{"url", endpoint.url},
                             {"weight", endpoint.weight},
                             {"key_variable", endpoint.key_variable},
                             {"key_file", endpoint.key_file.string()}});
      }
      list.push_back({{"name", provider.name},
                      {"title", provider.title},
                      {"local", is_local(provider)},
                      {"model", provider.model},
                      {"vision", provider.vision},
                      {"max_concurrency", provider.max_concurrency},
                      {"endpoints", std::move(endpoints)}});
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
