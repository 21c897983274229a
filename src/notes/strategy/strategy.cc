#include "epicrisis/notes/strategy/strategy.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/notes/strategy/sentence_notes.h"
#include "notes/resources.h"
#include "notes/strategy/answer_form.h"
#include "notes/strategy/repetition.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxStrategyFile = 1 << 20;
constexpr std::string_view kSets = "sets";  // prompts/sets.toml

// Of the strategies that are built in for a field.
std::string folder_of(const Field& field) {
  return field.name() == Field::standard().name() ? "prompts/"
                                                  : fmt::format("prompts/{}/", field.name());
}

StrategyKind read_kind(const TomlTable& table) {
  const std::string kind = table.string("kind");
  for (const StrategyKind known :
       {StrategyKind::kTemplate, StrategyKind::kPrompt, StrategyKind::kRewrite,
        StrategyKind::kJudge, StrategyKind::kRevise}) {
    if (kind == strategy_kind_name(known)) return known;
  }
  throw UsageError("{}: kind = '{}'; there are template, prompt, rewrite, judge and revise",
                   table.place("kind"), kind);
}

std::vector<std::string> read_fields(const TomlTable& table, const Strategy& strategy) {
  const StrategyKind kind = strategy.kind;
  const Field& field_of_sample = strategy.field;
  std::vector<std::string> fields = table.strings_or("fields", {});
  std::vector<std::string> known = note_field_names(field_of_sample);
  if (kind == StrategyKind::kTemplate ? table.has("sentence") : kind != StrategyKind::kJudge) {
    const std::vector<std::string> measured = measured_field_names(field_of_sample);
    known.insert(known.end(), measured.begin(), measured.end());
  }
  for (const std::string& field : fields) {
    if (field == "note" || std::ranges::find(known, field) == known.end()) {
      throw UsageError("{}: unknown field '{}'; there are {}", table.place("fields"), field,
                       join(known, ", "));
    }
  }
  if (reads_note(strategy)) fields.emplace_back("note");
  if (!field_on_note(kind).empty()) fields.emplace_back(field_on_note(kind));
  return fields;
}

// `before`: what its text is put below, if there is anything.
Template read_template(const TomlTable& table, std::string_view key,
                       const std::vector<std::string>& fields, const std::string& before = "") {
  std::string text(trim(table.string(key)));
  if (!before.empty()) text = fmt::format("{}\n{}", trim(before), text);
  if (text.empty()) throw UsageError("{}: {} is empty", table.place(key), key);
  // Lines and columns count from the value's own start; its place in the file leads.
  return Template::parse(text, fmt::format("{} ({})", table.place(key), key), fields);
}

// Each wording is a group as a whole: it is said if all that it names is known.
void read_sentences(const TomlTable& table, Strategy& strategy) {
  if (const auto words = table.table_if("words")) {
    for (const std::string& value : words->keys()) strategy.words[value] = words->string(value);
  }
  for (const TomlTable& one : table.tables_or_empty("sentence")) {
    SentenceWordings sentence;
    sentence.anywhere = one.boolean_or("anywhere", false);
    for (const std::string& text : one.strings_or("wordings", {})) {
      sentence.wordings.push_back(
          Template::parse(fmt::format("[[{}]]", text),
                          fmt::format("{} (wordings)", one.place("wordings")), strategy.fields));
    }
    if (sentence.wordings.empty()) {
      throw UsageError("{}: wordings = [...] is missing or empty", one.place());
    }
    strategy.sentences.push_back(std::move(sentence));
  }
  if (strategy.sentences.empty()) {
    throw UsageError("{}: sentence is empty; a template has [[sentence]] or text",
                     table.place("sentence"));
  }
}

std::string finding_words(const Finding& finding) {
  if (finding.name == "age") return "age " + finding.value;
  if (finding.name == "sex") return finding.value;
  return finding.name + ": " + finding.value;
}

std::string class_words(const Sample& sample, const Field& field) {
  std::string words = field.at(*sample.label).words;
  const auto same = [&](std::string_view other) {
    return ascii_lower(sample.subclass) == ascii_lower(other);
  };
  if (sample.subclass.empty() || same(words) || same(sample.diagnosis)) return words;
  return fmt::format("{} ({})", words, sample.subclass);
}

std::map<std::string, std::vector<std::string>> read_sets() {
  const TomlTable table =
      TomlTable::parse(notes_resources().get("prompts/sets.toml"), "prompts/sets.toml");
  const TomlTable sets = table.table("sets");
  std::map<std::string, std::vector<std::string>> result;
  for (const std::string& name : sets.keys()) result.emplace(name, sets.strings_or(name, {}));
  table.finish();
  return result;
}

}  // namespace

