#include "epicrisis/study/study_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "epicrisis/core/json_list.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/samples.h"
#include "study/check_models.h"
#include "study/check_notes.h"
#include "study/check_runs.h"
#include "study/findings.h"
#include "study/run_trainer.h"
#include "study/study_data.h"
#include "study/study_notes.h"

namespace epicrisis {
namespace {

using study::CaseSet;
using study::Findings;

// Keeps what a call warns of, and passes a cancel of the caller's job on.
class WarningKeeper : public JobWatcher {
 public:
  explicit WarningKeeper(const Job& caller) : caller_(caller) {}
  void watch(Job& job) { job_ = &job; }
  void step_moved(const JobStep& /*step*/) override {
    if (caller_.cancelled() && job_ != nullptr) job_->cancel();
  }
  void said(LogLevel level, std::string_view text) override {
    if (level == LogLevel::kWarning) warnings_.emplace_back(text);
  }
  std::vector<std::string> take() { return std::exchange(warnings_, {}); }

 private:
  const Job& caller_;
  Job* job_ = nullptr;
  std::vector<std::string> warnings_;
};

// "studies/a.toml:12: text" in its two parts.
void add_fault(Findings& findings, const Path& file, const std::string& fault) {
  const std::string name = file.string();
  if (fault.starts_with(name + ":")) {
    const std::size_t end = fault.find(": ", name.size());
    if (end != std::string::npos) {
      return findings.error(fault.substr(0, end), ErrorKind::kUsage, fault.substr(end + 2));
    }
  }
  findings.error(name, ErrorKind::kUsage, fault);
}

class StudyChecker {
 public:
  StudyChecker(const Study& study, Workspace& workspace, const StudyCheckOptions& options,
               Findings& findings, StudyPlan& plan, Job& job)
      : study_(study),
        workspace_(workspace),
        options_(options),
        findings_(findings),
        plan_(plan),
        job_(job),
        keeper_(job),
        inner_(keeper_, job.clock()) {
    keeper_.watch(inner_);
  }

  void run() {
    Meter meter = job_.meter("checking the study", 5, "steps");
    const bool of_field = guard(study_.file.string(), [&] {
      if (const auto settled = settled_field(workspace_.database())) {
        require_same_field("the workspace " + options_.workspace.string(), *settled, study_.field);
      }
      settle_field(workspace_.database(), study_.field);
    });
    const bool imported = of_field && import_all();
    meter.add();
    study::check_models(study_, findings_);
    meter.add();
    if (study_.classes.empty()) return;  // which was told
    bool assigned = false;
    if (imported && !study_.data.empty()) {
      assigned = guard(study_.split_place, [&] { assign_roles(); });
    }
    meter.add();
    if (assigned) {
      leave_out_gone();
      leave_out_unreadable();
      describe_data();
      compare_classes();
      count_tested();
      guard(study_.notes_place, [&] { study::import_study_notes(workspace_, study_, inner_); });
    }
    const CaseSet* known = assigned && !nothing_to_train() ? &set_ : nullptr;
    guard(study_.notes_place, [&] {
      study::check_notes(workspace_, study_, known, options_.allow_remote, findings_, plan_,
                         inner_);
      keeper_.take();  // what the run will warn of too
    });
    meter.add();
    guard(study_.file.string(),
          [&] { study::check_runs(workspace_, study_, known, findings_, plan_, job_); });
    check_room();
    meter.add();
  }

 private:
  // Makes a finding of an error, and of what is warned of. False if there was an error.
  bool guard(const std::string& place, const std::function<void()>& work) {
    bool sound = true;
    try {
      work();
    } catch (const Interrupted&) {
      job_.check();
      throw;
    } catch (const Error& error) {
      findings_.error(place, error.kind(), error.what());
      sound = false;
    }
    for (std::string& warning : keeper_.take()) findings_.warning(place, std::move(warning));
    return sound;
  }

  bool import_all() {
    bool sound = true;
    for (const StudyData& data : study_.data) {
      job_.check();
      sound = guard(data.place, [&] { import_data(data); }) && sound;
    }
    return sound;
  }

