// How readers agree, among themselves and with the audit.
#include <fmt/format.h>

#include <array>
#include <map>
#include <set>

#include "audit/prompts.h"
#include "audit/rules.h"
#include "audit/second_reader.h"
#include "audit/shared_claims.h"
#include "epicrisis/audit/review.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/judgements.h"
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

Json to_json(const SecondReader& one) {
  return {{"name", one.name},
          {"notes", one.notes},
          {"not_read", one.not_read},
          {"stale_notes", one.stale_notes},
          {"claims", one.claims},
          {"against", one.against},
          {"against_unlabelled", one.against_unlabelled},
          {"cannot_tell", one.cannot_tell},
          {"stale_claims", one.stale_claims}};
}

// Of the other notes: a claim that fewer make is taken for wrong.
constexpr std::array kShares = {0.25, 0.5, 0.75};

std::string share_name(double share) { return fmt::format("shared < {:.2f}", share); }

// Answers for all that is no person: the audit, judges, and what other notes say.
class Machines {
 public:
  Machines(Database& database, const Field& field, Notes& notes)
      : database_(database),
        field_(field),
        auditor_(field),
        prompts_(auditor_, field_),
        judged_(has_judgements(database)),
        notes_(notes) {}

  const ClaimReader& reader() const { return auditor_.reader(); }

  // Notes in order of sample and strategy; finish() after the last.
  void take(const NoteRecord& record) {
    if (!together_.empty() && (together_.back().sample_id != record.sample_id ||
                               together_.back().strategy != record.strategy)) {
      finish();
    }
    together_.push_back(record);
  }
  void finish() {
    if (together_.empty()) return;
    answer();
    together_.clear();
  }

  std::vector<SecondReader> second_readers() const {
    std::map<std::string, SecondReader> all = seconds_;
    if (present_ > 0) {
      for (const double share : kShares) all.try_emplace(share_name(share));
    }
    for (const auto& [name, counts] : judges_) {
      all[name].stale_notes = counts.stale_notes;
      all[name].stale_claims = counts.stale_claims;
    }
    std::vector<SecondReader> list;
    for (auto& [name, one] : all) {
      one.name = name;
      one.not_read = present_ - one.notes - one.stale_notes;
      list.push_back(std::move(one));
    }
    return list;
  }

 private:
  void answer() {
    const std::int64_t sample_id = together_.front().sample_id;
    if (!sample_ || sample_->id != sample_id) sample_ = find_sample(database_, sample_id);
    const std::optional<Sample>& sample = sample_;
    if (!sample) return;
    std::vector<std::pair<const NoteRecord*, Labelled*>> labelled;
    for (const NoteRecord& note : together_) {
      const auto found = notes_.find(review_hash(sample->dataset, sample->key, note.text));
      if (found != notes_.end()) labelled.emplace_back(&note, &found->second);
    }
    if (labelled.empty()) return;
    SharedClaims shared;
    if (together_.size() > 1) {  // one alone shares nothing
      for (const NoteRecord& note : together_) shared.add(reader().read(note.text));
    }
    const Facts facts = known_facts(database_, field_, *sample);
    for (const auto& [note, labels] : labelled) answer(*note, *labels, *sample, facts, shared);
  }

  // Two notes with the same text are one to a reader: the first speaks for both, but the first with
  // others beside it where these are asked.
  void answer(const NoteRecord& note, Labelled& labels, const Sample& sample, const Facts& facts,
              const SharedClaims& shared) {
    const bool is_new = !labels.answers.contains(std::string(kAuditReader));
    const bool others = shared.notes() > 1 && !labels.answers.contains(share_name(kShares[0]));
    if (!is_new && !others) return;
    const AuditedNote audited = auditor_.audit(note.text, facts, &prompts_.of(note).prompt);
    Json found = to_json(audited, note.text, field_);
    if (is_new) {
      ++present_;
      if (!sample.group.empty()) labels.group = sample.dataset + "/" + sample.group;
      Json& answers = labels.answers[std::string(kAuditReader)];
      answers = found.at("read");
      answers["wrong"] = audited.wrong;
      if (judged_) add_judgements(database_, note, found, judges_);
    }
    if (others) shared.mark(found.at("claims"));
    ask_seconds(found.at("claims"), labels);
  }

  void ask_seconds(const Json& claims, Labelled& labels) {
    std::map<std::string, std::set<std::string>> against;  // kinds, by who speaks of the note
    const auto say = [&](const std::string& name, const Json& claim, bool is_against) {
      SecondReader& one = seconds_[name];
      std::set<std::string>& kinds = against[name];
      ++one.claims;
      if (!is_against) return;
      const std::string kind = claim.at("kind");
      ++one.against;
      if (wrong_of({kind}, reader().words()).empty()) ++one.against_unlabelled;
      kinds.insert(kind);
    };
    for (const Json& claim : claims) {
      for (const Json& judge : claim.value("judges", Json::array())) {
        const std::string name = judge_name(judge.at("judge").get<std::string>(),
                                            judge.at("provider").get<std::string>(),
                                            judge.at("model").get<std::string>());
        const std::string verdict = judge.at("verdict");
        say(name, claim, verdict == "contradicts");
        if (verdict == "cannot tell") ++seconds_[name].cannot_tell;
      }
      const auto shared = claim.find("shared");
      if (shared == claim.end()) continue;
      for (const double share : kShares) {
        say(share_name(share), claim, shared->get<double>() < share);
      }
    }
    for (const auto& [name, kinds] : against) {
      ++seconds_[name].notes;
      labels.answers[name] = {{"wrong", wrong_of(kinds, reader().words())}};
    }
  }

  Database& database_;
  const Field& field_;
  Auditor auditor_;
  Prompts prompts_;
  bool judged_;
  Notes& notes_;
  std::int64_t present_ = 0;  // labelled notes
  std::vector<NoteRecord> together_;
  std::optional<Sample> sample_;  // whose they are
  std::map<std::string, JudgeCounts> judges_;
  std::map<std::string, SecondReader> seconds_;
};

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
  Machines machines(database, field, notes);
  Meter reading = job.meter("reading notes", 0, "notes");
  for_each_note(database, {}, [&](const NoteRecord& record) {
    job.check();
    reading.add();
    machines.take(record);
    return true;
  });
  machines.finish();
  reading.finish();
  report.second_readers = machines.second_readers();
  for (const auto& [hash, note] : notes) {
    if (!note.answers.contains(std::string(kAuditReader))) ++report.notes_gone;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (auto one = report.readers.begin(); one != report.readers.end(); ++one) {
    for (auto other = std::next(one); other != report.readers.end(); ++other) {
      pairs.emplace_back(one->first, other->first);
    }
    pairs.emplace_back(one->first, kAuditReader);
    for (const SecondReader& second : report.second_readers) {
      pairs.emplace_back(one->first, second.name);
    }
  }
  const std::vector<ReviewKey> keys = review_keys(machines.reader());
  const Comparer comparer(notes, replicates);
  Meter comparing = job.meter("comparing readers", pairs.size() * keys.size(), "keys");
  for (const auto& [first, second] : pairs) {
    for (const ReviewKey& key : keys) {
      job.check();
      comparing.add();
      if (!key.compared) continue;
      if (auto one = comparer.compare(key, first, second)) {
        report.agreements.push_back(std::move(*one));
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
  Json seconds = Json::array();
  for (const SecondReader& one : report.second_readers) seconds.push_back(to_json(one));
  return {{"readers", report.readers},
          {"notes_gone", report.notes_gone},
          {"second_readers", std::move(seconds)},
          {"agreements", std::move(list)}};
}

}  // namespace epicrisis::audit
