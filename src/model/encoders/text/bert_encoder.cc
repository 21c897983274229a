#include "model/encoders/text/bert_encoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/text/bert.h"
#include "model/encoders/text/bert_folder.h"
#include "model/encoders/text/frozen_text_encoder.h"
#include "model/encoders/text/open_clip_bert.h"
#include "settings/pooling_plan.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

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

class BertTower : public TextTower {
 public:
  // `projection` may be empty.
  BertTower(Bert bert, PoolingPlan plan, Projection projection)
      : bert_(std::move(bert)), plan_(plan), projection_(std::move(projection)) {}

  torch::Tensor vectors(const torch::Tensor& ids, const torch::Tensor& lengths) const override {
    return projection_.apply(pool(bert_.forward(ids, lengths), lengths));
  }
  std::int64_t dimension() const override { return projection_.width(bert_.width()); }

 private:
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

  Bert bert_;
  PoolingPlan plan_;
  Projection projection_;
};

// How vectors are made of states: as asked for, else as the folder says, else by the weights.
PoolingPlan pooling_plan(const Path& folder, const Bert& bert, const PoolingPlan& said,
                         const TextEncoderOptions& options) {
  PoolingPlan plan = said;
  if (options.pooling != TextPooling::kAuto) plan = {options.pooling, false};
  if (plan.pooling == TextPooling::kAuto) {
    plan.pooling = bert.has_pooler() ? TextPooling::kPooler : TextPooling::kMean;
  }
  if (plan.pooling == TextPooling::kPooler && !bert.has_pooler()) {
    throw UsageError("{}: pooler was asked for, the weights have none; use mean or cls",
                     folder.string());
  }
  return plan;
}

}  // namespace

std::unique_ptr<TextEncoder> load_bert_encoder(const Path& folder, const ModelConfig& model,
                                               const TextEncoderOptions& options) {
  const TensorFile file = read_weights(weight_file_in(folder));
  std::vector<std::string> left_out;
  const TensorFile weights = bert_tensors(file, left_out);
  const std::optional<OpenClipBert> whole = read_open_clip_bert(model);
  const BertConfig config = read_bert_config(model, weights);
  FrozenTextParts parts;
  parts.tokenizer = read_tokenizer(folder, config, parts.remarks);
  parts.remarks.insert(parts.remarks.end(), left_out.begin(), left_out.end());
  const std::size_t said =
      whole ? std::min(whole->max_tokens, static_cast<std::size_t>(config.tokens()))
            : read_max_tokens(folder, config);
  parts.max_tokens = token_limit(options, said, config.tokens(), folder);
  parts.threads = options.threads;
  const Precision precision = text_precision(options);
  Bert bert(config, weights, scalar_type(precision));
  const PoolingPlan plan =
      pooling_plan(folder, bert, whole ? whole->pooling : read_pooling(folder), options);
  Projection projection;
  if (whole && options.pooling == TextPooling::kAuto) {
    projection = read_open_clip_projection(file, *whole, config.hidden);
  }
  const std::int64_t width = projection.width(config.hidden);
  parts.description = fmt::format("{}, {} pooling{}{}, {}", folder.filename().string(),
                                  pooling_name(plan.pooling), plan.normalise ? ", normalised" : "",
                                  projection.maps.empty() ? "" : ", projected", width);
  parts.fingerprint = sha256_of_fields(
      {"bert 1", model_fingerprint(folder.string()), pooling_name(plan.pooling),
       plan.normalise ? "l2" : "", std::to_string(parts.max_tokens), precision_name(precision)});
  parts.tower = std::make_unique<BertTower>(std::move(bert), plan, std::move(projection));
  return make_frozen_text_encoder(std::move(parts));
}

}  // namespace epicrisis
