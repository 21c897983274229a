#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"
#include "support/dermatology.h"

namespace epicrisis::test {

// A workspace in a folder that goes when the test ends.
class StoreTest : public testing::Test {
 protected:
  Path root() const { return folder_.path() / "workspace"; }
  Workspace make() const { return Workspace::create(root()); }

  TemporaryFolder folder_;
  Job job_;  // that nobody watches or cancels
};

inline Sample make_sample(const std::string& key) {
  Sample sample;
  sample.key = key;
  sample.raw_label = "nv";
  sample.label = test::kNevus;
  sample.grade = "benign";
  sample.diagnosis = "melanocytic nevus";
  sample.findings = {{"site", "back"}, {"age", "45 years"}};
  sample.group = "HAM_" + key;
  sample.split = "train";
  sample.published_splits = {"train"};
  sample.modality = "dermoscopic image";
  sample.metadata = {{"age", "45"}, {"sex", "male"}};
  return sample;
}

inline std::int64_t store_sample(Database& database, const std::string& dataset,
                                 const Sample& sample) {
  const std::int64_t dataset_id =
      put_dataset(database, dataset, "fake", "/nowhere", "2026-01-01T00:00:00Z");
  std::int64_t id = 0;
  SampleWriter(database, dataset_id).put(sample, &id);
  return id;
}

// Hands out what `make` gives for 0, 1, 2, ... `count`.
class FakeAdapter : public Adapter {
 public:
  FakeAdapter(std::size_t count, std::function<Sample(std::size_t)> make)
      : count_(count), make_(std::move(make)) {}
  std::string_view name() const override { return "fake"; }
  std::string_view describe() const override { return "for tests"; }
  std::vector<std::string> expected_files() const override { return {}; }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    AdapterReport report;
    report.adapter = "fake";
    report.dataset = input.dataset;
    for (std::size_t i = 0; i < count_; ++i) {
      sink(make_(i));
      ++report.rows;
      ++report.records;
      ++report.samples;
    }
    report.records += extra_records_;
    return report;
  }
  void set_extra_records(std::uint64_t count) { extra_records_ = count; }

 private:
  std::size_t count_;
  std::function<Sample(std::size_t)> make_;
  std::uint64_t extra_records_ = 0;
};

}  // namespace epicrisis::test
