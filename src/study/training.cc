#include "study/training.h"

#include <algorithm>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/store/tables/runs.h"
#include "study/run_trainer.h"

namespace epicrisis::study {
namespace {

// One hash over which case has which notes.
std::string hash_of(const NoteTable& notes) {
  std::string all;
  for (const std::string& text : notes.texts) all += sha256_hex(text);
  for (const auto& rows : notes.of_case) {
    for (const std::size_t row : rows) all += fmt::format("{},", row);
    all += ';';
  }
  return sha256_hex(all);
}

TrainConfig seeded(const StudyRun& run, std::int64_t seed) {
  TrainConfig config = run.train;
  config.seed = static_cast<std::uint64_t>(seed);
  return config;
}

// The configuration of the same run with another seed; all else in it stays.
void set_seed(Json& config, const StudyRun& run, std::int64_t seed) {
  config["train"] = train_config_to_json(seeded(run, seed));
}

std::string run_id(const Study& study, const StudyRun& run, std::int64_t seed,
                   const std::string& hash) {
  std::string name;
  for (const char c : ascii_lower(study.name + "-" + run.name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  return fmt::format("{}-{}-{}", name.substr(0, 80), seed, hash.substr(0, 10));
}

void train_one(Workspace& workspace, const RunRecord& record, const TrainConfig& config,
               RunTrainer& trainer) {
  const Path folder = workspace.runs() / record.id;
  start_run(workspace.database(), record);
  try {
    trainer.train(config, folder);
    finish_run(workspace.database(), record.id, RunStatus::kDone);
  } catch (const Interrupted&) {
    finish_run(workspace.database(), record.id, RunStatus::kInterrupted);
    throw;
  } catch (const std::exception& error) {
    finish_run(workspace.database(), record.id, RunStatus::kFailed, error.what());
    throw;
  }
}

}  // namespace

Json run_configuration(const Study& study, const StudyRun& run, std::int64_t seed,
                       const CaseSet& set, const RunNotes& notes) {
  Json classes = Json::array();
  for (const ClassId id : study.classes) classes.push_back(study.field.at(id).name);
  std::string cases;
  for (const Case& entry : set.cases) cases += fmt::format("{},{};", entry.sample_id, entry.label);
  Json config{
      {"name", run.name},
      {"train", train_config_to_json(seeded(run, seed))},
      {"image_encoder", run.image_encoder.model},
      {"image_encoder_hash", model_fingerprint(run.image_encoder.model)},
      {"frozen", run.image_encoder.frozen},
      {"augmented_copies", run.image_encoder.augmented_copies},
      {"text_encoder", uses_text(run.train.mode) ? run.text_encoder : ""},
      {"text_encoder_hash", uses_text(run.train.mode) ? model_fingerprint(run.text_encoder) : ""},
      {"notes", run.notes},
      {"note_texts", hash_of(notes.notes)},
      {"classes", classes},
      {"recipe", study.prepare.id()},
      {"split_set", set.split_set},
      {"cases", sha256_hex(cases)}};
  if (!run.train_with.empty()) {
    std::string trained_on;
    for (const bool is_trained_on : notes.trained_on) trained_on += is_trained_on ? '1' : '0';
    config["trained_on"] = sha256_hex(trained_on);
  }
  return config;
}

RunCounts train_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                     const PictureTable& pictures, Job& job) {
  RunCounts counts;
  for (const StudyRun& run : study.runs) {
    const RunNotes notes = load_run_notes(workspace, run, set);
    std::optional<RunTrainer> trainer;  // made when the first seed needs it
    // Weights, notes and cases are hashed once for all seeds.
    Json config = run_configuration(study, run, 0, set, notes);
    for (const std::int64_t seed : run.seeds) {
      job.check();
      set_seed(config, run, seed);
      RunRecord record;
      record.study = study.name;
      record.name = run.name;
      record.config = config;
      record.config_hash = run_config_hash(record.config);
      record.id = run_id(study, run, seed, record.config_hash);
      const auto done = find_done_run(workspace.database(), study.name, record.config_hash);
      if (done &&
          std::filesystem::exists(workspace.runs() / done->id / "predictions.safetensors")) {
        ++counts.kept;
        continue;
      }
      if (!trainer) trainer.emplace(workspace, study, run, set, pictures, job);
      train_one(workspace, record, seeded(run, seed), *trainer);
      ++counts.trained;
    }
  }
  return counts;
}

std::vector<TrainedRun> finished_runs(Workspace& workspace, const Study& study,
                                      const CaseSet& set) {
  std::vector<TrainedRun> result;
  for (const StudyRun& run : study.runs) {
    TrainedRun trained;
    trained.run = &run;
    trained.title = run.image_encoder.model + (run.image_encoder.frozen ? "" : " fine-tuned");
    const auto same_row = [&](const StudyRun& other) {
      return &other < &run && other.train.mode == run.train.mode && other.notes == run.notes &&
             other.image_encoder.model == run.image_encoder.model &&
             other.image_encoder.frozen == run.image_encoder.frozen;
    };
    if (std::ranges::any_of(study.runs, same_row)) trained.title += ", " + run.name;
    const RunNotes notes = load_run_notes(workspace, run, set);
    Json config = run_configuration(study, run, 0, set, notes);
    for (const std::int64_t seed : run.seeds) {
      set_seed(config, run, seed);
      const auto done = find_done_run(workspace.database(), study.name, run_config_hash(config));
      if (done) trained.seeds.emplace_back(std::to_string(seed), done->id);
    }
    if (!trained.seeds.empty()) result.push_back(std::move(trained));
  }
  return result;
}

}  // namespace epicrisis::study
