#pragma once

#include <torch/torch.h>

#include <string_view>

#include "epicrisis/settings/losses.h"

// The terms of the loss on projected embeddings. docs/method.md, "The loss", has the formulas and
// their sources. In all of them `image` and `text` are z_img and z_txt [B, D] of the same B
// samples, B >= 1; labels [B] int64; the result is a scalar of their type, differentiable, finite
// for finite input and, but for rounding, never negative. A row of zeros has the cosine 0 with
// every row.
namespace epicrisis {

// Rows scaled to length 1; a row shorter than 1e-8 is divided by 1e-8.
torch::Tensor unit_rows(const torch::Tensor& rows);

// With z = [image; text], S the cosines of its 2B rows, pair(i) the other row of the same sample:
// mean over i of softplus(-S_i,pair(i) / T) / 2 + mean over rows n of another class of
// softplus(S_in / T). The second mean is 0 for a row without such rows (a batch of one class).
torch::Tensor supervised_nt_xent(const torch::Tensor& image, const torch::Tensor& text,
                                 const torch::Tensor& labels, double temperature);

// Mean over i of logsumexp over j != i of S_ij / T, less S_i,pair(i) / T. 0 for B = 1. InfoNCE is
// the same at another temperature.
torch::Tensor nt_xent(const torch::Tensor& image, const torch::Tensor& text, double temperature);

// Mean over i of logsumexp over j != i of S_ij / T, less the same over those j of i's class
// (pair(i) is always one). 0 for a batch of one class.
torch::Tensor supervised_info_nce(const torch::Tensor& image, const torch::Tensor& text,
                                  const torch::Tensor& labels, double temperature);

// Mean of the cross-entropies image -> text and text -> image over the B x B cosines / T. 0 for B
// = 1.
torch::Tensor clip_loss(const torch::Tensor& image, const torch::Tensor& text, double temperature);

// With x_ij = cos(image_i, text_j) / T - 10: mean over i of the sum over j of softplus(-x_ij) for
// i = j, else softplus(x_ij).
torch::Tensor siglip_loss(const torch::Tensor& image, const torch::Tensor& text,
                          double temperature);

// Mean over samples of 1 - cos(image_i, text_i).
torch::Tensor cosine_distance(const torch::Tensor& image, const torch::Tensor& text);

// Mean over all B * D elements of |image - text|.
torch::Tensor l1_distance(const torch::Tensor& image, const torch::Tensor& text);

// concepts [K, D]: projected embeddings of the concept words; named [B, K]: 1 where the note of the
// sample names the concept, else 0. Mean over samples that name one, and over concepts, of the
// binary cross-entropy of cos(image_i, concept_k) / T with `named`. 0 if no sample names one, or
// for K = 0.
torch::Tensor keyword_alignment(const torch::Tensor& image, const torch::Tensor& concepts,
                                const torch::Tensor& named, double temperature);

// What a contrastive form may use; `concepts` and `named` only where LossSettings::needs_concepts.
struct ContrastiveInput {
  torch::Tensor image;
  torch::Tensor text;
  torch::Tensor labels;
  torch::Tensor concepts;
  torch::Tensor named;
  double temperature = 1;
};

using ContrastiveLoss = torch::Tensor (*)(const ContrastiveInput&);

// The form of a name; UsageError with the known names for another one.
ContrastiveLoss contrastive_loss(std::string_view name);

}  // namespace epicrisis
