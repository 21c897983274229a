#include "epicrisis/train/trainer.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/model/compute_threads.h"
#include "model/kept_memory.h"
#include "model/tensors_torch.h"
#include "train/adam.h"
#include "train/check_input.h"
#include "train/checkpoint.h"
#include "train/class_scores.h"
#include "train/feature_source.h"
#include "train/index_tensor.h"
#include "train/network.h"
#include "train/run_folder.h"
#include "train/sampler.h"
#include "train/shared_training.h"
#include "train/team.h"
#include "train/text_source.h"

namespace epicrisis {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string state_hash(const torch::nn::Module& module) {
  std::string hashes;
  for (const auto& [name, tensor] : copy_of_state(module)) {
    hashes += name + sha256_hex(std::string_view(static_cast<const char*>(tensor.data_ptr()),
                                                 tensor.nbytes()));
  }
  return sha256_hex(hashes);
}

std::map<std::string, torch::Tensor> trained_parameters(const Network& network) {
  std::map<std::string, torch::Tensor> parameters;
  for (const auto& item : network->named_parameters()) parameters[item.key()] = item.value();
  return parameters;
}

// Words of the notes that are trained on, and of no others: what only a test note says must not be
// known. A note counts as often as examples have it.
WordVocabulary training_vocabulary(const TrainInput& input) {
  std::vector<std::string> texts;
  for (const TrainExample& example : input.train) {
    for (const std::size_t note : example.notes) texts.push_back((*input.notes.texts)[note]);
  }
  return WordVocabulary::learn(texts);
}

// What `read` makes of the run's folder.
template <typename Read>
auto from_folder(Read&& read) {
  try {
    return read();
  } catch (const InputError& error) {
    throw UnusableRunFolder(error);
  } catch (const UsageError& error) {
    throw UnusableRunFolder(error);
  }
}

// "cuda" is the first device of a process alone, and one for each process of a machine.
std::string device_of(const TrainConfig& config, const Team& team) {
  if (config.device != "cuda" || team.local_count() == 1) return config.device;
  return fmt::format("cuda:{}", team.local_rank());
}

class Trainer {
 public:
  Trainer(const TrainConfig& config, const TrainInput& input, Path folder, const Team& team,
          const Job& job, const TrainObserver& observer)
      : team_(team),
        config_(config),
        input_(input),
        folder_(std::move(folder)),
        job_(job),
        observer_(observer),
        device_(torch_device(device_of(config, team))),
        sampler_(config, input.train),
        objective_(config) {}

  TrainResult run();
  // Takes part in what another process leads; nothing is written.
  void follow(const SharedTraining& training);

 private:
  bool fine_tunes() const { return !config_.freeze_image_encoder && config_.mode != Mode::kText; }
  bool sees_images() const { return config_.mode != Mode::kText; }
  bool sees_notes() const { return uses_text(config_.mode); }

  int thread_count() const;
  std::optional<TrainResult> open_folder();
  void make_network();
  void assemble(const std::shared_ptr<ImageEncoderModule>& encoder,
                const std::shared_ptr<WordBagImpl>& tokens);
  void make_received_network(const SharedTraining& training);
  void give_to_others();
  void make_optimiser();
  void make_validation();
  void resume_or_start();
  void train_epoch();
  Batch make_batch(std::span<const Draw> draws);
  double train_step(std::span<const Draw> draws);
  double rate_factor(std::uint64_t step) const;
  double badness(const EpochMetrics& metrics) const;
  void validate(EpochMetrics& metrics);
  void checkpoint();
  TrainResult finish();

