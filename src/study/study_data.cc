#include "study/study_data.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"
#include "study/data_state.h"
#include "study/file_splits.h"

namespace epicrisis::study {
namespace {

std::vector<std::string> names_of_external(const Study& study) {
  std::vector<std::string> names;
  for (const StudyData& data : study.data) {
    if (data.external) names.push_back(data.name);
  }
  return names;
}

int class_index(const Study& study, ClassId label) {
  const auto found = std::ranges::find(study.classes, label);
  return found == study.classes.end() ? -1 : static_cast<int>(found - study.classes.begin());
}

// Whatever the order of the rows of the tables, the study is the same.
void sort_by_key(std::vector<Case>& cases, std::vector<SplitItem>& items) {
  std::vector<std::size_t> order(cases.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::string_view(items[i].key); });
  std::vector<Case> sorted_cases;
  std::vector<SplitItem> sorted_items;
  for (const std::size_t i : order) {
    sorted_cases.push_back(std::move(cases[i]));
    sorted_items.push_back(std::move(items[i]));
  }
  cases = std::move(sorted_cases);
  items = std::move(sorted_items);
}

bool honours_splits(const Study& study) {
  return study.honour_published_splits || !study.split_file.empty();
}

// The samples of the study's classes that have a picture, role still open, in the order of data set
// and key.
std::vector<Case> load_cases(Workspace& workspace, const Study& study, CaseSet& set,
                             std::vector<SplitItem>& items, const Job& job) {
  std::vector<Case> cases;
  const FileSplits splits(workspace.database(), study, job);
  SampleFilter filter;
  filter.datasets = names_of_data(study);
  filter.with_image = true;
  const std::vector<std::string> external = names_of_external(study);
  for_each_sample(workspace.database(), filter, [&](const Sample& sample) {
    const int label = sample.label ? class_index(study, *sample.label) : -1;
    const bool is_external = std::ranges::find(external, sample.dataset) != external.end();
    const std::string split = is_external ? sample.split : splits.of(sample);
    if (label < 0) {
      ++set.dropped[sample.dataset];
      return true;
    }
    Case entry;
    entry.sample_id = sample.id;
    entry.dataset = sample.dataset;
    entry.group = sample.dataset + "/" + (sample.group.empty() ? sample.key : sample.group);
    entry.label = label;
    if (is_external) entry.role = Role::kExternal;
    if (!sample.group.empty()) set.grouped.insert(sample.dataset);
    items.push_back({sample.dataset + "/" + sample.key, entry.group, label, split, sample.dataset});
    cases.push_back(std::move(entry));
    return true;
  });
  sort_by_key(cases, items);
  return cases;
}

CheckOptions check_options(const Study& study) {
  CheckOptions options;
  options.datasets = names_of_data(study);
  options.external = names_of_external(study);
  options.datasets_are_domains = false;
  options.labels = study.classes;
  return options;
}

// Samples of internal sets that are the same picture get one group: the first key's.
void join_same_pictures(const LeakageReport& overlaps, const std::vector<Case>& cases,
                        std::vector<SplitItem>& items) {
  std::vector<std::int64_t> ids;
  ids.reserve(cases.size());
  for (const Case& one : cases) ids.push_back(one.role == Role::kExternal ? -1 : one.sample_id);
  const std::vector<std::size_t> firsts = kept_together(overlaps, items, ids);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].group = items[firsts[i]].key;
}

// True where one data set that is split publishes splits and another does not.
bool some_publish_none(const std::vector<SplitItem>& items, const std::vector<Case>& cases) {
  std::set<std::string_view> all;
  std::set<std::string_view> published;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (cases[i].role == Role::kExternal) continue;
    all.insert(items[i].dataset);
    if (!items[i].published.empty()) published.insert(items[i].dataset);
  }
  return !published.empty() && published.size() < all.size();
}

