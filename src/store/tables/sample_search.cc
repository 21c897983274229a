#include "epicrisis/store/tables/sample_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

std::vector<Sample> samples_of_key(Database& database, std::string_view dataset,
                                   std::string_view key) {
  std::vector<Sample> found;
  keys_meant(key, [&](const std::string& one) {
    auto sample = find_sample(database, dataset, one);
    if (!sample) return false;
    found.push_back(*std::move(sample));
    return true;
  });
  return found;
}

NearKeys near_keys(Database& database, std::string_view dataset) {
  NearKeys keys;
  SampleFilter filter;
  filter.datasets = {std::string(dataset)};
  for_each_sample(database, filter, [&](const Sample& sample) {
    keys.add(sample.key);
    return true;
  });
  return keys;
}

Sample sample_by_key(Database& database, std::string_view key,
                     const std::vector<std::string>& datasets) {
  const std::vector<std::string> searched = datasets.empty() ? dataset_names(database) : datasets;
  require_datasets(database, datasets);
  std::vector<Sample> found;
  for (const std::string& dataset : searched) {
    for (Sample& sample : samples_of_key(database, dataset, key)) {
      found.push_back(std::move(sample));
    }
  }
  if (found.empty()) {
    std::optional<std::string> near;
    for (const std::string& dataset : searched) {
      if (!near) near = near_keys(database, dataset).near(key);
    }
    throw UsageError("no sample '{}' in {}{}", clean_text(key, 100),
                     searched.empty() ? "this workspace" : join(searched, ", "),
                     near_key_words(near));
  }
  if (found.size() == 1) return std::move(found.front());
  std::vector<std::string> names;
  for (const Sample& sample : found) names.push_back(sample.dataset + "/" + sample.key);
  const bool one_dataset = found.front().dataset == found.back().dataset;
  throw UsageError("'{}' may mean {}: {}", clean_text(key, 100),
                   clean_text(join(names, " or "), 300),
                   one_dataset ? "give the whole key" : "name one data set as `dataset`");
}

}  // namespace epicrisis
