#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/model/precision.h"

namespace epicrisis {

enum class TextPooling {
  kAuto,    // what the folder's modules.json says, else kPooler if the weights have one, else kMean
  kPooler,  // the first token through the pooler's tanh layer
  kMean,    // mean over the tokens that are not padding
  kCls,     // the first token's last hidden state
};

struct TextEncoderOptions {
  TextPooling pooling = TextPooling::kAuto;
  Precision precision = Precision::kFp32;
  unsigned threads = 0;        // 0: available_cores()
  std::size_t max_tokens = 0;  // 0: what the folder says
  std::uint64_t seed = 0;      // of "bag" only
};

struct TextEncodeReport {
  std::size_t tokens = 0;              // without padding
  std::vector<std::size_t> truncated;  // indices of texts longer than max_tokens()
};

// A frozen text encoder g. encode() may be called from one thread at a time.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  // Row i is texts[i]. Empty texts are allowed. Shows a progress bar "embeddings" when `progress`
  // is set; Interrupted on Ctrl-C.
  virtual FloatMatrix encode(std::span<const std::string> texts, TextEncodeReport* report = nullptr,
                             bool progress = false) const = 0;
  virtual std::int64_t dimension() const = 0;
  // Tokens a text may have, special ones included; 0: no limit.
  virtual std::size_t max_tokens() const = 0;
  // 64 hex digits over weights, configuration, vocabulary, pooling and precision, for cache keys.
  virtual const std::string& fingerprint() const = 0;
  // "all-MiniLM-L6-v2, mean pooling, 384".
  virtual std::string describe() const = 0;
};

// `model`: a Hugging Face folder of the BERT family (config.json, model.safetensors or
// pytorch_model.bin, tokenizer.json or vocab.txt), a name for find_model(), or "bag": the
// normalised mean of fixed random word vectors of width 256, which needs no file and no LibTorch
// arithmetic. With kAuto pooling the vectors are normalised if modules.json says so; with any other
// they are not.
std::unique_ptr<TextEncoder> load_text_encoder(std::string_view model,
                                               TextEncoderOptions options = {});

// Words of a text as ids, for bag encoders: runs of letters and digits, ASCII letters lower-cased.
class WordVocabulary {
 public:
  // Every word gets the id hash % buckets.
  static WordVocabulary hashed(std::size_t buckets);
  // The words that stand in at least `min_texts` of the texts, most frequent first (ties by
  // spelling), at most `max_words`; other words share `hash_buckets` ids by hash.
  static WordVocabulary learn(std::span<const std::string> texts, std::size_t min_texts = 2,
                              std::size_t max_words = 20000, std::size_t hash_buckets = 64);
  std::size_t size() const;  // ids are below it
  std::vector<std::int64_t> ids(std::string_view text) const;
  Json to_json() const;  // for checkpoints
  static WordVocabulary from_json(const Json& json, std::string_view source);

 private:
  struct State;
  WordVocabulary() = default;
  static WordVocabulary make(std::vector<std::string> words, std::size_t buckets);
  std::shared_ptr<const State> state_;
};

}  // namespace epicrisis