// Counts and names the samples that got no role, so that none is gone in silence.
void tell_without_role(const std::vector<Case>& cases, const std::vector<SplitItem>& items,
                       const std::unordered_map<std::int64_t, Role>& roles, bool file, CaseSet& set,
                       Job& job) {
  constexpr const char* kNoSplit =
      "in none of the splits that the data set, or [split] file, names";
  constexpr const char* kOther = "of a patient, case or picture that another split has too";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (roles.contains(cases[i].sample_id)) continue;
    ++set.without_role[cases[i].dataset][items[i].published.empty() ? kNoSplit : kOther];
  }
  for (const auto& [dataset, reasons] : set.without_role) {
    for (const auto& [reason, count] : reasons) {
      job.warn("{}: {} left out, {}{}", dataset, counted(count, "sample is", "samples are"), reason,
               file ? "" : "; [split] honour_published = false splits all anew");
    }
  }
}

// Everything the assignment depends on; a change makes a new split set.
std::string split_set_name(const Study& study, const std::vector<SplitItem>& items,
                           const std::vector<Case>& cases) {
  std::string all = fmt::format("{}|{}|{}|{}|{}", study.fractions.train, study.fractions.validation,
                                study.fractions.test, study.split_seed, honours_splits(study));
  for (std::size_t i = 0; i < items.size(); ++i) {
    all += fmt::format("\n{}|{}|{}|{}|{}", items[i].key, items[i].group, items[i].label,
                       items[i].published, role_name(cases[i].role));
  }
  // Before they were left out; a stored assignment without them must not be found again.
  if (honours_splits(study) && some_publish_none(items, cases)) all += "\nunpublished are spread";
  return study.name + "-" + sha256_hex(all).substr(0, 12);
}

void write_split_set(Workspace& workspace, const Study& study, const std::string& name,
                     const std::vector<Case>& cases, const std::vector<SplitItem>& items) {
  std::vector<SplitItem> internal;
  std::vector<std::size_t> position;
  std::vector<SampleRole> roles;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].role == Role::kExternal) {
      roles.push_back({cases[i].sample_id, Role::kExternal});
    } else {
      internal.push_back(items[i]);
      position.push_back(i);
    }
  }
  const std::vector<Role> assigned =
      assign_splits(internal, study.fractions, study.split_seed, honours_splits(study));
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    roles.push_back({cases[position[i]].sample_id, assigned[i]});
  }
  save_split_set(workspace.database(), name, study.split_seed,
                 Json{{"study", study.name},
                      {"train", study.fractions.train},
                      {"validation", study.fractions.validation},
                      {"test", study.fractions.test},
                      {"honour_published", honours_splits(study)},
                      {"file", study.split_file.string()},
                      {"fold", study.split_fold}},
                 roles);
}

// True where the data set was read from the same path below another data root, or from this one:
// the study file says which pictures are meant, then as now.
bool moved_with_root(Database& database, const Study& study, const StudyData& data) {
  const auto stored = find_dataset(database, data.name);
  if (!stored) return false;
  const auto parts_of = [](const Path& path) {
    std::vector<std::string> parts;
    for (const Path& part : path) {
      if (!part.empty() && part != "." && part != "..") parts.push_back(part.string());
    }
    return parts;
  };
  const std::vector<std::string> before = parts_of(stored->source);
  Path path = data.path.lexically_relative(study.data_root);
  if (path.empty()) path = data.path;
  const std::vector<std::string> below = parts_of(path.lexically_normal());
  return below.size() <= before.size() && std::equal(below.rbegin(), below.rend(), before.rbegin());
}

}  // namespace

std::vector<std::string> names_of_data(const Study& study) {
  std::vector<std::string> names;
  for (const StudyData& data : study.data) names.push_back(data.name);
  return names;
}

std::vector<std::string> class_names(const Study& study) {
  std::vector<std::string> names;
  for (const ClassId id : study.classes) names.push_back(study.field.at(id).name);
  return names;
}

