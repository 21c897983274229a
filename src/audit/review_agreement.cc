// How readers agree, among themselves and with the audit.
#include <map>
#include <set>

#include "audit/prompts.h"
#include "audit/rules.h"
#include "epicrisis/audit/review.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::audit {
namespace {

struct Labelled {
  std::string group;                    // patient
  std::map<std::string, Json> answers;  // by reader
};
using Notes = std::map<std::string, Labelled>;  // by hash

// The values that an answer gives: none for null, false and an empty list.
std::set<std::string> values_of(const Json& answer) {
  std::set<std::string> values;
  if (answer.is_string()) values.insert(answer.get<std::string>());
  if (answer.is_boolean() && answer.get<bool>()) values.insert("yes");
  if (answer.is_array()) {
    for (const Json& one : answer) {
      if (one.is_string()) values.insert(one.get<std::string>());
    }
  }
  return values;
}

// Pairs of decisions, as numbers of categories, of one note.
using Decisions = std::vector<std::pair<std::size_t, std::size_t>>;

double kappa(const std::vector<Decisions>& notes, std::size_t categories, SampleCounts counts) {
  std::vector<double> first(categories), second(categories);
  double same = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const double weight = counts[i];
    for (const auto& [a, b] : notes[i]) {
      first[a] += weight;
      second[b] += weight;
      if (a == b) same += weight;
    }
  }
  return cohen_kappa(first, second, same);
}

struct Hits {
  double right = 0, first = 0, second = 0;
};

class Comparer {
 public:
  Comparer(const Notes& notes, std::size_t replicates) : notes_(notes), replicates_(replicates) {}

  std::optional<Agreement> compare(const ReviewKey& key, const std::string& first,
                                   const std::string& second) const {
    std::vector<std::pair<std::set<std::string>, std::set<std::string>>> answers;
    BootstrapOptions options;
    options.replicates = replicates_;
    for (const auto& [hash, note] : notes_) {
      const Json* a = answer(note, first, key.name);
      const Json* b = answer(note, second, key.name);
      if (a == nullptr || b == nullptr) continue;
      answers.emplace_back(values_of(*a), values_of(*b));
      options.groups.push_back(note.group);
    }
    if (answers.empty()) return std::nullopt;
    Agreement result;
    result.key = key.name;
    result.first = first;
    result.second = second;
    result.notes = answers.size();
    for (const auto& [a, b] : answers) result.agree += a == b ? 1 : 0;
    result.agree /= static_cast<double>(answers.size());

    std::map<std::set<std::string>, std::size_t> whole;
    std::set<std::string> universe;
    for (const auto& [a, b] : answers) {
      whole.try_emplace(a, whole.size());
      whole.try_emplace(b, whole.size());
      universe.insert(a.begin(), a.end());
      universe.insert(b.begin(), b.end());
    }
    std::vector<Decisions> decisions;
    std::vector<Hits> hits;
    for (const auto& [a, b] : answers) {
      Decisions of_note;
      if (key.kind == AnswerKind::kSome) {
        for (const std::string& value : universe) {
          of_note.emplace_back(a.contains(value) ? 1 : 0, b.contains(value) ? 1 : 0);
        }
      } else {
        of_note.emplace_back(whole.at(a), whole.at(b));
      }
      decisions.push_back(std::move(of_note));
      Hits one{0, static_cast<double>(a.size()), static_cast<double>(b.size())};
      for (const std::string& value : a) one.right += b.contains(value) ? 1 : 0;
      hits.push_back(one);
    }
    const std::size_t categories = key.kind == AnswerKind::kSome ? 2 : whole.size();
    const std::size_t n = answers.size();
    result.kappa = bootstrap(
        n, [&](SampleCounts counts) { return kappa(decisions, categories, counts); }, options);
    const auto share = [&](double Hits::*of) {
      return bootstrap(
          n,
          [&, of](SampleCounts counts) {
            double right = 0, all = 0;
            for (std::size_t i = 0; i < n; ++i) {
              right += counts[i] * hits[i].right;
              all += counts[i] * (hits[i].*of);
            }
            return right / all;
          },
          options);
    };
    result.precision = share(&Hits::second);
    result.recall = share(&Hits::first);
    return result;
  }

