#include "study/report_audit.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "epicrisis/audit/audit.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/random.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::study {
namespace {

constexpr std::size_t kExamples = 3;  // of a strategy

// What one note adds to the measures: shares are sums of `part` over sums of `whole`.
struct NoteTally {
  std::size_t index = 0;  // of its case
  std::array<std::uint32_t, kAuditMeasures.size()> part{};
  std::array<std::uint32_t, kAuditMeasures.size()> whole{};
};

struct Key {
  std::string dataset, strategy, provider;
  auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
};

NoteTally tally_note(const Json& found, std::size_t index) {
  std::uint32_t claims = 0, known = 0, contradicted = 0, major = 0, unknowable = 0;
  std::uint32_t by_measures = 0, against_measures = 0;
  for (const Json& claim : found.at("claims")) {
    ++claims;
    const std::string verdict = claim.at("verdict");
    if (verdict == "unknowable") ++unknowable;
    if (verdict != "agrees" && verdict != "contradicts") continue;
    if (audit::is_measured(claim)) {
      ++by_measures;
      if (verdict == "contradicts") ++against_measures;
      continue;
    }
    ++known;
    if (verdict == "agrees") continue;
    ++contradicted;
    if (claim.at("severity") == "major") ++major;
  }
  NoteTally one;
  one.index = index;
  const auto some = [](std::size_t n) { return n > 0 ? 1U : 0U; };
  one.part = {some(contradicted),
              some(major),
              contradicted,
              major,
              some(against_measures),
              against_measures,
              some(found.at("self_contradictions").size()),
              some(found.at("omitted").size()),
              unknowable,
              some(found.at("off_list").size()),
              known + by_measures};
  one.whole = {1, 1, known, known, 1, by_measures, 1, 1, claims, 1, claims};
  return one;
}

AuditRow measured(const Key& key, const std::string& label, const std::vector<NoteTally>& notes,
                  const CaseSet& set, const Study& study, const Job& job) {
  AuditRow row;
  row.dataset = key.dataset;
  row.strategy = key.strategy;
  row.provider = key.provider;
  row.label = label;
  row.notes = notes.size();
  BootstrapOptions options;
  options.replicates = static_cast<std::size_t>(study.bootstrap);
  options.seed = study.split_seed;
  std::set<std::string> groups;
  std::set<std::size_t> pictures;
  for (const NoteTally& one : notes) {
    options.groups.push_back(set.cases[one.index].group);
    groups.insert(options.groups.back());
    pictures.insert(one.index);
  }
  row.pictures = pictures.size();
  row.groups = groups.size();
  parallel_for(kAuditMeasures.size(), 0, job, [&](std::size_t m) {
    const auto share = [&notes, m](SampleCounts counts) {
      double part = 0, whole = 0;
      for (std::size_t i = 0; i < notes.size(); ++i) {
        part += static_cast<double>(counts[i]) * notes[i].part.at(m);
        whole += static_cast<double>(counts[i]) * notes[i].whole.at(m);
      }
      return part / whole;  // NaN, undefined, for 0 / 0
    };
    row.measures.at(m) = bootstrap(notes.size(), share, options);
  });
  job.check();
  return row;
}

AuditExample example_of(const NoteRecord& note, const Json& found, const Case& item,
                        const std::string& key, const std::string& label) {
  AuditExample example;
  example.dataset = item.dataset;
  example.key = key;
  example.strategy = note.strategy;
  example.label = label;
  example.verdict = found.at("verdict");
  example.text = note.text;
  for (const Json& claim : found.at("claims")) {
    const std::string verdict = claim.at("verdict");
    if (verdict != "contradicts" && verdict != "unknowable") continue;
    const std::string evidence = claim.at("evidence");
    const AuditMark mark = verdict != "contradicts"    ? AuditMark::kUnknowable
                           : audit::is_measured(claim) ? AuditMark::kMeasured
                                                       : AuditMark::kWrong;
    example.spans.push_back(
        {claim.at("begin"), claim.at("end"), mark,
         claim.at("kind").get<std::string>() + (evidence.empty() ? "" : ": " + evidence)});
  }
  for (const Json& fault : found.at("form")) {
    example.spans.push_back(
        {fault.at("begin"), fault.at("end"), AuditMark::kUnknowable,
         fault.at("rule").get<std::string>() + ": " + fault.at("detail").get<std::string>()});
  }
  return example;
}

}  // namespace

