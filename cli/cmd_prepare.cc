#include <memory>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {
namespace {

struct Options {
  std::string workspace;
  int size = PrepareRecipe().size;
  PrepareOptions prepare;
  bool keep_hair = false;
  bool keep_border = false;
  bool keep_centre = false;
  std::string preview;
  int preview_pictures = 12;
};

void write_preview(Workspace& workspace, const PrepareRecipe& recipe, const Options& options,
                   const Globals& globals) {
  const PreparationPreview preview =
      write_preparation_preview(workspace, recipe, options.prepare.filter, options.preview_pictures,
                                options.preview, globals.job);
  if (globals.json) {
    Json json{{"preview", options.preview}, {"recipe", recipe.id()}};
    json.update(to_json(preview));
    print_json(json);
    return;
  }
  print_line(fmt::format(
      "Wrote {} ({}x{}): each picture before and after {}, row by row the {} most changed of {}",
      options.preview, preview.sheet.width, preview.sheet.height, recipe.id(),
      preview.pictures.size(), preview.looked_at));
  std::vector<std::vector<std::string>> rows = {
      {"picture", "changed", "hair", "frame cut", "moved to subject"}};
  for (const PreviewedPicture& picture : preview.pictures) {
    rows.push_back({picture.name, fmt::format("{:.1f} %", 100 * picture.changed),
                    fmt::format("{:.1f} %", 100 * picture.hair_fraction),
                    picture.border_cropped ? "yes" : "", picture.subject_cropped ? "yes" : ""});
  }
  print_table(rows);
}

void run(const Options& options, Globals& globals) {
  if (!options.preview.empty()) require_output(options.preview, OutputKind::kPicture);
  Workspace workspace = options.preview.empty() ? Workspace::open(options.workspace)
                                                : Workspace::open_to_read(options.workspace);
  PrepareRecipe recipe = usual_recipe(workspace_field(workspace.database()));
  recipe.size = options.size;
  recipe.remove_hair = recipe.remove_hair && !options.keep_hair;
  recipe.crop_border = recipe.crop_border && !options.keep_border;
  recipe.crop_to_subject = recipe.crop_to_subject && !options.keep_centre;
  require_datasets(workspace.database(), options.prepare.filter.datasets);
  if (!options.preview.empty()) {
    telling_what_is_kept(
        globals.job, [&] { return "nothing is kept" + not_written(options.preview); },
        [&] { write_preview(workspace, recipe, options, globals); });
    return;
  }
  const PrepareReport report = telling_what_is_kept(
      globals.job, [] { return fmt::format("the pictures prepared so far are kept; {}", kGoesOn); },
      [&] { return prepare_samples(workspace, recipe, globals.job, options.prepare); });
  if (report.failed > 0 && report.failed == report.samples) {
    globals.exit_code = exit_status(ErrorKind::kInput);
  }
  if (globals.json) {
    print_json(to_json(report));
    return;
  }
  print_line(fmt::format("{}: {}, {} prepared now, {} before, {} failed", report.recipe,
                         counted(report.samples, "picture"), report.prepared, report.already,
                         report.failed));
  if (report.damaged > 0) {
    print_line(
        fmt::format("{} damaged and made anew",
                    counted(report.damaged, "prepared picture was", "prepared pictures were")));
  }
  constexpr std::size_t kShown = 10;
  print_examples(report.failures, report.failed, "  ", kShown);
}

}  // namespace

void add_prepare_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "prepare", "Make the square pictures that models see; goes on where it stopped");
  const auto options = std::make_shared<Options>();
  add_workspace_option(command, options->workspace);
  takes(command.add_option("--size", options->size, "Pixels a side"), "N")
      ->check(between(16, 2048))
      ->capture_default_str();
  command.add_flag("--keep-hair", options->keep_hair, "Do not paint over hairs");
  command.add_flag("--keep-border", options->keep_border, "Do not cut off dark frames");
  command.add_flag("--keep-centre", options->keep_centre,
                   "Take the centre, do not move the square to what is shown");
  takes(command.add_option("--dataset", options->prepare.filter.datasets, "Only these data sets"),
        "NAME");
  add_threads_option(command, options->prepare.threads);
  takes(command.add_option(
            "--preview", options->preview,
            "Write a sheet of pictures before and after to this file, and prepare nothing"),
        "FILE");
  takes(command.add_option("--preview-pictures", options->preview_pictures,
                           "How many are on the sheet"),
        "N")
      ->check(between(1, 100))
      ->capture_default_str();
  options->prepare.verify = true;
  add_global_options(command, globals);
  add_examples(command,
               {"epicrisis prepare -w work", "epicrisis prepare -w work --preview sheet.png"});
  command.callback([options, &globals] { run(*options, globals); });
}

}  // namespace epicrisis::cli
