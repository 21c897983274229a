#include "study/check_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/runs.h"
#include "study/check_models.h"
#include "study/check_notes.h"
#include "study/graphics_driver.h"
#include "study/predictions.h"
#include "study/run_identity.h"
#include "study/study_inputs.h"

namespace epicrisis::study {
namespace {

// How long a finished run of the workspace took, and what it was.
struct EarlierRun {
  Json config;
  double seconds = 0;
};

class RunsChecker {
 public:
  RunsChecker(Workspace& workspace, const Study& study, const CaseSet* set, Findings& findings,
              StudyPlan& plan, const Job& job)
      : workspace_(workspace),
        study_(study),
        set_(set),
        findings_(findings),
        plan_(plan),
        job_(job),
        known_(list_runs(workspace.database())) {
    for (const RunRecord& run : known_) {
      if (run.status != RunStatus::kDone) continue;
      try {
        const auto result = read_train_result(workspace.runs() / run.id);
        if (result && result->seconds > 0) earlier_.push_back({run.config, result->seconds});
      } catch (const Error&) {  // a damaged one tells no time; the study says so when it meets it
      }
    }
  }

  void run() {
    for (const StudyRun& run : study_.runs) {
      std::int64_t train = 0;
      std::int64_t validation = 0;
      Json cases = Json::object();  // what is known of the configuration from them
      if (set_ != nullptr) cases = count_cases(run, train, validation);
      for (const std::int64_t seed : run.seeds) plan_run(run, seed, train, validation, cases);
      if (!is_to_train(run)) continue;
      check_device(run);
      check_encoder(run);
    }
    if (set_ != nullptr) {
      count_pictures();
      find_predictions();
    }
    if (!plan_.trains && std::ranges::any_of(plan_.runs, &PlannedRun::is_to_train)) {
      findings_.warning(
          study_.file.string(),
          "this build has no LibTorch: everything up to the training is done, runs are "
          "trained by a build that has it");
    }
  }

 private:
  // Before the pictures are compared their roles are not sure, only how many there are. Of notes
  // that nobody wrote yet it is not known how they will read.
  Json known_of_cases(const StudyRun& run, const std::vector<bool>& trained_on) {
    Json cases = case_settings(run, *set_, trained_on);
    if (!plan_.compared) return {{"cases", cases["cases"]}};
    if (known_.empty() || !uses_text(run.train.mode)) return cases;
    const NoteTable notes = load_note_table(workspace_, *set_, note_filter(run));
    if (!notes.texts.empty()) cases.update(note_settings(run, *set_, notes, trained_on));
    return cases;
  }

  Json count_cases(const StudyRun& run, std::int64_t& train, std::int64_t& validation) {
    if (!notes_) notes_.emplace(workspace_, study_, *set_);
    FutureNotes& notes = *notes_;
    std::vector<bool> trained_on(set_->cases.size(), true);
    for (const std::string& strategy : expand_note_sets(run.train_with)) {
      const std::vector<bool>& has = notes.of(strategy, run);
      for (std::size_t i = 0; i < has.size(); ++i) trained_on[i] = trained_on[i] && has[i];
    }
    const bool all_validated = keep_validation(*set_, trained_on);
    const bool reads_notes = run.train.mode == Mode::kText;
    std::vector<bool> readable(set_->cases.size(), true);
    if (reads_notes) {
      readable = with_own_note(run, notes);
      check_tested_notes(run, readable);
    }
    for (std::size_t i = 0; i < set_->cases.size(); ++i) {
      const Role role = set_->cases[i].role;
      train += role == Role::kTrain && trained_on[i];
      validation += role == Role::kValidation && trained_on[i] && readable[i];
    }
    const std::string with = join(run.train_with, ", ");
    if (train == 0) {
      findings_.error(
          run.place, ErrorKind::kInput,
          run.train_with.empty()
              ? fmt::format("run '{}': the split leaves no training sample of {}; change [split] "
                            "(train, file, honour_published), or add data",
                            run.name, set_->cases.size())
              : fmt::format(
                    "run '{}': no training sample will have a note of each of {}; write more "
                    "notes, or name fewer in train_with",
                    run.name, with));
    }
    check_trained_classes(run, trained_on);
    if (validation == 0) {
      findings_.warning(
          run.place,
          fmt::format("run '{}' has no validation sample{}: all {} epochs are trained, "
                      "none is stopped early; {}",
                      run.name, reads_notes ? " with a note, and reads notes" : "",
                      run.train.epochs,
                      reads_notes ? "write notes of some" : "[split] validation gives some"));
    } else if (all_validated) {
      findings_.warning(
          run.place, fmt::format("run '{}': no validation sample will have a note of each of {}; "
                                 "all {} are validated on",
                                 run.name, with, validation));
    }
    if (uses_text(run.train.mode) && train > 0) check_own_notes(run, notes, trained_on);
    return known_of_cases(run, trained_on);
  }

