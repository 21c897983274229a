#include "epicrisis/corpus/leakage.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "corpus/fingerprints.h"
#include "corpus/overlaps.h"
#include "epicrisis/core/error.h"
#include "epicrisis/corpus/near_duplicates.h"
#include "store/tables/fingerprints.h"
#include "store/tables/sample_columns.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxExamples = 20;

// Walks texts of samples that come ordered, and hands out the samples of each text.
void for_each_cluster(
    Database& database, void (*for_each_text)(Database&, const SampleTextSink&),
    const CheckedSamples& samples,
    const std::function<void(std::string_view, const std::vector<std::size_t>&)>& callback) {
  std::string current;
  std::vector<std::size_t> members;
  const auto close = [&] {
    if (members.size() > 1) callback(current, members);
    members.clear();
  };
  for_each_text(database, [&](std::string_view text, std::int64_t id) {
    const std::size_t index = samples.find(id);
    if (index == CheckedSamples::npos) return;
    if (text != current) {
      close();
      current = text;
    }
    members.push_back(index);
  });
  close();
}

void check_ids(Database& database, const CheckedSamples& samples, OverlapCollector& overlaps) {
  for_each_several_splits(database, [&](std::string_view splits, std::int64_t id) {
    const std::size_t index = samples.find(id);
    if (index == CheckedSamples::npos) return;
    const Json list = parse_json(splits, database.path().string());
    overlaps.add_published(index, list.get<std::vector<std::string>>());
  });
  // Within one data set a key is unique, so a cluster has one sample of each.
  for_each_cluster(database, for_each_key, samples, [&](std::string_view key, const auto& members) {
    if (is_distinctive_id(key)) overlaps.add_cluster(OverlapKind::kId, members, false);
  });
}

void check_groups(Database& database, const CheckedSamples& samples, OverlapCollector& overlaps) {
  for_each_cluster(database, for_each_group, samples,
                   [&](std::string_view group, const auto& members) {
                     if (is_distinctive_id(group)) {
                       overlaps.add_cluster(OverlapKind::kGroup, members, true);
                       return;
                     }
                     std::map<std::uint32_t, std::vector<std::size_t>> by_dataset;
                     for (const std::size_t index : members) {
                       by_dataset[samples.at(index).dataset].push_back(index);
                     }
                     for (const auto& [dataset, part] : by_dataset) {
                       overlaps.add_cluster(OverlapKind::kGroup, part, true);
                     }
                   });
}

// A picture that stands for all of the same pixels in one (data set, role).
struct Representative {
  std::size_t index = 0;     // of the sample
  std::uint32_t pixels = 0;  // number of the cluster of equal pixels
};

struct Pictures {
  std::vector<Representative> representatives;
  std::vector<std::uint64_t> phash;  // of each
  std::vector<std::uint64_t> phash_whole;
};

// `hashes`, and behind them for each the seven of its picture turned and mirrored.
std::vector<std::uint64_t> with_turned(const std::vector<std::uint64_t>& hashes,
                                       const std::vector<TurnedHashes>& turned) {
  std::vector<std::uint64_t> all = hashes;
  all.reserve(hashes.size() * 8);
  for (const TurnedHashes& ways : turned) all.insert(all.end(), ways.begin(), ways.end());
  return all;
}

struct Row {
  std::size_t index = 0;
  std::string bytes;
  std::uint64_t phash = 0;
  std::uint64_t phash_whole = 0;
};

std::string bytes_of(std::span<const std::uint8_t> blob) { return {blob.begin(), blob.end()}; }

// One run of rows with equal pixels, ordered by bytes.
void check_equal_pixels(const std::vector<Row>& rows, const CheckedSamples& samples,
                        OverlapCollector& overlaps) {
  if (rows.size() < 2) return;
  std::unordered_map<std::size_t, std::size_t> file_of;  // sample -> number of its bytes
  std::vector<std::size_t> one_of_each;                  // of (bytes, data set, role)
  std::size_t files = 0;
  for (std::size_t start = 0; start < rows.size(); ++files) {
    std::vector<std::size_t> same;
    std::set<std::pair<std::uint32_t, std::uint8_t>> places;
    std::size_t end = start;
    for (; end < rows.size() && rows[end].bytes == rows[start].bytes; ++end) {
      const std::size_t index = rows[end].index;
      same.push_back(index);
      file_of[index] = files;
      if (places.emplace(samples.at(index).dataset, samples.at(index).role).second) {
        one_of_each.push_back(index);
      }
    }
    if (same.size() > 1) overlaps.add_cluster(OverlapKind::kBytes, same, false);
    start = end;
  }
  if (files < 2) return;
  overlaps.add_cluster(OverlapKind::kPixels, one_of_each, false, [&](std::size_t a, std::size_t b) {
    return file_of.at(a) == file_of.at(b);
  });
}

