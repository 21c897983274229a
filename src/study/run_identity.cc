#include "study/run_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/model_folders.h"

namespace epicrisis::study {
namespace {

// Of what is computed from equal settings and data. To be raised when a training comes out
// otherwise than before, beyond rounding; all runs are then trained again.
constexpr int kTrainingVersion = 1;
constexpr const char* kVersionKey = "training_version";
constexpr const char* kName = "name";
constexpr const char* kPredictions = "predictions 1";

Json training_settings(const StudyRun& run, std::int64_t seed) {
  TrainConfig config = run.train;
  config.seed = static_cast<std::uint64_t>(seed);
  return train_config_identity(config);
}

std::string content_of(const PictureTable& pictures, std::size_t index) {
  return pictures.images->content_id(pictures.picture[index]);
}

std::vector<std::size_t> trained_cases(const CaseSet& set, const std::vector<bool>& trained_on) {
  std::vector<std::size_t> trained;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Role role = set.cases[i].role;
    const bool takes_part = role == Role::kTrain || role == Role::kValidation;
    if (takes_part && trained_on[i]) trained.push_back(i);
  }
  return trained;
}

// Keys of a configuration as a person would say them; others are said as they are.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kWords = {{
    {"train", "settings of the training"},
    {"image_encoder_hash", "the image encoder's files"},
    {"text_encoder_hash", "the text encoder's files"},
    {"augmentation_seed", "the seed of augmented copies"},
    {"notes", "the strategies"},
    {"note_texts", "notes"},
    {"recipe", "the recipe of the pictures"},
    {"pictures", "the prepared pictures"},
    {"labels", "labels"},
    {"groups", "patients"},
    {"roles", "the split"},
    {"cases", "the number of samples"},
}};

}  // namespace

const std::string& ModelHashes::of(const std::string& model) {
  const auto found = hashes_.find(model);
  if (found != hashes_.end()) return found->second;
  return hashes_.emplace(model, model_fingerprint(model)).first->second;
}

Json run_settings(const Study& study, const StudyRun& run, std::int64_t seed, ModelHashes& models) {
  const Json classes = class_names(study);
  const bool text = uses_text(run.train.mode);
  const bool copies = run.image_encoder.frozen && run.image_encoder.augmented_copies > 0;
  return Json{
      {kVersionKey, kTrainingVersion},
      {kName, run.name},
      {"train", training_settings(run, seed)},
      {"image_encoder", run.image_encoder.model},
      {"image_encoder_hash", models.of(run.image_encoder.model)},
      {"frozen", run.image_encoder.frozen},
      {"augmented_copies", run.image_encoder.augmented_copies},
      {"augmentation_seed", copies ? study.split_seed : 0},
      {"text_encoder", text ? run.text_encoder : ""},
      {"text_encoder_hash", text ? models.of(run.text_encoder) : ""},
      {"notes", run.notes},
      {"classes", classes},
      {"recipe", study.prepare.id()},
  };
}

Json case_settings(const StudyRun& run, const CaseSet& set, const std::vector<bool>& trained_on) {
  std::string labels;
  std::string roles;
  const std::vector<std::size_t> trained = trained_cases(set, trained_on);
  for (const std::size_t i : trained) {
    labels += fmt::format("{},", set.cases[i].label);
    roles += fmt::format("{},", role_name(set.cases[i].role));
  }
  Json settings = {
      {"cases", trained.size()}, {"labels", sha256_hex(labels)}, {"roles", sha256_hex(roles)}};
  if (run.train.group_aware) {
    Json groups = Json::array();
    for (const std::size_t i : trained) groups.push_back(set.cases[i].group);
    settings["groups"] = sha256_hex(dump_json(groups));
  }
  return settings;
}

Json note_settings(const StudyRun& run, const CaseSet& set, const NoteTable& notes,
                   const std::vector<bool>& trained_on) {
  if (!uses_text(run.train.mode)) return {{"note_texts", ""}};
  return {{"note_texts", hash_of(select_notes(notes, trained_cases(set, trained_on)))}};
}

Json run_configuration(const Study& study, const StudyRun& run, std::int64_t seed,
                       const CaseSet& set, const PictureTable& pictures, const RunNotes& notes,
                       ModelHashes& models) {
  const std::vector<std::size_t> trained = trained_cases(set, notes.trained_on);
  std::string contents;
  for (const std::size_t i : trained) contents += content_of(pictures, i);
  Json config = run_settings(study, run, seed, models);
  config["pictures"] = sha256_hex(contents);
  config.update(case_settings(run, set, notes.trained_on));
  config.update(note_settings(run, set, notes.notes, notes.trained_on));
  return config;
}

void set_seed(Json& config, const StudyRun& run, std::int64_t seed) {
  config["train"] = training_settings(run, seed);
}

std::optional<std::int64_t> seed_of(const Json& config) {
  const auto train = config.find("train");
  if (train == config.end() || !train->is_object()) return std::nullopt;
  const auto seed = train->find("seed");
  if (seed == train->end() || !seed->is_number_integer()) return std::nullopt;
  return seed->get<std::int64_t>();
}

bool trains_as(const Json& before, const Json& now) {
  return std::ranges::all_of(now.items(), [&](const auto& item) {
    const auto old = before.find(item.key());
    return item.key() == kName || (old != before.end() && *old == item.value());
  });
}

std::string changes_between(const Json& before, const Json& now) {
  std::vector<std::string> changes;
  for (const auto& [key, value] : now.items()) {
    const auto old = before.find(key);
    if (old != before.end() && *old == value) continue;
    if (key == kVersionKey) {
      return old == before.end() ? "an earlier version trained it, which did not keep all that it "
                                   "was trained on"
                                 : "this version of the program trains in another way";
    }
    const auto* word = std::ranges::find(kWords, key, &decltype(kWords)::value_type::first);
    changes.emplace_back(word == kWords.end() ? key : word->second);
  }
  return fmt::format("since it was trained, this changed: {}", join(changes, ", "));
}

std::string predictions_identity(const std::string& run_hash, const Study& study,
                                 const StudyRun& run, const DatasetSlice& slice, const CaseSet& set,
                                 const PictureTable& pictures, const RunNotes& notes) {
  std::string cases;
  for (const std::size_t i : slice.cases) {
    cases += fmt::format("{} {},", set.cases[i].sample_id, content_of(pictures, i));
  }
  std::string texts;
  if (uses_text(run.train.mode)) {
    texts = hash_of(select_notes(notes.notes, slice.cases));
    for (const std::string& prompt : class_prompts(study)) texts += '\n' + prompt;
  }
  return sha256_of_fields({kPredictions, run_hash, cases, texts});
}

std::string hash_of(const NoteTable& notes) {
  std::string all;
  for (const std::string& text : notes.texts) all += sha256_hex(text);
  for (const auto& rows : notes.of_case) {
    for (const std::size_t row : rows) all += fmt::format("{},", row);
    all += ';';
  }
  return sha256_hex(all);
}

std::string hash_of(const CaseSet& set, const PictureTable& pictures) {
  std::string all;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Case& entry = set.cases[i];
    all += fmt::format("{} {} {} {} {} {}\n", entry.sample_id, entry.dataset, role_name(entry.role),
                       entry.label, entry.group, content_of(pictures, i));
  }
  for (const auto& [dataset, count] : set.dropped) all += fmt::format("{} {}\n", dataset, count);
  for (const std::string& line : set.unreadable) all += line + '\n';
  return sha256_hex(all);
}

}  // namespace epicrisis::study
