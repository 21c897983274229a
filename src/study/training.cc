#include "study/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/tables/runs.h"
#include "study/encoder_copy.h"
#include "study/run_files.h"
#include "study/run_trainer.h"
#include "study/run_use.h"

namespace epicrisis::study {
namespace {

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

// Whether a training went through all its epochs and was still getting better.
bool is_cut_off(const TrainResult& result) {
  return !result.stopped_early && result.best_epoch == result.epochs &&
         std::isfinite(result.best().validation_loss);
}

// Whether nothing said which of its epochs was the best.
bool is_unvalidated(const TrainResult& result) {
  return result.best_epoch > 0 && !std::isfinite(result.best().validation_loss);
}

// A run of the study with one seed, as the workspace has it.
struct SeedState {
  RunRecord record;          // as it would be started now; of a finished one its own id
  bool finished = false;     // and its files are sound
  bool was_trained = false;  // on this or something else
  bool cut_off = false;      // a finished one, which was still getting better
  bool unvalidated = false;  // a finished one, whose best epoch is the last for want of a choice
  std::string alike;         // the id of another training that can stand for it; "" if none can
  std::string why_not;       // it is not finished
};

class StudyRuns {
 public:
  StudyRuns(Workspace& workspace, const Study& study, const CaseSet& set,
            const PictureTable& pictures, ModelHashes& models)
      : workspace_(workspace),
        study_(study),
        set_(set),
        pictures_(pictures),
        models_(models),
        slices_(slice_by_dataset(set, study)),
        known_(list_runs(workspace.database())) {}

  const std::vector<DatasetSlice>& slices() const { return slices_; }

  // Weights, notes and cases are hashed once for all seeds.
  void take(const StudyRun& run) {
    run_ = &run;
    notes_ = load_run_notes(workspace_, run, set_);
    config_ = run_configuration(study_, run, 0, set_, pictures_, notes_, models_);
  }
  const RunNotes& notes() const { return notes_; }

  SeedState state(std::int64_t seed) {
    set_seed(config_, *run_, seed);
    SeedState state;
    state.record.study = study_.name;
    state.record.name = run_->name;
    state.record.config = config_;
    state.record.config_hash = run_config_hash(config_);
    state.record.data_state = set_.data_state;
    state.record.id = run_id(study_, *run_, seed, state.record.config_hash);
    const auto done = find_done_run(workspace_.database(), study_.name, state.record.config_hash);
    if (done) {
      state.record.id = done->id;
      state.was_trained = true;
      look_at_files(workspace_.runs() / done->id, state);
    } else {
      explain(state, seed);
      find_alike(state);
    }
    return state;
  }

  std::string identity(const SeedState& state, const DatasetSlice& slice) const {
    return predictions_identity(state.record.config_hash, study_, *run_, slice, set_, pictures_,
                                notes_);
  }

  // Why the predictions for a data set cannot be used; "" if they can. `damaged` is set where there
  // are some.
  std::string fault_of_predictions(const SeedState& state, const DatasetSlice& slice,
                                   bool& damaged) const {
    const Path file = predictions_file(workspace_.runs() / state.record.id, slice.name);
    damaged = false;
    if (!std::filesystem::exists(file)) return fmt::format("{} is missing", file.string());
    try {
      if (read_predictions(file).identity == identity(state, slice)) return "";
      return fmt::format("its pictures or notes changed since the predictions for {} were made",
                         slice.name);
    } catch (const InputError& error) {
      damaged = true;
      return error.what();
    }
  }

 private:
  // Whether a finished run's files can be used, or why they cannot.
  static void look_at_files(const Path& folder, SeedState& state) {
    try {
      const auto result = read_train_result(folder);
      if (!result) {
        state.why_not = fmt::format("its files in {} are gone", folder.string());
        return;
      }
      state.finished = true;
      state.cut_off = is_cut_off(*result);
      state.unvalidated = is_unvalidated(*result);
    } catch (const Error& error) {
      state.why_not = error.what();
    }
  }