std::vector<ImportReport> import_data(Workspace& workspace, const Study& study, Job& job) {
  std::vector<ImportReport> reports;
  for (const StudyData& data : study.data) {
    ImportReport report = import_data(workspace, study, data, job);
    if (!data.adapter.empty()) reports.push_back(std::move(report));
  }
  return reports;
}

ImportReport import_data(Workspace& workspace, const Study& study, const StudyData& data,
                         Job& job) {
  if (data.adapter.empty()) {
    if (!find_dataset(workspace.database(), data.name)) {
      const std::vector<std::string> names = dataset_names(workspace.database());
      throw UsageError(
          "{}: the workspace {} has no data set '{}'; it has: {}. Import it, or say with adapter "
          "and path where it is",
          data.place, workspace.root().string(), data.name,
          names.empty() ? "none" : join(names, ", "));
    }
    return {};
  }
  ImportOptions options;
  options.name = data.name;
  options.field = study.field;
  options.pictures = data.pictures;
  options.taxonomy = data.taxonomy;
  options.column_map = data.column_map;
  options.modality = data.modality;
  options.moved = moved_with_root(workspace.database(), study, data);
  ImportReport report = import_dataset(workspace, data.adapter, data.path, job, options);
  if (report.written + report.updated > 0) {
    job.info("{}: {} ({} new, {} changed, {} skipped)", data.name,
             counted(report.read.samples, "sample"), report.written, report.updated,
             counted(report.read.skipped_total(), "row"));
  }
  for (const ReadRemark& remark : remarks_on(report.read)) {
    if (!remark.warning) continue;
    job.warn("{}: {}{}", data.name, remark.text,
             remark.examples.empty() ? "" : " (" + join(remark.examples, "; ") + ")");
  }
  if (report.lost.any()) job.warn("{}: {}", data.name, lost_in_words(report.lost));
  if (report.read.samples == 0) {
    throw InputError("{}: the adapter '{}' found no sample in {}", data.name, data.adapter,
                     data.path.string());
  }
  return report;
}

namespace {

// How many of the cases for which `is` holds each class has; classes without any are left out.
template <typename Is>
std::map<std::string, std::int64_t> count_by_class(const std::vector<std::string>& names,
                                                   const std::vector<Case>& cases, Is is) {
  std::map<std::string, std::int64_t> counts;
  for (const Case& entry : cases) {
    if (is(entry)) ++counts[names[static_cast<std::size_t>(entry.label)]];
  }
  return counts;
}

// Where the split leaves one class to train on, there is nothing to learn.
void check_trained(const Study& study, const CaseSet& set) {
  const std::vector<std::string> names = class_names(study);
  const auto trained = count_by_class(names, set.cases,
                                      [](const Case& entry) { return entry.role == Role::kTrain; });
  if (trained.size() != 1) return;  // that there is none is told run by run
  std::vector<std::string> all;
  for (const auto& [name, count] : count_by_class(
           names, set.cases, [](const Case& entry) { return entry.role != Role::kExternal; })) {
    all.push_back(fmt::format("{} {}", name, count));
  }
  throw InputError(
      "study '{}': its training part has one class alone ({} {}) of those of the internal data sets "
      "({}), and nothing can be learned of that: change [split] (train, seed, file, "
      "honour_published) or add data",
      study.name, trained.begin()->first, trained.begin()->second, join(all, ", "));
}

// A study needs samples of two of its classes, and some that are not external.
void check_cases(Workspace& workspace, const Study& study, const std::vector<Case>& cases) {
  const std::vector<std::string> names = class_names(study);
  if (cases.empty()) {
    SampleFilter filter;
    filter.datasets = names_of_data(study);
    std::vector<std::string> found;
    for (const ClassCounts& counts : count_classes(workspace.database(), filter)) {
      std::vector<std::string> classes;
      for (const auto& [label, count] : counts.labelled) {
        classes.push_back(fmt::format("{} {}", study.field.at(label).name, count));
      }
      if (counts.unlabelled > 0) classes.push_back(fmt::format("no class {}", counts.unlabelled));
      found.push_back(fmt::format("{} ({}; {} with a picture)", counts.dataset, join(classes, ", "),
                                  counts.with_image));
    }
    throw InputError(
        "study '{}': no sample with a picture is of its classes ({}). Its data sets have: {}",
        study.name, join(names, ", "), found.empty() ? "none" : join(found, "; "));
  }
  if (std::ranges::all_of(cases, [](const Case& entry) { return entry.role == Role::kExternal; })) {
    throw InputError(
        "study '{}': all {} samples of its classes are of external data sets; there is nothing to "
        "train on",
        study.name, cases.size());
  }
  const auto counted =
      count_by_class(names, cases, [](const Case& entry) { return entry.role != Role::kExternal; });
  if (counted.size() == 1) {
    throw InputError(
        "study '{}': all samples of its classes in the internal data sets are of one class ({} {}); "
        "a training needs two or more: add data of others, or change `classes`",
        study.name, counted.begin()->first, counted.begin()->second);
  }
}

}  // namespace

