#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/search.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"
#include "run_options.h"

namespace epicrisis::cli {
namespace {

struct SearchArguments {
  RunArguments run;
  std::string picture;
  std::string text;
  std::string sample;
  SampleSelection selection;
  std::size_t top = 10;
  std::string html;
};

void print_hits(const SearchResult& result) {
  print_line(search_words(result));
  if (!result.remark.empty()) print_line(result.remark);
  if (result.without_picture > 0) {
    print_line(fmt::format("{} no picture",
                           counted(result.without_picture, "sample has", "samples have")));
  }
  if (result.unreadable > 0) {
    print_line(fmt::format("{} could not be read, and so not ranked:",
                           counted(result.unreadable, "picture")));
    print_examples(result.failures, static_cast<std::int64_t>(result.unreadable));
  }
  std::size_t rank = 0;
  for (const SearchHit& hit : result.hits) {
    print_line(fmt::format("{:>3}  {:.3f}  {}/{}  {}{}{}{}", ++rank, hit.similarity,
                           hit.sample.dataset, hit.sample.key,
                           hit.sample.class_name.empty() ? "no class" : hit.sample.class_name,
                           hit.sample.split.empty() ? "" : "  " + hit.sample.split,
                           hit.same_picture ? "  the same picture" : "",
                           hit.same_group ? "  the same patient or case" : ""));
    if (!hit.note.empty()) print_line(fmt::format("     {}: {}", hit.strategy, hit.note));
  }
}

void run(const SearchArguments& arguments, const Globals& globals) {
  const Path folder = run_folder(arguments.run);
  if (!arguments.html.empty()) {
    require_output(arguments.html, OutputKind::kPage, {arguments.picture});
  }
  Workspace workspace = workspace_of(arguments.run, folder);
  const SearchResult result = telling_what_is_kept(
      globals.job, [&] { return encoded_is_kept("") + not_written(arguments.html); },
      [&] {
        return search_samples(
            folder, workspace,
            {.picture = arguments.picture, .text = arguments.text, .sample = arguments.sample},
            arguments.selection, arguments.top, globals.job);
      });
  if (!arguments.html.empty()) write_file(arguments.html, search_html(result));
  if (globals.json) {
    Json json = to_json(result);
    json["html"] = arguments.html;
    return print_json(json);
  }
  print_hits(result);
  if (!arguments.html.empty()) print_line("Wrote " + arguments.html);
}

}  // namespace

void add_search_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "search", "Samples whose pictures a run finds most like a picture, a text or a sample");
  const auto arguments = std::make_shared<SearchArguments>();
  add_run_options(command, arguments->run,
                  "Workspace that is searched; the one in which the run lies if not given");
  in_group(command, "What is looked for");
  takes(command.add_option("--picture", arguments->picture, "Pictures like this file"), "FILE")
      ->check(no_folder("a picture"));
  takes(command.add_option("--text", arguments->text,
                           "Pictures for these words; the run must be trained with notes"),
        "TEXT");
  takes(command.add_option("--sample", arguments->sample,
                           "Pictures like that of this sample, which is left out itself"),
        "[DATASET/]KEY");
  in_group(command, "Options");
  add_selection_options(command, arguments->selection);
  takes(command.add_option("--top", arguments->top, "How many are shown")
            ->check(between(1, 1'000'000'000))
            ->capture_default_str(),
        "K");
  takes(command.add_option("--html", arguments->html,
                           "Write a page with the pictures, which needs nothing else"),
        "FILE");
  add_global_options(command, globals);
  add_examples(command, {"epicrisis search work/runs/demo-m-1-0a1b2c3d4e --picture new.jpg",
                         "epicrisis search RUN -w work --text \"a dark nodule\" --html found.html",
                         "epicrisis search RUN -w work --sample ham10000/ISIC_0024306 --top 5"});
  command.callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
