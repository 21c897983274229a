#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/synthesis/preview.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/sample_search.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct PreviewArguments {
  SynthesisArguments common;
  std::string key;
  bool whole_pictures = false;
};

}  // namespace

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
  const Json body = parse_json(preview.body, "request");
  print_json(shorten_pictures(body));
}

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
    Workspace workspace = Workspace::open_to_read(arguments->common.workspace);
    const std::int64_t sample =
        arguments->key.empty()
            ? 0
            : sample_by_key(workspace.database(), arguments->key, arguments->common.datasets).id;
    SynthesisJob job = job_of(arguments->common);
    job.field = workspace_field(workspace.database());
    const RequestBuilder builder = make_builder(job);
    const SynthesisPreview preview =
        preview_synthesis(workspace, builder, job.options, globals.job, sample);
    if (globals.json) {
      print_json(to_json(preview, arguments->whole_pictures));
    } else {
      print_preview(preview, builder.provider());
    }
  });
}

}  // namespace epicrisis::cli