  void import_data(const StudyData& data) {
    if (!data.adapter.empty()) adapter(data.adapter);  // before the path: its error lists them
    std::error_code error;
    if (!data.path.empty() && !std::filesystem::exists(data.path, error)) {
      const Path path = data.path.lexically_normal();
      throw UsageError(
          "there is no {}{}; change path, or data_root ({}), which relative paths start from",
          path.string(), near_path_words(path), study_.data_root.lexically_normal().string());
    }
    if (!data.column_map.empty() && !std::filesystem::exists(data.column_map, error)) {
      const Path beside = study_.file.parent_path() / Path(data.column_map).filename();
      std::string near = near_path_words(data.column_map);
      if (near.empty()) near = near_path_words(beside);
      throw UsageError("there is no column map {}, nor one beside the study file{}",
                       data.column_map, near);
    }
    study::import_data(workspace_, study_, data, inner_);
  }

  // As the study does where all pictures were looked at before; else no picture is, and those that
  // are the same are not known.
  void assign_roles() {
    SampleFilter compared;  // what the study compares: no picture of a class that it leaves out
    compared.datasets = study::names_of_data(study_);
    compared.labels = study_.classes;
    if (count_without_fingerprint(workspace_.database(), compared) == 0) {
      try {
        set_ = study::assign_roles(workspace_, study_, inner_);
        return;
      } catch (const SystemError&) {  // another process is at them
        keeper_.take();
      }
    }
    plan_.compared = false;
    set_ = study::assign_roles(workspace_, study_, inner_, false);
  }

  // Takes the cases of these samples out of the set: what is said of them, by data set.
  std::map<std::string, std::vector<std::string>> take_out(
      const std::map<std::int64_t, std::string>& samples) {
    std::map<std::string, std::vector<std::string>> of;
    std::erase_if(set_.cases, [&](const study::Case& item) {
      const auto found = samples.find(item.sample_id);
      if (found == samples.end()) return false;
      of[item.dataset].push_back(found->second);
      return true;
    });
    return of;
  }

  // Of what was prepared before the file is not needed any more.
  void leave_out_gone() {
    SampleFilter filter;
    filter.split_set = set_.split_set;
    std::map<std::string, std::int64_t> all;
    for (const study::Case& item : set_.cases) ++all[item.dataset];
    const auto of = take_out(gone_pictures(workspace_.database(), study_.prepare, filter));
    for (const StudyData& data : study_.data) {
      const auto found = of.find(data.name);
      if (found == of.end()) continue;
      const std::vector<std::string>& gone = found->second;
      const auto count = static_cast<std::int64_t>(gone.size());
      gone_[data.name] = count;
      if (count == all[data.name]) {
        none_left_.insert(data.name);
        findings_.error(
            data.place, ErrorKind::kInput,
            fmt::format("{}: there is no file of any of its {} any more, the first is {}; bring "
                        "them back, or import it from where they are now",
                        data.name, counted(count, "picture"), gone.front()));
      } else {
        findings_.warning(
            data.place,
            fmt::format("{}: the files of {} of {} are gone and will be left out: {}{}; bring them "
                        "back, or import it from where they are now",
                        data.name, count, counted(all[data.name], "picture"), gone.front(),
                        count > 1 ? fmt::format(" and {} more", count - 1) : ""));
      }
    }
  }

  // As the study does with pictures that could not be prepared; those of which that is known.
  void leave_out_unreadable() {
    const auto of = take_out(known_failures(workspace_.database(), study_.prepare));
    for (const StudyData& data : study_.data) {
      const auto found = of.find(data.name);
      if (found == of.end()) continue;
      const std::vector<std::string>& failed = found->second;
      unreadable_[data.name] = static_cast<std::int64_t>(failed.size());
      findings_.warning(
          data.place, fmt::format("{}: {} could not be prepared and will be left out: {}{}",
                                  data.name, counted(failed.size(), "picture"), failed.front(),
                                  failed.size() > 1
                                      ? fmt::format(" and {} more; 'epicrisis prepare' says which",
                                                    failed.size() - 1)
                                      : ""));
    }
  }

  static void leave_out(PlannedData& data, const std::string& why, std::int64_t count) {
    if (count == 0) return;
    data.left_out += count;
    data.left_out_why[why] += count;
  }