  // What notes leave of the training part may be of one class.
  void check_trained_classes(const StudyRun& run, const std::vector<bool>& trained_on) {
    if (run.train_with.empty()) return;
    std::map<std::string, std::int64_t> classes;
    for (std::size_t i = 0; i < set_->cases.size(); ++i) {
      const Case& entry = set_->cases[i];
      if (entry.role != Role::kTrain || !trained_on[i]) continue;
      ++classes[study_.field.at(study_.classes[static_cast<std::size_t>(entry.label)]).name];
    }
    if (classes.size() != 1) return;
    findings_.error(
        run.place, ErrorKind::kInput,
        fmt::format("run '{}': the training samples that will have a note of each of {} "
                    "are of one class ({} {}); write notes of samples of others, or "
                    "change train_with",
                    run.name, join(run.train_with, ", "), classes.begin()->first,
                    classes.begin()->second));
  }

  // By case: whether it will have a note that the run takes.
  static std::vector<bool> with_own_note(const StudyRun& run, FutureNotes& notes) {
    std::vector<bool> any;
    for (const std::string& strategy : expand_note_sets(run.notes)) {
      const std::vector<bool>& has = notes.of(strategy, run);
      any.resize(has.size());
      for (std::size_t i = 0; i < has.size(); ++i) any[i] = any[i] || has[i];
    }
    return any;
  }

  // A run that reads the notes of test samples says nothing of those that have none.
  void check_tested_notes(const StudyRun& run, const std::vector<bool>& readable) {
    std::map<std::string, SamplesWithoutNote> sets;
    for (std::size_t i = 0; i < set_->cases.size(); ++i) {
      const Case& entry = set_->cases[i];
      if (entry.role != Role::kTest && entry.role != Role::kExternal) continue;
      SamplesWithoutNote& counts = sets[entry.dataset];
      ++counts.n;
      counts.without += readable[i] ? 0 : 1;
    }
    for (auto& [name, counts] : sets) {
      if (counts.without == 0) continue;
      counts.run = run.name;
      counts.dataset = name;
      findings_.warning(run.place, fmt::format("{}; write notes of {} for them, or leave it so",
                                               left_out_words(counts), join(run.notes, ", ")));
    }
  }

  // A run that learns from texts needs one of a training sample at least.
  void check_own_notes(const StudyRun& run, FutureNotes& notes,
                       const std::vector<bool>& trained_on) {
    const std::vector<bool> has = with_own_note(run, notes);
    for (std::size_t i = 0; i < has.size(); ++i) {
      if (has[i] && trained_on[i] && set_->cases[i].role == Role::kTrain) return;
    }
    findings_.error(run.place, ErrorKind::kInput,
                    fmt::format("run '{}': no training sample will have a note of {}{}; write such "
                                "notes, or change `notes` of the run",
                                run.name, join(run.notes, ", "),
                                run.note_providers.empty() && run.note_models.empty()
                                    ? ""
                                    : " by the note_providers and note_models that it names"));
  }

  void plan_run(const StudyRun& run, std::int64_t seed, std::int64_t train, std::int64_t validation,
                const Json& cases) {
    PlannedRun planned;
    planned.name = run.name;
    planned.seed = seed;
    planned.train = train;
    planned.validation = validation;
    planned.state = "train";
    const RunRecord* last_done = nullptr;
    const RunRecord* last_open = nullptr;
    for (const RunRecord& record : known_) {
      if (record.study != study_.name || record.name != run.name ||
          seed_of(record.config) != seed) {
        continue;
      }
      (record.status == RunStatus::kDone ? last_done : last_open) = &record;
    }
    // It hashes the encoders' weights: only where there is something to hold it against.
    std::optional<Json> settings;
    if (!known_.empty()) {
      try {
        settings = run_settings(study_, run, seed, models_);
      } catch (const Error&) {  // an encoder that is not there was told
      }
    }
    Json now;  // what is known of the configuration before pictures are read
    if (settings) now = *settings;
    if (settings) now.update(cases);
    if (last_done != nullptr) {
      planned.state = settings ? "done" : "not known";
      if (settings && !trains_as(last_done->config, now)) {
        planned.state = "train again";
        planned.why = changes_between(last_done->config, now);
      }
    }
    if (planned.state != "done" && last_open != nullptr && settings &&
        trains_as(last_open->config, now)) {
      planned.state = "go on";
      planned.why.clear();
    }
    if (planned.state != "done" && settings && was_trained(now)) {
      planned.state = "done";  // under another name; it is copied
      planned.why.clear();
    }
    if (planned.state != "done" && settings) planned.seconds = time_of(*settings, train);
    plan_.runs.push_back(std::move(planned));
  }

  bool is_to_train(const StudyRun& run) const {
    return std::ranges::any_of(plan_.runs, [&](const PlannedRun& planned) {
      return planned.name == run.name && planned.is_to_train();
    });
  }

