#include "llm/refusal.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/resources.h"
#include "llm/word_forms.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

constexpr std::string_view kFile = "answers/refusals.toml";
constexpr std::size_t kLooked = 600;  // bytes of a text
constexpr std::size_t kBegin = 120;   // bytes of one without spaces
constexpr std::size_t kShown = 120;
constexpr std::size_t kFewWords = 400;  // bytes of a text that says no more than this
constexpr std::size_t kForm = 8192;     // bytes in which open places are looked for

// Places that are left open: "{color}", "[insert description]", "<your note>", "a [color] macule".
std::unique_ptr<RE2> open_places(const TomlTable& table) {
  const std::string things = one_of(table.strings_or("things", {}));
  const std::string people = one_of(table.strings_or("people", {}));
  const std::string orders = one_of(table.strings_or("orders", {}));
  const std::string more = "(?:[ _/-][a-z_ /-]{1,30})?";
  return expression(
      one_of({"(?:^|[^a-z\\\\])\\{ ?\\{? ?(?:" + things + "|" + people + ")" + more + " ?\\}",
              "\\{ ?[a-z]+_[a-z_]+ ?\\}", "[a-z,] \\[" + things + more + "\\]",
              "\\[" + orders + "[ _:][^\\]\n]{0,80}\\]", "<" + orders + "[ _:][^>\n]{0,60}>",
              "%\\([a-z_]+\\)s"}),
      kFile);
}

struct Forms {
  std::unique_ptr<RE2> refusal, blind, blind_within, asking, questions, advising, open;
  std::vector<std::string> refusal_begins, blind_begins;
  std::vector<std::string> doctors, acts, polite, findings;
};

Forms read_forms() {
  const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
  const WordSets sets = read_sets(file.table("sets"));
  const TomlTable refusal = file.table("refusal");
  const TomlTable blind = file.table("blind");
  const auto forms = [&](const TomlTable& table, const char* name) {
    return forms_of(table, name, sets);
  };
  const std::string said = fmt::format("(?:{}(?: {}| ?$)|{})", forms(blind, "forms"),
                                       forms(blind, "tail") + "(?: |$)", forms(blind, "plain"));
  Forms read;
  read.refusal = expression("^" + forms(refusal, "forms") + "(?: |$)", kFile);
  read.blind = expression(filled("^(?:[^.]+[.] ){0,2}(?:{lead} )*", sets) + said, kFile);
  read.blind_within = expression(filled("^[^.]* {joint} (?:{lead} )*", sets) + said, kFile);
  read.asking = expression("^" + forms(file.table("asking"), "forms") + "(?: |$)", kFile);
  read.questions = expression("^" + forms(file.table("asking"), "questions") + "(?: |$)", kFile);
  const TomlTable advising = file.table("advising");
  read.advising = expression("^" + forms(advising, "forms") + "(?: |$)", kFile);
  read.doctors = advising.strings_or("doctors", {});
  read.acts = advising.strings_or("acts", {});
  read.polite = advising.strings_or("polite", {});
  read.findings = advising.strings_or("findings", {});
  read.open = open_places(file.table("unfilled"));
  read.refusal_begins = refusal.strings_or("begin", {});
  read.blind_begins = blind.strings_or("begin", {});
  file.finish();
  return read;
}

const Forms& built_in() {
  static const Forms forms = read_forms();
  return forms;
}

// Whether nothing is said but that somebody should see a doctor. `words` are words_of() a text.
bool only_advises(std::string_view words) {
  const Forms& forms = built_in();
  if (has_any(words, forms.findings)) return false;
  bool advises = false;
  for (const std::string& sentence : split(words, '.')) {
    if (trim(sentence).empty()) continue;
    const bool advice = has_any(sentence, forms.doctors) && has_any(sentence, forms.acts);
    if (!advice && !has_any(sentence, forms.polite)) return false;
    advises = advises || advice;
  }
  return advises;
}

bool begins_so(std::string_view text, const std::vector<std::string>& all) {
  return has_any(text.substr(0, kBegin), all);
}

}  // namespace

std::string refusal_words(std::string_view text, Said said) {
  const Forms& forms = built_in();
  const auto shown = [&] { return clean_text(text.substr(0, kLooked), kShown); };
  const std::string folded = unicode::case_folded(clean_multiline_text(text, kLooked));
  // First, for it says more.
  const std::string clauses = words_of(folded, true);
  if (RE2::PartialMatch(clauses, *forms.blind) || RE2::PartialMatch(clauses, *forms.blind_within) ||
      begins_so(text, forms.blind_begins)) {
    return "says that it sees no picture: " + shown();
  }
  std::string words = words_of(folded, false);
  if (!words.ends_with(". ")) words += words.ends_with(' ') ? ". " : " . ";
  if (RE2::PartialMatch(words, *forms.refusal) || begins_so(text, forms.refusal_begins)) {
    return shown();
  }
  const std::string lower = ascii_lower(text.substr(0, kForm));
  if (RE2::PartialMatch(lower, *forms.open))
    return "leaves open what it has to fill in: " + shown();
  if (said == Said::kPart || text.size() > kFewWords) return {};
  const std::string_view end = trim(text);
  const bool asks = end.ends_with('?') || end.ends_with("\uff1f");
  if (RE2::PartialMatch(words, *forms.asking) ||
      (asks && RE2::PartialMatch(words, *forms.questions))) {
    return shown();
  }
  if (said == Said::kAnswer && (RE2::PartialMatch(words, *forms.advising) || only_advises(words))) {
    return shown();
  }
  return {};
}

}  // namespace epicrisis::llm
