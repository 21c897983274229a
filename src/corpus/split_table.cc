#include "epicrisis/corpus/split_table.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <utility>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/store/tables/fields.h"

namespace epicrisis {
namespace {

constexpr std::array kRoles = {Role::kTrain, Role::kValidation, Role::kTest};
// A class of fewer samples says nothing of shares.
constexpr double kManySamples = 20;
constexpr double kFarOff = 0.05;  // of a share

void check(const SplitRequest& request) {
  if (request.folds == 0) return;
  if (request.fractions.validation > 0) {
    throw UsageError(
        "splitting: folds are for validation in turn, a share of {} for it is too much: give `test` "
        "alone",
        request.fractions.validation);
  }
}

void load(Database& database, SplitTable& table, const Job& job) {
  for_each_sample(database, table.request.filter, [&](const Sample& sample) {
    job.check();
    SplitEntry entry;
    entry.sample_id = sample.id;
    entry.dataset = sample.dataset;
    entry.key = sample.key;
    entry.group = sample.group;
    entry.label = sample.label;
    if (!sample.split.empty()) entry.role = parse_role(sample.split).value_or(Role::kUnused);
    table.entries.push_back(std::move(entry));
    return true;
  });
  std::ranges::sort(table.entries, [](const SplitEntry& a, const SplitEntry& b) {
    return std::tie(a.dataset, a.key) < std::tie(b.dataset, b.key);
  });
}

SplitItem item_of(const SplitEntry& entry) {
  SplitItem item;
  item.key = fmt::format("{}/{}", entry.dataset, entry.key);
  // Patients of two data sets are two patients though their numbers agree.
  if (!entry.group.empty()) item.group = fmt::format("{}/{}", entry.dataset, entry.group);
  item.label = entry.label ? entry.label->index() : -1;
  if (entry.role != Role::kUnused) item.published = role_name(entry.role);
  item.dataset = entry.dataset;
  return item;
}

std::vector<SplitItem> items_of(const SplitTable& table) {
  std::vector<SplitItem> items;
  items.reserve(table.entries.size());
  for (const SplitEntry& entry : table.entries) items.push_back(item_of(entry));
  return items;
}

// Finds the samples that have to stay together, and says what of their pictures is not sure.
void join_same(Workspace& workspace, SplitTable& table, const std::vector<SplitItem>& items,
               Job& job) {
  CheckOptions options;
  options.datasets = table.request.filter.datasets;
  options.datasets_are_domains = false;
  options.pictures = table.request.pictures;
  options.threads = table.request.threads;
  const LeakageReport same = check_leakage(workspace, job, options);
  std::vector<std::int64_t> ids;
  for (const SplitEntry& entry : table.entries) ids.push_back(entry.sample_id);
  const std::vector<std::size_t> firsts = kept_together(same, items, ids);
  for (std::size_t i = 0; i < items.size(); ++i) {
    table.entries[i].first = firsts[i];
    const bool own_group = !items[i].group.empty() && items[i].group == items[firsts[i]].group;
    table.joined += firsts[i] != i && !own_group;
  }
  if (table.joined > 0) {
    table.remarks.push_back(
        fmt::format("{} the picture of another patient or case, or its id: they stay "
                    "with it in one part",
                    counted(table.joined, "sample has", "samples have")));
  }
  if (std::string words = other_class_words(same); !words.empty()) {
    table.remarks.push_back(std::move(words));
  }
  if (!same.without_groups.empty()) {
    table.remarks.push_back(
        fmt::format("{}: {}", join(same.without_groups, ", "), without_group_words()));
  }
  if (std::string words = like_groups_words(same); !words.empty()) {
    table.remarks.push_back(std::move(words));
  }
  if (same.unreadable > 0) {
    table.remarks.push_back(fmt::format("{} could not be read, and so not compared with others",
                                        counted(same.unreadable, "picture")));
  }
  if (same.uncompared > 0) {
    table.remarks.push_back(
        fmt::format("{} or more pairs of pictures were too many to compare", same.uncompared));
  }
}

void assign(SplitTable& table, std::vector<SplitItem> items) {
  const SplitRequest& request = table.request;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t first = table.entries[i].first;
    if (first == i) continue;
    // One that stood alone is a group now, whose name is no patient's.
    if (items[first].group.empty()) items[first].group = "\n" + items[first].key;
    items[i].group = items[first].group;
  }
  const std::vector<Role> roles =
      assign_splits(items, request.fractions, request.seed, request.honour_published);
  for (std::size_t i = 0; i < roles.size(); ++i) table.entries[i].role = roles[i];
  if (request.folds == 0) return;
  std::vector<std::size_t> training;
  std::vector<SplitItem> trained;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (roles[i] != Role::kTrain && roles[i] != Role::kValidation) continue;
    training.push_back(i);
    trained.push_back(items[i]);
  }
  const std::vector<int> folds = assign_folds(trained, request.folds, request.seed);
  for (std::size_t i = 0; i < training.size(); ++i) {
    table.entries[training[i]].fold = folds[i];
    table.entries[training[i]].role = Role::kTrain;
  }
}