  const Team& team_;
  const TrainConfig& config_;
  const TrainInput& input_;
  Path folder_;
  const Job& job_;
  const TrainObserver& observer_;
  torch::Device device_;
  bool bf16_ = false;
  EpochSampler sampler_;
  Objective objective_;
  std::string fingerprint_;
  Network network_{nullptr};
  std::int64_t image_width_ = 0;  // F; 0 if no pictures are seen
  std::int64_t text_width_ = 0;   // G; 0 if no notes are
  std::unique_ptr<FeatureSource> features_;
  std::unique_ptr<Adam> adam_;
  std::unique_ptr<TextSource> notes_;
  std::unique_ptr<TextSource> concepts_;
  std::vector<std::size_t> validation_images_;
  std::vector<std::int64_t> validation_notes_;  // rows, text mode
  torch::Tensor validation_labels_;
  std::vector<int> validation_truth_;
  TrainProgress progress_;
  TensorMap best_;
  double last_checkpoint_ = 0;  // of now()
  double checkpoint_cost_ = 0;  // seconds that it took to write
  bool stops_ = false;          // a process of the team is cancelled
};

TrainResult Trainer::run() {
  const ComputeThreads threads(thread_count());
  const KeptMemory memory;
  make_network();
  if (auto finished = from_folder([&] { return open_folder(); })) return *std::move(finished);
  make_validation();
  from_folder([&] { resume_or_start(); });
  give_to_others();
  if (observer_.resumed && progress_.steps > 0) observer_.resumed(progress_.epoch);
  const auto may_stop = config_.patience > 0 && !validation_truth_.empty();
  last_checkpoint_ = now();
  const auto goes_on = [&] {
    if (progress_.epoch > config_.epochs) return false;
    return !may_stop || progress_.epoch - 1 - progress_.best_epoch < config_.patience;
  };
  while (team_.told(goes_on())) train_epoch();
  return finish();
}

void Trainer::follow(const SharedTraining& training) {
  const ComputeThreads threads(thread_count());
  const KeptMemory memory;
  bf16_ = training.bf16;
  make_received_network(training);
  make_validation();
  make_optimiser();
  progress_ = training.progress;
  share_state(team_, *network_, *adam_);
  while (team_.told(false)) train_epoch();
}

int Trainer::thread_count() const {
  if (config_.threads > 0) return config_.threads;
  if (!fine_tunes()) return 1;
  return std::max(1, static_cast<int>(available_cores()) / team_.local_count());
}

void Trainer::give_to_others() {
  if (team_.alone()) return;
  SharedTraining training;
  training.config = config_;
  training.input = input_;
  training.image_encoder = network_->encoder()->config();
  if (network_->tokens() != nullptr)
    training.vocabulary = network_->tokens()->vocabulary().to_json();
  training.progress = progress_;
  training.bf16 = bf16_;
  give_training(team_, training);
  share_state(team_, *network_, *adam_);
}

void Trainer::make_received_network(const SharedTraining& training) {
  const auto encoder = make_image_encoder(training.image_encoder, 0);
  image_width_ = training.image_encoder.feature_dim;
  std::shared_ptr<WordBagImpl> tokens;
  if (training.vocabulary) {
    tokens = std::make_shared<WordBagImpl>(
        WordVocabulary::from_json(*training.vocabulary, "the vocabulary"), kTokenWidth, 0);
    text_width_ = tokens->width();
  } else if (sees_notes()) {
    text_width_ = static_cast<std::int64_t>(input_.notes.vectors->columns);
  }
  assemble(encoder, tokens);
}

// Weights as they start. They are needed to know whether the folder's run is this one.
void Trainer::make_network() {
  bf16_ = fine_tunes() && computes_in_bf16(config_.precision, device_);
  std::shared_ptr<ImageEncoderModule> encoder;
  if (fine_tunes()) {
    std::vector<std::string> remarks;
    encoder = load_image_encoder(input_.image_encoder, config_.seed, &remarks);
    for (const std::string& remark : remarks) job_.warn("{}", remark);
    image_width_ = encoder->config().feature_dim;
  } else if (input_.image_features != nullptr) {
    image_width_ = static_cast<std::int64_t>(input_.image_features->columns);
  }
  std::shared_ptr<WordBagImpl> tokens;
  std::string encoders = encoder ? state_hash(*encoder) : "frozen";
  if (sees_notes() && input_.notes.texts != nullptr) {
    tokens = std::make_shared<WordBagImpl>(training_vocabulary(input_), kTokenWidth, config_.seed);
    text_width_ = tokens->width();
    encoders += dump_json(tokens->vocabulary().to_json()) + state_hash(*tokens);
  } else if (sees_notes()) {
    text_width_ = static_cast<std::int64_t>(input_.notes.vectors->columns);
  }
  fingerprint_ = training_fingerprint(config_, input_, encoders);
  assemble(encoder, tokens);
}

void Trainer::assemble(const std::shared_ptr<ImageEncoderModule>& encoder,
                       const std::shared_ptr<WordBagImpl>& tokens) {
  const Heads heads(image_width_, text_width_, heads_width(config_), input_.class_count,
                    config_.seed, config_.hidden);
  network_ = Network(encoder, tokens, heads);
  if (encoder && config_.channels_last) make_channels_last(*encoder);
  network_->to(device_);
}

// The result, if the folder's run is finished; else the folder is ready to be trained in.
std::optional<TrainResult> Trainer::open_folder() {
  if (std::filesystem::exists(folder_ / kRunConfigFile)) {
    if (read_run_description(folder_).fingerprint != fingerprint_) {
      throw UsageError(
          "training in {}: the folder holds a run of another configuration or other data; choose "
          "another folder or remove it",
          folder_.string());
    }
    if (auto result = read_train_result(folder_)) return result;
    return std::nullopt;
  }
  RunDescription run;
  run.config = config_;
  run.class_count = input_.class_count;
  run.image_width = image_width_;
  run.text_width = text_width_;
  if (fine_tunes()) {
    run.image_encoder = network_->encoder()->config();
    run.image_encoder_source = input_.image_encoder;
  }
  if (network_->tokens() != nullptr) {
    run.vocabulary_sha256 = write_vocabulary(folder_, network_->tokens()->vocabulary());
  }
  run.bf16 = bf16_;
  run.fingerprint = fingerprint_;
  run.counts["train"] = input_.train.size();
  run.counts["drawn_from"] = sampler_.pool_size();
  run.counts["validation"] = input_.validation.size();
  run.counts["notes"] = input_.notes.count();
  run.provenance = input_.provenance;
  write_run_description(folder_, run);
  return std::nullopt;
}

void Trainer::make_validation() {
  std::vector<std::int64_t> labels;
  for (const TrainExample& example : input_.validation) {
    if (config_.mode == Mode::kText) {
      if (example.notes.empty()) continue;
      validation_notes_.push_back(static_cast<std::int64_t>(example.notes.front()));
    } else {
      validation_images_.push_back(example.image);
    }
    labels.push_back(example.label);
    validation_truth_.push_back(example.label);
  }
  validation_labels_ = index_tensor(labels, device_);
  if (sees_notes()) notes_ = text_source(input_.notes, network_->tokens(), device_);
  if (objective_.needs_concepts()) {
    concepts_ = text_source(input_.concepts, network_->tokens(), device_);
  }
  if (fine_tunes()) {
    features_ = encoded_pictures(config_, *input_.images, *network_->encoder(), bf16_, input_.train,
                                 device_, team_, job_);
  } else if (sees_images()) {
    features_ = stored_features(*input_.image_features, config_.copies, input_.train, device_);
  }
}

void Trainer::make_optimiser() {
  AdamOptions options;
  options.learning_rate = config_.learning_rate;
  options.weight_decay = config_.weight_decay;
  options.decay_vectors = config_.decay_biases;
  if (config_.encoder_learning_rate > 0) {
    options.learning_rates["image_encoder."] = config_.encoder_learning_rate;
  }
  adam_ = std::make_unique<Adam>(trained_parameters(network_), options);
}

void Trainer::resume_or_start() {
  make_optimiser();
  if (auto kept = read_checkpoint(folder_, fingerprint_)) {
    restore_state(*network_, kept->network, kept->source);
    adam_->load(kept->adam, kept->source);
    best_ = std::move(kept->best);
    progress_ = std::move(kept->progress);
    if (progress_.step > sampler_.steps_per_epoch() ||
        (progress_.step > 0 && progress_.sums.size() != objective_.parts().size())) {
      throw InputError("{}: step {} of {} and {} sums do not fit the training", kept->source,
                       progress_.step, sampler_.steps_per_epoch(), progress_.sums.size());
    }
  }
  write_metrics(folder_, progress_.history);
}

Batch Trainer::make_batch(std::span<const Draw> draws) {
  Batch batch;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> notes;
  std::vector<std::int64_t> with_note;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    labels.push_back(input_.train[draws[i].example].label);
    if (draws[i].note == kNoNote) continue;
    notes.push_back(static_cast<std::int64_t>(draws[i].note));
    with_note.push_back(static_cast<std::int64_t>(i));
  }
  batch.labels = index_tensor(labels, device_);
  if (features_) batch.features = features_->training_features(draws);
  if (notes.empty()) return batch;
  batch.embeddings = notes_->embeddings(notes);
  if (notes.size() < draws.size()) batch.with_note = index_tensor(with_note, device_);
  if (objective_.needs_concepts()) {
    batch.concepts = concepts_->all();
    torch::Tensor named =
        torch::zeros({static_cast<std::int64_t>(notes.size()), batch.concepts.size(0)});
    auto cells = named.accessor<float, 2>();
    for (std::size_t i = 0; i < notes.size(); ++i) {
      for (const std::size_t k : (*input_.note_concepts)[static_cast<std::size_t>(notes[i])]) {
        cells[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)] = 1;
      }
    }
    batch.named = named.to(device_);
  }
  return batch;
}