  void explain(SeedState& state, std::int64_t seed) const {
    const RunRecord* before = nullptr;
    for (const RunRecord& record : known_) {
      if (record.study != study_.name || record.name != run_->name ||
          seed_of(record.config) != seed) {
        continue;
      }
      const bool better =
          before == nullptr || record.config_hash == state.record.config_hash ||
          (record.status == RunStatus::kDone && before->config_hash != state.record.config_hash);
      if (better) before = &record;
    }
    if (before == nullptr) {
      state.why_not = "it is not trained yet";
    } else if (before->config_hash == state.record.config_hash) {
      state.why_not =
          fmt::format("its training is not finished ({}{}{})", run_status_name(before->status),
                      before->error.empty() ? "" : ": ", before->error);
    } else {
      state.was_trained = before->status == RunStatus::kDone;
      state.why_not = changes_between(before->config, config_);
    }
  }

  // A renamed run, or one of a renamed study.
  void find_alike(SeedState& state) const {
    for (const RunRecord& record : known_) {
      if (record.status != RunStatus::kDone || !trains_as(record.config, config_)) continue;
      SeedState other;
      look_at_files(workspace_.runs() / record.id, other);
      if (other.finished) state.alike = record.id;
    }
  }

  Workspace& workspace_;
  const Study& study_;
  const CaseSet& set_;
  const PictureTable& pictures_;
  ModelHashes& models_;
  std::vector<DatasetSlice> slices_;
  std::vector<RunRecord> known_;  // of all studies
  const StudyRun* run_ = nullptr;
  RunNotes notes_;
  Json config_;
};

// Trains one seed and predicts.
void train_one(Workspace& workspace, const StudyRuns& runs, const SeedState& state,
               const TrainConfig& config, RunTrainer& trainer, Ranks* ranks) {
  const RunRecord& record = state.record;
  const Path folder = workspace.runs() / record.id;
  start_run(workspace.database(), record);
  try {
    trainer.train(config, folder, ranks);
    for (const DatasetSlice& slice : runs.slices()) {
      trainer.predict(folder, slice, runs.identity(state, slice));
    }
    trainer.complete(folder);
    finish_run(workspace.database(), record.id, RunStatus::kDone);
  } catch (const Interrupted&) {
    finish_run(workspace.database(), record.id, RunStatus::kInterrupted);
    throw;
  } catch (const std::exception& error) {
    finish_run(workspace.database(), record.id, RunStatus::kFailed, error.what());
    throw;
  }
}

// Has the files of a training that was on the same: each study has its own, to change and to
// remove.
void take_over(Workspace& workspace, const SeedState& state, const std::string& title,
               const Job& job) {
  const Path folder = workspace.runs() / state.record.id;
  std::filesystem::remove_all(folder);
  copy_run_folder(workspace.runs() / state.alike, folder);
  start_run(workspace.database(), state.record);
  finish_run(workspace.database(), state.record.id, RunStatus::kDone);
  job.info("{} was trained before, as {}: it is copied, nothing is trained", title, state.alike);
}

// Says what a training is validated on, where that is not what a reader of the study would think.
void tell_validation(const StudyRun& run, const CaseSet& set, const RunNotes& notes,
                     const std::string& title, const Job& job) {
  if (notes.validated_on_all) {
    job.warn(
        "{}: no validation sample has a note of each of {}; train_with holds for training alone, and "
        "all validation samples are validated on",
        title, join(run.train_with, ", "));
  }
  const bool reads_notes = run.train.mode == Mode::kText;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const bool usable = !reads_notes || !notes.notes.of_case[i].empty();
    if (set.cases[i].role == Role::kValidation && notes.trained_on[i] && usable) return;
  }
  job.warn(
      "{} has no validation sample{}: all {} epochs are trained, none is stopped early, and the last "
      "one's weights are kept",
      title, reads_notes ? " with a note, and reads notes" : "", run.train.epochs);
}

std::string unvalidated_words(const StudyRun& run, const std::vector<std::string>& seeds) {
  return fmt::format(
      "run '{}' (seed {}) was trained without validation, as it had no validation sample{}: all its "
      "epochs were trained, and the last one's weights are kept, whether or not it was the best",
      run.name, join(seeds, ", "), run.train.mode == Mode::kText ? " with a note" : "");
}

// What a run sees of pictures or, where it sees none, of texts.
std::string encoder_of(const StudyRun& run) {
  if (run.train.mode == Mode::kText) return run.text_encoder;
  return run.image_encoder.model + (run.image_encoder.frozen ? "" : " fine-tuned");
}

std::string cut_off_words(const StudyRun& run, const std::vector<std::string>& seeds) {
  return fmt::format(
      "run '{}' (seed {}): its best epoch is the last one ({}), so it may not be trained to its end; "
      "give it more `epochs`",
      run.name, join(seeds, ", "), run.train.epochs);
}

// Adds to a finished run what an earlier version did not write. Its results stand without: what
// fails is told and trains nothing.
template <typename GetTrainer>
void complete_run(const Path& folder, const std::string& split_set, const std::string& title,
                  CopyFingerprints& copies, const Job& job, const GetTrainer& trainer) {
  bool damaged = false;
  const std::string fault = fault_of_run_use(folder, damaged, copies);
  if (damaged) job.warn("{}: {}; it is made anew", title, fault);
  try {
    if (fault.empty()) return keep_split_set(folder, split_set);
    if (damaged) drop_damaged_copies(folder);
    trainer().complete(folder);
    job.info("{} was completed, so that it can be used elsewhere; nothing was trained", title);
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    job.warn("{} is kept, but cannot be used elsewhere: {}{}{}", title, fault,
             fault.empty() ? "" : "; ", error.what());
  }
}

// Says of each training which it is of how many, and about how long the rest takes.
class TrainingCount {
 public:
  TrainingCount(std::size_t total, const Job& job) : total_(total), job_(job) {}