// The part of an entry, as an index of SplitTable::parts; their number for none.
std::size_t part_of(const SplitTable& table, const SplitEntry& entry) {
  if (entry.fold > 0) return static_cast<std::size_t>(entry.fold) - 1;
  const auto found = std::ranges::find(table.parts, role_name(entry.role));
  return static_cast<std::size_t>(found - table.parts.begin());
}

void count(SplitTable& table) {
  const std::size_t classes = table.field.classes().size();
  for (int fold = 1; fold <= table.request.folds; ++fold) {
    table.parts.push_back(fmt::format("fold {}", fold));
  }
  for (const Role role : kRoles) {
    const bool used = std::ranges::any_of(table.entries, [&](const SplitEntry& entry) {
      return entry.fold == 0 && entry.role == role;
    });
    if (used) table.parts.emplace_back(role_name(role));
  }
  table.counts.assign(classes, std::vector<std::int64_t>(table.parts.size()));
  table.groups.assign(table.parts.size(), 0);
  std::vector<std::set<std::size_t>> groups(table.parts.size());
  for (const SplitEntry& entry : table.entries) {
    const std::size_t part = part_of(table, entry);
    if (!entry.label) {
      ++table.without_class;
    } else if (part == table.parts.size()) {
      ++table.left_out;
    } else {
      ++table.counts.at(static_cast<std::size_t>(entry.label->index())).at(part);
      groups[part].insert(entry.first);
    }
  }
  for (std::size_t part = 0; part < groups.size(); ++part) {
    table.groups[part] = static_cast<std::int64_t>(groups[part].size());
  }
}

// "PNEU 12, NF 40", of the classes that have samples; how many these are.
std::string counts_in_words(const SplitTable& table, const std::vector<std::int64_t>& of_class,
                            std::size_t& classes) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < of_class.size(); ++i) {
    if (of_class[i] == 0) continue;
    words.push_back(fmt::format("{} {}", table.field.classes()[i].name, of_class[i]));
  }
  classes = words.size();
  return join(words, ", ");
}

// Of each class what all parts that are trained on have together, but for the fold `without`, which
// is then validated on; -1: none is.
std::vector<std::int64_t> trained_on(const SplitTable& table, int without) {
  std::vector<std::int64_t> of_class;
  for (const std::vector<std::int64_t>& counts : table.counts) {
    std::int64_t sum = 0;
    for (std::size_t part = 0; part < counts.size(); ++part) {
      const bool is_fold = table.parts[part].starts_with("fold ");
      if (std::cmp_equal(part, without) || !(is_fold || table.parts[part] == "train")) continue;
      sum += counts[part];
    }
    of_class.push_back(sum);
  }
  return of_class;
}

