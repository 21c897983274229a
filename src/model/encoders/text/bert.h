#pragma once

#include <torch/torch.h>

#include <vector>

#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/text/affine_tensors.h"
#include "model/encoders/text/bert_folder.h"

namespace epicrisis {

// The encoder of BERT and its family for inference alone: plain tensors, no autograd.
class Bert {
 public:
  // Takes the names of transformers.BertModel; heads for other tasks ("cls.", "classifier.") are
  // passed over. InputError that lists missing, unknown and misshapen tensors.
  Bert(const BertConfig& config, const TensorFile& file, torch::ScalarType type);

  // ids [B, L] int64, padded at the right; lengths [B] int64, from 1 -> last hidden states [B, L,
  // H].
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& lengths) const;
  std::int64_t width() const { return config_.hidden; }  // H
  bool has_pooler() const { return pooler_.weight.defined(); }
  // First token's states [B, H] -> tanh(W x + b) [B, H].
  torch::Tensor pool(const torch::Tensor& first) const;

 private:
  struct Layer {
    AffineTensors qkv;       // query, key and value in one [3H, H]
    AffineTensors attended;  // attention.output.dense
    AffineTensors attended_norm;
    AffineTensors up;
    AffineTensors down;
    AffineTensors norm;
  };
  torch::Tensor attend(const Layer& layer, const torch::Tensor& x, const torch::Tensor& mask) const;
  torch::Tensor normalise(const AffineTensors& norm, const torch::Tensor& x) const;

  BertConfig config_;
  torch::ScalarType type_;
  torch::Tensor words_;
  torch::Tensor positions_;  // of a text, with the vector of token type 0 added
  AffineTensors embedding_norm_;
  std::vector<Layer> layers_;
  AffineTensors pooler_;
};

}  // namespace epicrisis