std::vector<std::string> named_fields(const Strategy& strategy) {
  std::set<std::string> named;
  for (const auto* part : {&strategy.text, &strategy.system, &strategy.user}) {
    if (*part) named.insert((*part)->fields().begin(), (*part)->fields().end());
  }
  for (const SentenceWordings& sentence : strategy.sentences) {
    for (const Template& wording : sentence.wordings) {
      named.insert(wording.fields().begin(), wording.fields().end());
    }
  }
  std::vector<std::string> fields;
  for (const std::string& field : strategy.fields) {
    if (named.contains(field)) fields.push_back(field);
  }
  return fields;
}

Json to_json(const Strategy& strategy) {
  return {{"name", strategy.name},
          {"version", strategy.version},
          {"kind", strategy_kind_name(strategy.kind)},
          {"title", strategy.title},
          {"image", strategy.image},
          {"fields", strategy.fields},
          {"named_fields", named_fields(strategy)},
          {"names_label", strategy.names_label}};
}

std::string_view strategy_kind_name(StrategyKind kind) {
  switch (kind) {
    case StrategyKind::kTemplate:
      return "template";
    case StrategyKind::kPrompt:
      return "prompt";
    case StrategyKind::kRewrite:
      return "rewrite";
    case StrategyKind::kJudge:
      return "judge";
    case StrategyKind::kRevise:
      return "revise";
  }
  return "";
}

std::string_view field_on_note(StrategyKind kind) {
  if (kind == StrategyKind::kJudge) return "claims";
  return kind == StrategyKind::kRevise ? "faults" : "";
}

namespace {

// A strategy that is another one, built in, with more fields and more in `system`.
Strategy read_extension(const TomlTable& table, const Field& field) {
  const std::string name = table.string("extends");
  if (names_toml_file(name)) {
    throw UsageError("{}: extends names a strategy that is built in, and '{}' is a file",
                     table.place("extends"), name);
  }
  Strategy strategy = load_strategy(name, field);
  if (strategy.kind == StrategyKind::kTemplate || strategy.toml != strategy.texts) {
    throw UsageError(
        "{}: '{}' cannot be extended: it is {}", table.place("extends"), name,
        strategy.kind == StrategyKind::kTemplate ? "a template" : "an extension itself");
  }
  const TomlTable base = TomlTable::parse(strategy.toml, name);
  strategy.title = table.string_or("title", strategy.title);
  for (std::string& more : read_fields(table, strategy)) {
    if (std::ranges::find(strategy.fields, more) == strategy.fields.end()) {
      strategy.fields.push_back(std::move(more));
    }
  }
  strategy.system = read_template(table, "system", strategy.fields, base.string("system"));
  return strategy;
}

}  // namespace

bool names_measured(const Strategy& strategy) {
  return std::ranges::any_of(named_fields(strategy), is_measured_field);
}

