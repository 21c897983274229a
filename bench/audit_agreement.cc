// Prints how well the claims of notes are read, and judged, against notes that people annotated:
// audit_agreement SHARED_FOLDER [--differences]. SHARED_FOLDER holds notes/claims_gold.jsonl,
// notes/vlm_notes.jsonl and notes/ham10000_train_notes.jsonl; docs/audit.md.

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"

namespace {

using epicrisis::Json;
using epicrisis::Path;
namespace audit = epicrisis::audit;

std::vector<Json> read_lines(const Path& path) {
  std::ifstream file(path);
  std::vector<Json> lines;
  std::string line;
  while (std::getline(file, line)) lines.push_back(epicrisis::parse_json(line, path.string()));
  return lines;
}

std::string id_of(const Json& note) {
  return note.at("source").get<std::string>() + " " + note.at("image_id").get<std::string>();
}

// Counts of one key: values that both have, only the reader, only the gold.
struct Counts {
  int both = 0, reader = 0, gold = 0, equal = 0, notes = 0;

  double f1() const {
    const int all = 2 * both + reader + gold;
    return all == 0 ? 1 : 2.0 * both / all;
  }
};

std::set<std::string> values_of(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_array()) return value.get<std::set<std::string>>();
  if (value.is_boolean())
    return value.get<bool>() ? std::set<std::string>{"true"} : std::set<std::string>{};
  return {value.is_string() ? value.get<std::string>() : value.dump()};
}

// The facts of an image, as its P1 note was given them.
audit::Facts facts_of(const Json& given, const audit::Auditor& auditor) {
  audit::Facts facts;
  facts.diagnosis = given.at("diagnosis").get<std::string>();
  facts.label = auditor.reader().read("The diagnosis is " + facts.diagnosis + ".").diagnosis;
  facts.grade = given.at("malignancy").get<std::string>();
  const std::string findings = given.at("findings").get<std::string>();
  for (std::size_t begin = 0; begin < findings.size();) {
    const std::size_t end = std::min(findings.find("; ", begin), findings.size());
    const std::string part = findings.substr(begin, end - begin);
    if (part.starts_with("age ")) {
      facts.age = part.substr(4);
    } else if (part == "male" || part == "female") {
      facts.sex = part;
    } else if (part.starts_with("site: ")) {
      facts.site = part.substr(6);
    } else {
      facts.findings.push_back({"finding", part});
    }
    begin = end + 2;
  }
  return facts;
}

