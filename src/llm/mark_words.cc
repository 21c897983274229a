#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/toml.h"
#include "llm/folded_text.h"
#include "llm/marks.h"
#include "llm/resources.h"

namespace epicrisis::llm {
namespace {

using Names = MarkWords::Names;

Names names_of(const TomlTable& table, std::string_view key) {
  Names names;
  for (const std::string& name : table.strings_or(key, {})) {
    names.insert((name.starts_with('/') ? "/" : "") + plain_name(name));
  }
  return names;
}

Names words_of(const TomlTable& table, std::string_view key) {
  const std::vector<std::string> words = table.strings_or(key, {});
  return {words.begin(), words.end()};
}

MarkWords read_words() {
  constexpr std::string_view kFile = "answers/marks.toml";
  const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
  MarkWords words;
  const TomlTable thought = file.table("thought");
  words.thoughts = names_of(thought, "names");
  words.channels = names_of(thought, "channels");
  words.square_open = names_of(thought, "bracket_open");
  words.square_close = names_of(thought, "bracket_close");
  words.square_thoughts = names_of(thought, "bracket_names");
  words.thoughts_open = names_of(thought, "open");
  words.thoughts_close = names_of(thought, "close");
  words.thought_stems = thought.strings_or("stems", {});
  words.cut_thoughts = thought.strings_or("cut", {});
  words.thought_headings = words_of(thought, "headings");
  words.weak_thought_headings = words_of(thought, "weak_headings");
  words.thought_ends = words_of(thought, "ends");
  words.thought_openings = folded(thought.strings_or("openings", {}));
  words.aloud_openings = folded(thought.strings_or("aloud_openings", {}));
  words.summary_openings = folded(thought.strings_or("summary_openings", {}));
  words.lead_ins = folded(thought.strings_or("lead_ins", {}));
  words.polite_lead_ins = folded(thought.strings_or("polite_lead_ins", {}));
  const TomlTable answer = file.table("answer");
  words.answers = names_of(answer, "names");
  words.answers_open = names_of(answer, "open");
  words.answers_close = names_of(answer, "close");
  words.square_answers = names_of(answer, "bracket_names");
  words.answer_headings = words_of(answer, "headings");
  words.weak_answer_headings = words_of(answer, "weak_headings");
  words.inline_answers = answer.strings_or("inline", {});
  words.note_headings = words_of(answer, "note_headings");
  words.summing_headings = words_of(answer, "summing_headings");
  const TomlTable control = file.table("control");
  words.begin = names_of(control, "begin");
  words.role = names_of(control, "role");
  words.heads = names_of(control, "heads");
  words.pass = names_of(control, "pass");
  words.end = names_of(control, "end");
  words.square = names_of(control, "square");
  words.bars_only = names_of(control, "bars_only");
  words.numbered = names_of(control, "numbered");
  words.square_numbered = names_of(control, "square_numbered");
  words.literals = control.strings_or("literals", {});
  words.switches = control.strings_or("switches", {});
  words.weak_switches = control.strings_or("weak_switches", {});
  words.turns = control.strings_or("turns", {});
  words.turn_lines = words_of(control, "turn_lines");
  words.begin_turns = control.strings_or("begin_turns", {});
  words.own_turns = control.strings_or("own_turns", {});
  words.speakers = words_of(control, "speakers");
  words.askers = words_of(control, "askers");
  words.letters = control.strings_or("letters", {});
  words.versions = words_of(control, "versions");
  words.alternatives = words_of(control, "alternatives");
  words.corrections = words_of(control, "corrections");
  words.own_literals = control.strings_or("own_literals", {});
  words.options = words_of(control, "options");
  words.line_ends = control.strings_or("line_ends", {});
  words.inline_turns = control.strings_or("inline_turns", {});
  words.sentence_turns = control.strings_or("sentence_turns", {});
  const TomlTable role = file.table("role");
  words.own_roles = names_of(role, "own");
  words.own_names = names_of(role, "own_names");
  words.answer_roles = names_of(role, "answer");
  words.other_roles = names_of(role, "other");
  const TomlTable html = file.table("html");
  words.html = names_of(html, "names");
  words.wrappers = names_of(html, "wrappers");
  words.attributes = html.strings_or("attributes", {});
  const TomlTable around = file.table("around");
  words.announcements = folded(around.strings_or("announcements", {}));
  words.announced_by = folded(around.strings_or("announced_by", {}));
  words.announced = around.strings_or("announced", {});
  words.closing_sentences = folded(around.strings_or("closing_sentences", {}));
  words.closings = folded(around.strings_or("closings", {}));
  file.finish();
  return words;
}

}  // namespace

const MarkWords& MarkWords::built_in() {
  static const MarkWords words = read_words();
  return words;
}

std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (is_name_byte(c)) plain += c;
  }
  return plain;
}

}  // namespace epicrisis::llm
