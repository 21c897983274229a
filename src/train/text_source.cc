#include "train/text_source.h"

#include <numeric>
#include <vector>

#include "epicrisis/core/error.h"
#include "train/index_tensor.h"

namespace epicrisis {
namespace {

class StoredVectors : public TextSource {
 public:
  StoredVectors(const FloatMatrix& vectors, torch::Device device) {
    // Not copied on a CPU: torch only reads it.
    matrix_ = torch::from_blob(const_cast<float*>(vectors.values.data()),
                               {static_cast<std::int64_t>(vectors.rows),
                                static_cast<std::int64_t>(vectors.columns)},
                               torch::kFloat32)
                  .to(device);
  }

  torch::Tensor embeddings(std::span<const std::int64_t> rows) override {
    return matrix_.index_select(0, index_tensor(rows, matrix_.device()));
  }
  torch::Tensor all() override { return matrix_; }

 private:
  torch::Tensor matrix_;
};

class TrainedTokens : public TextSource {
 public:
  TrainedTokens(const std::vector<std::string>& texts, WordBagImpl& tokens, torch::Device device)
      : tokens_(tokens), device_(device) {
    for (const std::string& text : texts) {
      const std::vector<std::int64_t> ids = tokens.vocabulary().ids(text);
      ids_.insert(ids_.end(), ids.begin(), ids.end());
      ends_.push_back(ids_.size());
    }
  }

  torch::Tensor embeddings(std::span<const std::int64_t> rows) override {
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> offsets;
    for (const std::int64_t row : rows) {
      const auto text = static_cast<std::size_t>(row);
      const std::size_t begin = text == 0 ? 0 : ends_[text - 1];
      const auto own = std::span(ids_).subspan(begin, ends_[text] - begin);
      offsets.push_back(static_cast<std::int64_t>(ids.size()));
      ids.insert(ids.end(), own.begin(), own.end());
    }
    return tokens_.forward(index_tensor(ids, device_), index_tensor(offsets, device_));
  }
  torch::Tensor all() override {
    std::vector<std::int64_t> rows(ends_.size());
    std::iota(rows.begin(), rows.end(), 0);
    return embeddings(rows);
  }

 private:
  WordBagImpl& tokens_;
  torch::Device device_;
  std::vector<std::int64_t> ids_;  // of all texts in a row
  std::vector<std::size_t> ends_;  // where each text's end
};

}  // namespace

std::size_t TextInput::count() const {
  if (texts != nullptr) return texts->size();
  return vectors != nullptr ? vectors->rows : 0;
}

std::unique_ptr<TextSource> text_source(const TextInput& input, WordBagImpl* tokens,
                                        torch::Device device) {
  if (input.texts != nullptr && tokens != nullptr) {
    return std::make_unique<TrainedTokens>(*input.texts, *tokens, device);
  }
  if (input.vectors == nullptr || tokens != nullptr) {
    throw InternalError("text_source: the texts do not have the form of the network");
  }
  return std::make_unique<StoredVectors>(*input.vectors, device);
}

}  // namespace epicrisis
