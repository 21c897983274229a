#include <algorithm>
#include <array>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/store/tables/fields.h"
#include "store/tables/leakage_checks.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 5> kKindNames = {"id", "group", "bytes", "pixels",
                                                        "near-duplicate"};

std::string side_words(const OverlapSide& side) {
  return side.role.empty() ? fmt::format("{}/{}", side.dataset, side.key)
                           : fmt::format("{}/{} ({})", side.dataset, side.key, side.role);
}

std::int64_t sum(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const auto& [kind, count] : counts) total += count;
  return total;
}

// The first of the overlaps for which `is` holds, and "..." where `all` of them are more.
std::string first_words(const std::vector<Overlap>& overlaps, bool Overlap::*is, std::int64_t all) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> first;
  for (const Overlap& overlap : overlaps) {
    if (first.size() == kShown) break;
    if (overlap.*is) first.push_back(overlap_words(overlap));
  }
  return join(first, "; ") + (all > static_cast<std::int64_t>(first.size()) ? "; ..." : "");
}

}  // namespace

std::string_view overlap_kind_name(OverlapKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::string overlap_words(const Overlap& overlap) {
  std::string words = fmt::format("{}: {} and {}", overlap_kind_name(overlap.kind),
                                  side_words(overlap.a), side_words(overlap.b));
  if (overlap.other_class) {
    words += fmt::format(", class {} and {}", overlap.a.class_name, overlap.b.class_name);
  }
  if (overlap.other_group) {
    words += fmt::format(", patient or case {} and {}", overlap.a.group, overlap.b.group);
  }
  return words;
}

std::string other_class_words(const LeakageReport& report) {
  if (report.other_class == 0) return "";
  return fmt::format(
      "{} of different classes, so a label must be wrong: {}",
      counted(report.other_class, "pair of the same picture is", "pairs of the same picture are"),
      first_words(report.overlaps, &Overlap::other_class, report.other_class));
}

std::string like_groups_words(const LeakageReport& report) {
  constexpr std::size_t kShown = 3;
  if (report.like_groups.empty()) return "";
  std::vector<const LeakageReport::LikeSpelled*> all;
  std::size_t count = 0;
  for (const LeakageReport::LikeSpelled& one : report.like_groups) {
    all.push_back(&one);
    count += one.groups.size();
  }
  std::ranges::stable_sort(
      all, [](const auto* a, const auto* b) { return a->in_several_roles > b->in_several_roles; });
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(kShown, all.size()); ++i) {
    words.push_back(fmt::format("{}: {}{}", all[i]->dataset, like_groups_in_words(all[i]->groups),
                                all[i]->in_several_roles ? ", in more than one split" : ""));
  }
  return fmt::format("{} patients or cases are {}: {}{}", count, kLookAlike, join(words, "; "),
                     all.size() > kShown ? "; ..." : "");
}

bool may_leak_by_spelling(const LeakageReport& report) {
  return std::ranges::any_of(report.like_groups, &LeakageReport::LikeSpelled::in_several_roles);
}

std::int64_t LeakageReport::leaks() const { return sum(leaks_by_kind); }

std::int64_t LeakageReport::inside() const { return sum(inside_by_kind); }

Json to_json(const OverlapSide& side) {
  return {{"sample", side.sample_id}, {"dataset", side.dataset},  {"key", side.key},
          {"role", side.role},        {"class", side.class_name}, {"group", side.group}};
}

Json to_json(const Overlap& overlap) {
  return {{"kind", overlap_kind_name(overlap.kind)},
          {"leakage", overlap.leakage},
          {"a", to_json(overlap.a)},
          {"b", to_json(overlap.b)},
          {"distance", overlap.distance},
          {"other_class", overlap.other_class},
          {"other_group", overlap.other_group}};
}

Json to_json(const LeakageReport& report, std::size_t max_overlaps) {
  Json json = Json::object();
  json["samples"] = report.samples;
  json["pictures"] = report.pictures;
  json["unreadable"] = report.unreadable;
  json["unreadable_examples"] = report.unreadable_examples;
  json["uncompared"] = report.uncompared;
  json["leaks"] = report.leaks();
  json["leaks_by_kind"] = report.leaks_by_kind;
  json["inside_by_kind"] = report.inside_by_kind;
  json["other_class"] = report.other_class;
  json["other_group"] = report.other_group;
  json["without_groups"] = report.without_groups;
  json["like_groups"] = Json::array();
  for (const LeakageReport::LikeSpelled& one : report.like_groups) {
    json["like_groups"].push_back({{"dataset", one.dataset},
                                   {"groups", one.groups},
                                   {"in_several_roles", one.in_several_roles}});
  }
  json["without_split"] = report.without_split;
  Json list = Json::array();
  for (const Overlap& overlap : report.overlaps) {
    if (list.size() >= max_overlaps) break;
    list.push_back(to_json(overlap));
  }
  json["overlaps"] = std::move(list);
  json["overlaps_listed"] = json["overlaps"].size();
  json["overlaps_total"] = report.leaks() + report.inside();
  return json;
}

void LeakageReport::throw_if_leaking() const {
  if (leaks() == 0) return;
  std::vector<std::string> counts;
  for (const auto& [kind, count] : leaks_by_kind)
    counts.push_back(fmt::format("{} by {}", count, kind));
  throw LeakageError(
      "the splits overlap: {} leaks ({}); {}. 'epicrisis check' lists them; `allow_leakage` goes "
      "on and records it in the report",
      leaks(), join(counts, ", "), first_words(overlaps, &Overlap::leakage, leaks()));
}

std::int64_t save_leakage(Database& database, const LeakageReport& report,
                          const CheckOptions& options, bool allowed, const Job& job) {
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    const Field field = workspace_field(database);
    for (const ClassId label : options.labels) labels.push_back(field.at(label).name);
  }
  LeakageCheckRow check;
  check.created_at = job.now_utc();
  check.options = {{"datasets", options.datasets},
                   {"split_set", options.split_set},
                   {"external", options.external},
                   {"datasets_are_domains", options.datasets_are_domains},
                   {"labels", labels},
                   {"pictures", options.pictures},
                   {"near_duplicates", options.near_duplicates},
                   {"leaks_by_kind", report.leaks_by_kind},
                   {"inside_by_kind", report.inside_by_kind}};
  check.samples = report.samples;
  check.pictures = report.pictures;
  check.unreadable = report.unreadable;
  check.uncompared = report.uncompared;
  check.leaks = report.leaks();
  check.allowed = allowed;
  Transaction transaction(database);
  const std::int64_t id = put_leakage_check(database, check);
  for (const Overlap& overlap : report.overlaps) {
    put_leakage_overlap(database, id,
                        {overlap_kind_name(overlap.kind), overlap.a.sample_id, overlap.b.sample_id,
                         overlap.a.role, overlap.b.role, overlap.leakage, overlap.distance});
  }
  transaction.commit();
  return id;
}

}  // namespace epicrisis
