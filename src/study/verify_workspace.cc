#include "epicrisis/study/verify_workspace.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/json_checksum.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/run_list.h"
#include "epicrisis/study/study.h"
#include "epicrisis/tensor/safetensors.h"
#include "store/sql/integrity.h"
#include "study/folders.h"
#include "study/predictions.h"
#include "study/report_files.h"
#include "study/run_files.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

using study::entries_of;
using study::study_record;

constexpr const char* kRestore = "put a copy of it back";
constexpr const char* kRunAgain = "run the study again: it is made anew";
constexpr const char* kRemoveFile = "remove the file: what needs it makes it anew";
constexpr const char* kPruneRun =
    "no study needs the run: `epicrisis runs` lists it and can remove it";

// The files of this version, not of the first, have a checksum.
bool should_have_checksum(const TensorFile& file) {
  const auto text = [&](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  return text("format").starts_with("epicrisis-") && text("version") != "1";
}

class Verification {
 public:
  Verification(Workspace& workspace, Job& job) : workspace_(workspace), job_(job) {}

  VerifyReport run() {
    check_database();
    check_pictures();
    check_features();
    check_runs();
    check_studies();
    return std::move(report_);
  }

 private:
  std::string below(const Path& path) const {
    return path.lexically_relative(workspace_.root()).string();
  }
  VerifyTally& begin(const char* kind) {
    report_.tallies.push_back({.kind = kind});
    return report_.tallies.back();
  }
  void fault(const Path& path, std::string what, std::string remedy) {
    report_.faults.push_back({below(path), std::move(what), std::move(remedy)});
  }

  void check_database() {
    VerifyTally& tally = begin("database");
    tally.checked = 1;
    for (std::string& what : database_faults(workspace_.database())) {
      tally.damaged = 1;
      fault(workspace_.database_path(), std::move(what), kRestore);
    }
  }

  void check_pictures() {
    VerifyTally& tally = begin("prepared pictures");
    std::set<std::string> recipes;
    for (const PreparedCheck& check : check_prepared(workspace_, job_)) {
      recipes.insert(check.recipe);
      tally.checked += check.pictures;
      tally.damaged += check.damaged;
      if (check.damaged == 0) continue;
      fault(workspace_.images() / check.recipe,
            fmt::format("{} of {} damaged: {}", check.damaged, counted(check.pictures, "picture"),
                        check.first),
            "prepare them again, or run the study: they are made anew");
    }
    for (const Path& folder : entries_of(workspace_.images())) {
      if (!recipes.contains(folder.filename().string()) &&
          std::ranges::any_of(entries_of(folder),
                              [](const Path& file) { return file.extension() == ".eps"; })) {
        report_.left_over.push_back(below(folder));
      }
      for (const Path& file : entries_of(folder)) {
        if (file.filename().string().find(".eps.damaged") != std::string::npos) {
          report_.left_over.push_back(below(file));
        }
      }
    }
  }

  // A tensor file; "" where it is sound. `always`: such files have a checksum in every version.
  static std::string fault_of(const Path& file, bool always, bool& has_checksum) {
    try {
      const TensorFile tensors = read_safetensors(file);
      has_checksum = !checksum_of(tensors).empty();
      if (has_checksum || !(always || should_have_checksum(tensors))) return "";
      return fmt::format("{}: the file is damaged: its checksum is missing", file.string());
    } catch (const Error& error) {
      return error.what();
    }
  }

  void check_features() {
    VerifyTally& tally = begin("feature files");
    for (const Path& folder : entries_of(workspace_.embeddings())) {
      for (const Path& file : entries_of(folder)) {
        if (file.extension() != ".safetensors") continue;
        job_.check();
        ++tally.checked;
        bool has_checksum = false;
        const std::string what = fault_of(file, false, has_checksum);
        if (!what.empty()) {
          ++tally.damaged;
          // A finished run reads none of them, so the study would not come by it.
          fault(file, what, kRemoveFile);
        } else if (!has_checksum) {
          ++tally.unverified;
        }
      }
    }
  }

  void check_runs() {
    VerifyTally& tally = begin("runs");
    std::set<std::string> known;
    std::map<std::string, std::set<std::string>> tested;  // by study
    for (const ListedRun& run : list_workspace_runs(workspace_)) {
      job_.check();
      known.insert(run.id);
      const Path folder = workspace_.runs() / run.id;
      const bool done = run.status == RunStatus::kDone;
      if (!done && !std::filesystem::exists(folder)) continue;  // it starts from its beginning
      ++tally.checked;
      const std::size_t before = report_.faults.size();
      bool verified = true;
      const bool used = run.use == RunUse::kUsed || run.use == RunUse::kGoesOn;
      run_remedy_ = used ? kRunAgain : kPruneRun;
      if (!tested.contains(run.study)) tested[run.study] = tested_on(run.study);
      if (done) check_finished_run(folder, verified);
      check_tensor_files(folder, tested.at(run.study), verified);
      if (done && run.use == RunUse::kUsed && std::filesystem::exists(folder)) {
        check_predictions(folder, tested.at(run.study));
      }
      if (report_.faults.size() > before) {
        ++tally.damaged;
      } else if (!verified) {
        ++tally.unverified;
      }
    }
    for (const Path& folder : entries_of(workspace_.runs())) {
      if (!known.contains(folder.filename().string())) report_.left_over.push_back(below(folder));
    }
  }

  void check_finished_run(const Path& folder, bool& verified) {
    try {
      if (!read_train_result(folder)) {
        fault(folder, "the files of a finished run are gone", run_remedy_);
        return;
      }
      const Path result = folder / "result.json";
      const Json json = parse_json(read_file(result), result.string());
      if (!has_checksum(json)) verified = false;
      study::check_weights(folder);
    } catch (const Error& error) {
      fault(folder, error.what(), run_remedy_);
    }
    try {
      if (!study::check_run_use(folder)) verified = false;
    } catch (const Error& error) {
      fault(folder, error.what(), run_remedy_);
    }
  }

  // The data sets that results of a study were measured on, of those that it and the workspace have
  // still: every run that the study has predicts for each.
  std::set<std::string> tested_on(const std::string& study) {
    std::set<std::string> names;
    for (const StoredResult& result : load_results(workspace_.database(), {.study = study})) {
      names.insert(result.row.dataset);
    }
    const std::vector<std::string> there = dataset_names(workspace_.database());
    std::erase_if(names, [&](const auto& name) { return std::ranges::count(there, name) == 0; });
    try {
      const std::vector<StudyData> data = load_study(workspace_, study).data;
      std::erase_if(names, [&](const auto& name) {
        return std::ranges::count(data, name, &StudyData::name) == 0;
      });
    } catch (const Error&) {
      // A fault of the study, told there.
    }
    return names;
  }

  void check_predictions(const Path& folder, const std::set<std::string>& datasets) {
    for (const std::string& name : datasets) {
      const Path file = study::predictions_file(folder, name);
      if (std::filesystem::exists(file)) continue;
      fault(file, fmt::format("the predictions for '{}' are gone", name), kRunAgain);
    }
  }

  // `datasets`: those that the study makes predictions for.
  void check_tensor_files(const Path& folder, const std::set<std::string>& datasets,
                          bool& verified) {
    for (const Path& file : entries_of(folder)) {
      check_tensor_file(file, false, run_remedy_, verified);
    }
    for (const Path& file : entries_of(folder / "predictions")) {
      const bool made = datasets.contains(file.stem().string());
      check_tensor_file(file, true, made ? run_remedy_ : kRemoveFile, verified);
    }
    for (const Path& features : entries_of(folder / "embeddings")) {
      for (const Path& file : entries_of(features)) {
        check_tensor_file(file, false, kRemoveFile, verified);
      }
    }
  }

  void check_tensor_file(const Path& file, bool always, const char* remedy, bool& verified) {
    if (file.extension() != ".safetensors") return;
    bool has_checksum = false;
    const std::string what = fault_of(file, always, has_checksum);
    if (!what.empty()) fault(file, what, remedy);
    if (!has_checksum) verified = false;
  }

  void check_studies() {
    VerifyTally& tally = begin("studies");
    std::set<std::string> measured = studies_with_results(workspace_.database());
    for (const std::string& name : list_studies(workspace_)) {
      measured.erase(name);
      ++tally.checked;
      const std::size_t before = report_.faults.size();
      bool verified = true;
      check_record(name, verified);
      check_report(name);
      if (report_.faults.size() > before) {
        ++tally.damaged;
      } else if (!verified) {
        ++tally.unverified;
      }
    }
    for (const std::string& name : measured) {
      ++tally.checked;
      ++tally.damaged;
      fault(study_record(workspace_, name),
            fmt::format("the record of study '{}', of which there are results, is gone", name),
            "run the study again from its file: it is written anew");
    }
  }

  void check_report(const std::string& name) {
    const Path file = study::report_file(workspace_, name);
    try {
      if (!study::report_was_changed(workspace_, name)) return;
      fault(file, "the report, or a file beside it, is not as it was written",
            "run the study again: it is written anew");
    } catch (const Error& error) {  // its key, which a folder or a named pipe may stand for
      fault(file, error.what(), "remove that and run the study again: it is written anew");
    }
  }

  void check_record(const std::string& name, bool& verified) {
    const Path file = study_record(workspace_, name);
    try {
      load_study(workspace_, name);
      verified = has_checksum(parse_json(read_file(file), file.string()));
    } catch (const Error& error) {
      fault(file, error.what(), "nothing is trained for that");
    }
  }

  Workspace& workspace_;
  Job& job_;
  const char* run_remedy_ = kRunAgain;  // of the run that is looked at
  VerifyReport report_;
};

}  // namespace

Json to_json(const VerifyReport& report) {
  Json tallies = Json::array();
  for (const VerifyTally& tally : report.tallies) {
    tallies.push_back({{"kind", tally.kind},
                       {"checked", tally.checked},
                       {"damaged", tally.damaged},
                       {"unverified", tally.unverified}});
  }
  Json faults = Json::array();
  for (const WorkspaceFault& fault : report.faults) {
    faults.push_back({{"place", fault.place}, {"what", fault.what}, {"remedy", fault.remedy}});
  }
  return {{"sound", report.sound()},
          {"tallies", tallies},
          {"faults", faults},
          {"left_over", report.left_over}};
}

VerifyReport verify_workspace(Workspace& workspace, Job& job) {
  return Verification(workspace, job).run();
}

}  // namespace epicrisis
