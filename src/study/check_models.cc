#include "study/check_models.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/text/tokenizers/byte_pair.h"
#include "epicrisis/text/tokenizers/folder_tokenizer.h"
#include "settings/bert_config.h"
#include "settings/clip_text_config.h"
#include "settings/clip_text_names.h"
#include "settings/open_clip_config.h"
#include "settings/pooling_plan.h"
#include "settings/tensor_account.h"
#include "study/model_fits.h"
#include "study/run_trainer.h"
#include "tensor/weight_files.h"

namespace epicrisis::study {
namespace {

constexpr std::string_view kRandom = "random:";

void check_image_encoder(const Study& study, const StudyRun& run, Findings& findings) {
  const std::string& name = run.image_encoder.model;
  if (!name.starts_with(kRandom)) require_weights(find_model(name));
  const ImageEncoderConfig config = encoder_config(name);
  require_whole_patches(config, study.prepare.size, study.prepare.size);
  if (!name.starts_with(kRandom) && config.input_size != study.prepare.size) {
    findings.warning(run.image_encoder.place,
                     fmt::format("the weights of {} were trained on pictures of {} pixels "
                                 "a side, [prepare] makes {}; write size = {} there",
                                 name, config.input_size, study.prepare.size, config.input_size));
  }
}

void check_text_encoder(const StudyRun& run) {
  if (run.text_encoder == kTrainedTokens) return;
  const Path folder = model_files(run.text_encoder).folder;
  const ModelConfig model = read_model_config(folder);
  const auto& [config, source] = model;
  const std::string type = text_model_type(config, source);
  if (!is_read_text_model(type)) {
    throw UsageError(
        "{} is no text encoder that is read: its model_type is '{}'; bert, roberta, distilbert and "
        "CLIP's are, and \"{}\" is trained along",
        run.text_encoder, type, kTrainedTokens);
  }
  const TensorFile file = read_weights(weight_file_in(folder));
  std::vector<std::string> remarks;  // which the run tells
  if (type == kClipText) {
    const ClipTextConfig clip = parse_clip_text_config(config, source);
    require_clip_text_tensors(clip, clip_text_tensors(file, remarks));
    require_token_vectors(folder, clip.vocabulary, BytePair::from_folder(folder).size());
    return;
  }
  const TensorFile tensors = bert_tensors(file, remarks);
  const BertConfig bert = read_bert_config(model, tensors);
  require_bert_tensors(bert, tensors);
  require_token_vectors(folder, bert.vocabulary, folder_tokenizer(folder)->size());
  if (!is_open_clip_config(config)) read_pooling(folder);
}

void check_dual_encoder(const StudyRun& run) {
  const FoundModel model = describe_model(model_files(run.text_encoder).folder);
  if (model.kind == ModelKind::kDualEncoder) return;
  throw UsageError(
      "mode 'probe' takes a model that encodes pictures and texts, such as a CLIP; {} "
      "is one of kind '{}'",
      run.text_encoder, model_kind_name(model.kind));
}

}  // namespace

ImageEncoderConfig encoder_config(const std::string& model) {
  if (model.starts_with(kRandom)) return default_image_encoder_config(model.substr(kRandom.size()));
  return read_image_encoder_config(model_files(model).folder);
}

void check_image_weights(const std::string& model, const Job& job) {
  if (model.starts_with(kRandom) || torch_in_this_build() == "none") return;
  const Path path = find_model(model);
  const bool is_folder = std::filesystem::is_directory(path);
  const Path weights = is_folder ? weight_file_in(path) : path;
  for (const ArchitectureFit& one :
       model_fits(weights, is_folder ? path : path.parent_path(), job).fits) {
    if (!one.said || one.fits()) continue;
    if (!one.problem.empty()) throw InputError("{}: {}", weights.string(), one.problem);
    throw InputError(
        "{}: the weights do not fit config.json, which says {}: of its {} tensors {} are missing "
        "and {} have another shape; {} are not known to it ('epicrisis models inspect {}' lists "
        "them)",
        weights.string(), one.architecture, one.fit.expected(), one.fit.missing.size(),
        one.fit.misshapen.size(), one.fit.extra.size(), model);
  }
}

void check_models(const Study& study, Findings& findings) {
  // A model that several runs have is told once, at the first.
  std::set<std::string> seen;
  const auto once = [&](const std::string& what, const std::string& place, const auto& check) {
    if (!seen.insert(what).second) return;
    try {
      check();
    } catch (const Error& error) {
      findings.error(place, error.kind(), error.what());
    }
  };
  for (const StudyRun& run : study.runs) {
    once("image " + run.image_encoder.model, run.image_encoder.place,
         [&] { check_image_encoder(study, run, findings); });
    if (uses_text(run.train.mode)) {
      once("text " + run.text_encoder, run.place, [&] { check_text_encoder(run); });
    }
    if (run.train.mode == Mode::kProbe) {
      once("both " + run.text_encoder, run.place, [&] { check_dual_encoder(run); });
    }
  }
}

}  // namespace epicrisis::study