  void describe_data() {
    std::map<std::string, PlannedData> of;
    for (const study::Case& item : set_.cases) {
      PlannedData& data = of[item.dataset];
      ++data.samples;
      data.train += item.role == Role::kTrain;
      data.validation += item.role == Role::kValidation;
      data.test += item.role == Role::kTest;
      const std::string& name =
          study_.field.at(study_.classes[static_cast<std::size_t>(item.label)]).name;
      ++data.classes[name];
      data.tested[name] += item.role == Role::kTest || item.role == Role::kExternal;
    }
    for (const StudyData& data : study_.data) {
      PlannedData planned = of[data.name];
      planned.name = data.name;
      planned.external = data.external;
      const auto dropped = set_.dropped.find(data.name);
      if (dropped != set_.dropped.end()) leave_out(planned, "of other classes", dropped->second);
      const auto without = set_.without_role.find(data.name);
      if (without != set_.without_role.end()) {
        for (const auto& [reason, count] : without->second) leave_out(planned, reason, count);
      }
      leave_out(planned, "whose picture file is gone", gone_[data.name]);
      leave_out(planned, "with a picture that cannot be prepared", unreadable_[data.name]);
      plan_.data.push_back(std::move(planned));
    }
  }

  // A test set without a class says nothing of it.
  void compare_classes() {
    std::set<std::string> trained;
    std::int64_t test = 0;
    for (const PlannedData& data : plan_.data) {
      test += data.test;
      if (data.external) continue;
      for (const auto& [name, count] : data.classes) trained.insert(name);
    }
    for (std::size_t i = 0; i < plan_.data.size(); ++i) {
      const PlannedData& data = plan_.data[i];
      const std::string& place = study_.data[i].place;
      if (none_left_.contains(data.name)) continue;  // which was told
      if (data.samples == 0) {
        findings_.warning(
            place,
            fmt::format(
                "{}: no sample with a picture is of the study's classes ({}), {} of others are "
                "left out; change `classes`, or give its labels a class (taxonomy, "
                "column_map)",
                data.name, join(study::class_names(study_), ", "), data.left_out));
        continue;
      }
      if (!data.external) continue;
      std::vector<std::string> missing;
      for (const std::string& name : trained) {
        if (!data.classes.contains(name)) missing.push_back(name);
      }
      if (missing.size() == trained.size()) {
        findings_.error(
            place, ErrorKind::kUsage,
            fmt::format("{}: it shares no class with the sets that are trained on, which "
                        "have {}; leave it out, or give its labels one of these classes "
                        "(taxonomy, column_map)",
                        data.name, join(missing, ", ")));
      } else if (!missing.empty()) {
        findings_.warning(place,
                          fmt::format("{}: none of its samples is of {}; figures of it are of "
                                      "the other classes",
                                      data.name, join(missing, ", ")));
      }
    }
    if (!none_left_.empty()) return;  // what is missing for want of files
    for (const std::string& words : study::untrained_classes(study_, set_.cases)) {
      findings_.error(study_.classes_place, ErrorKind::kInput, words);
    }
    if (test == 0) {
      findings_.warning(study_.split_place,
                        "no sample is left to test on in the internal data sets; give `test` a "
                        "larger share, or honour_published = false to split all anew");
    }
  }

  // What is tested on a sample or two is luck, and means over the classes hang on it.
  void count_tested() {
    for (std::size_t i = 0; i < plan_.data.size(); ++i) {
      const PlannedData& data = plan_.data[i];
      std::vector<std::string> few;
      std::int64_t all = 0;
      for (const auto& [name, count] : data.tested) {
        all += count;
        if (std::cmp_less(count, kFewInAMean)) few.push_back(fmt::format("{} of {}", count, name));
      }
      if (all == 0 || few.empty()) continue;
      findings_.warning(
          study_.data[i].place,
          fmt::format(
              "{}: few test samples: {}; what is measured of these classes says little, and "
              "balanced accuracy and macro F1 hang on them. Leave them out of `classes`{}",
              data.name, join(few, ", "),
              data.external ? ", or take more samples"
                            : ", let `test` have a larger share, take more samples, or test "
                              "in turn on the folds that 'epicrisis split' makes"));
    }
  }

