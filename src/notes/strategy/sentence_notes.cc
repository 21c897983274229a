#include "epicrisis/notes/strategy/sentence_notes.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMeasured = "measured_";
constexpr std::string_view kAbsent = "measured_no_";

// What was looked for, and is not there: a finding without an opposite.
bool is_absent(const MeasuredFinding& finding) {
  return !finding.present() && finding.opposite.empty();
}

std::string field_of(const MeasuredFinding& finding) {
  return std::string(is_absent(finding) ? kAbsent : kMeasured) + finding.kind;
}

struct MeasuredValues {
  TemplateFields fields;
  std::map<std::string, std::vector<MeasuredFinding>, std::less<>> behind;
};

MeasuredValues measured_values(const Strategy& strategy,
                               const std::vector<MeasuredFinding>& findings) {
  MeasuredValues result;
  std::map<std::string, std::vector<std::string>> words;
  for (const MeasuredFinding& finding : findings) {
    if (!finding.usable) continue;
    const bool absent = is_absent(finding);
    const std::string field = field_of(finding);
    const std::string& value = finding.present() || absent ? finding.value : finding.opposite;
    const auto in_note = strategy.words.find(value);
    words[field].push_back(in_note == strategy.words.end() || absent ? value : in_note->second);
    result.behind[field].push_back(finding);
  }
  for (const auto& [field, list] : words) {
    result.fields[field] = join_words(list, field.starts_with(kAbsent) ? "or" : "and");
  }
  return result;
}

// By the sample alone. `what`: what is drawn.
std::uint64_t seed_of(const Sample& sample, std::string_view what) {
  const std::string hash = sha256_of_fields({"sentences", what, sample.dataset, sample.key});
  std::uint64_t seed = 0;
  std::from_chars(hash.data(), hash.data() + 16, seed, 16);
  return seed;
}

}  // namespace

bool is_measured_field(std::string_view name) {
  return name.starts_with(kMeasured) && name.size() > kMeasured.size();
}

std::vector<std::string> measured_field_names(const Field& field) {
  std::set<std::string> names;
  if (const FindingRules* rules = FindingRules::of(field)) {
    for (const FindingRules::Rule& rule : rules->rules()) {
      names.insert(std::string(kMeasured) + rule.kind);
      if (rule.opposite.empty()) names.insert(std::string(kAbsent) + rule.kind);
    }
  }
  return {names.begin(), names.end()};
}

TemplateFields measured_fields(const Strategy& strategy,
                               const std::vector<MeasuredFinding>& findings) {
  return measured_values(strategy, findings).fields;
}

Json to_json(const TracedSentence& sentence) {
  Json from = Json::array();
  for (const auto& [field, value] : sentence.fields) {
    Json one{{"field", field}, {"value", value}};
    if (is_measured_field(field)) {
      one["findings"] = Json::array();
      for (const MeasuredFinding& finding : sentence.findings) {
        if (field_of(finding) != field) continue;
        one["findings"].push_back({{"value", finding.value},
                                   {"strength", finding.strength},
                                   {"confidence", finding.confidence}});
      }
    }
    from.push_back(std::move(one));
  }
  return {{"text", sentence.text}, {"from", std::move(from)}};
}

std::vector<TracedSentence> sentence_note(const Strategy& strategy, const Sample& sample,
                                          const std::vector<MeasuredFinding>& findings) {
  if (strategy.sentences.empty()) {
    throw InternalError("sentence_note: strategy '{}' has no sentences", strategy.name);
  }
  TemplateFields fields = note_fields(sample, strategy.field);
  const MeasuredValues measured = measured_values(strategy, findings);
  fields.insert(measured.fields.begin(), measured.fields.end());
  std::erase_if(fields, [&](const auto& field) {
    return std::ranges::find(strategy.fields, field.first) == strategy.fields.end();
  });
  std::vector<TracedSentence> note;
  // Apart, so that a sentence that is missing changes the wording of no other.
  Random wordings(seed_of(sample, "wordings"));
  Random places(seed_of(sample, "places"));
  std::size_t moved = 0;  // the first sentence of those that may change places
  for (const SentenceWordings& sentence : strategy.sentences) {
    const std::uint64_t draw = wordings.below(sentence.wordings.size());  // whether said or not
    TracedSentence said;
    const Template& wording = sentence.wordings[draw];
    said.text = wording.render(fields);
    if (said.text.empty()) {
      if (!sentence.anywhere) moved = note.size();
      continue;
    }
    for (const std::string& name : wording.shown(fields)) {
      said.fields[name] = fields.at(name);
      const auto behind = measured.behind.find(name);
      if (behind == measured.behind.end()) continue;
      said.findings.insert(said.findings.end(), behind->second.begin(), behind->second.end());
    }
    note.push_back(std::move(said));
    if (!sentence.anywhere) {
      moved = note.size();
    } else if (note.size() - moved > 1) {
      const std::size_t place = moved + places.below(note.size() - moved);
      std::rotate(note.begin() + static_cast<std::ptrdiff_t>(place), note.end() - 1, note.end());
    }
  }
  return note;
}

std::string text_of(const std::vector<TracedSentence>& sentences) {
  std::vector<std::string> texts;
  for (const TracedSentence& sentence : sentences) texts.push_back(sentence.text);
  return join(texts, " ");
}

}  // namespace epicrisis
