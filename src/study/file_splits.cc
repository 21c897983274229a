#include "study/file_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_set>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/split_table.h"
#include "epicrisis/data/near_keys.h"
#include "epicrisis/data/sample_key.h"
#include "epicrisis/store/tables/sample_search.h"

namespace epicrisis::study {
namespace {

using Rows = std::map<std::pair<std::string, std::string>, FiledSplit>;

void check_folds(const Study& study, const Rows& rows) {
  std::set<int> folds;
  for (const auto& [sample, split] : rows) {
    if (split.fold > 0) folds.insert(split.fold);
  }
  if (study.split_fold == 0 && !folds.empty()) {
    throw UsageError("{}: {} has the folds {} to {}: say which is held out, as fold = {}",
                     study.split_place, study.split_file.string(), *folds.begin(), *folds.rbegin(),
                     *folds.begin());
  }
  if (study.split_fold > 0 && !folds.contains(study.split_fold)) {
    throw UsageError("{}: {} has no sample in the fold {}", study.split_place,
                     study.split_file.string(), study.split_fold);
  }
}

// What the rows of the file mean among the samples with a picture of the internal data sets.
class Matcher {
 public:
  Matcher(Database& database, const Study& study) : database_(database) {
    SampleFilter filter;
    filter.with_image = true;
    for (const StudyData& data : study.data) {
      if (data.external) continue;
      filter.datasets.push_back(data.name);
      keys_[data.name];
    }
    if (filter.datasets.empty()) return;
    for_each_sample(database, filter, [&](const Sample& sample) {
      keys_[sample.dataset].insert(sample.key);
      return true;
    });
  }

  // The key of the sample that the row means; else none, and why is kept.
  std::optional<std::string> key_of(const std::string& dataset, const std::string& written) {
    const auto keys = keys_.find(dataset);
    std::vector<std::string> meant;
    if (keys != keys_.end()) {
      meant =
          keys_meant(written, [&](const std::string& key) { return keys->second.contains(key); });
    }
    if (meant.size() == 1) return std::move(meant.front());
    ++missed_;
    if (examples_.size() < kExamples) examples_.push_back(why(dataset, written, meant));
    return std::nullopt;
  }
  std::size_t missed() const { return missed_; }
  std::string examples() const {
    return join(examples_, ", ") + (missed_ > examples_.size() ? ", ..." : "");
  }

 private:
  static constexpr std::size_t kExamples = 5;
  static constexpr std::size_t kShown = 100;  // bytes of a name

  std::string why(const std::string& dataset, const std::string& written,
                  const std::vector<std::string>& meant) {
    const std::string name = clean_text(dataset + "/" + written, kShown);
    if (!keys_.contains(dataset)) {
      std::vector<std::string> names;
      for (const auto& [internal, keys] : keys_) names.push_back(internal);
      return fmt::format("{} (internal is {})", name, names.empty() ? "none" : join(names, ", "));
    }
    if (!meant.empty()) return fmt::format("{} (may mean {})", name, join(meant, " or "));
    const auto [position, is_new] = near_.try_emplace(dataset);
    if (is_new) position->second = near_keys(database_, dataset);
    return name + near_key_words(position->second.near(written));
  }

  Database& database_;
  std::map<std::string, std::unordered_set<std::string>> keys_;  // by data set
  std::map<std::string, NearKeys> near_;
  std::size_t missed_ = 0;
  std::vector<std::string> examples_;
};

std::string split_of(const FiledSplit& row, int held_out, bool has_test) {
  Role role = row.role;
  if (held_out > 0 && row.fold == held_out) role = has_test ? Role::kValidation : Role::kTest;
  return role == Role::kUnused ? "" : std::string(role_name(role));
}

}  // namespace

FileSplits::FileSplits(Database& database, const Study& study, const Job& job) : study_(study) {
  if (study.split_file.empty()) return;
  const Rows rows = read_split_csv(study.split_file);
  check_folds(study, rows);
  const bool has_test =
      std::ranges::any_of(rows, [](const auto& row) { return row.second.role == Role::kTest; });
  Matcher matcher(database, study);
  std::map<std::pair<std::string, std::string>, std::string> written_as;
  for (const auto& [sample, split] : rows) {
    const std::optional<std::string> key = matcher.key_of(sample.first, sample.second);
    if (!key) continue;
    const std::pair name(sample.first, *key);
    const auto [first, is_new] = written_as.emplace(name, sample.second);
    if (!is_new) {
      throw InputError("{}: '{}' and '{}' are the same sample of '{}'", study.split_file.string(),
                       clean_text(first->second, kMaxKey), clean_text(sample.second, kMaxKey),
                       sample.first);
    }
    splits_.emplace(name, split_of(split, study.split_fold, has_test));
  }
  if (splits_.empty()) {
    throw InputError(
        "{}: no row of {} is of a sample with a picture of an internal data set of the study, and "
        "the split would be another than the file's{}",
        study.split_file.string(), rows.size(), rows.empty() ? "" : ": " + matcher.examples());
  }
  if (matcher.missed() > 0) {
    job.warn(
        "{}: {} of {} with no sample that has a picture and is of an internal data set of the "
        "study: {}",
        study.split_file.string(), matcher.missed(), counted(rows.size(), "row"),
        matcher.examples());
  }
}

std::string FileSplits::of(const Sample& sample) const {
  if (study_.split_file.empty()) return sample.split;
  const auto found = splits_.find({sample.dataset, sample.key});
  return found == splits_.end() ? "" : found->second;
}

}  // namespace epicrisis::study