  void begin(const std::string& title) {
    ++begun_;
    started_ = job_.clock().monotonic();
    std::string left;
    if (done_ > 0 && total_ >= begun_) {
      const double minutes = Seconds(spent_).count() / 60 / static_cast<double>(done_) *
                             static_cast<double>(total_ - begun_ + 1);
      left = minutes < 1 ? std::string(", less than a minute left")
                         : fmt::format(", about {:.0f} min left", minutes);
    }
    job_.info("training {} of {}: {}{}", begun_, std::max(total_, begun_), title, left);
  }
  void end() {
    ++done_;
    spent_ += job_.clock().monotonic() - started_;
  }

 private:
  std::size_t total_;
  const Job& job_;
  std::size_t begun_ = 0;
  std::size_t done_ = 0;
  std::chrono::nanoseconds started_{};
  std::chrono::nanoseconds spent_{};
};

// The seeds of these runs that have no finished training yet.
std::size_t count_open(StudyRuns& runs, std::span<const StudyRun> counted, const Job& job) {
  std::size_t open = 0;
  for (const StudyRun& run : counted) {
    job.check();
    runs.take(run);
    for (const std::int64_t seed : run.seeds) {
      const SeedState state = runs.state(seed);
      open += !state.finished && state.alike.empty();
    }
  }
  return open;
}

}  // namespace

