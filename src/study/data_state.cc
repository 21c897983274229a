#include "study/data_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::study {
namespace {

// A sample more or less changes all else with it, and says it alone.
std::vector<std::string> kinds_changed(const Json& before, const Json& now, const Study& study,
                                       const StudyRun& run) {
  const auto differ = [&](const char* kind) {
    return before.value(kind, std::string()) != now.value(kind, std::string());
  };
  if (differ("samples")) return {"the samples of its classes"};
  std::vector<std::string> changed;
  if (differ("labels")) changed.emplace_back("labels");
  if (differ("groups")) changed.emplace_back("patients or cases");
  const bool splits = study.honour_published_splits && study.split_file.empty();
  if (splits && differ("splits")) changed.emplace_back("the published split");
  const bool notes = uses_text(run.train.mode) || !run.train_with.empty();
  if (notes && differ("metadata")) changed.emplace_back("metadata");
  return changed;
}

}  // namespace

Json data_state(Database& database, const Study& study) {
  const std::vector<std::string> there = dataset_names(database);
  Json state = Json::object();
  for (const StudyData& data : study.data) {
    if (data.external || std::ranges::find(there, data.name) == there.end()) continue;
    SampleFilter filter;
    filter.datasets = {data.name};
    filter.labels = study.classes;
    filter.with_image = true;
    state[data.name] = samples_state(database, filter);
  }
  return state;
}

std::vector<std::string> data_changes(const Json& before, const Json& now, const Study& study,
                                      const StudyRun& run) {
  std::vector<std::string> changes;
  if (!before.is_object()) return changes;
  for (const auto& [dataset, state] : now.items()) {
    const auto was = before.find(dataset);
    if (was == before.end() || !was->is_object()) continue;
    const std::vector<std::string> kinds = kinds_changed(*was, state, study, run);
    if (!kinds.empty()) changes.push_back(fmt::format("{} of {}", join(kinds, ", "), dataset));
  }
  return changes;
}

}  // namespace epicrisis::study
