#include "epicrisis/store/tables/runs.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/results.h"
#include "store/sql/migrations.h"
#include "support/store_support.h"

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
    StoredResult stored{.run_id = run_id, .row = {}};
    ResultRow& row = stored.row;
    row.run = "p1";
    row.model = "densenet121";
    row.mode = "multimodal";
    row.notes = "P1";
    row.seed = "1";
    row.dataset = "ham10000";
    row.role = "internal";
    row.task = "classification";
    row.metric = "weighted_f1";
    row.value = value;
    row.lo = value - 0.1;
    row.hi = value + 0.1;
    row.n = 300;
    row.seeds = 1;
    return stored;
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

TEST_F(RunsTest, ResultsOfAStudyAreReplacedWhole) {
  start_run(database_, run("r1"));
  StoredResult all = result("", 0.75);
  all.row.seed = "all";
  all.row.seeds = 2;
  StoredResult other = result("r1", 0.8);
  other.row.metric = "kappa";
  other.row.lo.reset();
  other.row.hi.reset();
  EXPECT_EQ(results_key(database_, "s"), std::nullopt);
  put_results(database_, "s", "k1", {result("r1", 0.7), other});
  put_results(database_, "s", "k2", {all, result("r1", 0.1 + 0.2)});
  put_results(database_, "t", "k3", {other});
  EXPECT_EQ(results_key(database_, "s"), "k2");
  EXPECT_EQ(load_results(database_, {.study = "s"}),
            (std::vector<StoredResult>{all, result("r1", 0.1 + 0.2)}));
  EXPECT_EQ(load_results(database_),
            (std::vector<StoredResult>{all, result("r1", 0.1 + 0.2), other}));
  EXPECT_EQ(load_results(database_, {.run_id = "r1", .metric = "weighted_f1"}),
            (std::vector<StoredResult>{result("r1", 0.1 + 0.2)}));
  EXPECT_TRUE(load_results(database_, {.study = "other"}).empty());
  EXPECT_TRUE(load_results(database_, {.dataset = "ham10000", .role = "external"}).empty());
  put_results(database_, "s", "k4", {});
  EXPECT_EQ(results_key(database_, "s"), "k4");
  EXPECT_TRUE(load_results(database_, {.study = "s"}).empty());
}

// What is measured over several runs is as outdated as the one that starts again.
TEST_F(RunsTest, ARestartedRunTakesTheEvaluationWithIt) {
  start_run(database_, run("r1"));
  start_run(database_, run("r2"));
  StoredResult two = result("r2", 0.6);
  two.row.seed = "2";
  StoredResult all = result("", 0.75);
  all.row.seed = "all";
  put_results(database_, "s", "k", {result("r1", 0.7), two, all});
  StoredResult third = result("r2", 0.5);
  put_results(database_, "t", "k", {third});
  start_run(database_, run("r3"));
  EXPECT_EQ(load_results(database_, {.study = "s"}).size(), 3U);
  start_run(database_, run("r1"));
  EXPECT_TRUE(load_results(database_, {.study = "s"}).empty());
  EXPECT_EQ(results_key(database_, "s"), std::nullopt);
  EXPECT_EQ(load_results(database_), (std::vector<StoredResult>{third}));
}