  // Only where a run needs it still: it loads LibTorch and makes the encoder.
  void check_encoder(const StudyRun& run) {
    if (!encoders_.insert(run.image_encoder.model).second) return;
    try {
      check_image_weights(run.image_encoder.model, job_);
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      findings_.error(run.image_encoder.place, error.kind(), error.what());
    }
  }

  // A build without LibTorch leaves the training to another, on another machine perhaps.
  void check_device(const StudyRun& run) {
    const std::string& device = run.train.device;
    if (!device.starts_with("cuda")) return;
    if (shows_cuda_driver("/") || !devices_.insert(device).second) return;
    const std::string words = fmt::format(
        "device = \"{}\": this machine shows no NVIDIA driver, without which the "
        "training fails; \"cpu\" needs none",
        device);
    if (plan_.trains) {
      findings_.error(run.place, ErrorKind::kUsage, words);
    } else {
      findings_.warning(run.place, words);
    }
  }

  bool was_trained(const Json& now) const {
    return std::ranges::any_of(known_, [&](const RunRecord& run) {
      return run.status == RunStatus::kDone && trains_as(run.config, now);
    });
  }

  // The mean over runs with the same encoders, mode and epochs, each in proportion to its samples.
  std::optional<double> time_of(const Json& settings, std::int64_t samples) const {
    double sum = 0;
    int count = 0;
    for (const EarlierRun& run : earlier_) {
      const auto same = [&](const char* key) {
        return run.config.contains(key) && run.config[key] == settings[key];
      };
      const auto same_setting = [&](const char* key) {
        return run.config.contains("train") && run.config["train"].contains(key) &&
               run.config["train"][key] == settings["train"][key];
      };
      if (!same("image_encoder") || !same("frozen") || !same("text_encoder") ||
          !same_setting("mode") || !same_setting("epochs") || !same_setting("device")) {
        continue;
      }
      const double cases = run.config.value("cases", 0.0);
      const bool scaled = cases > 0 && samples > 0;
      sum += run.seconds * (scaled ? static_cast<double>(samples) / cases : 1);
      ++count;
    }
    if (count == 0) return std::nullopt;
    return sum / count;
  }

  void count_pictures() {
    const std::vector<std::string> names = names_of_data(study_);
    std::int64_t prepared = 0;
    for (const DatasetInventory& inventory : count_inventory(workspace_.database())) {
      if (std::ranges::find(names, inventory.dataset) == names.end()) continue;
      const auto found = inventory.prepared.find(study_.prepare.id());
      if (found != inventory.prepared.end()) {
        prepared += found->second.pictures;  // what failed is in no case
      }
    }
    const auto cases = static_cast<std::int64_t>(set_->cases.size());
    plan_.pictures = std::max<std::int64_t>(0, cases - prepared);
    const auto side = static_cast<std::uint64_t>(study_.prepare.size);
    plan_.disk_needed = static_cast<std::uint64_t>(plan_.pictures) * side * side * 3;
    // Features of frozen encoders; what is there of them is not looked up.
    std::set<std::string> seen;
    for (const StudyRun& run : study_.runs) {
      if (!run.image_encoder.frozen || !seen.insert(run.image_encoder.model).second) continue;
      if (plan_.pictures == 0) continue;
      plan_.disk_needed += static_cast<std::uint64_t>(plan_.pictures) *
                           static_cast<std::uint64_t>(1 + run.image_encoder.augmented_copies) *
                           width_of(run.image_encoder.model) * sizeof(float);
    }
  }

  static std::uint64_t width_of(const std::string& model) {
    constexpr std::uint64_t kUsual = 1280;
    try {
      return static_cast<std::uint64_t>(encoder_config(model).feature_dim);
    } catch (const Error&) {
      return kUsual;
    }
  }

  // Data sets that some finished run says nothing of yet: added since.
  void find_predictions() {
    std::set<std::string> tested;
    for (const Case& item : set_->cases) {
      if (item.role == Role::kTest || item.role == Role::kExternal) tested.insert(item.dataset);
    }
    for (const std::string& name : tested) {
      const bool missing = std::ranges::any_of(known_, [&](const RunRecord& run) {
        std::error_code error;
        return run.status == RunStatus::kDone && run.study == study_.name &&
               !std::filesystem::exists(predictions_file(workspace_.runs() / run.id, name), error);
      });
      if (missing) plan_.predictions.push_back(name);
    }
  }

  Workspace& workspace_;
  const Study& study_;
  const CaseSet* set_;
  Findings& findings_;
  StudyPlan& plan_;
  const Job& job_;
  std::vector<RunRecord> known_;
  std::vector<EarlierRun> earlier_;
  ModelHashes models_;
  std::optional<FutureNotes> notes_;
  std::set<std::string> devices_;   // that were told
  std::set<std::string> encoders_;  // that were looked at
};

}  // namespace

void check_runs(Workspace& workspace, const Study& study, const CaseSet* set, Findings& findings,
                StudyPlan& plan, const Job& job) {
  RunsChecker(workspace, study, set, findings, plan, job).run();
}

}  // namespace epicrisis::study