// Returns the loss; adds its terms to progress_.sums.
double Trainer::train_step(std::span<const Draw> draws) {
  if (fine_tunes()) {
    // For layers that draw numbers (dropout): a step's depend on its place alone.
    torch::manual_seed(config_.seed + 1'000'003 * static_cast<std::uint64_t>(progress_.epoch) +
                       progress_.step);
  }
  adam_->zero_grad();
  const Batch batch = make_batch(draws);
  const torch::Tensor terms = objective_.terms(network_->heads(), batch, progress_.steps);
  const torch::Tensor values = terms.detach().to(torch::kCPU);
  double loss = 0;
  for (std::size_t i = 0; i < progress_.sums.size(); ++i) {
    const double value = values.data_ptr<float>()[i];
    if (!std::isfinite(value)) {
      throw InputError(
          "training in {}: the term '{}' of the loss is {} in epoch {}, step {}; check the "
          "features and note embeddings for NaN, or lower learning_rate ({})",
          folder_.string(), objective_.parts()[i], value, progress_.epoch, progress_.step + 1,
          config_.learning_rate);
    }
    progress_.sums[i] += value;
    loss += value;
  }
  // Without a note in the batch the text's loss is a constant.
  const torch::Tensor total = terms.sum();
  if (total.requires_grad()) total.backward();
  if (features_) features_->pass_back(batch.features);
  stops_ = team_.share_gradients(*network_, job_.cancelled());
  if (config_.clip_norm > 0) {
    torch::nn::utils::clip_grad_norm_(network_->parameters(), config_.clip_norm);
  }
  adam_->step(rate_factor(progress_.steps));
  return loss;
}