RunCounts train_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                     const PictureTable& pictures, ModelHashes& models, Job& job, Ranks* ranks) {
  RunCounts counts;
  StudyRuns runs(workspace, study, set, pictures, models);
  CopyFingerprints copies;
  std::optional<TrainingCount> count;  // made when the first training begins
  for (const StudyRun& run : study.runs) {
    runs.take(run);
    std::optional<RunTrainer> trainer;  // made when the first seed needs it
    const auto make_trainer = [&] {
      if (!trainer) trainer.emplace(workspace, study, run, set, pictures, runs.notes(), job);
    };
    std::vector<std::string> cut_off;  // seeds that were trained now
    for (const std::int64_t seed : run.seeds) {
      job.check();
      SeedState state = runs.state(seed);
      const std::string title = fmt::format("run '{}' (seed {})", run.name, seed);
      if (!state.alike.empty()) {
        take_over(workspace, state, title, job);
        state = runs.state(seed);
      }
      const Path folder = workspace.runs() / state.record.id;
      bool kept = state.finished;
      if (kept) {
        try {
          study::check_weights(folder);
          for (const DatasetSlice& slice : runs.slices()) {
            bool damaged = false;
            const std::string fault = runs.fault_of_predictions(state, slice, damaged);
            if (fault.empty()) continue;
            if (damaged) job.warn("{}: {}; the predictions are made anew", title, fault);
            make_trainer();
            trainer->predict(folder, slice, runs.identity(state, slice));
          }
        } catch (const InputError& error) {
          state.why_not = error.what();
          kept = false;
        }
      }
      if (kept) {
        complete_run(folder, set.split_set, title, copies, job, [&]() -> RunTrainer& {
          make_trainer();
          return *trainer;
        });
        keep_data_state(workspace.database(), state.record.id, set.data_state);
        ++counts.kept;
        continue;
      }
      make_trainer();
      if (state.was_trained) {
        job.warn("{} is trained again: {}", title, state.why_not);
        std::filesystem::remove_all(folder);
      }
      if (!count) {
        // The runs before this one are all trained.
        StudyRuns others(workspace, study, set, pictures, models);
        const std::span<const StudyRun> left(&run, std::to_address(study.runs.end()));
        count.emplace(count_open(others, left, job), job);
      }
      count->begin(title);
      tell_validation(run, set, runs.notes(), title, job);
      TrainConfig config = run.train;
      config.seed = static_cast<std::uint64_t>(seed);
      train_one(workspace, runs, state, config, *trainer, ranks);
      count->end();
      ++counts.trained;
      const auto result = read_train_result(folder);
      if (result && is_cut_off(*result)) cut_off.push_back(std::to_string(seed));
    }
    if (!cut_off.empty()) job.warn("{}", cut_off_words(run, cut_off));
  }
  return counts;
}

FinishedRuns finished_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                           const PictureTable& pictures, ModelHashes& models) {
  FinishedRuns result;
  StudyRuns runs(workspace, study, set, pictures, models);
  for (const StudyRun& run : study.runs) {
    TrainedRun trained;
    trained.run = &run;
    trained.title = encoder_of(run);
    runs.take(run);
    std::map<std::string, std::vector<std::string>> missing;  // seeds by what is wrong
    std::vector<std::string> cut_off;
    std::vector<std::string> unvalidated;
    for (const std::int64_t seed : run.seeds) {
      const SeedState state = runs.state(seed);
      std::string fault = state.why_not;
      bool damaged = false;
      for (const DatasetSlice& slice : runs.slices()) {
        if (fault.empty()) fault = runs.fault_of_predictions(state, slice, damaged);
      }
      if (fault.empty()) {
        trained.seeds.emplace_back(std::to_string(seed), state.record.id);
        if (state.cut_off) cut_off.push_back(std::to_string(seed));
        if (state.unvalidated) unvalidated.push_back(std::to_string(seed));
      } else {
        missing[fault].push_back(std::to_string(seed));
      }
    }
    for (const auto& [fault, seeds] : missing) {
      result.missing.push_back(
          fmt::format("run '{}' (seed {}) is left out: {}; run the study again", run.name,
                      join(seeds, ", "), fault));
    }
    if (!cut_off.empty()) result.cut_off.push_back(cut_off_words(run, cut_off));
    if (!unvalidated.empty()) result.unvalidated.push_back(unvalidated_words(run, unvalidated));
    if (!trained.seeds.empty()) result.runs.push_back(std::move(trained));
  }
  return result;
}

}  // namespace epicrisis::study
