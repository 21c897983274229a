#include "study/run_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis::study {
namespace {

// Said of the run in other words, or of no consequence to what comes out.
constexpr std::array<std::string_view, 8> kNotCompared = {
    "mode",    "seed",   "checkpoint_seconds",   "evaluation_batch",
    "threads", "copies", "freeze_image_encoder", "channels_last"};
// Of terms that not all modes have.
constexpr std::array<std::string_view, 7> kOfTheLoss = {
    "loss", "temperature", "lambda", "text_weight", "l1_weight", "cosine_weight", "alignment_ramp"};

bool has_contrastive_term(Mode mode) { return trains_on_text(mode) && mode != Mode::kText; }

template <typename List>
bool holds(const List& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class Differences {
 public:
  void compare(std::string_view what, const std::string& run, const std::string& baseline) {
    if (run != baseline) found_.push_back(fmt::format("{}: {}, not {}", what, run, baseline));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

std::string in_order(const std::vector<std::string>& names) {
  const std::set<std::string> sorted(names.begin(), names.end());
  return join({sorted.begin(), sorted.end()}, ", ");
}

// Of which notes it is, the providers and models say too.
std::string samples_of(const StudyRun& run) {
  if (run.train_with.empty()) return "all samples";
  std::string samples = "samples with notes of " + in_order(expand_note_sets(run.train_with));
  if (!run.note_providers.empty()) samples += " by provider " + in_order(run.note_providers);
  if (!run.note_models.empty()) samples += " by model " + in_order(run.note_models);
  return samples;
}

// What a run goes by when it is tested.
std::string seen_by(const StudyRun& run) {
  if (run.train.mode != Mode::kText) return "pictures";
  std::string seen = "notes of " + in_order(expand_note_sets(run.notes));
  if (!run.note_providers.empty()) seen += " by provider " + in_order(run.note_providers);
  if (!run.note_models.empty()) seen += " by model " + in_order(run.note_models);
  return seen + " and no picture";
}

}  // namespace

std::vector<std::string> differences_besides_notes(const StudyRun& run, const StudyRun& baseline) {
  Differences found;
  found.compare("seen of test samples", seen_by(run), seen_by(baseline));
  if (run.train.mode != Mode::kText && baseline.train.mode != Mode::kText) {
    const StudyImageEncoder& encoder = run.image_encoder;
    const StudyImageEncoder& other = baseline.image_encoder;
    found.compare("image encoder", encoder.model, other.model);
    const auto kept = [](const StudyImageEncoder& one) {
      return one.frozen ? "frozen" : "fine-tuned";
    };
    found.compare("image encoder", kept(encoder), kept(other));
    if (encoder.frozen && other.frozen) {
      found.compare("augmented_copies", std::to_string(encoder.augmented_copies),
                    std::to_string(other.augmented_copies));
    }
  }
  const auto heads = [](const StudyRun& one) {
    return one.train.mode == Mode::kProbe ? "none" : "trained";
  };
  found.compare("heads", heads(run), heads(baseline));
  if (uses_text(run.train.mode) && uses_text(baseline.train.mode)) {
    found.compare("text encoder", run.text_encoder, baseline.text_encoder);
  }
  const bool contrastive =
      has_contrastive_term(run.train.mode) && has_contrastive_term(baseline.train.mode);
  const Json settings = train_config_to_json(run.train);
  const Json others = train_config_to_json(baseline.train);
  for (const auto& [key, value] : settings.items()) {
    if (holds(kNotCompared, key) || (!contrastive && holds(kOfTheLoss, key))) continue;
    found.compare(key, plain(value), plain(others.at(key)));
  }
  found.compare("trained on", samples_of(run), samples_of(baseline));
  std::vector<std::string> differences = found.take();
  const bool same_notes = run.notes == baseline.notes &&
                          run.note_providers == baseline.note_providers &&
                          run.note_models == baseline.note_models;
  if (differences.empty() && same_notes && run.train.mode == baseline.train.mode) {
    differences.emplace_back("nothing but their seeds: both are the same training");
  }
  return differences;
}

}  // namespace epicrisis::study
