#include <algorithm>
#include <memory>
#include <optional>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/data/modalities.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/program_mark.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "kept_table.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {
namespace {

struct Options {
  std::vector<std::string> pictures;
  std::string workspace;
  SampleFilter filter;
  std::string field = Field::standard().name();
  std::string modality;
  std::string output;
  std::string preview;
  int preview_pictures = 50;
  unsigned threads = 0;
};

// "asymmetric; sharp; dark brown, black; globules": what is confident and there.
std::string in_words(const PictureFindings& picture) {
  if (!picture.error.empty()) return picture.error;
  if (!picture.measures.found) return "nothing found to measure";
  std::vector<std::string> words;
  for (const MeasuredFinding& finding : picture.findings) {
    if (!finding.confident || (!finding.present() && finding.opposite.empty())) continue;
    words.push_back(finding.words());
  }
  for (const char* name : kArtefacts) {
    if (picture.measures[name] >= 0.5) words.emplace_back(name);
  }
  return words.empty() ? "nothing it is confident of" : join(words, ", ");
}

// Spread over all there are, so that a sheet shows more than the first names.
std::vector<PictureToMeasure> some_of(const std::vector<PictureToMeasure>& all, int wanted) {
  const auto count = std::min(all.size(), static_cast<std::size_t>(wanted));
  std::vector<PictureToMeasure> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

std::vector<PictureToMeasure> samples_of(Workspace& workspace, const SampleFilter& filter) {
  SampleFilter pictures = filter;
  pictures.with_image = true;
  require_datasets(workspace.database(), pictures.datasets);
  std::vector<PictureToMeasure> all;
  for_each_sample(workspace.database(), pictures, [&](const Sample& sample) {
    all.push_back({sample.dataset, sample.key, sample.image_path, sample.modality});
    return true;
  });
  return all;
}

void write_preview(const std::vector<PictureToMeasure>& all, const Options& options,
                   Globals& globals) {
  const std::vector<PictureToMeasure> some = some_of(all, options.preview_pictures);
  std::vector<std::string> failures;
  const Image sheet = evidence_sheet(some, globals.job, failures);
  write_file(options.preview, with_program_mark(encode_png(sheet)));
  if (!some.empty() && failures.size() == some.size()) {
    globals.exit_code = exit_status(ErrorKind::kInput);
  }
  if (globals.json) {
    Json names = Json::array();
    for (const PictureToMeasure& one : some) names.push_back(one.path);
    print_json({{"preview", options.preview}, {"pictures", names}, {"failures", failures}});
    return;
  }
  print_line(fmt::format(
      "Wrote {} ({}x{}): {} of {}, each with outline and axes, colours, structures (lines "
      "enclose green, spots red and orange, rays blue, plain gray; ink magenta, ruler yellow, "
      "bubbles cyan)",
      options.preview, sheet.width, sheet.height, some.size() - failures.size(),
      counted(all.size(), "picture")));
  if (!failures.empty()) {
    print_line(fmt::format("{} could not be read:", failures.size()));
    print_examples(failures, static_cast<std::int64_t>(failures.size()), "  ", 10);
  }
}

// The field's words for the modality that was given; one that it does not know goes as it is.
std::string modality_given(const Options& options, const Job& job) {
  const Field field = Field::load(options.field);
  const std::optional<std::string> known = modality_in_words(field, options.modality);
  if (!known && !field.modalities().empty()) {
    job.warn(
        "the modality '{}' is not known, so nothing is taken as sure on these pictures; known are: "
        "{}",
        options.modality, modalities_in_words(field));
  }
  return known.value_or(options.modality);
}

void run(const Options& options, Globals& globals) {
  if (options.workspace.empty() && options.pictures.empty()) {
    throw UsageError("nothing to measure: name pictures or folders, or a `workspace`");
  }
  if (!options.workspace.empty() && !options.pictures.empty()) {
    throw UsageError("pictures and a `workspace` at once: name the one or the other");
  }
  const std::vector<Path> read(options.pictures.begin(), options.pictures.end());
  if (!options.preview.empty()) require_output(options.preview, OutputKind::kPicture, read);
  if (!options.output.empty()) require_output(options.output, OutputKind::kFindings, read);
  std::optional<Workspace> workspace;
  const FindingRules* rules = nullptr;
  std::vector<PictureToMeasure> files;
  if (!options.workspace.empty()) {
    workspace.emplace(Workspace::open_to_read(options.workspace));
  } else {
    rules = FindingRules::of(Field::load(options.field));
    const std::string usual = rules != nullptr ? rules->usual_modality() : "image";
    files = pictures_at(options.pictures,
                        options.modality.empty() ? usual : modality_given(options, globals.job));
  }
  if (!options.preview.empty()) {
    write_preview(workspace ? samples_of(*workspace, options.filter) : files, options, globals);
    return;
  }
  std::optional<KeptTable> output;
  if (!options.output.empty()) output.emplace(options.output, "");
  Json found = Json::array();
  const bool listed = !globals.json && options.output.empty();
  const FindingsSink sink = [&](const PictureFindings& picture) {
    if (output) {
      output->write(dump_json(to_json(picture)) + "\n");
    } else if (globals.json) {
      found.push_back(to_json(picture));
    }
    if (listed) {
      print_line(fmt::format(
          "{}: {}", picture.dataset.empty() ? picture.path : picture.dataset + "/" + picture.key,
          in_words(picture)));
    }
  };
  const auto kept = [&] {
    return (workspace && workspace->kept()
                ? fmt::format("what was stored so far is kept; {}", kGoesOn)
                : std::string("nothing is kept; the same command begins anew")) +
           not_written(options.output);
  };
  const FindingsReport report = telling_what_is_kept(globals.job, kept, [&] {
    return workspace
               ? measure_samples(*workspace, options.filter, options.threads, globals.job, sink)
               : measure_files(files, rules, options.threads, globals.job, sink);
  });
  if (workspace) warn_if_not_kept(*workspace, globals.job);
  if (output && !output->finish(report.failed < report.pictures)) {
    globals.job.warn("{} is left as it was, as no picture was measured", options.output);
  }
  if (report.failed > 0 && report.failed == report.pictures) {
    globals.exit_code = exit_status(ErrorKind::kInput);
  }
  if (globals.json) {
    Json json = to_json(report);
    if (!workspace) json["modality"] = files.empty() ? "" : files.front().modality;
    if (!output) json["findings"] = std::move(found);
    print_json(json);
    return;
  }
  print_line(
      fmt::format("{}: {} measured now, {} before, {} failed; in {} nothing was found to measure",
                  counted(report.pictures, "picture"), report.measured, report.stored,
                  report.failed, report.without_subject));
  if (!workspace && !files.empty()) {
    print_line(fmt::format("Taken for: {}", files.front().modality));
  }
  print_examples(report.failures, report.failed, "  ", 10);
}

}  // namespace

void add_findings_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand(
      "findings", "Measure asymmetry, border, colours and structures on pictures");
  const auto options = std::make_shared<Options>();
  takes(command.add_option("PICTURE", options->pictures, "Pictures, or folders of them"),
        "FILE|DIR");
  const CLI::Option* const workspace =
      add_workspace_option(command, options->workspace)->required(false);
  takes(command.add_option("--dataset", options->filter.datasets,
                           "With a workspace: only these data sets"),
        "NAME");
  takes(command.add_option("--modality", options->modality,
                           "Of the files: how they were taken, in words; the field's usual one if "
                           "not given"),
        "TEXT");
  takes(command.add_option("--field", options->field, "Of the files: the field of medicine"),
        "NAME|FILE", [] { return Field::names(); })
      ->capture_default_str();
  takes(command.add_option("-o,--output", options->output,
                           "Write JSON lines, an object a picture, to this file"),
        "FILE");
  takes(command.add_option("--preview", options->preview,
                           "Write a sheet (PNG) that draws the evidence beside the pictures, and "
                           "measure nothing"),
        "FILE");
  takes(command.add_option("--preview-pictures", options->preview_pictures,
                           "How many are on the sheet"),
        "N")
      ->check(between(1, 400))
      ->capture_default_str();
  add_threads_option(command, options->threads);
  add_global_options(command, globals);
  add_examples(command, {"epicrisis findings pictures/ -o findings.jsonl",
                         "epicrisis findings -w work --preview evidence.png"});
  command.callback([options, workspace, &command, &globals] {
    // One who names pictures wants those, not the workspace of the environment.
    const std::vector<CLI::Option*>& given = command.parse_order();
    if (!options->pictures.empty() && std::ranges::find(given, workspace) == given.end()) {
      options->workspace.clear();
    }
    run(*options, globals);
  });
}

}  // namespace epicrisis::cli
