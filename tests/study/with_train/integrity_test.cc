// What happens to a study whose data change or whose files are damaged.

#include <gmock/gmock.h>

#include <functional>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study.h"
#include "epicrisis/study/verify_workspace.h"
#include "study/small_study.h"
#include "support/job_log.h"
#include "support/pictures.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string study_text(bool with_external) {
  return test::small_study("small", with_external) +
         "[train]\nepochs = 2\nbatch = 8\nthreads = 1\n" + test::kTwoRuns;
}

class StudyIntegrity : public ::testing::Test {
 protected:
  StudyIntegrity() : workspace_(Workspace::open_or_create(folder_.path() / "w")) {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 24, .external_lesions = 8});
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Study study(bool with_external = true) const {
    return parse_study(study_text(with_external), "small.toml", corpus());
  }
  StudyOutcome run(bool with_external = true) {
    log_.lines.clear();
    Job job(log_);
    return run_study(workspace_, study(with_external), job);
  }
  // The folder of the run with this name.
  Path run_folder(const std::string& name) {
    for (const RunRecord& run : list_runs(workspace_.database())) {
      if (run.name == name) return workspace_.runs() / run.id;
    }
    throw InternalError("no run '{}'", name);
  }
  static std::vector<Path> files_below(const Path& folder, const std::string& extension) {
    std::vector<Path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    return files;
  }
  static void flip(const Path& file) {
    std::string bytes = read_file(file);
    bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
    write_file(file, bytes);
  }

  TemporaryFolder folder_;
  Job job_;
  test::JobLog log_;
  Workspace workspace_;
};

TEST_F(StudyIntegrity, APictureThatChangedTrainsAndEvaluatesAgain) {
  const StudyOutcome before = run();
  EXPECT_EQ(before.trained, 2U);
  const std::string page = read_file(before.report);
  EXPECT_EQ(run().trained, 0U);
  EXPECT_THAT(log_.lines, Not(Contains(HasSubstr("warning"))));
  for (const Path& file : files_below(corpus() / "dermoscope_a", ".jpg")) {
    const Path png = folder_.path() / "new.png";
    test::save_png(png, test::draw_picture(std::hash<std::string>()(file.string())));
    fs::copy_file(png, file, fs::copy_options::overwrite_existing);
  }
  // A report of it shows no old number.
  try {
    write_study_report(workspace_, study(), folder_.path() / "other.html", job_);
    FAIL() << "old numbers were reported";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no finished run"), HasSubstr("prepared pictures")));
  }
  const StudyOutcome after = run();
  EXPECT_EQ(after.trained, 2U);
  EXPECT_THAT(log_.lines,
              Contains(AllOf(HasSubstr("is trained again"), HasSubstr("the prepared pictures"))));
  EXPECT_NE(after.rows, before.rows);
  EXPECT_NE(read_file(after.report), page);
}

TEST_F(StudyIntegrity, AnExternalSetComesAndGoesAndNothingIsTrained) {
  const StudyOutcome without = run(false);
  EXPECT_EQ(without.trained, 2U);
  const StudyOutcome with = run(true);
  EXPECT_EQ(with.trained, 0U);
  EXPECT_EQ(with.kept, 2U);
  std::vector<ResultRow> internal = with.rows;
  std::erase_if(internal, [](const ResultRow& row) { return row.role == "external"; });
  EXPECT_EQ(internal, without.rows);
  EXPECT_GT(with.rows.size(), internal.size());
  const StudyOutcome dropped = run(false);
  EXPECT_EQ(dropped.trained, 0U);
  EXPECT_EQ(dropped.rows, without.rows);
  EXPECT_EQ(run(true).rows, with.rows);
  // Trained with it from the start, it is the same run.
  Workspace other = Workspace::open_or_create(folder_.path() / "other");
  EXPECT_EQ(run_study(other, study(true), job_).rows, with.rows);
}

