#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/tensor_file.h"
#include "epicrisis/tensor/weight_fit.h"

namespace epicrisis {

enum class Activation { kGelu, kGeluTanh, kRelu };

// BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019), DistilBERT (Sanh et al. 2019): one network
// but for these sizes.
enum class BertFamily { kBert, kRoberta, kDistilBert };

// config.json of a BERT, as transformers.BertConfig names it.
struct BertConfig {
  BertFamily family = BertFamily::kBert;
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t intermediate = 0;
  std::int64_t vocabulary = 0;
  std::int64_t positions = 0;
  std::int64_t first_position = 0;  // a text's; RoBERTa has those of its padding before
  std::int64_t types = 0;           // of tokens; 0: none
  double norm_epsilon = 0;
  Activation activation = Activation::kGelu;

  std::int64_t tokens() const { return positions - first_position; }  // that a text may have
};

// What `model` says; of a BERT in a model of open_clip's, whose configuration has no sizes, what
// its `tensors` tell, with heads of 64 numbers and the defaults of transformers.BertConfig.
// InputError naming the key for a model type other than these (one that is not said is told by the
// keys, as text_model_type() does), relative positions, a decoder, an activation that is not known,
// sizes outside [1, 2^20] or a width the heads do not divide.
BertConfig read_bert_config(const ModelConfig& model, const TensorFile& tensors);

// What the tensors alone tell, with heads of 64 numbers and the defaults of
// transformers.BertConfig. InputError where they are no BERT's.
BertConfig told_bert_config(const TensorFile& tensors);

// The tensors of a file that belong to a BERT, under the names of transformers.BertModel, also
// where they are called as in transformers.DistilBertModel; errors and remarks as model_weights().
TensorFile bert_tensors(const TensorFile& file, std::vector<std::string>& remarks,
                        std::string* prefix = nullptr);

// How the tensors fit the configuration: names of bert_tensors().
WeightFit bert_fit(const BertConfig& config, const TensorFile& file);
// InputError that lists tensors that the configuration asks for and the file lacks, or has in
// another shape, and those that no BERT has; heads for other tasks ("cls.", "lm_head.",
// "classifier.") are passed over.
void require_bert_tensors(const BertConfig& config, const TensorFile& file);

}  // namespace epicrisis
