#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/study/embed.h"
#include "interrupted.h"
#include "output.h"
#include "run_options.h"

namespace epicrisis::cli {
namespace {

struct EmbedArguments {
  RunArguments run;
  std::vector<std::string> pictures;
  SampleSelection selection;
  std::string output;
  bool without_notes = false;
  bool replace = false;
};

Embeddings embed(const EmbedArguments& arguments, const Path& folder, const Globals& globals) {
  if (!arguments.pictures.empty()) {
    return embed_files(folder, list_pictures(arguments.pictures), globals.job);
  }
  Workspace workspace = workspace_of(arguments.run, folder);
  return embed_samples(folder, workspace, arguments.selection, !arguments.without_notes,
                       globals.job);
}

// Last, as predict has it.
void warn_of_unreadable(const Embeddings& embeddings, const Job& job) {
  if (embeddings.unreadable == 0) return;
  job.warn("{} of {} left out, without a row", embeddings.unreadable,
           counted(embeddings.images.rows + embeddings.unreadable, "picture"));
}

void print_embeddings(const Embeddings& embeddings) {
  print_line(fmt::format("{} and {} embedded in {} numbers",
                         counted(embeddings.images.rows, "picture"),
                         counted(embeddings.texts.rows, "note"),
                         std::max(embeddings.images.columns, embeddings.texts.columns)));
  if (embeddings.without_picture > 0) {
    print_line(fmt::format("{} no picture",
                           counted(embeddings.without_picture, "sample has", "samples have")));
  }
  print_examples(embeddings.failures, static_cast<std::int64_t>(embeddings.unreadable),
                 "  could not be read: ");
}

void run(const EmbedArguments& arguments, Globals& globals) {
  const Path folder = run_folder(arguments.run);
  check_embedding_folder(arguments.output, arguments.replace);
  const Embeddings embeddings = telling_what_is_kept(
      globals.job,
      [&] {
        return fmt::format("nothing is written to {}; {}", arguments.output,
                           arguments.pictures.empty()
                               ? encoded_is_kept("of samples")
                               : std::string("nothing is kept, and the same command begins anew"));
      },
      [&] { return embed(arguments, folder, globals); });
  const bool any = embeddings.images.rows + embeddings.texts.rows > 0;
  std::vector<Path> files;
  if (any) files = write_embeddings(folder, embeddings, arguments.output, arguments.replace);
  if (!any) globals.exit_code = exit_status(ErrorKind::kInput);
  if (globals.json) {
    warn_of_unreadable(embeddings, globals.job);
    Json names = Json::array();
    for (const Path& file : files) names.push_back(file.string());
    return print_json({{"run", folder.string()},
                       {"pictures", embeddings.images.rows},
                       {"notes", embeddings.texts.rows},
                       {"width", std::max(embeddings.images.columns, embeddings.texts.columns)},
                       {"without_picture", embeddings.without_picture},
                       {"unreadable", embeddings.unreadable},
                       {"failures", embeddings.failures},
                       {"files", names}});
  }
  print_embeddings(embeddings);
  if (!any) print_line("Nothing is written");
  for (const Path& file : files) print_line("Wrote " + file.string());
  flush_output();
  warn_of_unreadable(embeddings, globals.job);
}

}  // namespace

void add_embed_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "embed", "Vectors of samples and their notes, or of picture files, in a run's shared space");
  const auto arguments = std::make_shared<EmbedArguments>();
  add_run_options(
      command, arguments->run,
      "Workspace whose samples are embedded; the one in which the run lies if not given");
  CLI::Option* pictures = takes(
      command.add_option("PICTURE", arguments->pictures,
                         "Pictures, folders of them, or CSV files with a column 'picture', in "
                         "place of samples"),
      "FILE|DIR");
  takes(command.add_option("-o,--output", arguments->output,
                           "Folder for safetensors, npy and their tables (CSV)"),
        "DIR")
      ->required();
  add_selection_options(command, arguments->selection);
  command.add_flag("--without-notes", arguments->without_notes,
                   "Pictures alone; needs no text encoder");
  command.add_flag("--replace", arguments->replace, "Even if the folder holds embeddings");
  for (const char* name : {"--dataset", "--split", "--without-notes"}) {
    pictures->excludes(command.get_option(name));
  }
  add_global_options(command, globals);
  add_examples(command, {"epicrisis embed work/runs/demo-image-1-0a1b2c3d4e -o vectors",
                         "epicrisis embed RUN -w work --dataset ham10000 --split test -o vectors",
                         "epicrisis embed RUN pictures/ -o vectors"});
  command.callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
