// links: corpus
// A data set of a million samples: import, the same import again, streaming, the leakage check of
// ids and groups, and near-duplicates over fingerprints that are there. `peak_MB` is that of the
// process.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <map>
#include <utility>

#include "epicrisis/core/files.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/corpus/split_table.h"
#include "epicrisis/image/fingerprint.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {
namespace {

class Invented : public Adapter {
 public:
  explicit Invented(std::int64_t count) : count_(count) {}
  std::string_view name() const override { return "invented"; }
  std::string_view describe() const override { return "rows of the size of real ones"; }
  std::vector<std::string> expected_files() const override { return {}; }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    AdapterReport report;
    report.dataset = input.dataset;
    for (std::int64_t i = 0; i < count_; ++i) {
      Sample sample;
      sample.key = fmt::format("ISIC_{:07}", i);
      sample.raw_label = "nv";
      sample.label = ClassId(static_cast<int>(i % 8));
      sample.grade = "benign";
      sample.diagnosis = "melanocytic nevus";
      sample.findings = {{"site", "lower extremity"}, {"age", "45 years"}, {"sex", "male"}};
      sample.group = fmt::format("HAM_{:07}", i / 2);
      sample.split = i / 2 % 5 == 0 ? "test" : "train";
      sample.published_splits = {sample.split};
      sample.modality = "dermoscopic image";
      sample.metadata = {{"lesion_id", sample.group},
                         {"image_id", sample.key},
                         {"dx", "nv"},
                         {"dx_type", "histo"},
                         {"age", "45.0"},
                         {"sex", "male"},
                         {"localization", "lower extremity"}};
      sink(std::move(sample));
    }
    report.records = report.samples = static_cast<std::uint64_t>(count_);
    return report;
  }

 private:
  std::int64_t count_;
};

// One workspace a size, filled by the first benchmark that needs it.
Workspace& workspace_of(std::int64_t count, bool& is_new) {
  static TemporaryFolder folder;
  static std::map<std::int64_t, Workspace> workspaces;
  const Path root = folder.path() / fmt::format("{}", count);
  is_new = !workspaces.contains(count);
  if (is_new) workspaces.emplace(count, Workspace::create(root));
  return workspaces.at(count);
}

Workspace& filled(std::int64_t count) {
  bool is_new = false;
  Job job;
  Workspace& workspace = workspace_of(count, is_new);
  if (is_new) import_dataset(workspace, Invented(count), "/invented", job);
  return workspace;
}

void finish(benchmark::State& state) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void import_new(benchmark::State& state) {
  Job job;
  for ([[maybe_unused]] auto iteration : state) {
    const TemporaryFolder folder;
    Workspace workspace = Workspace::create(folder.path() / "w");
    import_dataset(workspace, Invented(state.range(0)), "/invented", job);
  }
  finish(state);
}
BENCHMARK(import_new)->Arg(10'000)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void import_again(benchmark::State& state) {
  Job job;
  Workspace& workspace = filled(state.range(0));
  for ([[maybe_unused]] auto iteration : state)
    import_dataset(workspace, Invented(state.range(0)), "/invented", job);
  finish(state);
}
BENCHMARK(import_again)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void stream(benchmark::State& state) {
  Workspace& workspace = filled(state.range(0));
  for ([[maybe_unused]] auto iteration : state) {
    std::int64_t seen = 0;
    for_each_sample(workspace.database(), {}, [&](const Sample&) { return ++seen > 0; });
    benchmark::DoNotOptimize(seen);
  }
  finish(state);
}
BENCHMARK(stream)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

// Of one data set and one role of a split set.
void stream_filtered(benchmark::State& state) {
  Workspace& workspace = filled(state.range(0));
  Job job;
  store_split(workspace.database(), "bench", split_samples(workspace, {.pictures = false}, job),
              true);
  const SampleFilter filter{
      .datasets = {"invented"}, .labelled = true, .split_set = "bench", .roles = {"train"}};
  for ([[maybe_unused]] auto iteration : state) {
    std::int64_t seen = 0;
    for_each_sample(workspace.database(), filter, [&](const Sample&) { return ++seen > 0; });
    state.counters["seen"] = static_cast<double>(seen);
  }
  finish(state);
}
BENCHMARK(stream_filtered)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void count_by_class(benchmark::State& state) {
  Workspace& workspace = filled(state.range(0));
  for ([[maybe_unused]] auto iteration : state) {
    benchmark::DoNotOptimize(count_classes(workspace.database()).size());
  }
  finish(state);
}
BENCHMARK(count_by_class)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void check_ids_and_groups(benchmark::State& state) {
  Job job;
  Workspace& workspace = filled(state.range(0));
  for ([[maybe_unused]] auto iteration : state) {
    benchmark::DoNotOptimize(check_leakage(workspace, job, {.pictures = false}).leaks());
  }
  finish(state);
}
BENCHMARK(check_ids_and_groups)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

// Fingerprints as if computed; every 1000th picture is the copy of another.
void check_pictures(benchmark::State& state) {
  Job job;
  Workspace& workspace = filled(state.range(0));
  workspace.database().execute(
      "INSERT OR REPLACE INTO fingerprints SELECT id, '', 0, 0, 1, '', 600, 450, "
      "randomblob(32), randomblob(32), random(), random(), randomblob(?1), randomblob(?1) "
      "FROM samples",
      static_cast<std::int64_t>(Thumbnail{}.size()));
  workspace.database().execute(
      "UPDATE fingerprints SET phash = (SELECT f.phash FROM fingerprints f WHERE f.sample_id = "
      "fingerprints.sample_id - 1) WHERE sample_id % 1000 = 0");
  for ([[maybe_unused]] auto iteration : state) {
    const LeakageReport report = check_leakage(workspace, job);
    state.counters["pictures"] = static_cast<double>(report.pictures);
  }
  finish(state);
}
BENCHMARK(check_pictures)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace epicrisis
