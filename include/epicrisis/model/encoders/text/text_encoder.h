#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/settings/precision.h"
#include "epicrisis/settings/text_pooling.h"

namespace epicrisis {

struct TextEncoderOptions {
  TextPooling pooling = TextPooling::kAuto;
  Precision precision = Precision::kFp32;
  unsigned threads = 0;        // 0: available_cores()
  std::size_t max_tokens = 0;  // 0: what the folder says
};

struct TextEncodeReport {
  std::size_t tokens = 0;              // without padding, special ones included
  std::size_t unknown = 0;             // of these, words that the vocabulary does not know
  std::vector<std::size_t> truncated;  // indices of texts longer than max_tokens()
};

// A frozen text encoder g. encode() may be called from one thread at a time.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  // Row i is texts[i]. Empty texts are allowed. `meter` (may be null) counts texts.
  // Interrupted when the job is cancelled.
  virtual FloatMatrix encode(std::span<const std::string> texts, const Job& job,
                             Meter* meter = nullptr) const = 0;
  // What encode() would see of the texts, without the encoding.
  virtual TextEncodeReport measure(std::span<const std::string> texts, const Job& job) const = 0;
  virtual std::int64_t dimension() const = 0;
  // Tokens a text may have, special ones included; 0: no limit.
  virtual std::size_t max_tokens() const = 0;
  // 64 hex digits over weights, configuration, vocabulary, pooling and precision, for cache keys.
  virtual const std::string& fingerprint() const = 0;
  // "all-MiniLM-L6-v2, mean pooling, 384".
  virtual std::string describe() const = 0;
  // What was guessed, chosen or left out when the folder was read, for who runs this.
  virtual const std::vector<std::string>& remarks() const = 0;
};

// `model`: a folder of a BERT (config.json, model.safetensors or pytorch_model.bin, tokenizer.json
// or vocab.txt) or of a CLIP with its text encoder (docs/formats/model-folders.md), or a name for
// find_model(). With kAuto pooling a BERT's vectors are normalised if modules.json says so, a
// CLIP's are projected if it has a projection; with any other neither. UsageError where there is no
// such model, for kTrainedTokens, and for other poolings of a CLIP's own tower; InputError for a
// broken folder.
std::unique_ptr<TextEncoder> load_text_encoder(std::string_view model,
                                               TextEncoderOptions options = {});

}  // namespace epicrisis