Pictures check_identical(Database& database, const CheckedSamples& samples,
                         OverlapCollector& overlaps, LeakageReport& report) {
  Pictures pictures;
  std::string current;
  std::vector<Row> run;
  std::uint32_t cluster = 0;
  const auto close = [&] {
    check_equal_pixels(run, samples, overlaps);
    std::set<std::pair<std::uint32_t, std::uint8_t>> places;
    for (const Row& row : run) {
      const CheckedSample& sample = samples.at(row.index);
      if (!places.emplace(sample.dataset, sample.role).second) continue;
      pictures.representatives.push_back({row.index, cluster});
      pictures.phash.push_back(row.phash);
      pictures.phash_whole.push_back(row.phash_whole);
    }
    ++cluster;
    run.clear();
  };
  for_each_picture_hashes(database, [&](const PictureHashes& picture) {
    const std::size_t index = samples.find(picture.sample_id);
    if (index == CheckedSamples::npos) return;
    ++report.pictures;
    std::string pixels = bytes_of(picture.pixels_sha256);
    if (pixels != current) {
      close();
      current = std::move(pixels);
    }
    Row row{index, bytes_of(picture.bytes_sha256), picture.phash, picture.phash_whole};
    run.push_back(std::move(row));
  });
  close();
  return pictures;
}

// Looks at candidate pairs twice: the perceptual hashes agree, do the pictures?
class NearDuplicateCheck {
 public:
  NearDuplicateCheck(Database& database, const CheckedSamples& samples, const Pictures& pictures,
                     OverlapCollector& overlaps, LeakageReport& report, const Job& job)
      : database_(database),
        samples_(samples),
        pictures_(pictures),
        overlaps_(overlaps),
        report_(report),
        job_(job) {}

  // `known`: hashes by which candidates were compared before; those pairs are passed over.
  void run(const std::vector<std::uint64_t>& hashes, const std::vector<std::uint64_t>* known,
           unsigned threads) {
    known_ = known;
    const NearDuplicates found =
        find_near_duplicates(hashes, kNearDuplicateDistance, job_, threads);
    if (found.truncated) ++report_.uncompared;
    std::unordered_map<std::uint32_t, const std::vector<std::uint32_t>*> groups;
    for (const std::vector<std::uint32_t>& group : found.groups) {
      groups.emplace(group.front(), &group);
      compare_within(group);
    }
    for (const HashPair& pair : found.pairs) {
      const auto a = groups.find(pair.first);
      const auto b = groups.find(pair.second);
      if (a == groups.end() && b == groups.end()) {
        compare(pair.first, pair.second);
        continue;
      }
      compare_between(a == groups.end() ? std::span(&pair.first, 1) : std::span(*a->second),
                      b == groups.end() ? std::span(&pair.second, 1) : std::span(*b->second));
    }
  }

  // Pictures that are turned or mirrored copies of others.
  void run_turned(unsigned threads) {
    std::vector<TurnedHashes> centre;
    std::vector<TurnedHashes> whole;
    for (const Representative& one : pictures_.representatives) {
      job_.check();
      const Fingerprint& print = fingerprint_of(one.index);
      centre.push_back(turned_hashes(print.thumbnail));
      whole.push_back(print.thumbnail_whole == print.thumbnail
                          ? centre.back()
                          : turned_hashes(print.thumbnail_whole));
    }
    look_among_turned(pictures_.phash, centre, threads);
    look_among_turned(pictures_.phash_whole, whole, threads);
  }

