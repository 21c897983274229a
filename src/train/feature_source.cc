#include "train/feature_source.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "train/autocast.h"
#include "train/index_tensor.h"
#include "train/picture_loader.h"

namespace epicrisis {
namespace {

class StoredFeatures : public FeatureSource {
 public:
  StoredFeatures(const FloatMatrix& features, int copies, const std::vector<TrainExample>& examples,
                 torch::Device device)
      : examples_(examples),
        images_(static_cast<std::int64_t>(features.rows) / (copies + 1)),
        device_(device) {
    // Not copied on a CPU: the matrix may be large, and torch only reads it.
    matrix_ = torch::from_blob(const_cast<float*>(features.values.data()),
                               {static_cast<std::int64_t>(features.rows),
                                static_cast<std::int64_t>(features.columns)},
                               torch::kFloat32)
                  .to(device);
  }

  void begin_epoch(int, const std::vector<Draw>&, std::size_t) override {}

  torch::Tensor training_features(std::span<const Draw> draws) override {
    std::vector<std::int64_t> rows;
    rows.reserve(draws.size());
    for (const Draw& draw : draws) {
      rows.push_back(static_cast<std::int64_t>(draw.copy) * images_ +
                     static_cast<std::int64_t>(examples_[draw.example].image));
    }
    return matrix_.index_select(0, index_tensor(rows, device_));
  }

  torch::Tensor plain_features(std::span<const std::size_t> images) override {
    return matrix_.index_select(
        0, index_tensor(std::vector<std::int64_t>(images.begin(), images.end()), device_));
  }

 private:
  const std::vector<TrainExample>& examples_;
  std::int64_t images_;
  torch::Device device_;
  torch::Tensor matrix_;
};

// Pixels as the loader gives them -> f(x) in float32.
torch::Tensor encode(ImageEncoderModule& encoder, std::vector<std::uint8_t>& pixels,
                     std::int64_t side, bool channels_last, bool bf16, torch::Device device) {
  const auto count = static_cast<std::int64_t>(pixels.size()) / (side * side * 3);
  const torch::Tensor bytes =
      torch::from_blob(pixels.data(), {count, side, side, 3}, torch::kUInt8);
  torch::Tensor x = normalise_pixels(bytes, encoder.config()).to(device);
  if (!channels_last) x = x.contiguous();
  const AutocastGuard autocast(bf16, device.type());
  return encoder.forward(x).to(torch::kFloat32);
}

class EncodedPictures : public FeatureSource {
 public:
  EncodedPictures(const TrainConfig& config, const ImageSource& images, ImageEncoderModule& encoder,
                  bool bf16, const std::vector<TrainExample>& examples, torch::Device device,
                  const Team& team, const Job& job)
      : config_(config),
        images_(images),
        encoder_(encoder),
        bf16_(bf16),
        examples_(examples),
        device_(device),
        team_(team),
        job_(job) {}

  void begin_epoch(int epoch, const std::vector<Draw>& draws, std::size_t first_step) override {
    const auto batch = static_cast<std::size_t>(config_.batch);
    PictureLoaderOptions options;
    std::vector<std::size_t> order;
    for (std::size_t begin = 0; begin < draws.size(); begin += batch) {
      const RankPart part = team_.part(std::min(batch, draws.size() - begin));
      for (std::size_t i = begin + part.begin; i < begin + part.end; ++i) {
        order.push_back(examples_[draws[i].example].image);
        options.places.push_back(i);
      }
    }
    // check_train_config() sees to it that every process has as many of each whole batch.
    options.batch = team_.part(batch).size();
    options.first_batch = first_step;
    // Augmenting takes a thirtieth of the time of a training step on one core.
    options.workers = std::max(1U, available_cores() / (device_.is_cpu() ? 8 : 2));
    options.augment = config_.augment;
    options.seed = config_.seed;
    options.epoch = epoch;
    loader_.reset();
    loader_ = std::make_unique<PictureLoader>(images_, std::move(order), options);
  }

  torch::Tensor training_features(std::span<const Draw> draws) override {
    encoder_.train();
    if (config_.micro_batch > 0) return features_in_pieces(draws);
    const std::size_t own = team_.part(draws.size()).size();
    torch::Tensor features =
        torch::zeros({0, encoder_.config().feature_dim}, torch::TensorOptions().device(device_));
    if (own > 0) {
      std::vector<std::uint8_t> pixels = loader_->next();
      features = encode(encoder_, pixels, images_.size(), config_.channels_last, bf16_, device_);
    }
    return team_.all_rows(features, draws.size());
  }

  void pass_back(const torch::Tensor& features) override {
    if (config_.micro_batch == 0 || !features.grad().defined()) return;
    const torch::Tensor& gradient = features.grad();
    // The first pass has counted what batch norms count; it counts once.
    restore_buffers();
    auto row =
        static_cast<std::int64_t>(team_.part(static_cast<std::size_t>(gradient.size(0))).begin);
    for (std::vector<std::uint8_t>& piece : pieces_) {
      const torch::Tensor own =
          encode(encoder_, piece, images_.size(), config_.channels_last, bf16_, device_);
      own.backward(gradient.slice(0, row, row + own.size(0)));
      row += own.size(0);
    }
    pieces_.clear();
  }

