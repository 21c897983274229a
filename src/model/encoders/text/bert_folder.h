#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/text/tokenizers/tokenizer.h"
#include "settings/bert_config.h"

namespace epicrisis {

// sentence_bert_config.json's max_seq_length, else tokenizer_config.json's model_max_length, capped
// by the positions there are.
std::size_t read_max_tokens(const Path& folder, const BertConfig& config);

// Of byte pairs where the folder has such a one, else tokenizer.json, else vocab.txt with the flags
// of tokenizer_config.json. Where that does not say whether texts are lower-cased, a vocabulary
// with capital letters says no; what was guessed, and flags that go against the vocabulary, are
// told in `remarks`. InputError if its ids exceed the model's vocabulary.
std::unique_ptr<Tokenizer> read_tokenizer(const Path& folder, const BertConfig& config,
                                          std::vector<std::string>& remarks);

}  // namespace epicrisis
