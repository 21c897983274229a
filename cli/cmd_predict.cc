#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/study/predict.h"
#include "interrupted.h"
#include "kept_table.h"
#include "output.h"
#include "output_file.h"
#include "run_options.h"

namespace epicrisis::cli {
namespace {

struct PredictArguments {
  RunArguments run;
  std::vector<std::string> pictures;
  std::string csv;
  std::size_t nearest = 3;
};

void print_prediction(const PicturePrediction& prediction, const std::vector<RunClass>& classes) {
  if (!prediction.error.empty()) return;  // warned of
  std::string all;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    all += fmt::format("{}{} {:.3f}", i == 0 ? "" : ", ", classes[i].name,
                       prediction.probabilities[i]);
  }
  print_line(fmt::format("{}: {} ({})", prediction.picture.string(), classes[prediction.label].name,
                         classes[prediction.label].words));
  print_line(fmt::format("  probabilities: {}", all));
  for (const NearCase& one : prediction.nearest) {
    print_line(fmt::format("  near: {}/{}, {}, similarity {:.3f}", one.dataset, one.key,
                           one.class_name, one.similarity));
  }
  for (const std::string& remark : prediction_remarks(prediction, classes)) {
    print_line(fmt::format("  {}", remark));
  }
}

// What the numbers are worth.
void print_quality(const RunQuality& quality, const std::string& known, std::size_t predicted) {
  print_line(
      fmt::format("{} predicted. The probabilities are not calibrated, and this is "
                  "no medical device",
                  counted(predicted, "picture")));
  print_line(fmt::format("The run: {}", known));
  for (const std::string& line : quality_lines(quality)) {
    print_line(fmt::format("The run: {}", line));
  }
}

std::string csv_header(const std::vector<RunClass>& classes) {
  std::vector<std::string> header{"picture", "class"};
  for (const RunClass& one : classes) header.push_back("p_" + one.name);
  for (const char* name :
       {"nearest", "nearest_class", "similarity", "error", "remarks", "seen_in", "seen_as"}) {
    header.emplace_back(name);
  }
  return csv_row(header);
}

std::string csv_line(const PicturePrediction& prediction, const std::vector<RunClass>& classes) {
  std::vector<std::string> row{prediction.picture.string()};
  const bool known = prediction.error.empty();
  row.push_back(known ? classes[prediction.label].name : "");
  for (std::size_t i = 0; i < classes.size(); ++i) {
    row.push_back(known ? fmt::format("{:.6f}", prediction.probabilities[i]) : "");
  }
  if (prediction.nearest.empty()) {
    row.insert(row.end(), 3, "");
  } else {
    const NearCase& one = prediction.nearest.front();
    row.push_back(one.dataset + "/" + one.key);
    row.push_back(one.class_name);
    row.push_back(fmt::format("{:.6f}", one.similarity));
  }
  row.push_back(prediction.error);
  row.push_back(known ? join(prediction_remarks(prediction, classes), "; ") : "");
  row.push_back(prediction.seen_in);
  row.push_back(prediction.seen_as);
  return csv_row(row);
}

// What an interrupt leaves, and how all pictures come to be predicted. Keeps the rows of `table`.
std::string done_words(std::size_t shown, std::size_t pictures, std::optional<KeptTable>& table) {
  const std::string done =
      fmt::format("{} of {} done and printed", shown, counted(pictures, "picture"));
  const Path part = table ? table->keep_part() : Path();
  if (!part.empty()) {
    return fmt::format(
        "{}, and {} holds them; to go on, name the others, and another file as --csv", done,
        part.string());
  }
  return done + (table ? ", and no table was written" : "") +
         (shown > 0 ? "; name the others to go on" : "; the same command begins anew");
}

void run(const PredictArguments& arguments, Globals& globals) {
  const Path folder = run_folder(arguments.run);
  const std::vector<ListedPicture> pictures = list_pictures(arguments.pictures);
  const std::vector<RunClass> classes = run_classes(folder);
  const std::vector<std::string> not_known = classes_not_known(folder);
  const RunQuality quality = run_quality(folder);
  std::optional<KeptTable> table;
  if (!arguments.csv.empty()) {
    std::vector<Path> read(arguments.pictures.begin(), arguments.pictures.end());
    for (const ListedPicture& one : pictures) read.push_back(one.path);
    require_output(arguments.csv, OutputKind::kPredictions, read);
    table.emplace(arguments.csv, csv_header(classes));
  }
  std::size_t shown = 0;
  const auto show = [&](const PicturePrediction& prediction) {
    ++shown;
    if (!prediction.error.empty()) globals.job.warn("{}", prediction.error);
    if (table) table->write(csv_line(prediction, classes));
    if (globals.json) {
      Json line = to_json(prediction, classes);
      line["run"] = to_json(quality);
      line["run"]["classes_not_known"] = not_known;
      print_text(dump_json(line) + "\n");
    } else {
      print_prediction(prediction, classes);
    }
    flush_output();
  };
  const auto kept = [&] { return done_words(shown, pictures.size(), table); };
  const PredictCounts counts = telling_what_is_kept(globals.job, kept, [&] {
    return predict_pictures(folder, pictures, arguments.nearest, show, globals.job);
  });
  if (table && !table->finish(counts.predicted > 0)) {
    globals.job.warn("{} is left as it was, as no picture was predicted", arguments.csv);
  }
  if (counts.predicted == 0) globals.exit_code = exit_status(ErrorKind::kInput);
  if (counts.unreadable > 0) {
    globals.job.warn("{} of {} left out, without a prediction", counts.unreadable,
                     counted(pictures.size(), "picture"));
  }
  if (!globals.json) {
    print_quality(quality, known_classes_words(classes, not_known), counts.predicted);
  }
}

}  // namespace

void add_predict_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "predict", "What a trained run says of pictures: class, probabilities, nearest cases");
  auto arguments = std::make_shared<PredictArguments>();
  add_run_options(*command, arguments->run, "Workspace that holds the run, where RUN is a name");
  takes(command->add_option("PICTURE", arguments->pictures,
                            "Pictures, folders of them, or CSV files with a column 'picture'"),
        "FILE|DIR")
      ->required();
  takes(command->add_option("--csv", arguments->csv, "Write a table of all pictures too"), "FILE");
  takes(
      command
          ->add_option("--top", arguments->nearest, "Nearest training cases shown of each picture")
          ->check(between(0, 1'000'000))
          ->capture_default_str(),
      "N");
  add_global_options(*command, globals);
  command->get_option("--json")->description("Print one JSON object a line, as pictures are done");
  add_examples(*command, {"epicrisis predict work/runs/demo-image-1-0a1b2c3d4e new.jpg",
                          "epicrisis predict RUN pictures/ -w work --csv predictions.csv"});
  command->callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
