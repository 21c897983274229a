#include "epicrisis/store/runs.h"

#include <gmock/gmock.h>

#include <limits>

#include "epicrisis/core/error.h"
#include "epicrisis/store/results.h"
#include "store/store_support.h"

namespace epicrisis {
namespace {

class RunsTest : public test::StoreTest {
 protected:
  RunsTest() : workspace_(make()), database_(workspace_.database()) {}

  RunRecord run(const std::string& id) const {
    RunRecord record;
    record.id = id;
    record.study = "s";
    record.name = "densenet121 P1";
    record.config = {{"seed", 1}, {"loss", {{"name", "clip"}, {"t", 0.07}}}};
    return record;
  }
  StoredResult result(const std::string& run_id, double value) const {
    StoredResult row;
    row.run_id = run_id;
    row.model = "densenet121";
    row.mode = "multimodal";
    row.notes = "P1";
    row.seed = 1;
    row.dataset = "ham10000";
    row.role = "test";
    row.task = "classification";
    row.metric = "weighted_f1";
    row.value = value;
    row.lo = value - 0.1;
    row.hi = value + 0.1;
    row.n = 300;
    return row;
  }

  Workspace workspace_;
  Database& database_;
};

TEST_F(RunsTest, HashDoesNotDependOnTheOrderOfKeys) {
  const Json a = {{"seed", 1}, {"loss", {{"name", "clip"}, {"t", 0.07}}}};
  const Json b = {{"loss", {{"t", 0.07}, {"name", "clip"}}}, {"seed", 1}};
  const Json c = {{"loss", {{"t", 0.08}, {"name", "clip"}}}, {"seed", 1}};
  EXPECT_EQ(run_config_hash(a), run_config_hash(b));
  EXPECT_NE(run_config_hash(a), run_config_hash(c));
}

TEST_F(RunsTest, LifeOfARun) {
  start_run(database_, run("r1"));
  const RunRecord started = find_run(database_, "r1").value();
  EXPECT_EQ(started.status, RunStatus::kRunning);
  EXPECT_FALSE(started.started_at.empty());
  EXPECT_EQ(started.finished_at, "");
  EXPECT_EQ(started.config_hash, run_config_hash(run("r1").config));
  EXPECT_FALSE(find_done_run(database_, "s", started.config_hash));
  finish_run(database_, "r1", RunStatus::kFailed, "no memory");
  EXPECT_EQ(find_run(database_, "r1").value().error, "no memory");
  EXPECT_FALSE(find_done_run(database_, "s", started.config_hash));
  start_run(database_, run("r1"));
  EXPECT_EQ(find_run(database_, "r1").value().error, "");
  finish_run(database_, "r1", RunStatus::kDone);
  EXPECT_EQ(find_done_run(database_, "s", started.config_hash).value().id, "r1");
  EXPECT_FALSE(find_done_run(database_, "other", started.config_hash));
  EXPECT_EQ(list_runs(database_, "s").size(), 1U);
  EXPECT_EQ(list_runs(database_, "other").size(), 0U);
  EXPECT_EQ(list_runs(database_).size(), 1U);
  EXPECT_THROW(finish_run(database_, "r2", RunStatus::kDone), InternalError);
  EXPECT_THROW(start_run(database_, run("../r")), InternalError);
}

TEST_F(RunsTest, ResultsAreReplacedAndGoWithARestart) {
  start_run(database_, run("r1"));
  put_results(database_, {result("r1", 0.7), result("r1", 0.8)});
  EXPECT_TRUE(load_results(database_).empty());  // the run is not done
  finish_run(database_, "r1", RunStatus::kDone);
  const auto rows = load_results(database_, {.study = "s", .metric = "weighted_f1"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].value, 0.8);
  EXPECT_EQ(rows[0].lo, 0.8 - 0.1);
  EXPECT_EQ(rows[0].n, 300);
  EXPECT_EQ(rows[0].mode, "multimodal");
  EXPECT_TRUE(load_results(database_, {.study = "other"}).empty());
  EXPECT_TRUE(load_results(database_, {.dataset = "ham10000", .role = "external"}).empty());
  start_run(database_, run("r1"));
  EXPECT_TRUE(load_results(database_, {.done_runs_only = false}).empty());
}

TEST_F(RunsTest, UnbelievableResultsAreRefusedWhole) {
  start_run(database_, run("r1"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  StoredResult bad = result("r1", nan);
  EXPECT_THROW(put_results(database_, {result("r1", 0.5), bad}), InputError);
  bad = result("r2", 0.5);
  EXPECT_THROW(put_results(database_, {bad}), InputError);
  bad = result("r1", 0.5);
  bad.lo = 0.9;
  bad.hi = 0.1;
  EXPECT_THROW(put_results(database_, {bad}), InputError);
  bad.lo = nan;
  EXPECT_THROW(put_results(database_, {bad}), InputError);
  bad.lo.reset();
  EXPECT_THROW(put_results(database_, {bad}), InputError);
  EXPECT_TRUE(load_results(database_, {.done_runs_only = false}).empty());
}

}  // namespace
}  // namespace epicrisis