  // Where it is for want of files, which was told: nothing more follows from that.
  bool nothing_to_train() const {
    return !none_left_.empty() && std::ranges::none_of(set_.cases, [](const study::Case& item) {
      return item.role == Role::kTrain;
    });
  }

  void check_room() {
    Path folder = std::filesystem::absolute(workspace_.root());
    std::error_code error;
    while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) {
      folder = folder.parent_path();
    }
    const auto space = std::filesystem::space(folder, error);
    if (error) return;
    plan_.disk_free = space.available;
    if (plan_.disk_needed > plan_.disk_free) {
      findings_.error(
          study_.file.string(), ErrorKind::kSystem,
          fmt::format(
              "{} has room for {} MB, pictures and features need about {} MB; free some, or "
              "take a workspace on another disk",
              folder.string(), plan_.disk_free / 1'000'000, plan_.disk_needed / 1'000'000));
    }
  }

  const Study& study_;
  Workspace& workspace_;
  const StudyCheckOptions& options_;
  Findings& findings_;
  StudyPlan& plan_;
  Job& job_;
  WarningKeeper keeper_;
  Job inner_;
  CaseSet set_;
  std::map<std::string, std::int64_t> unreadable_;  // pictures by data set
  std::map<std::string, std::int64_t> gone_;        // of them those without a file
  std::set<std::string> none_left_;                 // data sets all of whose pictures are gone
};

}  // namespace

Json to_json(const PlannedData& data) {
  return {{"name", data.name},
          {"role", data.external ? "external" : "internal"},
          {"samples", data.samples},
          {"train", data.train},
          {"validation", data.validation},
          {"test", data.test},
          {"classes", data.classes},
          {"tested", data.tested},
          {"left_out", data.left_out},
          {"left_out_why", data.left_out_why}};
}

Json to_json(const PlannedNotes& notes) {
  return {{"strategy", notes.strategy},
          {"provider", notes.provider},
          {"model", notes.model},
          {"there", notes.there},
          {"to_revise", notes.to_revise},
          {"to_write", notes.to_write},
          {"input_tokens", notes.input_tokens},
          {"output_tokens", notes.output_tokens},
          {"cost", notes.cost ? Json(*notes.cost) : Json()},
          {"cost_unknown", notes.cost_unknown},
          {"remote", notes.remote}};
}

Json to_json(const PlannedRun& run) {
  return {{"name", run.name},
          {"seed", run.seed},
          {"state", run.state},
          {"why", run.why},
          {"train", run.train},
          {"validation", run.validation},
          {"seconds", run.seconds ? Json(*run.seconds) : Json()}};
}

bool StudyCheck::sound() const { return !error(); }

std::optional<ErrorKind> StudyCheck::error() const {
  for (const StudyFinding& finding : findings) {
    if (finding.level == FindingLevel::kError) return finding.kind;
  }
  return std::nullopt;
}

Json to_json(const StudyFinding& finding) {
  return {{"level", finding.level == FindingLevel::kError ? "error" : "warning"},
          {"place", finding.place},
          {"text", finding.text}};
}

Json to_json(const StudyCheck& check) {
  const StudyPlan& plan = check.plan;
  return {{"study", check.study},
          {"sound", check.sound()},
          {"findings", json_list(check.findings)},
          {"plan",
           {{"data", json_list(plan.data)},
            {"notes", json_list(plan.notes)},
            {"runs", json_list(plan.runs)},
            {"pictures", plan.pictures},
            {"compared", plan.compared},
            {"predictions", plan.predictions},
            {"disk_needed", plan.disk_needed},
            {"disk_free", plan.disk_free},
            {"trains", plan.trains}}}};
}

StudyCheck check_study(const Path& file, const StudyCheckOptions& options, Job& job) {
  StudyCheck check;
  Findings findings(check.findings);
  Study study;
  std::vector<std::string> faults;
  try {
    study = read_study(file, options.data_root, faults);
  } catch (const UsageError& error) {  // no TOML
    faults.emplace_back(error.what());
  }
  for (const std::string& fault : faults) add_fault(findings, file, fault);
  check.study = study.name;
  study.file = file;  // as the caller calls it
  if (study.data.empty() && study.runs.empty()) return check;
  study.allow_leakage = study.allow_leakage || options.allow_leakage;
  const TemporaryFolder nowhere;
  Workspace workspace = Workspace::open_copy(
      options.workspace.empty() ? nowhere.path() / "workspace" : options.workspace);
  check.plan.trains = study::torch_in_this_build() != "none";
  StudyChecker(study, workspace, options, findings, check.plan, job).run();
  // In the order of the file.
  std::ranges::stable_sort(check.findings, [](const StudyFinding& a, const StudyFinding& b) {
    const auto line = [](const std::string& place) {
      return parse_integer(place.substr(place.rfind(':') + 1)).value_or(0);
    };
    return line(a.place) < line(b.place);
  });
  return check;
}