  torch::Tensor plain_features(std::span<const std::size_t> images) override {
    encoder_.eval();
    const RankPart part = team_.part(images.size());
    return team_.all_rows(
        encode_pictures(encoder_, images_, images.subspan(part.begin, part.size()),
                        static_cast<std::size_t>(config_.evaluation_batch), bf16_, device_, job_,
                        nullptr),
        images.size());
  }

 private:
  // Without a graph; the pieces are kept for the second pass.
  torch::Tensor features_in_pieces(std::span<const Draw> draws) {
    const torch::NoGradGuard no_gradient;
    const std::size_t own = team_.part(draws.size()).size();
    const auto side = static_cast<std::size_t>(images_.size());
    const std::size_t bytes = static_cast<std::size_t>(config_.micro_batch) * side * side * 3;
    std::vector<std::uint8_t> pixels;
    if (own > 0) pixels = loader_->next();
    pieces_.clear();
    for (std::size_t begin = 0; begin < pixels.size(); begin += bytes) {
      const auto from = pixels.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::size_t size = std::min(bytes, pixels.size() - begin);
      pieces_.emplace_back(from, from + static_cast<std::ptrdiff_t>(size));
    }
    keep_buffers();
    std::vector<torch::Tensor> features = {
        torch::zeros({0, encoder_.config().feature_dim}, torch::TensorOptions().device(device_))};
    for (std::vector<std::uint8_t>& piece : pieces_) {
      features.push_back(
          encode(encoder_, piece, images_.size(), config_.channels_last, bf16_, device_));
    }
    return team_.all_rows(torch::cat(features), draws.size()).requires_grad_();
  }
  void keep_buffers() {
    buffers_.clear();
    for (const torch::Tensor& buffer : encoder_.buffers()) buffers_.push_back(buffer.clone());
  }
  void restore_buffers() {
    const torch::NoGradGuard no_gradient;
    const std::vector<torch::Tensor> own = encoder_.buffers();
    for (std::size_t i = 0; i < own.size(); ++i) torch::Tensor(own[i]).copy_(buffers_[i]);
  }

  const TrainConfig& config_;
  const ImageSource& images_;
  ImageEncoderModule& encoder_;
  bool bf16_;
  const std::vector<TrainExample>& examples_;
  torch::Device device_;
  const Team& team_;
  const Job& job_;
  std::unique_ptr<PictureLoader> loader_;
  // Of micro_batch, between the two passes of a step.
  std::vector<std::vector<std::uint8_t>> pieces_;
  std::vector<torch::Tensor> buffers_;
};

}  // namespace

std::unique_ptr<FeatureSource> stored_features(const FloatMatrix& features, int copies,
                                               const std::vector<TrainExample>& examples,
                                               torch::Device device) {
  return std::make_unique<StoredFeatures>(features, copies, examples, device);
}

std::unique_ptr<FeatureSource> encoded_pictures(const TrainConfig& config,
                                                const ImageSource& images,
                                                ImageEncoderModule& encoder, bool bf16,
                                                const std::vector<TrainExample>& examples,
                                                torch::Device device, const Team& team,
                                                const Job& job) {
  return std::make_unique<EncodedPictures>(config, images, encoder, bf16, examples, device, team,
                                           job);
}

torch::Tensor encode_pictures(ImageEncoderModule& encoder, const ImageSource& images,
                              std::span<const std::size_t> indices, std::size_t batch, bool bf16,
                              torch::Device device, const Job& job, Meter* meter) {
  const torch::NoGradGuard no_gradient;
  PictureLoaderOptions options;
  options.batch = batch;
  PictureLoader loader(images, {indices.begin(), indices.end()}, options);
  std::vector<torch::Tensor> features;
  for (;;) {
    job.check();
    std::vector<std::uint8_t> pixels = loader.next();
    if (pixels.empty()) break;
    features.push_back(encode(encoder, pixels, images.size(), true, bf16, device));
    if (meter != nullptr) meter->add(static_cast<std::size_t>(features.back().size(0)));
  }
  if (features.empty()) {
    return torch::zeros({0, encoder.config().feature_dim},
                        torch::TensorOptions().device(device).dtype(torch::kFloat32));
  }
  return torch::cat(features);
}

void make_channels_last(torch::nn::Module& module) {
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
}

torch::Device torch_device(const std::string& name) {
  if (name == "cpu") return {torch::kCPU};
  if (!torch::cuda::is_available()) {
    throw UsageError("training: device '{}' was asked for, but this LibTorch finds no CUDA device",
                     name);
  }
  const torch::Device device(name);
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (device.index() >= count) {
    throw UsageError("training: device '{}' was asked for, but there are {} CUDA devices", name,
                     count);
  }
  return device;
}

bool computes_in_bf16(Precision precision, torch::Device device) {
  if (precision != Precision::kAuto) return precision == Precision::kBf16;
  return device.is_cpu() ? cpu_has_bf16() : true;
}

}  // namespace epicrisis