// Of the learning rates in a step, from 0, counted over all epochs.
double Trainer::rate_factor(std::uint64_t step) const {
  const auto warmup = static_cast<std::uint64_t>(config_.warmup);
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  const std::uint64_t total =
      sampler_.steps_per_epoch() * static_cast<std::uint64_t>(config_.epochs);
  if (config_.schedule == Schedule::kConstant || total <= warmup) return 1;
  return (1 + std::cos(std::numbers::pi * static_cast<double>(step - warmup) /
                       static_cast<double>(total - warmup))) /
         2;
}

// Of an epoch; lower is better.
double Trainer::badness(const EpochMetrics& metrics) const {
  switch (config_.best_by) {
    case EpochScore::kLoss:
      return metrics.validation_loss;
    case EpochScore::kWeightedF1:
      return -metrics.validation_weighted_f1;
    case EpochScore::kBalancedAccuracy:
      return -metrics.validation_balanced_accuracy;
    case EpochScore::kMcc:
      return -metrics.validation_mcc;
  }
  throw InternalError("Trainer: no score has the number {}", static_cast<int>(config_.best_by));
}

void Trainer::train_epoch() {
  const auto batch = static_cast<std::size_t>(config_.batch);
  const std::vector<Draw> draws = sampler_.epoch(progress_.epoch);
  const std::size_t steps = sampler_.steps_per_epoch();
  if (progress_.step == 0) {
    progress_.sums.assign(objective_.parts().size(), 0);
    progress_.epoch_seconds = 0;
  }
  if (features_) features_->begin_epoch(progress_.epoch, draws, progress_.step);
  double step_start = now();
  while (progress_.step < steps) {
    const std::size_t begin = progress_.step * batch;
    const auto step_draws = std::span(draws).subspan(begin, std::min(batch, draws.size() - begin));
    const double loss = train_step(step_draws);
    ++progress_.step;
    ++progress_.steps;
    progress_.images += step_draws.size();
    if (observer_.step) observer_.step(step_draws.size(), loss);
    const double time = now();
    progress_.epoch_seconds += time - step_start;
    progress_.step_seconds += time - step_start;
    step_start = time;
    if (stops_ || (team_.alone() && job_.cancelled())) {
      checkpoint();
      throw Interrupted();
    }
    if (progress_.step < steps && time - last_checkpoint_ >= config_.checkpoint_seconds) {
      checkpoint();
      step_start = now();
    }
  }

  EpochMetrics metrics;
  metrics.epoch = progress_.epoch;
  for (std::size_t i = 0; i < progress_.sums.size(); ++i) {
    const double mean = progress_.sums[i] / static_cast<double>(steps);
    metrics.parts.emplace_back(objective_.parts()[i], mean);
    metrics.train_loss += mean;
  }
  metrics.learning_rate = config_.learning_rate * rate_factor(progress_.steps - 1);
  if (progress_.epoch_seconds > 0) {
    metrics.images_per_second = static_cast<double>(draws.size()) / progress_.epoch_seconds;
  }
  team_.share_statistics(*network_);
  const double validation_start = now();
  validate(metrics);
  metrics.seconds = progress_.epoch_seconds + now() - validation_start;
  // NaN is only there without validation: then the last epoch is the best.
  const bool first = progress_.best_epoch == 0;
  metrics.best = std::isnan(metrics.validation_loss) || first ||
                 badness(metrics) <
                     badness(progress_.history[static_cast<std::size_t>(progress_.best_epoch) - 1]);
  if (metrics.best) {
    progress_.best_epoch = progress_.epoch;
    if (team_.leads()) best_ = copy_of_state(*network_);
  }
  progress_.history.push_back(metrics);
  if (team_.leads()) append_metrics(folder_, metrics);
  ++progress_.epoch;
  progress_.step = 0;
  // Epochs may last milliseconds, a checkpoint of a fine-tuned encoder seconds.
  const double worth = std::max(1., 10 * checkpoint_cost_);
  if (now() - last_checkpoint_ >= std::min(worth, config_.checkpoint_seconds)) checkpoint();
  if (observer_.epoch) observer_.epoch(metrics);
  if (job_.cancelled()) {
    checkpoint();
    throw Interrupted();
  }
}