std::vector<std::string> untrained_classes(const Study& study, const std::vector<Case>& cases) {
  const std::vector<std::string> names = class_names(study);
  const auto trained =
      count_by_class(names, cases, [](const Case& entry) { return entry.role == Role::kTrain; });
  const auto internal =
      count_by_class(names, cases, [](const Case& entry) { return entry.role != Role::kExternal; });
  std::vector<std::string> sentences;
  if (trained.empty()) return sentences;
  for (const std::string& name : names) {
    if (trained.contains(name)) continue;
    const auto found = internal.find(name);
    sentences.push_back(
        found == internal.end()
            ? fmt::format("no sample of the internal data sets is of the class {}: take it out of "
                          "`classes`, or add data",
                          name)
            : fmt::format("no training sample is of the class {}, all {} of the internal data sets "
                          "are validated or tested on: take it out of `classes`, or change [split]",
                          name, found->second));
  }
  return sentences;
}

CaseSet assign_roles(Workspace& workspace, const Study& study, Job& job, bool pictures) {
  CaseSet set;
  set.data_state = data_state(workspace.database(), study);
  std::vector<SplitItem> items;
  std::vector<Case> cases = load_cases(workspace, study, set, items, job);
  check_cases(workspace, study, cases);
  CheckOptions options = check_options(study);
  options.pictures = pictures;
  join_same_pictures(check_leakage(workspace, job, options), cases, items);
  set.split_set = split_set_name(study, items, cases);
  if (!find_split_set(workspace.database(), set.split_set)) {
    write_split_set(workspace, study, set.split_set, cases, items);
  }
  std::unordered_map<std::int64_t, Role> roles;
  for (const SampleRole& entry : load_split_roles(workspace.database(), set.split_set)) {
    roles.emplace(entry.sample_id, entry.role);
  }
  tell_without_role(cases, items, roles, !study.split_file.empty(), set, job);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto role = roles.find(cases[i].sample_id);
    if (role == roles.end()) continue;
    cases[i].role = role->second;
    // The joined group: the bootstrap must not take two copies of one picture for two patients.
    cases[i].group = items[i].group;
    set.cases.push_back(cases[i]);
  }
  check_trained(study, set);
  options.split_set = set.split_set;
  set.leakage = check_leakage(workspace, job, options);
  if (!set.leakage.without_groups.empty()) {
    job.warn("{}: {}", join(set.leakage.without_groups, ", "), without_group_words());
  }
  if (may_leak_by_spelling(set.leakage)) job.warn("{}", like_groups_words(set.leakage));
  save_leakage(workspace.database(), set.leakage, options, study.allow_leakage, job);
  if (const std::string words = other_class_words(set.leakage); !words.empty()) {
    job.warn("{}", words);
  }
  if (!study.allow_leakage) {
    set.leakage.throw_if_leaking();
  } else if (set.leakage.leaks() > 0) {
    job.warn("{} overlaps between splits are allowed by the study; the report says so",
             set.leakage.leaks());
  }
  return set;
}

}  // namespace epicrisis::study
