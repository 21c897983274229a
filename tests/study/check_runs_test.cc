#include "study/check_runs.h"

#include <gmock/gmock.h>

#include "study/findings.h"
#include "study/graphics_driver.h"
#include "study/study_check_fixture.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(GraphicsDriver, IsToldByWhatADriverLeaves) {
  const TemporaryFolder none;
  EXPECT_FALSE(study::shows_cuda_driver(none.path()));
  write_file(none.path() / "dev" / "null", "");
  write_file(none.path() / "dev" / "dri" / "card0", "");
  EXPECT_FALSE(study::shows_cuda_driver(none.path()));
  for (const char* name : {"dev/nvidiactl", "dev/nvidia0", "dev/nvidia-uvm", "dev/dxg", "dev/nvmap",
                           "dev/kfd", "proc/driver/nvidia/version"}) {
    const TemporaryFolder root;
    write_file(root.path() / name, "");
    EXPECT_TRUE(study::shows_cuda_driver(root.path())) << name;
  }
}

class RunsOnADevice : public test::StudyCheckFixture {
 protected:
  StudyCheck check_runs(bool trains) {
    StudyCheck found;
    study::Findings findings(found.findings);
    found.plan.trains = trains;
    Workspace workspace = Workspace::open_or_create(root());
    const Study study = parse_study(text_, file().string(), corpus());
    study::check_runs(workspace, study, nullptr, findings, found.plan, Job());
    return found;
  }
  const std::string text_ = study_ + "[train]\ndevice = \"cuda:1\"\n";
};

TEST_F(RunsOnADevice, FailWithoutADriver) {
  if (study::shows_cuda_driver("/")) GTEST_SKIP() << "this machine has one";
  const StudyCheck here = check_runs(true);
  EXPECT_EQ(here.error(), ErrorKind::kUsage);
  EXPECT_EQ(here.findings.size(), 1U);  // of two runs
  EXPECT_THAT(lines(here), Contains(HasSubstr("device = \"cuda:1\": this machine shows no")));
  // A build without LibTorch leaves the training to another machine.
  const StudyCheck elsewhere = check_runs(false);
  EXPECT_TRUE(elsewhere.sound());
  EXPECT_THAT(lines(elsewhere), Contains(HasSubstr("warning")));
}

// A finished study is evaluated and reported on any machine.
TEST_F(RunsOnADevice, NeedItNoMoreOnceTrained) {
  train_nothing(text_);
  const StudyCheck found = check(text_, true);
  EXPECT_THAT(states(found), testing::ElementsAre("done", "done"));
  EXPECT_THAT(lines(found), Not(Contains(HasSubstr("device"))));
}

TEST(PlanLines, SayThatNoTimeIsKnownBeforeAFirstTraining) {
  const auto time_of = [](const StudyPlan& plan) {
    std::string all;
    for (const std::string& line : plan_lines(plan)) all += line + "\n";
    return all;
  };
  StudyPlan plan;
  plan.runs.resize(2);
  for (PlannedRun& run : plan.runs) run.state = "train";
  EXPECT_THAT(time_of(plan), HasSubstr("time: not known before the first training"));
  plan.runs.front().seconds = 600;
  EXPECT_THAT(time_of(plan), HasSubstr("about 10 min of training, 1 of them not told"));
  EXPECT_THAT(time_of(plan), Not(HasSubstr("time: not known")));
  for (PlannedRun& run : plan.runs) {
    run.state = "done";
    run.seconds.reset();
  }
  EXPECT_THAT(time_of(plan), Not(HasSubstr("time: not known")));
  for (PlannedRun& run : plan.runs) run.state = "train";
  plan.trains = false;
  EXPECT_THAT(time_of(plan), Not(HasSubstr("time: not known")));
}

}  // namespace
}  // namespace epicrisis
