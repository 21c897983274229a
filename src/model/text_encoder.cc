#include "epicrisis/model/text_encoder.h"

#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/progress.h"
#include "epicrisis/core/random.h"
#include "epicrisis/model/model_folders.h"
#include "model/bert_encoder.h"
#include "model/words.h"

namespace epicrisis {
namespace {

constexpr std::size_t kBagWidth = 256;

// Texts that share words get near vectors, because random vectors of this width are nearly
// orthogonal (Johnson and Lindenstrauss 1984). It knows no synonyms: a stand-in where no model can
// be had.
class RandomBagEncoder : public TextEncoder {
 public:
  explicit RandomBagEncoder(const TextEncoderOptions& options)
      : seed_(options.seed),
        threads_(options.threads),
        fingerprint_(sha256_of_fields(
            {"random bag 1", std::to_string(kBagWidth), std::to_string(options.seed)})) {}

  FloatMatrix encode(std::span<const std::string> texts, TextEncodeReport* report,
                     bool progress) const override {
    std::vector<std::vector<std::size_t>> ids(texts.size());
    std::unordered_map<std::string, std::size_t> known;
    std::vector<std::vector<float>> vectors;
    if (report != nullptr) *report = {};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (std::string& word : words_of(texts[i])) {
        const auto [entry, is_new] = known.try_emplace(std::move(word), vectors.size());
        if (is_new) vectors.push_back(word_vector(entry->first));
        ids[i].push_back(entry->second);
      }
      if (report != nullptr) report->tokens += ids[i].size();
    }
    FloatMatrix out(texts.size(), kBagWidth);
    std::optional<Progress> bar;
    if (progress) bar.emplace("embeddings", texts.size(), "texts");
    parallel_for(texts.size(), threads_, [&](std::size_t i) {
      const auto row = out.row(i);
      for (const std::size_t id : ids[i]) {
        for (std::size_t c = 0; c < kBagWidth; ++c) row[c] += vectors[id][c];
      }
      float squares = 0;
      for (const float value : row) squares += value * value;
      if (squares > 0) {
        for (float& value : row) value /= std::sqrt(squares);
      }
      if (bar) bar->add();
    });
    return out;
  }
  std::int64_t dimension() const override { return kBagWidth; }
  std::size_t max_tokens() const override { return 0; }
  const std::string& fingerprint() const override { return fingerprint_; }
  std::string describe() const override {
    return fmt::format("bag of words, random vectors, {}", kBagWidth);
  }

 private:
  std::vector<float> word_vector(const std::string& word) const {
    Random random(seed_, word);
    std::vector<float> vector(kBagWidth);
    for (float& value : vector) value = static_cast<float>(random.normal());
    return vector;
  }

  std::uint64_t seed_;
  unsigned threads_;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<TextEncoder> load_text_encoder(std::string_view model, TextEncoderOptions options) {
  if (model == "bag") return std::make_unique<RandomBagEncoder>(options);
  return load_bert_encoder(find_model(model), options);
}

}  // namespace epicrisis
