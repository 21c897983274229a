#include "audit/prompts.h"

#include <fmt/format.h>

#include <algorithm>

#include "epicrisis/core/hash.h"

namespace epicrisis::audit {

Prompts::Prompts(const Auditor& auditor, const Field& field)
    : auditor_(auditor), field_(field), names_(built_in_strategies(field)) {}

const Prompts::Entry& Prompts::of(const NoteRecord& note) {
  const std::string name = asked_strategy(note);
  const auto found = prompts_.find(name);
  if (found != prompts_.end()) return found->second;
  Entry entry;
  if (std::ranges::find(names_, name) != names_.end()) {
    const Strategy strategy = load_strategy(name, field_);
    entry = {auditor_.prompt_of(strategy), strategy.content_hash,
             strategy.kind != StrategyKind::kTemplate && strategy.answer == AnswerForm::kText};
  }
  return prompts_.emplace(name, std::move(entry)).first->second;
}

std::string asked_strategy(const NoteRecord& note) {
  // Comes in with imported notes too, so any form of it may be met.
  const auto derived = note.parameters.find(kDerived);
  if (derived == note.parameters.end() || !derived->is_object()) return note.strategy;
  const auto strategy = derived->find("asked");
  return strategy != derived->end() && strategy->is_string() ? strategy->get<std::string>()
                                                             : note.strategy;
}

std::string auditor_name(const Auditor& auditor, const Facts& facts, const std::string& prompt,
                         const Field& field) {
  std::string findings;
  for (const Finding& one : facts.findings) findings += one.name + '\n' + one.value + '\n';
  for (const MeasuredFinding& one : facts.measured) findings += dump_json(to_json(one)) + '\n';
  const std::string label = facts.label ? field.at(*facts.label).name : "";
  const std::string hash = sha256_of_fields({label, facts.grade, facts.diagnosis, facts.subclass,
                                             facts.age, facts.sex, facts.site, findings, prompt});
  return fmt::format("rules {} {}", auditor.reader().version(), hash.substr(0, 16));
}

}  // namespace epicrisis::audit
