#include "model/encoders/text/bert_encoder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/text/bert.h"
#include "model/parallel_torch.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

// Padded tokens a batch, at most.
constexpr std::size_t kBatchTokens = 1024;

std::string_view pooling_name(TextPooling pooling) {
  switch (pooling) {
    case TextPooling::kPooler:
      return "pooler";
    case TextPooling::kMean:
      return "mean";
    case TextPooling::kCls:
      return "cls";
    case TextPooling::kAuto:
      break;
  }
  return "auto";
}

class BertEncoder : public TextEncoder {
 public:
  BertEncoder(const Path& folder, const TextEncoderOptions& options)
      : name_(folder.filename().string()),
        config_(read_bert_config(folder)),
        tokenizer_(read_tokenizer(folder, config_, remarks_)),
        precision_(options.precision != Precision::kAuto ? options.precision
                   : cpu_has_bf16()                      ? Precision::kBf16
                                                         : Precision::kFp32),
        threads_(options.threads != 0 ? options.threads : available_cores()),
        max_tokens_(read_max_tokens(folder, config_)),
        bert_(config_, read_bert_weights(weight_file_in(folder), remarks_), type()) {
    if (options.max_tokens != 0) {
      if (options.max_tokens < 2 ||
          options.max_tokens > static_cast<std::size_t>(config_.positions)) {
        throw UsageError("{}: max_tokens {}; 2 to {} are possible", folder.string(),
                         options.max_tokens, config_.positions);
      }
      max_tokens_ = options.max_tokens;
    }
    plan_.pooling = options.pooling;
    if (options.pooling == TextPooling::kAuto) plan_ = read_pooling(folder);
    if (plan_.pooling == TextPooling::kAuto) {
      plan_.pooling = bert_.has_pooler() ? TextPooling::kPooler : TextPooling::kMean;
    }
    if (plan_.pooling == TextPooling::kPooler && !bert_.has_pooler()) {
      throw UsageError("{}: pooler was asked for, the weights have none; use mean or cls",
                       folder.string());
    }
    fingerprint_ = sha256_of_fields({"bert 1", model_fingerprint(folder.string()),
                                     pooling_name(plan_.pooling), plan_.normalise ? "l2" : "",
                                     std::to_string(max_tokens_), precision_name(precision_)});
  }

  TextEncodeReport measure(std::span<const std::string> texts, const Job& job) const override {
    TextEncodeReport report;
    const std::vector<Encoding> encodings = tokens_of(texts, job);
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const std::vector<std::int64_t>& ids = encodings[i].ids;
      report.tokens += ids.size();
      report.unknown += static_cast<std::size_t>(std::ranges::count(ids, tokenizer_.unknown_id()));
      if (encodings[i].truncated_tokens > 0) report.truncated.push_back(i);
    }
    return report;
  }

  FloatMatrix encode(std::span<const std::string> texts, const Job& job,
                     Meter* meter) const override {
    const std::vector<Encoding> encodings = tokens_of(texts, job);
    // Texts of like length share a batch, so that little is computed for padding. Longest first:
    // memory peaks at the start, not at the end.
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return encodings[a].ids.size() > encodings[b].ids.size();
    });
    std::vector<std::span<const std::size_t>> batches;
    for (std::size_t start = 0; start < order.size();) {
      const std::size_t length = encodings[order[start]].ids.size();
      const std::size_t count =
          std::min(std::max<std::size_t>(kBatchTokens / length, 1), order.size() - start);
      batches.emplace_back(std::span(order).subspan(start, count));
      start += count;
    }
    FloatMatrix out(texts.size(), static_cast<std::size_t>(config_.hidden));
    parallel_torch(batches.size(), threads_, job, [&](std::size_t i) {
      encode_batch(encodings, batches[i], out);
      if (meter != nullptr) meter->add(batches[i].size());
    });
    return out;
  }

  std::int64_t dimension() const override { return config_.hidden; }
  std::size_t max_tokens() const override { return max_tokens_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  std::string describe() const override {
    return fmt::format("{}, {} pooling{}, {}", name_, pooling_name(plan_.pooling),
                       plan_.normalise ? ", normalised" : "", config_.hidden);
  }

  const std::vector<std::string>& remarks() const override { return remarks_; }

 private:
  std::vector<Encoding> tokens_of(std::span<const std::string> texts, const Job& job) const {
    std::vector<Encoding> encodings(texts.size());
    parallel_for(texts.size(), threads_, job,
                 [&](std::size_t i) { encodings[i] = tokenizer_.encode(texts[i], max_tokens_); });
    return encodings;
  }

  torch::ScalarType type() const {
    return precision_ == Precision::kBf16 ? torch::kBFloat16 : torch::kFloat32;
  }

  void encode_batch(const std::vector<Encoding>& encodings, std::span<const std::size_t> rows,
                    FloatMatrix& out) const {
    const std::size_t length = encodings[rows.front()].ids.size();  // the longest comes first
    const auto batch = static_cast<std::int64_t>(rows.size());
    torch::Tensor ids = torch::full({batch, static_cast<std::int64_t>(length)},
                                    tokenizer_.padding_id(), torch::kInt64);
    torch::Tensor lengths = torch::empty({batch}, torch::kInt64);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& tokens = encodings[rows[i]].ids;
      std::copy(tokens.begin(), tokens.end(), ids.data_ptr<std::int64_t>() + i * length);
      lengths.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(tokens.size());
    }
    const torch::Tensor pooled = pool(bert_.forward(ids, lengths), lengths).contiguous();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(out.row(rows[i]).data(), pooled.data_ptr<float>() + i * out.columns,
                  out.columns * sizeof(float));
    }
  }

  // [B, L, H] -> float32 [B, H]
  torch::Tensor pool(const torch::Tensor& states, const torch::Tensor& lengths) const {
    torch::Tensor pooled;
    if (plan_.pooling == TextPooling::kMean) {
      const auto kept =
          (torch::arange(states.size(1)).unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2);
      pooled = (states.to(torch::kFloat32) * kept).sum(1) / lengths.unsqueeze(1);
    } else {
      pooled = states.select(1, 0);
      if (plan_.pooling == TextPooling::kPooler) pooled = bert_.pool(pooled);
      pooled = pooled.to(torch::kFloat32);
    }
    if (!plan_.normalise) return pooled;
    return pooled / pooled.norm(2, 1, true).clamp_min(1e-12);
  }

  std::string name_;
  std::vector<std::string> remarks_;  // before the members whose reading fills it
  BertConfig config_;
  WordPiece tokenizer_;
  Precision precision_;
  unsigned threads_;
  std::size_t max_tokens_;
  Bert bert_;
  PoolingPlan plan_;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<TextEncoder> load_bert_encoder(const Path& folder,
                                               const TextEncoderOptions& options) {
  return std::make_unique<BertEncoder>(folder, options);
}

}  // namespace epicrisis