// Nothing can be learned of samples that are all of one class.
void require_two_classes(const SplitTable& table) {
  std::size_t classes = 0;
  std::vector<std::int64_t> all;
  for (const std::vector<std::int64_t>& counts : table.counts) {
    all.push_back(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  }
  const std::string found = counts_in_words(table, all, classes);
  if (classes == 1) {
    throw UsageError(
        "splitting: all samples with a class are of one ({}), of {} without any; a training needs "
        "two classes or more: import samples of others, or give the labels a class in the label map",
        found, table.without_class);
  }
  for (int fold = table.request.folds > 0 ? 0 : -1; fold < table.request.folds; ++fold) {
    const std::string trained = counts_in_words(table, trained_on(table, fold), classes);
    if (classes != 1) continue;
    throw UsageError(
        "splitting: {} would have one class alone ({}) of those there are ({}), and nothing can be "
        "learned of that: give it a larger share (`train`), take another `seed`, {}or import more "
        "samples",
        fold < 0 ? "the training part" : fmt::format("the training without fold {}", fold + 1),
        trained, found, fold < 0 ? "" : "fewer `folds`, ");
  }
}

// The share of each part that was asked for.
std::vector<double> wanted_shares(const SplitTable& table) {
  const SplitFractions& fractions = table.request.fractions;
  std::vector<double> shares;
  for (const std::string& part : table.parts) {
    shares.push_back(part == "validation"       ? fractions.validation
                     : part == "test"           ? fractions.test
                     : table.request.folds == 0 ? fractions.train
                                                : fractions.train / table.request.folds);
  }
  return shares;
}

// What whole groups, or too few samples, did not allow.
void remark(SplitTable& table) {
  std::map<int, std::set<std::size_t>> groups;
  for (const SplitEntry& entry : table.entries) {
    if (entry.label) groups[entry.label->index()].insert(entry.first);
  }
  const std::vector<double> shares = wanted_shares(table);
  for (const auto& [label, held] : groups) {
    const std::vector<std::int64_t>& counts = table.counts.at(static_cast<std::size_t>(label));
    const std::string& name = table.field.classes().at(static_cast<std::size_t>(label)).name;
    const std::int64_t all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    if (all == 0) continue;
    std::vector<std::string> without;
    std::vector<std::string> off;
    for (std::size_t part = 0; part < counts.size(); ++part) {
      if (counts[part] == 0) {
        without.push_back(table.parts[part]);
        continue;
      }
      const double share = static_cast<double>(counts[part]) / static_cast<double>(all);
      if (table.request.honour_published || static_cast<double>(all) < kManySamples ||
          std::abs(share - shares[part]) < kFarOff) {
        continue;
      }
      off.push_back(fmt::format("{} has {:.0f} % of it instead of {:.0f} %", table.parts[part],
                                100 * share, 100 * shares[part]));
    }
    if (!without.empty()) {
      table.remarks.push_back(
          fmt::format("{}: none in {}; its {} of {}, which are not divided", name,
                      join(without, ", "), counted(all, "sample is", "samples are"),
                      counted(held.size(), "patient or case", "patients or cases")));
    }
    if (!off.empty()) {
      table.remarks.push_back(
          fmt::format("{}: {}; its patients or cases are too large to divide it "
                      "better",
                      name, join(off, ", ")));
    }
  }
  if (table.left_out > 0) {
    table.remarks.push_back(fmt::format(
        "{} in no part: the data set publishes splits and has them in none, or another split has "
        "their patient or picture",
        counted(table.left_out, "sample with a class is", "samples with a class are")));
  }
}

}  // namespace

Json to_json(const SplitTable& table) {
  Json classes = Json::object();
  for (std::size_t i = 0; i < table.counts.size(); ++i) {
    Json parts = Json::object();
    for (std::size_t part = 0; part < table.parts.size(); ++part) {
      parts[table.parts[part]] = table.counts[i][part];
    }
    classes[table.field.classes()[i].name] = std::move(parts);
  }
  Json groups = Json::object();
  for (std::size_t part = 0; part < table.parts.size(); ++part) {
    groups[table.parts[part]] = table.groups[part];
  }
  const SplitFractions& fractions = table.request.fractions;
  return {{"seed", table.request.seed},
          {"train", fractions.train},
          {"validation", fractions.validation},
          {"test", fractions.test},
          {"folds", table.request.folds},
          {"samples", table.entries.size()},
          {"classes", std::move(classes)},
          {"groups", std::move(groups)},
          {"without_class", table.without_class},
          {"left_out", table.left_out},
          {"joined", table.joined},
          {"remarks", table.remarks}};
}

