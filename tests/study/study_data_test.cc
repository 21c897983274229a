// What a study trains and tests on: the same whatever the order of the tables' rows, and warned of
// where rows were not understood.

#include "study/study_data.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <tuple>

#include "epicrisis/core/strings.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"
#include "study/small_study.h"

namespace epicrisis::study {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// The roles by key: what the numbers hang on, without the numbers of rows in the database.
using Assigned = std::vector<std::tuple<std::string, std::string, int, Role>>;

class StudyDataTest : public ::testing::Test {
 protected:
  StudyDataTest() {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 20, .external_lesions = 4});
    // Two pictures that are the same, of two patients.
    const Path images = corpus() / "dermoscope_a" / "images";
    std::vector<Path> files;
    for (const auto& entry : std::filesystem::directory_iterator(images)) files.push_back(entry);
    std::ranges::sort(files);
    std::filesystem::copy_file(files[0], files[7],
                               std::filesystem::copy_options::overwrite_existing);
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Study study() const {
    Study study =
        parse_study(test::small_study("small", false) + test::kTwoRuns, "small.toml", corpus());
    study.allow_leakage = true;
    return study;
  }
  Path table() const { return corpus() / "dermoscope_a" / "metadata.csv"; }
  void change_rows(const std::function<void(std::vector<std::string>&)>& change) {
    const std::string text = read_file(table());
    std::vector<std::string> lines = split(trim(text), '\n');
    const std::string header = lines.front();
    lines.erase(lines.begin());
    change(lines);
    write_file(table(), header + "\n" + join(lines, "\n") + "\n");
  }
  CaseSet cases(const std::string& name) {
    Workspace workspace = Workspace::create(folder_.path() / name);
    import_data(workspace, study(), job_);
    return assign_roles(workspace, study(), job_);
  }
  static Assigned assigned(const CaseSet& set) {
    Assigned list;
    for (const Case& one : set.cases)
      list.emplace_back(one.dataset, one.group, one.label, one.role);
    return list;
  }

  TemporaryFolder folder_;
  Job job_;
};

TEST_F(StudyDataTest, TheOrderOfTheRowsDoesNotMatter) {
  const CaseSet before = cases("a");
  change_rows([](std::vector<std::string>& rows) { std::ranges::reverse(rows); });
  const CaseSet after = cases("b");
  EXPECT_FALSE(before.cases.empty());
  EXPECT_EQ(assigned(before), assigned(after));
  EXPECT_EQ(before.split_set, after.split_set);
}

TEST_F(StudyDataTest, WhatAnImportDidNotUnderstandIsWarnedOf) {
  change_rows([](std::vector<std::string>& rows) {
    const std::string::size_type comma = rows.front().find(',');
    rows.push_back("," + rows.front().substr(comma + 1));
  });
  struct Watcher : JobWatcher {
    void said(LogLevel level, std::string_view text) override {
      if (level == LogLevel::kWarning) warnings.emplace_back(text);
    }
    std::vector<std::string> warnings;
  } watcher;
  Job watched(watcher);
  Workspace workspace = Workspace::create(folder_.path() / "w");
  EXPECT_EQ(import_data(workspace, study(), watched).size(), 1U);
  EXPECT_THAT(watcher.warnings, Contains(HasSubstr("dermoscope_a: 1 skipped: no id")));
}

}  // namespace
}  // namespace epicrisis::study