AuditSection describe_audit(Workspace& workspace, const Study& study, const CaseSet& set,
                            const Job& job) {
  Database& database = workspace.database();
  AuditSection section;
  std::unordered_map<std::int64_t, std::size_t> cases;
  for (std::size_t i = 0; i < set.cases.size(); ++i) cases.emplace(set.cases[i].sample_id, i);
  const std::vector<std::string> names = class_names(study);

  std::map<Key, std::vector<NoteTally>> counts;
  std::map<Key, ConfusionMatrix> confusions;
  // Drawn, so that what the first samples have in common is not all that is shown: those of the
  // smallest numbers.
  struct Drawn {
    std::uint64_t number;
    std::int64_t note;
    std::size_t index;
  };
  std::map<std::string, std::vector<Drawn>> drawn;
  Random random(study.split_seed, "audited notes");
  NoteFilter filter;
  filter.datasets = names_of_data(study);
  for_each_note(database, filter, [&](const NoteRecord& note) {
    job.check();
    const auto found = cases.find(note.sample_id);
    if (found == cases.end()) {
      if (note.status == NoteStatus::kWritten) ++section.not_of_study;
      return true;
    }
    const auto audit = find_audit(database, note.id);
    if (!audit || !audit->issues.is_object()) {
      ++section.without_audit;
      return true;
    }
    const Case& item = set.cases[found->second];
    const Key key{item.dataset, note.strategy,
                  note.provider + (note.model.empty() ? "" : ", " + note.model)};
    counts[key].push_back(tally_note(audit->issues, found->second));
    ConfusionMatrix& confusion =
        confusions.try_emplace(key, ConfusionMatrix(names.size() + 1)).first->second;
    const Json& named = audit->issues.at("read").at("diagnosis");
    const auto column = named.is_string()
                            ? std::ranges::find(names, named.get<std::string>()) - names.begin()
                            : static_cast<std::ptrdiff_t>(names.size());
    ++confusion.at(static_cast<std::size_t>(item.label), static_cast<std::size_t>(column));
    if (audit->verdict != "fail") return true;
    std::vector<Drawn>& few = drawn[note.strategy];
    few.push_back({random.below(UINT64_MAX), note.id, found->second});
    std::ranges::sort(few, {}, &Drawn::number);
    if (few.size() > kExamples) few.pop_back();
    return true;
  });
  for (const auto& [key, notes] : counts) {
    section.rows.push_back(measured(key, "", notes, set, study, job));
    for (std::size_t c = 0; c < names.size(); ++c) {
      std::vector<NoteTally> of_class;
      std::ranges::copy_if(notes, std::back_inserter(of_class), [&](const NoteTally& one) {
        return set.cases[one.index].label == static_cast<int>(c);
      });
      if (!of_class.empty())
        section.rows.push_back(measured(key, names[c], of_class, set, study, job));
    }
  }
  for (const auto& [strategy, few] : drawn) {
    for (const Drawn& one : few) {
      const auto note = find_note(database, one.note);
      const auto audit = find_audit(database, one.note);
      const Case& item = set.cases[one.index];
      if (!note || !audit) continue;
      section.examples.push_back(example_of(*note, audit->issues, item,
                                            sample_by_id(database, item.sample_id).key,
                                            names.at(static_cast<std::size_t>(item.label))));
    }
  }
  for (auto& [key, confusion] : confusions) {
    section.confusions.push_back({key.dataset, key.strategy, key.provider, std::move(confusion)});
  }
  return section;
}

}  // namespace epicrisis::study