TEST_F(StudyIntegrity, DamagedFilesAreNoticedAndMadeAnew) {
  const StudyOutcome sound = run();
  const auto model = [&] { return run_folder("with notes") / "model.safetensors"; };
  const auto predictions = [&] { return run_folder("with notes") / "predictions"; };
  struct Damage {
    const char* name;
    std::function<void()> make;
    std::size_t trained;
  };
  const std::vector<Damage> damages = {
      {"prediction", [&] { flip(predictions() / "phone.safetensors"); }, 0},
      {"prediction", [&] { write_file(predictions() / "phone.safetensors", ""); }, 0},
      {"shard",
       [&] {
         for (const Path& file : files_below(workspace_.images(), ".eps")) flip(file);
       },
       0},
      {"shard",
       [&] {
         for (const Path& file : files_below(workspace_.images(), ".eps")) write_file(file, "");
       },
       0},
      {"features",
       [&] {
         for (const Path& file : files_below(workspace_.embeddings(), ".safetensors")) flip(file);
         flip(predictions() / "dermoscope_a.safetensors");
       },
       0},
      {"model",
       [&] {
         flip(model());
         flip(predictions() / "dermoscope_a.safetensors");
       },
       1},
      {"weights", [&] { flip(model()); }, 1},
      {"weights", [&] { write_file(model(), ""); }, 1},
      {"weights", [&] { fs::remove(model()); }, 1},
      {"cases", [&] { flip(run_folder("with notes") / "training_cases.safetensors"); }, 0},
      {"report", [&] { flip(workspace_.reports() / "small.html"); }, 0},
      {"report", [&] { write_file(workspace_.reports() / "small.csv", "x"); }, 0},
      {"metrics", [&] { flip(run_folder("with notes") / "metrics.jsonl"); }, 1},
      {"result", [&] { flip(run_folder("with notes") / "result.json"); }, 1},
      {"run", [&] { fs::remove_all(run_folder("image only")); }, 1},
  };
  for (const Damage& damage : damages) {
    EXPECT_TRUE(verify_workspace(workspace_, job_).sound()) << damage.name;
    damage.make();
    EXPECT_FALSE(verify_workspace(workspace_, job_).sound()) << damage.name;
    const StudyOutcome again = run();
    EXPECT_EQ(again.trained, damage.trained) << damage.name;
    EXPECT_EQ(again.rows, sound.rows) << damage.name;
    EXPECT_THAT(log_.lines, Contains(HasSubstr("warning"))) << damage.name;
  }
  EXPECT_TRUE(verify_workspace(workspace_, job_).sound());
  // What is gone and can be made without another word.
  fs::remove_all(predictions());
  EXPECT_EQ(run().rows, sound.rows);
  EXPECT_THAT(log_.lines, Not(Contains(HasSubstr("warning"))));
}

TEST_F(StudyIntegrity, AReportNamesTheRunsThatItLeavesOut) {
  run();
  fs::remove_all(run_folder("with notes"));
  const Path html = folder_.path() / "other.html";
  const ReportData report = write_study_report(workspace_, study(), html, job_);
  EXPECT_THAT(report.warnings, Contains(AllOf(HasSubstr("'with notes'"), HasSubstr("left out"),
                                              HasSubstr("are gone"))));
  EXPECT_THAT(read_file(html), HasSubstr("left out"));
  for (const ResultRow& row : report.results) EXPECT_EQ(row.mode, "image");
  flip(run_folder("image only") / "predictions" / "phone.safetensors");
  EXPECT_THROW(evaluate_study(workspace_, study(), job_), UsageError);
  EXPECT_EQ(run().trained, 1U);
  EXPECT_THAT(write_study_report(workspace_, study(), html, job_).warnings, IsEmpty());
}

// Cancels its job when a training begins.
class Canceller : public test::JobLog {
 public:
  void step_begun(const JobStep& step) override {
    if (step.unit == "epochs" && job != nullptr) job->cancel();
  }
  Job* job = nullptr;
};

TEST_F(StudyIntegrity, ATrainingSaysWhichOfHowManyItIsAndWhereItGoesOn) {
  Canceller canceller;
  Job cancelled(canceller);
  canceller.job = &cancelled;
  EXPECT_THROW(run_study(workspace_, study(), cancelled), Interrupted);
  EXPECT_EQ(run().trained, 2U);
  EXPECT_THAT(log_.lines, Contains(HasSubstr("training 1 of 2: run 'image only' (seed 1)")));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("image only (seed 1): resumed at epoch 1 of 2")));
  EXPECT_THAT(log_.lines, Contains(AllOf(HasSubstr("training 2 of 2: run 'with notes' (seed 1), "),
                                         HasSubstr("left"))));
  EXPECT_EQ(run().trained, 0U);
  EXPECT_THAT(log_.lines, Not(Contains(HasSubstr("training 1"))));
}

TEST_F(StudyIntegrity, ADamagedCheckpointStartsTheTrainingAnew) {
  Workspace other = Workspace::open_or_create(folder_.path() / "other");
  const StudyOutcome undisturbed = run_study(other, study(), job_);
  for (const char* file : {"checkpoint.safetensors", "config.json"}) {
    fs::remove_all(folder_.path() / "v");
    Workspace workspace = Workspace::open_or_create(folder_.path() / "v");
    Canceller canceller;
    Job cancelled(canceller);
    canceller.job = &cancelled;
    EXPECT_THROW(run_study(workspace, study(), cancelled), Interrupted);
    const Path damaged = workspace.runs() / list_runs(workspace.database()).at(0).id / file;
    ASSERT_TRUE(fs::exists(damaged)) << damaged;
    write_file(damaged, read_file(damaged).substr(0, 40));
    test::JobLog log;
    Job job(log);
    const StudyOutcome outcome = run_study(workspace, study(), job);
    EXPECT_EQ(outcome.trained, 2U);
    EXPECT_EQ(outcome.rows, undisturbed.rows);
    EXPECT_THAT(log.lines,
                Contains(AllOf(HasSubstr("warning"), HasSubstr(file), HasSubstr("beginning"))));
  }
}

}  // namespace
}  // namespace epicrisis
