// links: core

#include <benchmark/benchmark.h>

#include <string>

#include "epicrisis/core/csv.h"

namespace epicrisis {
namespace {

// A table such as a data set's metadata: short fields, some quoted.
void read_metadata_table(benchmark::State& state) {
  std::string text = "lesion_id,image_id,dx,dx_type,age,sex,localization\n";
  for (int i = 0; i < 100'000; ++i) {
    text += csv_row({"HAM_" + std::to_string(i), "ISIC_" + std::to_string(i), "bkl", "histo",
                     "80.0", "male", "scalp, left"});
  }
  for ([[maybe_unused]] auto iteration : state) {
    CsvReader reader = CsvReader::from_text(text, "bench.csv");
    std::size_t rows = 0;
    while (reader.next()) ++rows;
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_metadata_table)->Unit(benchmark::kMillisecond);

// Long notes with quotes and line breaks.
void read_note_table(benchmark::State& state) {
  std::string text = "id,note\n";
  const std::string note = "The lesion is \"asymmetric\", 6 mm wide.\nIts border is irregular.\n";
  for (int i = 0; i < 10'000; ++i) {
    std::string notes;
    for (int k = 0; k < 15; ++k) notes += note;
    text += csv_row({std::to_string(i), notes});
  }
  for ([[maybe_unused]] auto iteration : state) {
    CsvReader reader = CsvReader::from_text(text, "bench.csv");
    std::size_t rows = 0;
    while (reader.next()) ++rows;
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_note_table)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace epicrisis
