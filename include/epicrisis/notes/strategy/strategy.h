#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/text/templates.h"

namespace epicrisis {

enum class StrategyKind {
  kTemplate,  // text from metadata, no language model
  kPrompt,    // a language model answers a prompt on a sample
  kRewrite,   // a language model rewrites another strategy's note
  kJudge,     // a language model gives a verdict on each claim of a note; writes none itself
  kRevise,    // a language model writes a note again, told what an audit found wrong with it
};
std::string_view strategy_kind_name(StrategyKind kind);  // "template", "prompt", ...

// What a model's answer is.
enum class AnswerForm {
  kText,     // free text: the note itself
  kOptions,  // JSON: a statement, and for each heading what was chosen; the note is made of it
  kSchema,   // JSON as the file's [schema] says
  kVerdicts  // JSON: a verdict for each claim of a note, of a judge alone
};

// A heading of a structured report and what can be chosen under it.
struct OptionHeading {
  std::string name;  // member of the answer: "lung_borders"
  std::vector<std::string> options;
  bool several = false;  // any number of them, none included; else exactly one
};

// A sentence of a note and the ways to word it; of these one is chosen for a sample.
struct SentenceWordings {
  std::vector<Template> wordings;
  bool anywhere = false;  // changes places with its neighbours that may too
};

// How notes of one kind come about: a TOML file in prompts/ (built in) or of the user's own.
// docs/formats/strategies.md.
struct Strategy {
  std::string name;                 // a safe id: "P1"
  Field field = Field::standard();  // of whose samples it writes notes
  int version = 1;
  StrategyKind kind = StrategyKind::kTemplate;
  std::string title;
  bool names_label = true;  // the notes state the class that they were given
  bool image = false;       // whether the model may see the picture
  // Metadata it may see, of note_field_names(field), and what is measured on the picture, of
  // measured_field_names(field).
  std::vector<std::string> fields;
  std::string rewrites;          // kRewrite: the strategy whose notes it reads, as field {note}
  std::optional<Template> text;  // kTemplate: this, or
  std::vector<SentenceWordings> sentences;  // these, made of what is measured on the picture too
  // Of a measured value in a sentence: "pigment network" -> "a pigment network".
  std::map<std::string, std::string, std::less<>> words;
  std::optional<Template> system;  // others
  std::optional<Template> user;    // others
  AnswerForm answer = AnswerForm::kText;
  std::vector<OptionHeading> options;  // in the file's order
  // JSON schema of the answer, an object; null for kText. For kOptions it is made of them: a string
  // `statement` (what is shown), an enum or an array of different enums a heading, all
  // required. Providers get portable_schema() of it.
  Json schema;
  int max_words = 250;
  int max_tokens = 400;
  double temperature = 0.2;
  int variants = 1;  // notes of a sample
  // Of the prompt without values, as answers are held against it: one that says it back is no note.
  std::set<std::string, std::less<>> prompt_sentences;
  std::string content_hash;  // SHA-256 of the file: "template version" in a note's provenance
  std::string toml;          // the file's text, for what has to read it again later
  std::string texts;         // that, and that of the strategy that it extends
};

// Whether a text of it names something that is measured on pictures.
bool names_measured(const Strategy& strategy);

// Whether its prompt holds another strategy's note.
inline bool reads_note(const Strategy& strategy) {
  return strategy.kind == StrategyKind::kRewrite || strategy.kind == StrategyKind::kJudge ||
         strategy.kind == StrategyKind::kRevise;
}
// What its prompt holds of that note besides: "claims", "faults"; "" if nothing.
std::string_view field_on_note(StrategyKind kind);

// The metadata that its texts name: what is sent of them (a template: what its notes are made of),
// in the order of `fields`.
std::vector<std::string> named_fields(const Strategy& strategy);

// What a list of strategies says of one; its texts are in its file.
Json to_json(const Strategy& strategy);

// The note that an answer which meets the strategy's schema stands for. kOptions: "The image shows
// pneumonia. Side: left. Lung borders: blurred, displaced." with the headings in the strategy's
// order, "none" where none was chosen. kSchema: a line "Heading: value." for each member, in the
// answer's order; null members are left out.
std::string render_answer(const Strategy& strategy, const Json& answer);

// "3:<content hash>": NoteRecord::template_version.
std::string template_version(const Strategy& strategy);

// A built-in name of the field ("M", "P1"), or the path of a file (has '/' or ends in ".toml"). A
// file that says another field is refused, one that says none is of this one. UsageError with file
// and line for a file that is wrong, or with the names there are.
Strategy load_strategy(std::string_view name_or_path, const Field& field = Field::standard());
Strategy parse_strategy(std::string_view toml, std::string_view source,
                        const Field& field = Field::standard());
std::vector<std::string> built_in_strategies(const Field& field = Field::standard());  // sorted

// Names of sets ("MP") replaced by their members ("M", "P1", "P2"); other names stay. Each once, in
// order. Names need not be known here: notes can be imported under any strategy name.
std::vector<std::string> expand_note_sets(const std::vector<std::string>& names);
const std::map<std::string, std::vector<std::string>>& note_sets();

// Whether the notes of this strategy state the label they were given, so that a text is not
// evidence of the picture. Unknown strategies count as such.
bool note_names_label(std::string_view strategy, const Field& field);

// What a template may name: the field's grade by its own name, diagnosis, subclass, class,
// findings, modality, age, sex, site, note (of those that read one alone).
std::vector<std::string> note_field_names(const Field& field);
// A sample's values for them; absent ones are left out. `findings` joins all findings: "age 65;
// female; site: lower extremity". `class` is the harmonised class in words, with the subclass in
// brackets where that says more than class and diagnosis. `modality` is "image" where the sample
// has none, for every sample is one.
TemplateFields note_fields(const Sample& sample, const Field& field);

}  // namespace epicrisis
