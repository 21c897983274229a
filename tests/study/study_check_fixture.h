#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/study/study_check.h"
#include "study/small_study.h"

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

  const std::string study_ = small_study("small") + kTwoRuns;
  TemporaryFolder folder_;
  Job job_;
};

}  // namespace epicrisis::test
