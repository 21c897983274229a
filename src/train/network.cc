#include "train/network.h"

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

std::vector<std::string> parts_of(Mode mode) {
  switch (mode) {
    case Mode::kImage:
      return {"image"};
    case Mode::kText:
      return {"text"};
    case Mode::kMultimodal:
      return {"image", "text", "cosine", "l1", "contrastive"};
    case Mode::kContrastive:
      return {"contrastive", "probe"};
    case Mode::kContrastiveAlign:
      return {"cosine", "l1", "contrastive", "probe"};
    case Mode::kProbe:
      return {"image"};
  }
  throw InternalError("Objective: no mode has the number {}", static_cast<int>(mode));
}

}  // namespace

NetworkImpl::NetworkImpl(std::shared_ptr<ImageEncoderModule> encoder,
                         std::shared_ptr<WordBagImpl> tokens, const Heads& heads)
    : encoder_(std::move(encoder)), tokens_(std::move(tokens)) {
  if (encoder_) register_module("image_encoder", encoder_);
  if (tokens_) register_module("text_encoder", tokens_);
  heads_ = register_module("heads", heads.ptr());
}

Objective::Objective(const TrainConfig& config)
    : mode_(config.mode), contrastive_(contrastive_loss(config.loss)) {
  const LossSettings settings = loss_settings(config.loss);
  temperature_ = config.temperature.value_or(settings.temperature);
  label_smoothing_ = config.label_smoothing;
  align_directions_ = config.align_directions;
  weights_ = {{"image", config.image_weight},
              {"text", config.text_weight},
              {"cosine", config.cosine_weight},
              {"l1", config.l1_weight},
              {"probe", 1},
              {"contrastive", config.lambda.value_or(settings.lambda)}};
  ramp_ = static_cast<std::size_t>(config.alignment_ramp);
  parts_ = parts_of(config.mode);
  needs_concepts_ =
      settings.needs_concepts && trains_on_text(config.mode) && config.mode != Mode::kText;
}

torch::Tensor Objective::terms(HeadsImpl& heads, const Batch& batch, std::size_t step) const {
  const bool paired = trains_on_text(mode_) && batch.embeddings.defined();
  torch::Tensor image;
  torch::Tensor text;
  if (mode_ != Mode::kText) image = heads.project_image(batch.features);
  if (paired) text = heads.project_text(batch.embeddings);
  // The rows that have a note.
  const auto noted = [&](const torch::Tensor& rows) {
    return batch.with_note.defined() ? rows.index_select(0, batch.with_note) : rows;
  };
  const auto cross_entropy = [&](const torch::Tensor& z, const torch::Tensor& labels) {
    return torch::cross_entropy_loss(heads.classify(z), labels, {}, at::Reduction::Mean, -100,
                                     label_smoothing_);
  };
  const torch::Tensor zero = torch::zeros({}, torch::TensorOptions().device(batch.labels.device()));
  const double aligned = step < ramp_ ? static_cast<double>(step) / static_cast<double>(ramp_) : 1.;
  std::vector<torch::Tensor> terms;
  for (const std::string& part : parts_) {
    if (part == "image") {
      terms.push_back(cross_entropy(image, batch.labels));
    } else if (part == "probe") {
      terms.push_back(cross_entropy(image.detach(), batch.labels));
    } else if (!paired) {
      terms.push_back(zero);
    } else if (part == "text") {
      terms.push_back(cross_entropy(text, noted(batch.labels)));
    } else if (part == "cosine") {
      terms.push_back(cosine_distance(noted(image), text));
    } else if (part == "l1") {
      terms.push_back(align_directions_ ? l1_distance(unit_rows(noted(image)), unit_rows(text))
                                        : l1_distance(noted(image), text));
    } else {
      ContrastiveInput input;
      input.image = noted(image);
      input.text = text;
      input.labels = noted(batch.labels);
      input.temperature = temperature_;
      if (needs_concepts_) {
        input.concepts = heads.project_text(batch.concepts);
        input.named = batch.named;
      }
      terms.push_back(contrastive_(input));
    }
    const bool aligns = part == "cosine" || part == "l1" || part == "contrastive";
    terms.back() = terms.back() * (weights_.at(part) * (aligns ? aligned : 1.));
  }
  return torch::stack(terms);
}

}  // namespace epicrisis