TEST_F(RunsTest, UnbelievableResultsAreRefusedWhole) {
  start_run(database_, run("r1"));
  const StoredResult good = result("r1", 0.5);
  put_results(database_, "s", "before", {good});
  const auto refused = [&](const std::function<void(StoredResult&)>& spoil) {
    StoredResult bad = good;
    bad.row.metric = "kappa";
    spoil(bad);
    EXPECT_THROW(put_results(database_, "s", "after", {good, bad}), InputError);
    EXPECT_EQ(results_key(database_, "s"), "before");
    EXPECT_EQ(load_results(database_), std::vector<StoredResult>{good});
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refused([&](StoredResult& stored) { stored.row.value = nan; });
  refused(
      [&](StoredResult& stored) { stored.row.value = std::numeric_limits<double>::infinity(); });
  refused([&](StoredResult& stored) { stored.row.lo = 0.9; });
  refused([&](StoredResult& stored) { stored.row.lo = nan; });
  refused([&](StoredResult& stored) { stored.row.lo.reset(); });
  refused([&](StoredResult& stored) { stored.row.seeds = 0; });
  refused([&](StoredResult& stored) { stored.row.seed = ""; });
  refused([&](StoredResult& stored) { stored.row.seed = "all"; });
  refused([&](StoredResult& stored) { stored.run_id = ""; });
  refused([&](StoredResult& stored) { stored.run_id = "r2"; });
  refused([&](StoredResult& stored) { stored.row.role = "test"; });
  refused([&](StoredResult& stored) { stored.row.metric = good.row.metric; });
  EXPECT_THROW(put_results(database_, "", "k", {}), InputError);
  EXPECT_THROW(put_results(database_, "s", "", {}), InputError);
}

TEST_F(RunsTest, RunsSurviveTheWayFromLayout3) {
  Database database(folder_.path() / "old.db");
  migrate_to(database, 3);
  database.execute(
      "INSERT INTO runs (id, study, name, config, config_hash, status, error, started_at, "
      "finished_at) VALUES ('r1', 's', 'n', '{}', 'h', 'done', '', '', '')");
  migrate(database);
  EXPECT_EQ(database.query_integer("PRAGMA user_version"), current_layout_version());
  EXPECT_EQ(find_run(database, "r1").value().status, RunStatus::kDone);
  put_results(database, "s", "k", {result("r1", 0.5)});
  EXPECT_EQ(load_results(database).size(), 1U);
}

TEST_F(RunsTest, WhatTheDataWereIsKept) {
  RunRecord record = run("r1");
  start_run(database_, record);
  EXPECT_TRUE(find_run(database_, "r1").value().data_state.is_null());
  record.data_state = {{"a", {{"labels", "1"}}}};
  start_run(database_, record);
  EXPECT_EQ(find_run(database_, "r1").value().data_state, record.data_state);
  record.data_state = {{"a", {{"labels", "2"}}}};
  keep_data_state(database_, "r1", record.data_state);
  EXPECT_EQ(list_runs(database_).at(0).data_state, record.data_state);
}

TEST_F(RunsTest, WhatTheDataOfRunsOfLayout12WereIsNotKnown) {
  Database database(folder_.path() / "old.db");
  migrate_to(database, 12);
  database.execute(
      "INSERT INTO runs (id, study, name, config, config_hash, status, error, started_at, "
      "finished_at) VALUES ('r1', 's', 'n', '{}', 'h', 'done', '', '', '')");
  migrate(database);
  EXPECT_TRUE(find_run(database, "r1").value().data_state.is_null());
}

// Two runs may differ in their names alone: in their loss, for one, which no column tells.
TEST_F(RunsTest, ResultsOfRunsThatDifferInTheirNamesAreKeptApart) {
  start_run(database_, run("r1"));
  start_run(database_, run("r2"));
  StoredResult other = result("r2", 0.6);
  other.row.run = "p1, other loss";
  put_results(database_, "s", "k", {result("r1", 0.5), other});
  EXPECT_EQ(load_results(database_, {.study = "s"}),
            (std::vector<StoredResult>{result("r1", 0.5), other}));
}

// Layout 7 did not know the runs of its results: they are measured anew, and runs stay.
TEST_F(RunsTest, ResultsOfLayout7AreMeasuredAnew) {
  Database database(folder_.path() / "old.db");
  migrate_to(database, 7);
  database.execute_script(R"sql(
INSERT INTO runs (id, study, name, config, config_hash, status, error, started_at, finished_at)
  VALUES ('r1', 's', 'n', '{}', 'h', 'done', '', '', '');
INSERT INTO evaluations (study, key, created_at) VALUES ('s', '{}', 'now');
INSERT INTO results (study, position, run_id, model, mode, notes, seed, dataset, role, task, metric,
  value, lo, hi, n, seeds)
  VALUES ('s', 0, 'r1', 'm', 'image', '', '1', 'd', 'internal', 'classification', 'accuracy', 0.5,
          NULL, NULL, 3, 1);
)sql");
  migrate(database);
  EXPECT_EQ(find_run(database, "r1").value().status, RunStatus::kDone);
  EXPECT_EQ(results_key(database, "s"), std::nullopt);
  EXPECT_TRUE(load_results(database).empty());
  put_results(database, "s", "k", {result("r1", 0.5)});
  EXPECT_EQ(load_results(database).size(), 1U);
}

}  // namespace
}  // namespace epicrisis