 private:
  // Candidates among the hashes of one region and their turned ones.
  void look_among_turned(const std::vector<std::uint64_t>& hashes,
                         const std::vector<TurnedHashes>& turned, unsigned threads) {
    const auto count = static_cast<std::uint32_t>(hashes.size());
    const auto picture = [&](std::uint32_t place) {
      return place < count ? place : (place - count) / 7;
    };
    const NearDuplicates found =
        find_near_duplicates(with_turned(hashes, turned), kTurnedDistance, job_, threads);
    if (found.truncated) ++report_.uncompared;
    std::unordered_map<std::uint32_t, const std::vector<std::uint32_t>*> groups;
    for (const std::vector<std::uint32_t>& group : found.groups) {
      groups.emplace(group.front(), &group);
      compare_turned_between(group, group, picture);
    }
    for (const HashPair& pair : found.pairs) {
      const auto a = groups.find(pair.first);
      const auto b = groups.find(pair.second);
      compare_turned_between(a == groups.end() ? std::span(&pair.first, 1) : std::span(*a->second),
                             b == groups.end() ? std::span(&pair.second, 1) : std::span(*b->second),
                             picture);
    }
  }

  // Places are ascending, so the pictures as they are come first; a pair needs one of them.
  template <typename Picture>
  void compare_turned_between(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b,
                              const Picture& picture) {
    job_.check();
    const auto count = static_cast<std::uint32_t>(pictures_.representatives.size());
    const auto few_a = a.first(std::min(a.size(), kMaxFirsts));
    const auto few_b = b.first(std::min(b.size(), kMaxFirsts));
    for (const std::uint32_t x : few_a) {
      for (const std::uint32_t y : few_b) {
        if ((x < count) != (y < count)) compare_turned(picture(x), picture(y));
      }
    }
    if (few_a.size() < a.size() || few_b.size() < b.size()) ++report_.uncompared;
  }

  void compare_turned(std::uint32_t x, std::uint32_t y) {
    const Representative& a = pictures_.representatives[x];
    const Representative& b = pictures_.representatives[y];
    if (a.pixels == b.pixels) return;
    if (overlaps_.knows(OverlapKind::kNearDuplicate, a.index, b.index)) return;
    const Fingerprint& first = fingerprint_of(a.index);
    const std::optional<int> distance = same_picture_turned(first, fingerprint_of(b.index));
    if (distance) overlaps_.add_pair(OverlapKind::kNearDuplicate, a.index, b.index, *distance);
  }

  static constexpr std::size_t kMaxGroupPairs = 4'000'000;
  static constexpr std::size_t kMaxFirsts = 64;
  static constexpr std::size_t kCached = 4096;

  // All with all while the group is small; else each with the first ones.
  void compare_within(std::span<const std::uint32_t> group) {
    const std::size_t n = group.size();
    const std::size_t firsts = std::max(kMaxFirsts, kMaxGroupPairs / n);
    for (std::size_t i = 1; i < n; ++i) {
      job_.check();
      for (std::size_t j = 0; j < std::min(i, firsts); ++j) compare(group[j], group[i]);
      if (i > firsts) report_.uncompared += static_cast<std::int64_t>(i - firsts);
    }
  }

  void compare_between(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
    const auto few_a = a.first(std::min(a.size(), kMaxFirsts));
    const auto few_b = b.first(std::min(b.size(), kMaxFirsts));
    for (const std::uint32_t x : few_a) {
      for (const std::uint32_t y : few_b) compare(x, y);
    }
    report_.uncompared += static_cast<std::int64_t>(a.size() * b.size()) -
                          static_cast<std::int64_t>(few_a.size() * few_b.size());
  }

  void compare(std::uint32_t x, std::uint32_t y) {
    const Representative& a = pictures_.representatives[x];
    const Representative& b = pictures_.representatives[y];
    if (a.pixels == b.pixels) return;
    if (known_ != nullptr && std::popcount((*known_)[x] ^ (*known_)[y]) <= kNearDuplicateDistance) {
      return;
    }
    if (overlaps_.knows(OverlapKind::kNearDuplicate, a.index, b.index)) return;
    const Fingerprint& first = fingerprint_of(a.index);
    const Fingerprint& second = fingerprint_of(b.index);
    if (!same_picture(first, second)) return;
    const int distance = std::min(std::popcount(first.phash ^ second.phash),
                                  std::popcount(first.phash_whole ^ second.phash_whole));
    overlaps_.add_pair(OverlapKind::kNearDuplicate, a.index, b.index, distance);
  }

