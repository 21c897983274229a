#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cmd_models.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/inspect_model.h"
#include "epicrisis/tensor/tensor_file.h"
#include "interrupted.h"
#include "message_lines.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kShown = 8;

using Lines = std::vector<std::string>;

std::string said_in_brackets(const std::string& name, const std::vector<std::int64_t>& shape) {
  return name + " " + describe_shape(shape);
}

void print_shares(const char* what, const std::vector<WeightContents::Share>& shares) {
  std::vector<Lines> rows = {{what, "tensors", "numbers", "size"}};
  for (const WeightContents::Share& share : shares) {
    rows.push_back({share.name, std::to_string(share.tensors), std::to_string(share.values),
                    bytes_words(share.bytes)});
  }
  print_line("");
  print_table(rows);
}

void print_biggest(const WeightContents& weights) {
  std::vector<Lines> rows = {{"biggest tensors", "type", "shape", "numbers"}};
  for (const WeightContents::Tensor& tensor : weights.biggest) {
    rows.push_back(
        {tensor.name, tensor.type, describe_shape(tensor.shape), std::to_string(tensor.values)});
  }
  print_line("");
  print_table(rows);
}

void print_weights(const ModelInspection& inspection) {
  const WeightContents& weights = inspection.weights;
  print_line(fmt::format("{}: {}, {} ({})", weights.file.string(), weights.format,
                         bytes_words(weights.file_bytes), inspection.what));
  print_line(fmt::format("{}, {}", counted(weights.tensors, "tensor"),
                         counted(weights.parameters, "parameter")));
  if (!weights.wrappers.empty()) {
    Lines parts;
    for (const auto& [part, tensors] : weights.wrappers) {
      parts.push_back(fmt::format("'{}.' ({})", part, counted(tensors, "tensor")));
    }
    print_line("Taken out of the names: " + join(parts, ", "));
  }
  print_shares("type", weights.types);
  print_shares("group", weights.groups);
  print_biggest(weights);
  print_line("");
}

void print_config(const ModelInspection& inspection) {
  const ModelInspection::Config& config = inspection.config;
  if (config.file.empty()) {
    print_line("config.json: none beside the weights");
    return;
  }
  std::string words = config.architecture.empty()
                          ? std::string("no architecture that is read")
                          : fmt::format("{} ({})", config.architecture, config.kind);
  if (config.width > 0) words += fmt::format(", features of {} numbers", config.width);
  print_line(fmt::format("{}: {}", config.file, words));
  if (!config.problem.empty()) print_text(message_lines("  " + config.problem) + "\n");
}

void print_text_encoder(const ModelInspection::Text& text) {
  Lines words;
  if (text.vectors > 0) {
    words.push_back(fmt::format("vectors for {} in the weights", counted(text.vectors, "token")));
  }
  if (text.vocabulary > 0) words.push_back(fmt::format("{} in config.json", text.vocabulary));
  if (text.tokenizer > 0) words.push_back(fmt::format("{} in the tokenizer", text.tokenizer));
  print_line("Vocabulary: " + join(words, ", "));
  if (!text.tokenizer_problem.empty()) {
    print_text(message_lines("Tokenizer: " + text.tokenizer_problem) + "\n");
  }
}

void print_list(const std::string& what, const Lines& lines) {
  if (lines.empty()) return;
  print_line(fmt::format("  {} ({}):", what, lines.size()));
  print_examples(lines, static_cast<std::int64_t>(lines.size()), "    ", kShown);
}

void print_differences(const WeightFit& fit) {
  Lines missing;
  for (const WeightFit::Missing& one : fit.missing) {
    missing.push_back(said_in_brackets(one.name, one.shape) +
                      (one.nearest.empty() ? "" : "; the nearest is " + one.nearest));
  }
  Lines extra;
  for (const WeightFit::Extra& one : fit.extra) {
    extra.push_back(said_in_brackets(one.name, one.shape));
  }
  Lines misshapen;
  for (const WeightFit::Misshapen& one : fit.misshapen) {
    misshapen.push_back(fmt::format("{}: the file has {}, the model {}", one.name,
                                    describe_shape(one.in_file), describe_shape(one.in_model)));
  }
  print_list("missing in the file", missing);
  print_list("not known to the model", extra);
  print_list("of another shape", misshapen);
}

void print_fit(const ArchitectureFit& one) {
  std::string words =
      fmt::format("{} {} ({}{})", one.fits() ? "Fits" : "Does not fit", one.architecture, one.kind,
                  one.said ? ", as config.json says" : "");
  if (!one.problem.empty()) {
    print_text(message_lines(words + ": " + one.problem) + "\n");
    return;
  }
  words += fmt::format(": {} of {} tensors", one.fit.matched, one.fit.expected());
  if (!one.prefix.empty()) words += fmt::format(", behind '{}'", one.prefix);
  if (one.fit.passed_over > 0) {
    words += fmt::format(", {} of a classifier or head passed over", one.fit.passed_over);
  }
  print_line(words);
  print_differences(one.fit);
}

void print_fits(const ModelInspection& inspection) {
  if (!inspection.fits_unknown.empty()) {
    print_line("Which encoder it fits: " + inspection.fits_unknown);
    if (inspection.fits.empty()) return;
  }
  if (std::ranges::none_of(inspection.fits, &ArchitectureFit::fits)) {
    print_line(inspection.fits.empty() ? "Fits no encoder, nor nearly one"
                                       : "Fits no encoder; the nearest:");
  }
  for (const ArchitectureFit& one : inspection.fits) print_fit(one);
}

void warn_of_not_finite(const WeightContents& weights, const Job& job) {
  if (weights.not_finite.empty()) return;
  Lines names;
  for (const WeightContents::NotFinite& one : weights.not_finite) {
    if (names.size() == kShown) break;
    names.push_back(fmt::format("{} ({} NaN, {} infinite)", one.name, one.nan, one.infinite));
  }
  job.warn("{} with numbers that are NaN or infinite, which a trained model does not have: {}{}",
           counted(weights.not_finite.size(), "tensor"), join(names, ", "),
           weights.not_finite.size() > kShown ? ", ..." : "");
}

void inspect(const std::string& model, const Globals& globals) {
  const ModelInspection inspection = telling_what_is_kept(
      globals.job, nothing_is_changed, [&] { return inspect_model(model, globals.job); });
  if (globals.json) {
    print_json(to_json(inspection));
  } else {
    print_weights(inspection);
    print_config(inspection);
    if (inspection.text) print_text_encoder(*inspection.text);
    print_fits(inspection);
    flush_output();
  }
  warn_of_not_finite(inspection.weights, globals.job);
}

}  // namespace

void add_models_inspect(CLI::App& models, Globals& globals) {
  CLI::App& command = *models.add_subcommand(
      "inspect", "What is in a weight file or model folder, and which encoder it fits");
  const auto model = std::make_shared<std::string>();
  takes(command.add_option("MODEL", *model,
                           "A weight file (safetensors, PyTorch's state dict), an index of shards, "
                           "a folder of a model, or a name of the list"),
        "FILE|DIR")
      ->required();
  add_global_options(command, globals);
  add_examples(command, {"epicrisis models inspect models/mobilenet_v2",
                         "epicrisis models inspect checkpoint.pth --json"});
  command.callback([model, &globals] { inspect(*model, globals); });
}

}  // namespace epicrisis::cli