Strategy parse_strategy(std::string_view toml, std::string_view source, const Field& field) {
  const TomlTable table = TomlTable::parse(toml, std::string(source));
  Strategy strategy;
  if (table.has("extends")) strategy = read_extension(table, field);
  strategy.field = field;
  if (const std::string own = table.string_or("field", field.name()); own != field.name()) {
    throw UsageError("{}: the strategy is written for the field '{}', not for '{}'",
                     table.place("field"), clean_text(own, 100), field.name());
  }
  strategy.name = table.string("name");
  if (!is_safe_name(strategy.name)) {
    throw UsageError("{}: name = '{}': letters, digits, '.', '_' and '-' only", table.place("name"),
                     strategy.name);
  }
  if (strategy.name == kSets || note_sets().contains(strategy.name)) {
    throw UsageError("{}: name = '{}' is taken by a set of strategies", table.place("name"),
                     strategy.name);
  }
  strategy.version = static_cast<int>(table.integer_in("version", 1, 1'000'000));
  if (table.has("extends")) {
    table.finish();
    strategy.prompt_sentences = sentences_of_prompt(*strategy.system, *strategy.user);
    strategy.content_hash = sha256_of_fields({strategy.content_hash, toml});
    strategy.texts += toml;
    strategy.toml = toml;
    return strategy;
  }
  strategy.kind = read_kind(table);
  strategy.title = table.string_or("title", strategy.name);
  strategy.names_label = table.boolean_or("names_label", true);
  strategy.image = table.boolean_or("image", false);
  strategy.fields = read_fields(table, strategy);
  if (strategy.kind == StrategyKind::kTemplate) {
    if (strategy.image)
      throw UsageError("{}: a template cannot see the image", table.place("image"));
    if (table.has("sentence")) {
      read_sentences(table, strategy);
    } else {
      strategy.text = read_template(table, "text", strategy.fields);
    }
  } else {
    if (strategy.kind == StrategyKind::kRewrite) strategy.rewrites = table.string("rewrites");
    strategy.system = read_template(table, "system", strategy.fields);
    strategy.user = read_template(table, "user", strategy.fields);
    const auto must_show = [&](std::string_view field) {
      for (const Template* part : {&*strategy.system, &*strategy.user}) {
        if (std::ranges::find(part->fields(), field) != part->fields().end()) return;
      }
      throw UsageError(
          "{}: a strategy of kind {} has to show {}: neither system nor user holds {{{}}}",
          table.place(), strategy_kind_name(strategy.kind),
          field == "note" ? "the note" : fmt::format("its {}", field), field);
    };
    if (reads_note(strategy)) must_show("note");
    if (!field_on_note(strategy.kind).empty()) must_show(field_on_note(strategy.kind));
    strategy.max_words = static_cast<int>(table.integer_in("max_words", 1, 10'000, 250));
    strategy.max_tokens = static_cast<int>(table.integer_in("max_tokens", 1, 100'000, 400));
    strategy.temperature = table.number_in("temperature", 0, 2, 0.2);
    strategy.variants = static_cast<int>(table.integer_in("variants", 1, 100, 1));
    read_answer_form(table, strategy);
    strategy.prompt_sentences = sentences_of_prompt(*strategy.system, *strategy.user);
  }
  table.finish();
  strategy.content_hash = sha256_hex(toml);
  strategy.toml = toml;
  strategy.texts = toml;
  return strategy;
}

std::string template_version(const Strategy& strategy) {
  return fmt::format("{}:{}", strategy.version, strategy.content_hash);
}

Strategy load_strategy(std::string_view name_or_path, const Field& field) {
  if (names_toml_file(name_or_path)) {
    return parse_strategy(read_given_file(name_or_path, kMaxStrategyFile), name_or_path, field);
  }
  if (const auto set = note_sets().find(std::string(name_or_path)); set != note_sets().end()) {
    throw UsageError("'{}' is a set of strategies ({}), for training; write their notes one by one",
                     name_or_path, join(set->second, ", "));
  }
  const std::string file = fmt::format("{}{}.toml", folder_of(field), name_or_path);
  if (name_or_path != kSets && notes_resources().has(file)) {
    return parse_strategy(notes_resources().get(file), file, field);
  }
  const std::vector<std::string> known = built_in_strategies(field);
  const std::string there = known.empty() ? "none" : join(known, ", ");
  for (const std::string& name : Field::names()) {
    const std::string other = fmt::format("{}{}.toml", folder_of(Field::load(name)), name_or_path);
    if (name_or_path == kSets || !notes_resources().has(other)) continue;
    throw UsageError(
        "strategy '{}' is written for the field '{}', not for '{}'; built in for that are {}; "
        "another is named by the path of its file",
        name_or_path, name, field.name(), there);
  }
  throw UsageError("no strategy '{}'; built in are {}; another is named by the path of its file",
                   name_or_path, there);
}

std::vector<std::string> built_in_strategies(const Field& field) {
  std::vector<std::string> names;
  const std::string folder = folder_of(field);
  for (const std::string& file : notes_resources().names(folder)) {
    const std::string name = Path(file).stem().string();
    if (name != kSets && file.find('/', folder.size()) == std::string::npos) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

const std::map<std::string, std::vector<std::string>>& note_sets() {
  static const std::map<std::string, std::vector<std::string>> sets = read_sets();
  return sets;
}

std::vector<std::string> expand_note_sets(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(result, name) == result.end()) result.push_back(name);
  };
  for (const std::string& name : names) {
    const auto set = note_sets().find(name);
    if (set == note_sets().end()) {
      add(name);
    } else {
      for (const std::string& member : set->second) add(member);
    }
  }
  return result;
}

bool note_names_label(std::string_view strategy, const Field& field) {
  const std::string file = fmt::format("{}{}.toml", folder_of(field), strategy);
  if (strategy == kSets || !notes_resources().has(file)) return true;
  return parse_strategy(notes_resources().get(file), file, field).names_label;
}

std::vector<std::string> note_field_names(const Field& field) {
  std::vector<std::string> names = {"diagnosis", "subclass", "class", "findings", "modality",
                                    "age",       "sex",      "site",  "note"};
  if (!field.grade_name().empty()) names.insert(names.begin(), field.grade_name());
  return names;
}

TemplateFields note_fields(const Sample& sample, const Field& field) {
  TemplateFields fields = {{"diagnosis", sample.diagnosis},
                           {"subclass", sample.subclass == sample.diagnosis ? "" : sample.subclass},
                           {"modality", sample.modality.empty() ? "image" : sample.modality}};
  if (!field.grade_name().empty()) fields[field.grade_name()] = sample.grade;
  if (sample.label) fields["class"] = class_words(sample, field);
  std::vector<std::string> findings;
  for (const Finding& finding : sample.findings) {
    if (finding.value.empty()) continue;
    findings.push_back(finding_words(finding));
    for (const char* name : {"age", "sex", "site"}) {
      if (finding.name == name) fields[name] = finding.value;
    }
  }
  fields["findings"] = join(findings, "; ");
  std::erase_if(fields, [](const auto& field) { return field.second.empty(); });
  return fields;
}

}  // namespace epicrisis
