#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study_check.h"
#include "study/run_identity.h"
#include "study/small_study.h"
#include "study/study_inputs.h"
#include "study/study_notes.h"

namespace epicrisis::test {

// A small corpus, a workspace beside it that tests may make, and what study check says of a study.
class StudyCheckFixture : public ::testing::Test {
 protected:
  StudyCheckFixture() {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 24, .external_lesions = 6});
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Path file() const { return corpus() / "study.toml"; }
  Path root() const { return folder_.path() / "w"; }
  StudyCheck check(const std::string& text, bool in_workspace = false) {
    write_file(file(), text);
    StudyCheckOptions options;
    if (in_workspace) options.workspace = root();
    return check_study(file(), options, job_);
  }
  // "error :12: text" a finding.
  std::vector<std::string> lines(const StudyCheck& check) const {
    std::vector<std::string> list;
    for (const StudyFinding& finding : check.findings) {
      list.push_back((finding.level == FindingLevel::kError ? "error " : "warning ") +
                     finding.place.substr(file().string().size()) + ": " + finding.text);
    }
    return list;
  }
  static std::vector<std::string> states(const StudyCheck& check) {
    std::vector<std::string> list;
    for (const PlannedRun& run : check.plan.runs) list.push_back(run.state);
    return list;
  }
  std::string replaced(std::string text, const std::string& from, const std::string& to) const {
    return text.replace(text.find(from), from.size(), to);
  }

  // All that a study does and keeps but the training.
  void train_nothing(const std::string& text) {
    Workspace workspace = Workspace::open_or_create(root());
    const Study study = parse_study(text, file().string(), corpus());
    study::import_data(workspace, study, job_);
    study::CaseSet set = study::assign_roles(workspace, study, job_);
    const study::PictureTable pictures = study::load_pictures(workspace, study, set, job_);
    study::write_notes(workspace, study, set, false, job_);
    study::ModelHashes models;
    for (const StudyRun& run : study.runs) {
      RunRecord record;
      record.id = run.name.substr(0, run.name.find(' '));
      record.study = "small";
      record.name = run.name;
      record.config = study::run_configuration(study, run, 1, set, pictures,
                                               study::load_run_notes(workspace, run, set), models);
      start_run(workspace.database(), record);
      finish_run(workspace.database(), record.id, RunStatus::kDone);
      write_file(workspace.runs() / record.id / "predictions" / "dermoscope_a.safetensors", "");
    }
  }

  // Of the internal data set: all are of one sex now.
  void change_metadata() const {
    const Path table = corpus() / "dermoscope_a" / "metadata.csv";
    std::string text = read_file(table);
    for (std::size_t at = 0; (at = text.find(",female,")) != std::string::npos;) {
      text.replace(at, std::string_view(",female,").size(), ",male,");
    }
    write_file(table, text);
  }

  const std::string study_ = small_study("small") + kTwoRuns;
  TemporaryFolder folder_;
  Job job_;
};

}  // namespace epicrisis::test
