#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/text/tokenizers/wordpiece.h"

namespace epicrisis {

enum class Activation { kGelu, kGeluTanh, kRelu };

// config.json of a BERT, as transformers.BertConfig names it.
struct BertConfig {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t intermediate = 0;
  std::int64_t vocabulary = 0;
  std::int64_t positions = 0;
  std::int64_t types = 0;
  double norm_epsilon = 0;
  Activation activation = Activation::kGelu;
};

// InputError naming the key for a model type other than bert (one that is not said is told by the
// keys, as text_model_type() does), relative positions, a decoder, an
// activation that is not known, sizes outside [1, 2^20] or a width the heads do not divide.
BertConfig read_bert_config(const Path& folder);

struct PoolingPlan {
  TextPooling pooling = TextPooling::kAuto;  // kAuto: the folder does not say
  bool normalise = false;
};
// What sentence-transformers' modules.json and the pooling folder it names say; InputError for
// modules or pooling modes that are not known.
PoolingPlan read_pooling(const Path& folder);

// sentence_bert_config.json's max_seq_length, else tokenizer_config.json's model_max_length, capped
// by the positions there are.
std::size_t read_max_tokens(const Path& folder, const BertConfig& config);

// tokenizer.json, else vocab.txt with the flags of tokenizer_config.json. Where that does not say
// whether texts are lower-cased, a vocabulary with capital letters says no; what was guessed, and
// flags that go against the vocabulary, are told in `remarks`. InputError if its ids exceed the
// model's vocabulary.
WordPiece read_tokenizer(const Path& folder, const BertConfig& config,
                         std::vector<std::string>& remarks);

}  // namespace epicrisis
