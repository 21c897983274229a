#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/notes/exchange/listed_texts.h"
#include "epicrisis/study/embed.h"
#include "epicrisis/study/embedding_files.h"
#include "interrupted.h"
#include "output.h"
#include "run_options.h"

namespace epicrisis::cli {
namespace {

struct EmbedArguments {
  RunArguments run;
  std::vector<std::string> pictures;
  std::string model;
  std::vector<std::string> images;  // of a model, as `pictures` of a run
  std::string notes;
  SampleSelection selection;
  std::string output;
  bool without_notes = false;
  bool replace = false;
};

void check_sides(const EmbedArguments& arguments) {
  if (arguments.model.empty()) {
    if (arguments.run.run.empty())
      throw UsageError("give a RUN, or a published encoder by --model");
    return;
  }
  if (!arguments.run.run.empty()) {
    throw UsageError("--model stands in place of RUN; give its pictures by --images");
  }
  if (arguments.images.empty() && arguments.notes.empty()) {
    throw UsageError("--model needs --images or --notes");
  }
}

Embeddings embed_by_model(const EmbedArguments& arguments, const Globals& globals) {
  Embeddings result;
  if (!arguments.notes.empty()) {
    const ListedTexts list = list_texts(arguments.notes);
    if (list.without_text > 0) {
      globals.job.warn("{} of {} left out: {}", list.without_text, arguments.notes,
                       join(list.without_examples, "; "));
    }
    result = embed_texts_by_model(arguments.model, list.texts, globals.job);
    result.without_text = list.without_text;
  }
  if (!arguments.images.empty()) {
    Embeddings pictures =
        embed_files_by_model(arguments.model, list_pictures(arguments.images), globals.job);
    pictures.texts = std::move(result.texts);
    pictures.notes = std::move(result.notes);
    pictures.without_text = result.without_text;
    result = std::move(pictures);
  }
  return result;
}

Embeddings embed(const EmbedArguments& arguments, const Path& folder, const Globals& globals) {
  if (!arguments.model.empty()) return embed_by_model(arguments, globals);
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
  const std::size_t of_pictures = embeddings.images.columns;
  const std::size_t of_texts = embeddings.texts.columns;
  const bool one_width = of_pictures == 0 || of_texts == 0 || of_pictures == of_texts;
  print_line(fmt::format("{} and {} embedded in {} numbers",
                         counted(embeddings.images.rows, "picture"),
                         counted(embeddings.texts.rows, "note"),
                         one_width ? fmt::format("{}", std::max(of_pictures, of_texts))
                                   : fmt::format("{} and {}", of_pictures, of_texts)));
  if (embeddings.without_picture > 0) {
    print_line(fmt::format("{} no picture",
                           counted(embeddings.without_picture, "sample has", "samples have")));
  }
  print_examples(embeddings.failures, static_cast<std::int64_t>(embeddings.unreadable),
                 "  could not be read: ");
}

void run(const EmbedArguments& arguments, Globals& globals) {
  check_sides(arguments);
  const bool by_model = !arguments.model.empty();
  const Path folder = by_model ? Path() : run_folder(arguments.run);
  check_embedding_target(arguments.output, arguments.replace);
  const Embeddings embeddings = telling_what_is_kept(
      globals.job,
      [&] {
        return fmt::format("nothing is written to {}; {}", arguments.output,
                           arguments.pictures.empty() && !by_model
                               ? encoded_is_kept("of samples")
                               : std::string("nothing is kept, and the same command begins anew"));
      },
      [&] { return embed(arguments, folder, globals); });
  const bool any = embeddings.images.rows + embeddings.texts.rows > 0;
  std::vector<Path> files;
  if (any) files = write_embeddings(embeddings, arguments.output, arguments.replace);
  if (!any) globals.exit_code = exit_status(ErrorKind::kInput);
  if (globals.json) {
    warn_of_unreadable(embeddings, globals.job);
    Json names = Json::array();
    for (const Path& file : files) names.push_back(file.string());
    return print_json({{by_model ? "model" : "run", by_model ? arguments.model : folder.string()},
                       {"pictures", embeddings.images.rows},
                       {"notes", embeddings.texts.rows},
                       {"width", std::max(embeddings.images.columns, embeddings.texts.columns)},
                       {"without_picture", embeddings.without_picture},
                       {"without_text", embeddings.without_text},
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
      "embed",
      "Vectors of samples and their notes, or of picture files, in a run's shared space, or of "
      "pictures and notes by a published encoder");
  const auto arguments = std::make_shared<EmbedArguments>();
  add_run_options(
      command, arguments->run,
      "Workspace whose samples are embedded; the one in which the run lies if not given");
  command.get_option("RUN")->required(false);
  CLI::Option* pictures = takes(
      command.add_option("PICTURE", arguments->pictures,
                         "Pictures, folders of them, or CSV files with a column 'picture', in "
                         "place of samples"),
      "FILE|DIR");
  CLI::Option* model = takes(
      command.add_option("--model", arguments->model,
                         "A published encoder in place of a run: a folder, a name of 'models', or "
                         "a repository in Hugging Face's cache"),
      "NAME|DIR");
  takes(command.add_option("--images", arguments->images,
                           "Its pictures: files, folders, or CSV files with a column 'picture'"),
        "FILE|DIR")
      ->needs(model);
  takes(command.add_option("--notes", arguments->notes,
                           "Its texts: a .jsonl, .csv or .tsv file with 'text', or .txt with one "
                           "a line"),
        "FILE")
      ->needs(model);
  takes(command.add_option("-o,--output", arguments->output,
                           "Folder for safetensors, npy and their tables (CSV), or a file "
                           "NAME.safetensors with its tables beside it"),
        "DIR|FILE")
      ->required();
  add_selection_options(command, arguments->selection);
  command.add_flag("--without-notes", arguments->without_notes,
                   "Pictures alone; needs no text encoder");
  command.add_flag("--replace", arguments->replace, "Even if the folder holds embeddings");
  for (const char* name : {"--dataset", "--split", "--without-notes"}) {
    pictures->excludes(command.get_option(name));
    model->excludes(command.get_option(name));
  }
  add_global_options(command, globals);
  add_examples(command,
               {"epicrisis embed work/runs/demo-image-1-0a1b2c3d4e -o vectors",
                "epicrisis embed RUN -w work --dataset ham10000 --split test -o vectors",
                "epicrisis embed RUN pictures/ -o vectors",
                "epicrisis embed --model all-MiniLM-L6-v2 --notes notes.csv -o n.safetensors",
                "epicrisis embed --model biomedclip --images pictures/ -o pictures.safetensors"});
  command.callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