void Trainer::validate(EpochMetrics& metrics) {
  if (validation_truth_.empty()) {
    metrics.validation_loss = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const torch::NoGradGuard no_gradient;
  HeadsImpl& heads = network_->heads();
  const torch::Tensor z = config_.mode == Mode::kText
                              ? heads.project_text(notes_->embeddings(validation_notes_))
                              : heads.project_image(features_->plain_features(validation_images_));
  const torch::Tensor logits = heads.classify(z);
  metrics.validation_loss =
      torch::cross_entropy_loss(logits, validation_labels_).to(torch::kCPU).item<double>();
  if (!std::isfinite(metrics.validation_loss)) {
    throw InputError("training in {}: the validation loss is {} after epoch {}", folder_.string(),
                     metrics.validation_loss, progress_.epoch);
  }
  const torch::Tensor called = logits.argmax(1).to(torch::kCPU);
  std::vector<int> predicted(validation_truth_.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    predicted[i] = static_cast<int>(called.data_ptr<std::int64_t>()[i]);
  }
  const ClassScores scores = class_scores(validation_truth_, predicted, input_.class_count);
  metrics.validation_weighted_f1 = scores.weighted_f1;
  metrics.validation_balanced_accuracy = scores.balanced_accuracy;
  metrics.validation_mcc = scores.mcc;
}

void Trainer::checkpoint() {
  if (!team_.leads()) return;
  const double start = now();
  write_checkpoint(folder_, fingerprint_, progress_, network_, *adam_, best_);
  last_checkpoint_ = now();
  checkpoint_cost_ = last_checkpoint_ - start;
}

TrainResult Trainer::finish() {
  TrainResult result;
  result.best_epoch = progress_.best_epoch;
  result.history = progress_.history;
  result.epochs = static_cast<int>(result.history.size());
  result.stopped_early = result.epochs < config_.epochs;
  for (const EpochMetrics& metrics : result.history) result.seconds += metrics.seconds;
  if (progress_.step_seconds > 0) {
    result.images_per_second = static_cast<double>(progress_.images) / progress_.step_seconds;
    result.steps_per_second = static_cast<double>(progress_.steps) / progress_.step_seconds;
  }
  write_tensors(folder_ / kRunWeightsFile, best_,
                {{"format", "pt"}, {"fingerprint", fingerprint_}});
  write_metrics(folder_, result.history);
  write_train_result(folder_, result);
  std::filesystem::remove(folder_ / kRunCheckpointFile);
  return result;
}

}  // namespace

TrainResult train_model(const TrainConfig& config, const TrainInput& input, const Path& run_folder,
                        const Job& job, const TrainObserver& observer, Ranks* ranks) {
  check_train_config(config);
  check_train_input(config, input);
  const bool shared =
      ranks != nullptr && !config.freeze_image_encoder && config.mode != Mode::kText;
  if (shared && config.batch % ranks->count() != 0) {
    throw UsageError(
        "training: {} processes cannot share a batch of {} evenly; set batch to a "
        "multiple of {}",
        ranks->count(), config.batch, ranks->count());
  }
  const Team team(shared ? ranks : nullptr);
  return Trainer(config, input, run_folder, team, job, observer).run();
}

void follow_trainings(Ranks& ranks, const Job& job) {
  const Team team(&ranks);
  while (const auto training = take_training(team)) {
    Trainer(training->config, training->input, Path(), team, job, {}).follow(*training);
  }
}

void end_trainings(Ranks& ranks) { give_end(Team(&ranks)); }

}  // namespace epicrisis
