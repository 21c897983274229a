#include "epicrisis/notes/note_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {
namespace {

// Strategies that the filter's data sets have written notes of.
std::set<std::string> strategies_of(Database& database, const NoteFilter& filter) {
  const auto takes = [](const std::vector<std::string>& names, const std::string& name) {
    return names.empty() || std::ranges::find(names, name) != names.end();
  };
  std::set<std::string> strategies;
  for (const NoteCount& count : count_notes(database)) {
    if (count.status == NoteStatus::kWritten && takes(filter.strategies, count.strategy) &&
        takes(filter.datasets, count.dataset)) {
      strategies.insert(count.strategy);
    }
  }
  return strategies;
}

}  // namespace

std::vector<SampleNotes> note_examples(Database& database, NoteFilter filter, std::size_t count) {
  std::set<std::int64_t> ids;
  for (const std::string& strategy : strategies_of(database, filter)) {
    SampleFilter samples;
    samples.datasets = filter.datasets;
    samples.strategy = strategy;
    const std::vector<std::int64_t> found = sample_ids(database, samples);
    ids.insert(found.begin(), found.end());
  }
  const std::vector<std::int64_t> all(ids.begin(), ids.end());
  count = std::min(count, all.size());
  filter.status = NoteStatus::kWritten;
  std::vector<SampleNotes> examples;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t id = all[i * all.size() / count];
    filter.sample_ids = {id};
    examples.push_back({sample_by_id(database, id), load_notes(database, filter)});
  }
  return examples;
}

std::string facts_in_words(const Sample& sample, const Field& field) {
  std::vector<std::string> facts;
  if (sample.label) {
    const FieldClass& own = field.at(*sample.label);
    facts.push_back(fmt::format("{}, {}", own.name, own.words));
  }
  for (const std::string* words : {&sample.grade, &sample.diagnosis, &sample.subclass}) {
    if (!words->empty()) facts.push_back(*words);
  }
  if (!sample.raw_label.empty()) facts.push_back(fmt::format("labelled '{}'", sample.raw_label));
  const TemplateFields fields = note_fields(sample, field);
  if (const auto findings = fields.find("findings"); findings != fields.end()) {
    facts.push_back(findings->second);
  }
  return facts.empty() ? "nothing" : join(facts, "; ");
}

Json to_json(const SampleNotes& example, const Field& field) {
  const Sample& sample = example.sample;
  Json findings = Json::object();
  for (const Finding& finding : sample.findings) findings[finding.name] = finding.value;
  return {{"dataset", sample.dataset},
          {"key", sample.key},
          {"class", sample.label ? Json(field.at(*sample.label).name) : Json()},
          {"label", sample.raw_label},
          {"grade", sample.grade},
          {"diagnosis", sample.diagnosis},
          {"subclass", sample.subclass},
          {"modality", sample.modality},
          {"split", sample.split},
          {"group", sample.group},
          {"findings", std::move(findings)},
          {"notes", json_list(example.notes)}};
}

}  // namespace epicrisis