 private:
  static const Json* answer(const Labelled& note, const std::string& reader,
                            const std::string& key) {
    const auto found = note.answers.find(reader);
    if (found == note.answers.end()) return nullptr;
    const auto value = found->second.find(key);
    return value == found->second.end() ? nullptr : &*value;
  }

  const Notes& notes_;
  std::size_t replicates_;
};

Json to_json(const Estimate& one) {
  return {{"value", number_or_null(one.value)},
          {"lo", number_or_null(one.lo)},
          {"hi", number_or_null(one.hi)}};
}

}  // namespace

AgreementReport review_agreement(Workspace& workspace, Job& job, std::size_t replicates) {
  Database& database = workspace.database();
  AgreementReport report;
  Notes notes;
  for (NoteLabel& label : load_note_labels(database)) {
    ++report.readers[label.reader];
    Labelled& note = notes[label.note_hash];
    note.group = label.note_hash;
    note.answers[label.reader] = std::move(label.labels);
  }
  if (notes.empty()) return report;
  const Field field = workspace_field(database);
  const Auditor auditor(field);
  Prompts prompts(auditor, field);
  std::optional<Sample> sample;
  Meter reading = job.meter("reading notes", 0, "notes");
  for_each_note(database, {}, [&](const NoteRecord& record) {
    job.check();
    reading.add();
    if (!sample || sample->id != record.sample_id) sample = find_sample(database, record.sample_id);
    if (!sample) return true;
    const auto found = notes.find(review_hash(sample->dataset, sample->key, record.text));
    if (found == notes.end()) return true;
    const AuditedNote audited = auditor.audit(record.text, known_facts(database, field, *sample),
                                              &prompts.of(record).prompt);
    Json answers = guide_keys(audited.reading, field);
    answers["wrong"] = audited.wrong;
    found->second.answers[std::string(kAuditReader)] = std::move(answers);
    if (!sample->group.empty()) found->second.group = sample->dataset + "/" + sample->group;
    return true;
  });
  reading.finish();
  for (const auto& [hash, note] : notes) {
    if (!note.answers.contains(std::string(kAuditReader))) ++report.notes_gone;
  }
  std::vector<std::string> readers;
  for (const auto& [name, count] : report.readers) readers.push_back(name);
  readers.emplace_back(kAuditReader);
  const std::vector<ReviewKey> keys = review_keys(auditor.reader());
  const Comparer comparer(notes, replicates);
  Meter comparing = job.meter("comparing readers",
                              readers.size() * (readers.size() - 1) / 2 * keys.size(), "keys");
  for (std::size_t a = 0; a < readers.size(); ++a) {
    for (std::size_t b = a + 1; b < readers.size(); ++b) {
      for (const ReviewKey& key : keys) {
        job.check();
        comparing.add();
        if (!key.compared) continue;
        if (auto one = comparer.compare(key, readers[a], readers[b])) {
          report.agreements.push_back(std::move(*one));
        }
      }
    }
  }
  return report;
}

Json to_json(const AgreementReport& report) {
  Json list = Json::array();
  for (const Agreement& one : report.agreements) {
    list.push_back({{"key", one.key},
                    {"first", one.first},
                    {"second", one.second},
                    {"notes", one.notes},
                    {"agree", number_or_null(one.agree)},
                    {"kappa", to_json(one.kappa)},
                    {"precision", to_json(one.precision)},
                    {"recall", to_json(one.recall)}});
  }
  return {{"readers", report.readers},
          {"notes_gone", report.notes_gone},
          {"agreements", std::move(list)}};
}

}  // namespace epicrisis::audit
