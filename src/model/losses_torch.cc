#include "model/losses_torch.h"

#include <array>
#include <limits>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

namespace F = torch::nn::functional;

constexpr double kLeastLength = 1e-8;

// Cosines over T of all 2B rows with each other.
torch::Tensor scaled_cosines(const torch::Tensor& image, const torch::Tensor& text,
                             double temperature) {
  const torch::Tensor z = unit_rows(torch::cat({image, text}));
  return torch::mm(z, z.t() / temperature);
}

// [2B]: S_i,pair(i), read from the two off-diagonals at distance B.
torch::Tensor pair_entries(const torch::Tensor& similarities, std::int64_t samples) {
  return torch::cat({similarities.diagonal(samples), similarities.diagonal(-samples)});
}

// [2B, 2B]: true where two rows have one class.
torch::Tensor same_class(const torch::Tensor& labels) {
  const torch::Tensor both = labels.repeat({2});
  return both.unsqueeze(0).eq(both.unsqueeze(1));
}

// logsumexp of each row with the entries outside `keep` left out; every row keeps one.
torch::Tensor masked_logsumexp(const torch::Tensor& rows, const torch::Tensor& keep) {
  return torch::logsumexp(
      rows.masked_fill(keep.logical_not(), -std::numeric_limits<float>::infinity()), 1);
}

torch::Tensor off_diagonal(const torch::Tensor& similarities) {
  return torch::eye(similarities.size(0), similarities.options().dtype(torch::kBool)).logical_not();
}

struct Form {
  std::string_view name;
  ContrastiveLoss function;
};

// A new form is a line here and one in settings/losses.cc; docs/extending.md, "A loss".
constexpr std::array kForms = {
    Form{"clip",
         [](const ContrastiveInput& in) { return clip_loss(in.image, in.text, in.temperature); }},
    Form{"info_nce",
         [](const ContrastiveInput& in) { return nt_xent(in.image, in.text, in.temperature); }},
    Form{"keyword_alignment",
         [](const ContrastiveInput& in) {
           return keyword_alignment(in.image, in.concepts, in.named, in.temperature);
         }},
    Form{"nt_xent",
         [](const ContrastiveInput& in) { return nt_xent(in.image, in.text, in.temperature); }},
    Form{"siglip",
         [](const ContrastiveInput& in) { return siglip_loss(in.image, in.text, in.temperature); }},
    Form{"supervised_info_nce",
         [](const ContrastiveInput& in) {
           return supervised_info_nce(in.image, in.text, in.labels, in.temperature);
         }},
    Form{"supervised_nt_xent",
         [](const ContrastiveInput& in) {
           return supervised_nt_xent(in.image, in.text, in.labels, in.temperature);
         }},
};

}  // namespace

torch::Tensor unit_rows(const torch::Tensor& rows) {
  return rows / rows.norm(2, {1}, true).clamp_min(kLeastLength);
}

torch::Tensor supervised_nt_xent(const torch::Tensor& image, const torch::Tensor& text,
                                 const torch::Tensor& labels, double temperature) {
  const torch::Tensor similarities = scaled_cosines(image, text, temperature);
  const torch::Tensor positive = F::softplus(-pair_entries(similarities, image.size(0)));
  // One weight a row instead of a division of sums: rows without negatives get 0, not 0 / 0.
  const torch::Tensor negative = same_class(labels).logical_not().to(similarities.scalar_type());
  const torch::Tensor weights = negative / negative.sum(1, true).clamp_min(1);
  const torch::Tensor rows = positive * .5 + (F::softplus(similarities) * weights).sum(1);
  return rows.mean();
}

torch::Tensor nt_xent(const torch::Tensor& image, const torch::Tensor& text, double temperature) {
  const torch::Tensor similarities = scaled_cosines(image, text, temperature);
  return (masked_logsumexp(similarities, off_diagonal(similarities)) -
          pair_entries(similarities, image.size(0)))
      .mean();
}

torch::Tensor supervised_info_nce(const torch::Tensor& image, const torch::Tensor& text,
                                  const torch::Tensor& labels, double temperature) {
  const torch::Tensor similarities = scaled_cosines(image, text, temperature);
  const torch::Tensor others = off_diagonal(similarities);
  const torch::Tensor positive = others.logical_and(same_class(labels));
  return (masked_logsumexp(similarities, others) - masked_logsumexp(similarities, positive)).mean();
}

torch::Tensor clip_loss(const torch::Tensor& image, const torch::Tensor& text, double temperature) {
  const torch::Tensor similarities = torch::mm(unit_rows(image), unit_rows(text).t() / temperature);
  const torch::Tensor pairs = similarities.diagonal();
  return (torch::logsumexp(similarities, 1) + torch::logsumexp(similarities, 0)).mean() / 2 -
         pairs.mean();
}

torch::Tensor siglip_loss(const torch::Tensor& image, const torch::Tensor& text,
                          double temperature) {
  constexpr double kBias = -10;
  const torch::Tensor logits =
      torch::mm(unit_rows(image), unit_rows(text).t() / temperature) + kBias;
  const torch::Tensor sign = 1 - 2 * torch::eye(logits.size(0), logits.options());
  return F::softplus(logits * sign).sum(1).mean();
}

torch::Tensor cosine_distance(const torch::Tensor& image, const torch::Tensor& text) {
  return 1 - (unit_rows(image) * unit_rows(text)).sum(1).mean();
}

torch::Tensor l1_distance(const torch::Tensor& image, const torch::Tensor& text) {
  return (image - text).abs().mean();
}

torch::Tensor keyword_alignment(const torch::Tensor& image, const torch::Tensor& concepts,
                                const torch::Tensor& named, double temperature) {
  if (concepts.size(0) == 0) return image.sum() * 0;
  const torch::Tensor logits = torch::mm(unit_rows(image), unit_rows(concepts).t() / temperature);
  const torch::Tensor targets = named.to(logits.scalar_type());
  // BCE(x, y) = softplus(x) - x y.
  const torch::Tensor rows = (F::softplus(logits) - logits * targets).mean(1);
  const torch::Tensor counted = targets.amax(1);
  return (rows * counted).sum() / counted.sum().clamp_min(1);
}

ContrastiveLoss contrastive_loss(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return form.function;
  }
  throw InternalError("contrastive_loss: '{}' is not built", loss_settings(name).name);
}

}  // namespace epicrisis
