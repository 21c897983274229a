#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/data/like_groups.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct CheckOptions {
  std::vector<std::string> datasets = {};  // besides `external`; empty: all
  std::string split_set = {};              // "": the published splits
  std::vector<std::string> external = {};  // data sets whose samples all have the role "external"
  // Whether an overlap between two data sets is leakage whatever the roles: right when each data
  // set is a domain of its own. A study that trains on several sets at once sets it to false.
  bool datasets_are_domains = true;
  std::vector<ClassId> labels = {};  // only samples of these classes; empty: all
  bool near_duplicates = true;       // else only identical pictures
  bool pictures = true;              // else no picture is opened
  unsigned threads = 0;              // 0: all cores
};

enum class OverlapKind { kId, kGroup, kBytes, kPixels, kNearDuplicate };
// "id", "group", "bytes", "pixels", "near-duplicate"
std::string_view overlap_kind_name(OverlapKind kind);

struct OverlapSide {
  std::int64_t sample_id = 0;
  std::string dataset;
  std::string key;
  std::string role;        // "train", "validation", "test", "external" or ""
  std::string class_name;  // "" for none
  std::string group;       // patient or case, "" for none
};

struct Overlap {
  OverlapKind kind = OverlapKind::kId;
  OverlapSide a;
  OverlapSide b;         // the same sample as `a` where one id is in two splits
  bool leakage = false;  // crosses roles or domains; else it lies inside one
  int distance = 0;      // bits between perceptual hashes
  // Of one picture under two ids, where both samples have one: they are of different classes; they
  // are of one data set and different patients or cases. A label or an id must be wrong then.
  bool other_class = false;
  bool other_group = false;
};

Json to_json(const OverlapSide& side);
Json to_json(const Overlap& overlap);

// "id: derm7pt/17 (validation) and derm7pt/17 (test)", and what differs:
// "bytes: a/1 and a/2; class MEL and NEV; patient or case 17 and 18".
std::string overlap_words(const Overlap& overlap);

inline constexpr std::size_t kMaxListedOverlaps = 100'000;

struct LeakageReport {
  std::int64_t samples = 0;
  std::int64_t pictures = 0;    // opened or known from before
  std::int64_t unreadable = 0;  // pictures that could not be read: not checked
  std::vector<std::string> unreadable_examples;
  std::int64_t uncompared = 0;  // candidate pairs beyond the cap: not checked
  // Leakage first, of these and of the others those of two classes, then of two patients first,
  // then by kind and ids; the first kMaxListedOverlaps.
  std::vector<Overlap> overlaps;
  // Samples that share something with others, over however many pairs, listed or not, and the first
  // of theirs, by ids.
  std::vector<std::pair<std::int64_t, std::int64_t>> together;
  // All of them are counted.
  std::map<std::string, std::int64_t> leaks_by_kind;
  std::map<std::string, std::int64_t> inside_by_kind;
  std::int64_t other_class = 0;  // pairs, leaks or not
  std::int64_t other_group = 0;  // the same
  // Data sets of two or more samples, and not external, none of which says its patient or case:
  // what one person has in two places cannot be found.
  std::vector<std::string> without_groups;
  // Patients or cases of one data set that are one but for their spelling. Each is compared as a
  // group of its own.
  struct LikeSpelled {
    std::string dataset;
    LikeGroups groups;
    bool in_several_roles = false;  // the samples of all of them together
  };
  std::vector<LikeSpelled> like_groups;
  std::int64_t without_split = 0;  // samples that are in no split, so nothing can leak into them
  std::int64_t leaks() const;
  std::int64_t inside() const;
  // Throws LeakageError with counts and the first pairs if there are leaks.
  void throw_if_leaking() const;
};
Json to_json(const LeakageReport& report, std::size_t max_overlaps = 1000);

// Looks for samples that are in two places at once: one id in two published splits or two data
// sets, one group in two roles, one picture (same bytes, same pixels, or hardly different) under
// two ids. Fingerprints of pictures are computed in parallel and kept in the workspace; a file
// whose size and time are as before is not read again. Takes the lock "fingerprints".
// Interrupted between two commits of 1,024.
//
// Ids are compared across data sets only where they are unlikely to agree by chance: at least one
// letter and five digits ("ISIC_0024306", not "img_0001"). Of three or more samples that are all
// the same, each is paired with the first of every (data set, role), not with every other; pictures
// that are hardly different are paired until a chain of pairs leads to each of them.
LeakageReport check_leakage(Workspace& workspace, Job& job, const CheckOptions& options = {});

// "3 pairs of one picture are of different classes: bytes: a/1 and a/2; class MEL and NEV; ...". ""
// where there is none.
std::string other_class_words(const LeakageReport& report);

// "2 patients or cases are spelled alike but for case, ...: a: W-7002 (3 samples) and w-7002 (1
// sample), in more than one split", with the first few. "" where there are none.
std::string like_groups_words(const LeakageReport& report);
// Whether something would leak through them if they were one.
bool may_leak_by_spelling(const LeakageReport& report);

// For each item the first one that it has to stay with in a split: those of one group, and those
// that the report says are the same, by way of others too. sample_ids: of the items; one below 0
// joins no other by its picture.
std::vector<std::size_t> kept_together(const LeakageReport& report,
                                       std::span<const SplitItem> items,
                                       std::span<const std::int64_t> sample_ids);

// Keeps the outcome and whether the user allowed it, for reports. Returns its id.
std::int64_t save_leakage(Database& database, const LeakageReport& report,
                          const CheckOptions& options, bool allowed, const Job& job);

// Computes the fingerprints that are missing or out of date; returns how many were computed.
std::int64_t update_fingerprints(Workspace& workspace, const SampleFilter& filter, Job& job,
                                 unsigned threads = 0);

}  // namespace epicrisis
