#pragma once

#include <string>

#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/runs.h"
#include "settings/run_metrics.h"
#include "study/small_study.h"
#include "support/store_support.h"

namespace epicrisis::test {

// A workspace with studies and runs that nothing trained: rows, records and small files.
class KeptStudies : public StoreTest {
 protected:
  KeptStudies() : workspace_(make()), database_(workspace_.database()) {}

  // As run_study() leaves it.
  void keep_study(const std::string& name, const std::string& runs = kTwoRuns) const {
    const Json record = {{"source", small_study(name) + runs},
                         {"file", "/studies/" + name + ".toml"},
                         {"data_root", "/data"},
                         {"allow_leakage", false}};
    write_file(root() / "studies" / (name + ".json"), dump_json(record));
  }
  // Its id is "<id>-1-0123456789" with the seed in place of 1.
  std::string add_run(const std::string& id, const std::string& study, const std::string& name,
                      int seed, RunStatus status) const {
    RunRecord run;
    run.id = id + "-" + std::to_string(seed) + "-0123456789";
    run.study = study;
    run.name = name;
    run.config = {{"id", id}, {"train", {{"seed", seed}}}};
    run.started_at = "2026-01-01T00:00:0" + std::to_string(started_++ % 10) + "Z";
    start_run(database_, run);
    if (status != RunStatus::kRunning) finish_run(database_, run.id, status);
    write_file(workspace_.runs() / run.id / "config.json", R"({"format": "epicrisis-run"})");
    if (status == RunStatus::kDone) {
      EpochMetrics metrics;
      metrics.epoch = 1;
      write_metrics(workspace_.runs() / run.id, {metrics});
      write_train_result(workspace_.runs() / run.id, {.best_epoch = 1, .epochs = 1, .history = {}});
    }
    return run.id;
  }

  Workspace workspace_;
  Database& database_;
  mutable int started_ = 0;
};

}  // namespace epicrisis::test