namespace {

std::string left_out_in_words(const PlannedData& data) {
  std::vector<std::string> parts;
  for (const auto& [why, count] : data.left_out_why)
    parts.push_back(fmt::format("{} {}", count, why));
  return parts.empty() ? "" : "; left out: " + join(parts, ", ");
}

}  // namespace

std::vector<std::string> plan_lines(const StudyPlan& plan) {
  std::vector<std::string> lines;
  for (const PlannedData& data : plan.data) {
    lines.push_back(
        fmt::format("{} ({}): {}{}{}", data.name, data.external ? "external" : "internal",
                    counted(data.samples, "sample"),
                    data.external ? ""
                                  : fmt::format(", {} to train, {} to validate, {} to test",
                                                data.train, data.validation, data.test),
                    left_out_in_words(data)));
  }
  if (plan.pictures > 0) lines.push_back(fmt::format("pictures: {} to prepare", plan.pictures));
  if (!plan.compared) {
    lines.emplace_back(
        "pictures: not compared with each other yet; where some are the same, the split changes "
        "('epicrisis check' compares them)");
  }
  for (const PlannedNotes& notes : plan.notes) {
    std::string line = fmt::format(
        "notes {}{}: {} are there, {}{}{} to write", notes.strategy,
        notes.model.empty() ? "" : " by " + notes.model, notes.there,
        notes.to_revise > 0 ? fmt::format("{} of them to revise, ", notes.to_revise) : "",
        notes.provider == "template" ? "" : "about ", notes.to_write);
    if (notes.provider != "template" && notes.to_write > 0) {
      line += fmt::format(
          ", {} tokens in and at most {} out; {}", notes.input_tokens, notes.output_tokens,
          notes.cost ? fmt::format("at most $ {:.2f}", *notes.cost) : notes.cost_unknown);
    }
    lines.push_back(std::move(line));
  }
  std::map<std::string, std::int64_t> states;
  double seconds = 0;
  std::int64_t untold = 0;
  for (const PlannedRun& run : plan.runs) {
    ++states[run.state];
    if (!run.is_to_train()) continue;
    if (run.seconds) {
      seconds += *run.seconds;
    } else {
      ++untold;
    }
    if (!run.why.empty()) {
      lines.push_back(
          fmt::format("run '{}' (seed {}) is trained again: {}", run.name, run.seed, run.why));
    }
  }
  const std::int64_t open =
      static_cast<std::int64_t>(plan.runs.size()) - states["done"] - states["not known"];
  std::string runs =
      fmt::format("runs: {}, {} done already, {} to train", plan.runs.size(), states["done"], open);
  if (states["not known"] > 0) {
    runs += fmt::format("; {} were trained, and without the encoder it is not known on what",
                        states["not known"]);
  }
  if (states["go on"] > 0) runs += fmt::format(" ({} go on where they stopped)", states["go on"]);
  if (seconds > 0) {
    runs +=
        fmt::format("; by earlier runs about {:.0f} min of training", std::max(1.0, seconds / 60));
    if (untold > 0) runs += fmt::format(", {} of them not told", untold);
  }
  lines.push_back(std::move(runs));
  if (plan.trains && untold > 0 && seconds <= 0) {
    lines.emplace_back(
        "time: not known before the first training in this workspace with the same encoders, mode "
        "and epochs; each training shows how long is left, and the next plan reckons by it");
  }
  if (!plan.predictions.empty()) {
    lines.push_back(fmt::format("finished runs predict, without training, for: {}",
                                join(plan.predictions, ", ")));
  }
  return lines;
}

}  // namespace epicrisis
