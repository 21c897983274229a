#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/synthesis/preview.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/sample_search.h"
#include "interrupted.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct PreviewArguments {
  SynthesisArguments common;
  std::string key;
  bool whole_pictures = false;
};

constexpr std::size_t kShownLines = 40;
constexpr std::size_t kShownBytes = 400;  // of a line

// The request as a person can take it in: long lines and what is below the first 40 cut, and said
// to be.
void print_request(const std::string& body) {
  const std::string whole = dump_json(shorten_pictures(parse_json(body, "request")), 2);
  const std::vector<std::string> lines = split(whole, '\n');
  print_line("A request:");
  std::size_t cut = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view shown = utf8_beginning(lines[i], i < kShownLines ? kShownBytes : 0);
    const std::size_t left = lines[i].size() - shown.size();
    cut += left;
    if (i < kShownLines) {
      print_line(std::string(shown) + (left > 0 ? fmt::format("... ({} more)", left) : ""));
    }
  }
  if (lines.size() > kShownLines)
    print_line(fmt::format("... {} more", counted(lines.size() - kShownLines, "line")));
  if (cut > 0) {
    print_line(fmt::format("{} of {} bytes are cut here; --json shows all", cut, whole.size()));
  }
}

std::string cost_line(const SynthesisPreview& preview) {
  const Prices& prices = preview.prices;
  if (!prices.known()) {
    return "Cost: not known; prices of input and output are neither in the provider's file nor given "
           "by --input-price and --output-price";
  }
  if (!prices.charges()) return "Cost: nothing; the prices are 0, as of any server on this machine";
  return fmt::format("Cost: at most {:.4f} US dollars, at {} in and {} out a million tokens",
                     preview.cost, *prices.input, *prices.output);
}

}  // namespace

void print_preview(const SynthesisPreview& preview, const std::string& model) {
  if (!preview.body.empty()) print_request(preview.body);
  for (const std::string& url : preview.urls) {
    print_line(
        fmt::format("{} {}", preview.remote ? "To another machine:" : "To this machine:", url));
  }
  print_line(fmt::format("Sent: {}; {}", preview.images ? "the picture" : "no picture",
                         preview.fields.empty()
                             ? "no metadata"
                             : join({preview.fields.begin(), preview.fields.end()}, ", ")));
  if (preview.images && preview.picture.known) {
    print_line(fmt::format("A picture counts at most {} tokens for {} ({})", preview.picture.tokens,
                           model, preview.picture.source));
  } else if (preview.images) {
    print_line(fmt::format(
        "Warning: how many tokens a picture counts for {} is not known; {} are reckoned with, as for "
        "GPT-4o, and it may be many times as many. Say it by --picture-tokens, or write a note and "
        "see",
        model, preview.picture.tokens));
  }
  print_line(fmt::format("Notes: {}, {} of them missing", preview.notes, preview.missing));
  for (const auto& [reason, count] : preview.skips) {
    print_line(fmt::format("  {} skipped: {}", count, reason));
  }
  if (preview.unmeasured > 0) {
    print_line(fmt::format(
        "{} not measured yet: what is shown here is without findings of that. `epicrisis notes "
        "write` measures first; `epicrisis findings` does it now",
        counted(preview.unmeasured, "picture is", "pictures are")));
  }
  print_line(fmt::format("Tokens: about {} in{}, at most {} out", preview.input_tokens,
                         preview.picture_tokens > 0
                             ? fmt::format(" ({} of them for pictures)", preview.picture_tokens)
                             : "",
                         preview.output_tokens));
  print_line(cost_line(preview));
}

void add_notes_preview(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "preview", "Show what a run would send, where to, and what it would cost; sends nothing");
  auto arguments = std::make_shared<PreviewArguments>();
  add_synthesis_options(*command, arguments->common)->required();
  takes(command->add_option("--key", arguments->key, "Show the request for the sample of this key"),
        "KEY");
  command->add_flag("--whole-pictures", arguments->whole_pictures,
                    "With --json: the request's picture uncut");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes preview -w work --strategy P2 --provider openai \\",
                          "  --model gpt-4o-mini --input-price 0.15 --output-price 0.60"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open_to_read(arguments->common.workspace);
    const std::int64_t sample =
        arguments->key.empty()
            ? 0
            : sample_by_key(workspace.database(), arguments->key, arguments->common.datasets).id;
    SynthesisJob job = job_of(arguments->common);
    job.field = workspace_field(workspace.database());
    const Strategy strategy = load_strategy(job.strategy, job.field);
    if (strategy.kind == StrategyKind::kTemplate) {
      throw UsageError(
          "strategy '{}' is a template: nothing is sent for it and nothing is paid; "
          "`epicrisis notes write` makes its notes",
          strategy.name);
    }
    const RequestBuilder builder = make_builder(job);
    const SynthesisPreview preview = telling_what_is_kept(globals.job, nothing_is_changed, [&] {
      return preview_synthesis(workspace, builder, job.options, globals.job, sample);
    });
    if (globals.json) {
      print_json(to_json(preview, arguments->whole_pictures));
    } else {
      print_preview(preview, builder.model());
    }
  });
}

}  // namespace epicrisis::cli