SplitTable split_samples(Workspace& workspace, const SplitRequest& request, Job& job) {
  Database& database = workspace.database();
  check(request);
  require_datasets(database, request.filter.datasets);
  SplitTable table;
  table.request = request;
  table.field = workspace_field(database);
  load(database, table, job);
  if (std::ranges::none_of(table.entries,
                           [](const SplitEntry& entry) { return entry.label.has_value(); })) {
    throw UsageError("splitting: of {} samples none has a class", table.entries.size());
  }
  std::vector<SplitItem> items = items_of(table);
  join_same(workspace, table, items, job);
  assign(table, std::move(items));
  count(table);
  require_two_classes(table);
  remark(table);
  return table;
}

void write_split_csv(const SplitTable& table, const Path& file) {
  AtomicFileWriter writer(file);
  writer.write(csv_row({"dataset", "key", "group", "class", "split", "fold"}));
  for (const SplitEntry& entry : table.entries) {
    writer.write(csv_row({entry.dataset, entry.key, entry.group,
                          entry.label ? table.field.at(*entry.label).name : "",
                          entry.role == Role::kUnused ? "" : std::string(role_name(entry.role)),
                          entry.fold == 0 ? "" : std::to_string(entry.fold)}));
  }
  writer.commit();
}

SplitSet store_split(Database& database, const std::string& name, const SplitTable& table,
                     bool replace) {
  if (table.request.folds > 0) {
    throw UsageError(
        "cannot store {} folds as the split set '{}': a sample has one role in it. Write them to a "
        "file",
        table.request.folds, name);
  }
  std::vector<SampleRole> roles;
  for (const SplitEntry& entry : table.entries) roles.push_back({entry.sample_id, entry.role});
  const SplitRequest& request = table.request;
  const Json options = {
      {"train", request.fractions.train},    {"validation", request.fractions.validation},
      {"test", request.fractions.test},      {"honour_published", request.honour_published},
      {"datasets", request.filter.datasets}, {"with_image", request.filter.with_image},
      {"pictures", request.pictures}};
  return save_split_set(database, name, request.seed, options, roles, replace);
}

std::map<std::pair<std::string, std::string>, FiledSplit> read_split_csv(const Path& file) {
  CsvReader table(file);
  const std::size_t dataset = table.column("dataset");
  const std::size_t key = table.column("key");
  if (!table.has_column("split") && !table.has_column("fold")) table.column("split");
  std::map<std::pair<std::string, std::string>, FiledSplit> splits;
  while (table.next()) {
    FiledSplit split;
    const std::string role = table.get_or_empty("split");
    if (!role.empty()) {
      const std::optional<Role> known = parse_role(role);
      if (!known || std::ranges::find(kRoles, *known) == kRoles.end()) {
        throw InputError("{}: split '{}' is none of train, validation, test", table.place(), role);
      }
      split.role = *known;
    }
    const std::string fold = table.get_or_empty("fold");
    if (!fold.empty()) {
      const std::optional<long long> number = parse_integer(fold);
      if (!number || *number < 1 || *number > kMaxFolds) {
        throw InputError("{}: fold '{}' is no number from 1 to {}", table.place(), fold, kMaxFolds);
      }
      split.fold = static_cast<int>(*number);
      if (role.empty()) split.role = Role::kTrain;
    }
    const std::pair sample(without_formula_guard(table.at(dataset)),
                           without_formula_guard(table.at(key)));
    if (!splits.emplace(sample, split).second) {
      throw InputError("{}: the sample '{}' of '{}' is named a second time", table.place(),
                       table.at(key), table.at(dataset));
    }
  }
  return splits;
}

}  // namespace epicrisis
