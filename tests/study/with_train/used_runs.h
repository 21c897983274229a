#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/predict.h"
#include "epicrisis/study/study.h"
#include "study/small_study.h"

namespace epicrisis::test {

// One trained study for all tests of a program; what is damaged is a copy of its run folder.
class UsedRunsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { train(kTwoRuns, 2); }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  static void train(const std::string& runs, std::size_t count) {
    shared_ = new TemporaryFolder();
    write_demo_corpus(corpus(), Job(), {.seed = 3, .internal_lesions = 40, .external_lesions = 12});
    EXPECT_EQ(run_again("small", runs).trained, count);
  }
  static StudyOutcome run_again(const std::string& name, const std::string& runs) {
    Workspace opened = Workspace::open_or_create(root());
    Job job;
    return run_study(opened,
                     parse_study("seeds = [1]\n" + small_study(name) + "[train]\nepochs = 2" + runs,
                                 name + ".toml", corpus()),
                     job);
  }
  static Path corpus() { return shared_->path() / "corpus"; }
  static Path root() { return shared_->path() / "w"; }
  static Workspace workspace() { return Workspace::open(root()); }
  // By the name that the study has for it.
  static Path run_folder(const std::string& name = "image only") {
    Workspace opened = workspace();
    for (const RunRecord& run : list_runs(opened.database())) {
      if (run.name == name) return opened.runs() / run.id;
    }
    throw UsageError("there is no run '{}'", name);
  }
  static Sample sample(std::int64_t id) {
    Workspace opened = workspace();
    return sample_by_id(opened.database(), id);
  }
  // A copy of the run, with nothing else of the workspace.
  Path copied_run(const std::string& name = "image only") {
    std::filesystem::copy(run_folder(name), copies_.path() / "run",
                          std::filesystem::copy_options::recursive);
    return copies_.path() / "run";
  }
  static std::vector<ListedPicture> listed(const std::vector<Path>& paths) {
    std::vector<ListedPicture> pictures;
    for (const Path& path : paths) pictures.push_back({path, ""});
    return pictures;
  }
  std::vector<PicturePrediction> predict(const Path& run, const std::vector<Path>& pictures) {
    std::vector<PicturePrediction> all;
    predict_pictures(
        run, listed(pictures), 2, [&](const PicturePrediction& one) { all.push_back(one); }, job_);
    return all;
  }

  TemporaryFolder copies_;
  Job job_;
  inline static TemporaryFolder* shared_ = nullptr;
};

}  // namespace epicrisis::test