  const Fingerprint& fingerprint_of(std::size_t index) {
    const auto found = cache_.find(index);
    if (found != cache_.end()) return *found->second;
    // The one fetched last may be in use beside the new one.
    if (cache_.size() >= kCached) {
      auto last = std::move(cache_.at(last_));
      cache_.clear();
      cache_.emplace(last_, std::move(last));
    }
    last_ = index;
    return *cache_
                .emplace(index, std::make_unique<Fingerprint>(
                                    load_fingerprint(database_, samples_.at(index).id)))
                .first->second;
  }

  Database& database_;
  const CheckedSamples& samples_;
  const Pictures& pictures_;
  OverlapCollector& overlaps_;
  LeakageReport& report_;
  const Job& job_;
  const std::vector<std::uint64_t>* known_ = nullptr;
  std::unordered_map<std::size_t, std::unique_ptr<Fingerprint>> cache_;
  std::size_t last_ = 0;
};

void list_without_groups(const CheckedSamples& samples, LeakageReport& report) {
  std::map<std::string, std::pair<std::int64_t, bool>> sets;  // samples, and whether one is grouped
  for (std::size_t i = 0; i < samples.all().size(); ++i) {
    const CheckedSample& sample = samples.at(i);
    if (kCheckRoles[sample.role] == "external") continue;
    auto& [count, grouped] = sets[samples.dataset(i)];
    ++count;
    grouped = grouped || sample.group != 0;
  }
  for (const auto& [name, counted] : sets) {
    if (counted.first > 1 && !counted.second) report.without_groups.push_back(name);
  }
}

// Reads the groups of the samples, a data set after the other.
void list_like_groups(Database& database, const CheckedSamples& samples, LeakageReport& report) {
  struct OfDataset {
    std::map<std::string, std::uint64_t> groups;
    std::map<std::string, std::set<std::uint8_t>> roles;
  };
  std::map<std::string, OfDataset> sets;
  for_each_group_unordered(database, [&](std::string_view text, std::int64_t id) {
    const std::size_t index = samples.find(id);
    if (index == CheckedSamples::npos) return;
    OfDataset& set = sets[samples.dataset(index)];
    const std::string group(text);
    ++set.groups[group];
    if (samples.at(index).role != 0) set.roles[group].insert(samples.at(index).role);
  });
  for (const auto& [name, set] : sets) {
    for (LikeGroups& groups : find_like_groups(set.groups)) {
      std::set<std::uint8_t> roles;
      for (const auto& [group, count] : groups) {
        const auto found = set.roles.find(group);
        if (found != set.roles.end()) roles.insert(found->second.begin(), found->second.end());
      }
      report.like_groups.push_back({name, std::move(groups), roles.size() > 1});
    }
  }
}

void list_unreadable(Database& database, const CheckedSamples& samples, LeakageReport& report) {
  for_each_fingerprint_failure(database, [&](std::int64_t id, std::string_view error) {
    if (samples.find(id) == CheckedSamples::npos) return;
    ++report.unreadable;
    if (report.unreadable_examples.size() < kMaxExamples) {
      report.unreadable_examples.emplace_back(error);
    }
  });
}

}  // namespace

LeakageReport check_leakage(Workspace& workspace, Job& job, const CheckOptions& options) {
  Database& database = workspace.database();
  const CheckedSamples samples(database, options);
  OverlapCollector overlaps(samples, options);
  LeakageReport report;
  report.samples = static_cast<std::int64_t>(samples.all().size());
  check_ids(database, samples, overlaps);
  check_groups(database, samples, overlaps);
  list_without_groups(samples, report);
  list_like_groups(database, samples, report);
  if (options.pictures) {
    update_fingerprints(workspace, checked_samples_filter(options), job, options.threads);
    const Pictures pictures = check_identical(database, samples, overlaps, report);
    if (options.near_duplicates) {
      NearDuplicateCheck near(database, samples, pictures, overlaps, report, job);
      near.run(pictures.phash, nullptr, options.threads);
      near.run(pictures.phash_whole, &pictures.phash, options.threads);
      near.run_turned(options.threads);
    }
    list_unreadable(database, samples, report);
  }
  overlaps.finish(database, report);
  return report;
}

}  // namespace epicrisis
