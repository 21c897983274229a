#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

struct Dataset {
  std::int64_t id = 0;
  std::string name;
  std::string adapter;      // that read it
  std::string source;       // folder or file it was read from
  std::string imported_at;  // UTC, of the last import
  std::int64_t samples = 0;
};

// Inserts a data set or updates adapter, source and time of the one of this name; returns its id.
std::int64_t put_dataset(Database& database, std::string_view name, std::string_view adapter,
                         std::string_view source, std::string_view imported_at);
std::vector<Dataset> list_datasets(Database& database);  // by name
std::optional<Dataset> find_dataset(Database& database, std::string_view name);
std::vector<std::string> dataset_names(Database& database);  // sorted
// UsageError that lists the data sets there are.
Dataset dataset_by_name(Database& database, std::string_view name);
// The same UsageError for a name that is no data set's.
void require_datasets(Database& database, const std::vector<std::string>& names);

// Writes samples of one data set; memory does not grow with their number. Use inside a Transaction.
class SampleWriter {
 public:
  enum class Outcome { kNew, kUpdated, kUnchanged };
  SampleWriter(Database& database, std::int64_t dataset_id);

  // Inserts the sample, or updates the one with this key, or, where nothing differs, writes
  // nothing. `sample.id` and `sample.dataset` are ignored; `id`, if given, receives the stored id.
  // A key keeps its id for ever. InputError for a sample that the store cannot hold (no key, a key
  // over 512 bytes).
  Outcome put(const Sample& sample, std::int64_t* id = nullptr);

 private:
  Database& database_;
  std::int64_t dataset_id_;
};

// Which samples: all conditions must hold; an empty list is no condition.
struct SampleFilter {
  std::vector<std::string> datasets = {};
  std::vector<ClassId> labels = {};
  bool labelled = false;                // only those with a harmonised label
  bool with_image = false;              // only those with a picture file
  std::string split_set = {};           // only those with a role in this set,
  std::vector<std::string> roles = {};  // one of these
  std::string strategy = {};            // only those with a written note of this strategy
  std::int64_t after_id = 0;            // only ids above, to go on from
  std::int64_t limit = -1;              // at most so many; -1: all
};

// Calls back with each sample in order of id; memory is one sample. The callback may write to the
// same database, but not to the samples. Return false from it to stop.
void for_each_sample(Database& database, const SampleFilter& filter,
                     const std::function<bool(const Sample&)>& callback);
std::vector<Sample> load_samples(Database& database, const SampleFilter& filter);
std::vector<std::int64_t> sample_ids(Database& database, const SampleFilter& filter);
std::int64_t count_samples(Database& database, const SampleFilter& filter);

std::optional<Sample> find_sample(Database& database, std::int64_t id);
std::optional<Sample> find_sample(Database& database, std::string_view dataset,
                                  std::string_view key);
// UsageError naming the id.
Sample sample_by_id(Database& database, std::int64_t id);

struct ClassCounts {
  std::string dataset;
  std::map<ClassId, std::int64_t> labelled;  // those there are
  std::int64_t unlabelled = 0;
  std::int64_t with_image = 0;
  std::int64_t total = 0;
};
// One entry a data set, by name.
std::vector<ClassCounts> count_classes(Database& database, const SampleFilter& filter = {});

}  // namespace epicrisis