int run(const Path& shared, bool differences) {
  const epicrisis::Field& field = epicrisis::Field::standard();
  const audit::Auditor auditor(field);
  std::map<std::string, std::string> notes;
  std::map<std::string, Json> given;
  for (const Json& note : read_lines(shared / "notes/vlm_notes.jsonl")) {
    notes[id_of(note) + note.at("strategy").get<std::string>()] = note.at("note");
    if (note.contains("given")) given[id_of(note)] = note.at("given");
  }
  std::map<std::string, Counts> counts;
  Counts off_list;       // notes with something off the list
  Counts contradicting;  // notes that contradict themselves
  const auto by_note = [&](const char* what, const std::string& key, const Json& ours,
                           const Json& theirs, Counts& count) {
    ++count.notes;
    if (!ours.empty() && !theirs.empty()) ++count.both;
    if (!ours.empty() && theirs.empty()) ++count.reader;
    if (ours.empty() && !theirs.empty()) ++count.gold;
    if (differences && ours.empty() != theirs.empty()) {
      fmt::print("{:<16} {} +{} -{}\n", what, key, ours.dump(), theirs.dump());
    }
  };
  const audit::Prompt p1 = auditor.prompt_of(epicrisis::load_strategy("P1"));
  std::vector<std::string> order;
  for (const Json& gold : read_lines(shared / "notes/claims_gold.jsonl")) {
    const std::string key = id_of(gold) + gold.at("strategy").get<std::string>();
    const std::string& note = notes.at(key);
    const audit::Facts facts = facts_of(given.at(id_of(gold)), auditor);
    const audit::AuditedNote audited = auditor.audit(note, facts, nullptr);
    Json read = audit::guide_keys(audited.reading, field);
    read["wrong"] = audited.wrong;
    read["unknowable"] = audited.unknowable;
    // Two readers seldom mark the same spans: whether there is one is compared.
    const Json written = to_json(audited, note, field);
    by_note("contradicts itself", key, written.at("self_contradictions"),
            gold.at("self_contradictions"), contradicting);
    if (gold.at("strategy") == "P1") {
      const Json ours = to_json(auditor.audit(note, facts, &p1), note, field).at("off_list");
      by_note("off the list", key, ours, gold.at("off_list"), off_list);
    }
    for (const auto& [name, value] : read.items()) {
      if (!gold.contains(name)) continue;
      if (std::ranges::find(order, name) == order.end()) order.push_back(name);
      const auto unsure = values_of(gold.at("unsure"));
      std::set<std::string> ours = values_of(value), theirs = values_of(gold.at(name));
      Counts& count = counts[name];
      ++count.notes;
      if (ours == theirs) ++count.equal;
      std::string more, less;
      for (const std::string& one : ours) {
        theirs.contains(one) ? ++count.both : ++count.reader;
        if (!theirs.contains(one)) more += " +" + one;
      }
      for (const std::string& one : theirs) {
        if (ours.contains(one)) continue;
        ++count.gold;
        less += " -" + one;
      }
      if (differences && !(more + less).empty()) {
        fmt::print("{:<16} {}{}{}{}\n", name, key, more, less,
                   unsure.contains(name) ? " (unsure)" : "");
      }
    }
  }
  fmt::print("{:<22} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6}\n", "key", "equal", "of", "both", "more",
             "less", "F1");
  Counts all;
  for (const std::string& name : order) {
    const Counts& count = counts.at(name);
    fmt::print("{:<22} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6.3f}\n", name, count.equal, count.notes,
               count.both, count.reader, count.gold, count.f1());
    all.both += count.both;
    all.reader += count.reader;
    all.gold += count.gold;
  }
  fmt::print("{:<22} {:>6} {:>8} {:>6} {:>6} {:>6} {:>6.3f}\n", "all values", "", "", all.both,
             all.reader, all.gold, all.f1());
  fmt::print("off the list: of {} P1 notes both find {}, the audit alone {}, the gold alone {}\n",
             off_list.notes, off_list.both, off_list.reader, off_list.gold);
  fmt::print(
      "with itself: of {} notes both find {} that contradict themselves, the audit alone {}, "
      "the gold alone {}\n",
      contradicting.notes, contradicting.both, contradicting.reader, contradicting.gold);

  int p3 = 0, found = 0, found_given = 0, given_notes = 0;
  for (const Json& note : read_lines(shared / "notes/ham10000_train_notes.jsonl")) {
    const std::string text = note.at("note");
    const audit::NoteReading reading = auditor.reader().read(text);
    if (note.contains("given")) {
      ++given_notes;
      const audit::Facts facts = facts_of(note.at("given"), auditor);
      if (reading.diagnosis == facts.label && reading.grade == facts.grade) {
        ++found_given;
      } else if (differences) {
        fmt::print(
            "given {} {}: {} {} in: {}\n", note.at("image_id").dump(), note.at("strategy").dump(),
            reading.diagnosis ? field.at(*reading.diagnosis).name : "none", reading.grade, text);
      }
    } else {
      ++p3;
      if (reading.diagnosis && !reading.grade.empty()) {
        ++found;
      } else if (differences) {
        fmt::print("P3 without: {}\n", text);
      }
    }
    if (differences && !reading.self_contradictions.empty()) {
      fmt::print("contradiction {} in: {}\n", reading.self_contradictions.front().rule, text);
    }
  }
  fmt::print("large file: class and grade found in {} of {} P3 notes, right in {} of {} others\n",
             found, p3, found_given, given_notes);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    fmt::print("usage: audit_agreement SHARED_FOLDER [--differences]\n");
    return 2;
  }
  if (arguments.size() == 2 && arguments.front() == "--note") {
    const epicrisis::Field& field = epicrisis::Field::standard();
    const audit::AuditedNote audited = audit::Auditor(field).audit(arguments.back(), {}, nullptr);
    fmt::print("{}\n", to_json(audited, arguments.back(), field).dump());
    return 0;
  }
  const Path shared = arguments.front();
  if (!std::filesystem::exists(shared / "notes/claims_gold.jsonl")) {
    fmt::print("SKIPPED: {} has no notes/claims_gold.jsonl\n", shared.string());
    return 0;
  }
  try {
    return run(shared, std::ranges::find(arguments, "--differences") != arguments.end());
  } catch (const epicrisis::Error& error) {
    fmt::print("{}\n", error.what());
    return 1;
  }
}
