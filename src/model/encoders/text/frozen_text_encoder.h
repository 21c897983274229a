#pragma once

#include <memory>
#include <string>
#include <vector>

#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/text/tokenizers/tokenizer.h"
#include "model/encoders/text/text_tower.h"

namespace epicrisis {

// What a text encoder is made of.
struct FrozenTextParts {
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<TextTower> tower;
  std::size_t max_tokens = 0;  // of a text, first and last token included
  unsigned threads = 0;        // 0: available_cores()
  std::string fingerprint;     // TextEncoder::fingerprint()
  std::string description;     // TextEncoder::describe()
  std::vector<std::string> remarks;
};
std::unique_ptr<TextEncoder> make_frozen_text_encoder(FrozenTextParts parts);

// The precision that is asked for; of kAuto bfloat16 where the processor computes with it.
Precision text_precision(const TextEncoderOptions& options);
torch::ScalarType scalar_type(Precision precision);

// Tokens a text may have: what is asked for, else `said`. UsageError outside [2, positions].
std::size_t token_limit(const TextEncoderOptions& options, std::size_t said, std::int64_t positions,
                        const Path& folder);

}  // namespace epicrisis
