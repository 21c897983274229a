#include "epicrisis/store/tables/sample_search.h"

#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

Sample sample_by_key(Database& database, std::string_view key,
                     const std::vector<std::string>& datasets) {
  const std::vector<std::string> searched = datasets.empty() ? dataset_names(database) : datasets;
  std::vector<Sample> found;
  for (const std::string& dataset : searched) {
    if (auto sample = find_sample(database, dataset, key)) found.push_back(*std::move(sample));
  }
  if (found.empty()) {
    throw UsageError("no sample '{}' in {}", clean_text(key, 100),
                     searched.empty() ? "this workspace" : join(searched, ", "));
  }
  if (found.size() > 1) {
    throw UsageError("'{}' is in {} data sets; name one as `dataset`", clean_text(key, 100),
                     found.size());
  }
  return std::move(found.front());
}

}  // namespace epicrisis
