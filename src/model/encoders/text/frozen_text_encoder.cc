#include "model/encoders/text/frozen_text_encoder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "model/parallel_torch.h"

namespace epicrisis {
namespace {

// Padded tokens a batch, at most.
constexpr std::size_t kBatchTokens = 1024;

class FrozenTextEncoder : public TextEncoder {
 public:
  explicit FrozenTextEncoder(FrozenTextParts parts) : parts_(std::move(parts)) {}

  TextEncodeReport measure(std::span<const std::string> texts, const Job& job) const override {
    TextEncodeReport report;
    const auto unknown = parts_.tokenizer->unknown_id();
    const std::vector<Encoding> encodings = tokens_of(texts, job);
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const std::vector<std::int64_t>& ids = encodings[i].ids;
      report.tokens += ids.size();
      if (unknown) report.unknown += static_cast<std::size_t>(std::ranges::count(ids, *unknown));
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
    FloatMatrix out(texts.size(), static_cast<std::size_t>(dimension()));
    parallel_torch(batches.size(), threads(), job, [&](std::size_t i) {
      encode_batch(encodings, batches[i], out);
      if (meter != nullptr) meter->add(batches[i].size());
    });
    return out;
  }

  std::int64_t dimension() const override { return parts_.tower->dimension(); }
  std::size_t max_tokens() const override { return parts_.max_tokens; }
  const std::string& fingerprint() const override { return parts_.fingerprint; }
  std::string describe() const override { return parts_.description; }
  const std::vector<std::string>& remarks() const override { return parts_.remarks; }

 private:
  unsigned threads() const { return parts_.threads != 0 ? parts_.threads : available_cores(); }

  std::vector<Encoding> tokens_of(std::span<const std::string> texts, const Job& job) const {
    std::vector<Encoding> encodings(texts.size());
    parallel_for(texts.size(), threads(), job, [&](std::size_t i) {
      encodings[i] = parts_.tokenizer->encode(texts[i], parts_.max_tokens);
    });
    return encodings;
  }

  void encode_batch(const std::vector<Encoding>& encodings, std::span<const std::size_t> rows,
                    FloatMatrix& out) const {
    const std::size_t length = encodings[rows.front()].ids.size();  // the longest comes first
    const auto batch = static_cast<std::int64_t>(rows.size());
    torch::Tensor ids = torch::full({batch, static_cast<std::int64_t>(length)},
                                    parts_.tokenizer->padding_id(), torch::kInt64);
    torch::Tensor lengths = torch::empty({batch}, torch::kInt64);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& tokens = encodings[rows[i]].ids;
      std::copy(tokens.begin(), tokens.end(), ids.data_ptr<std::int64_t>() + i * length);
      lengths.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(tokens.size());
    }
    const torch::Tensor vectors = parts_.tower->vectors(ids, lengths).contiguous();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(out.row(rows[i]).data(), vectors.data_ptr<float>() + i * out.columns,
                  out.columns * sizeof(float));
    }
  }

  FrozenTextParts parts_;
};

}  // namespace

std::unique_ptr<TextEncoder> make_frozen_text_encoder(FrozenTextParts parts) {
  return std::make_unique<FrozenTextEncoder>(std::move(parts));
}

Precision text_precision(const TextEncoderOptions& options) {
  if (options.precision != Precision::kAuto) return options.precision;
  return cpu_has_bf16() ? Precision::kBf16 : Precision::kFp32;
}

torch::ScalarType scalar_type(Precision precision) {
  return precision == Precision::kBf16 ? torch::kBFloat16 : torch::kFloat32;
}

std::size_t token_limit(const TextEncoderOptions& options, std::size_t said, std::int64_t positions,
                        const Path& folder) {
  if (options.max_tokens == 0) return said;
  if (options.max_tokens < 2 || options.max_tokens > static_cast<std::size_t>(positions)) {
    throw UsageError("{}: max_tokens {}; 2 to {} are possible", folder.string(), options.max_tokens,
                     positions);
  }
  return options.max_tokens;
}

}  // namespace epicrisis
