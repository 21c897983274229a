#include "study/run_space.h"

#include <algorithm>
#include <unordered_map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/split.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"

namespace epicrisis {

std::vector<std::string> sample_parts() {
  std::vector<std::string> parts;
  for (const Role role : {Role::kTrain, Role::kValidation, Role::kTest, Role::kExternal}) {
    parts.emplace_back(role_name(role));
  }
  return parts;
}

namespace study {
namespace {

SampleFilter filter_of(const RunUse& use, const SampleSelection& selection) {
  SampleFilter filter;
  filter.datasets = selection.datasets;
  if (!selection.splits.empty()) {
    filter.split_set = use.split_set;
    filter.roles = selection.splits;
  }
  return filter;
}

void check_parts(const std::vector<std::string>& splits) {
  const std::vector<std::string> parts = sample_parts();
  for (const std::string& one : splits) {
    if (std::ranges::find(parts, one) != parts.end()) continue;
    throw UsageError("`split` is '{}'; there are {}", clean_text(one, 60), join(parts, ", "));
  }
}

}  // namespace

std::vector<SampleLine> select_samples(Workspace& workspace, const RunUse& use,
                                       const SampleSelection& selection, const Job& job) {
  Database& database = workspace.database();
  const Field field = workspace_field(database);
  if (field.name() != use.field) {
    throw UsageError("the run belongs to the field '{}', {} to '{}'; give a workspace of its field",
                     use.field, workspace.root().string(), field.name());
  }
  require_datasets(database, selection.datasets);
  check_parts(selection.splits);
  std::unordered_map<std::int64_t, Role> roles;
  if (find_split_set(database, use.split_set)) {
    for (const SampleRole& one : load_split_roles(database, use.split_set)) {
      roles.emplace(one.sample_id, one.role);
    }
  } else if (!selection.splits.empty()) {
    throw UsageError("{} has not the split of the run's study ('{}'), so its parts are not known",
                     workspace.root().string(), use.split_set);
  } else {
    job.warn("{} has not the split of the run's study ('{}'): no sample's part is known",
             workspace.root().string(), use.split_set);
  }
  std::vector<SampleLine> samples;
  for_each_sample(database, filter_of(use, selection), [&](const Sample& sample) {
    job.check();
    const auto role = roles.find(sample.id);
    samples.push_back({.id = sample.id,
                       .dataset = sample.dataset,
                       .key = sample.key,
                       .group = sample.group,
                       .class_name = sample.label ? field.at(*sample.label).name : "",
                       .split = role == roles.end() ? "" : std::string(role_name(role->second))});
    return true;
  });
  if (samples.empty()) {
    throw UsageError("{} holds no sample of that selection", workspace.root().string());
  }
  return samples;
}

Path feature_folder(const Workspace& workspace) {
  return workspace.kept() ? workspace.embeddings() : Path();
}

SamplePictures embed_pictures(Workspace& workspace, const RunUse& use, const RunModel& model,
                              const std::vector<SampleLine>& samples,
                              const SampleSelection& selection, Job& job) {
  SamplePictures result;
  PrepareOptions options;
  options.filter = filter_of(use, selection);
  const PrepareReport report = prepare_samples(workspace, use.recipe, job, options);
  result.without_picture = samples.size() - static_cast<std::size_t>(report.samples);
  result.unreadable = static_cast<std::size_t>(report.failed);
  result.failures = report.failures;
  if (result.unreadable > 0) {
    job.warn("{} of {} could not be read, and so left out; the first: {}", result.unreadable,
             counted(report.samples, "picture"),
             result.failures.empty() ? "" : result.failures.front());
  }
  if (report.failed == report.samples) return result;  // nothing may ever have been prepared
  result.images = std::make_unique<WorkspaceImages>(workspace, use.recipe);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (const auto index = result.images->index_of(samples[i].id)) {
      result.samples.push_back(i);
      result.indices.push_back(*index);
    }
  }
  result.z = model.embed_prepared(*result.images, result.indices, feature_folder(workspace), job);
  return result;
}

NoteFilter note_filter(const RunUse& use) {
  NoteFilter filter;
  filter.strategies = expand_note_sets(use.notes);
  filter.providers = use.note_providers;
  filter.models = use.note_models;
  return filter;
}

}  // namespace study
}  // namespace epicrisis
