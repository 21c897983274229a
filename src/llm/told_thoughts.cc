#include "llm/told_thoughts.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/resources.h"
#include "llm/word_forms.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

constexpr std::string_view kFile = "answers/thoughts.toml";
constexpr std::size_t kLooked = std::size_t{256} << 10;  // bytes
constexpr std::size_t kBegin = 120;                      // bytes of a text without spaces
constexpr std::size_t kShown = 80;                       // bytes

struct Forms {
  std::unique_ptr<RE2> anywhere, within, led, led_on;
  std::vector<std::string> begins;
};

Forms read_forms() {
  const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
  const WordSets sets = read_sets(file.table("sets"));
  const std::string lead = filled("(?:{lead} (?:[,.] )?){0,3}", sets);
  const TomlTable led = file.table("led");
  const auto forms = [&](const char* table) {
    return forms_of(file.table(table), "forms", sets) + ")(?: |$)";
  };
  Forms read;
  read.anywhere = expression("(?:^|[.] )(" + lead + forms("anywhere"), kFile);
  read.within = expression("(?:^| )(" + forms("within"), kFile);
  read.led = expression("^" + forms_of(led, "words", sets) + "(?: |$)", kFile);
  read.led_on = expression("[,.] (" + lead + forms("led"), kFile);
  read.begins = file.table("begin").strings_or("words", {});
  file.finish();
  return read;
}

const Forms& built_in() {
  static const Forms forms = read_forms();
  return forms;
}

std::string found(std::string_view words) {
  return fmt::format("a thought, by its words: '{}'", clean_text(words, kShown));
}

// What an expression finds and what follows it; "" if it finds nothing.
std::string_view found_by(const RE2& expression, const std::string& words) {
  re2::StringPiece begin;
  if (!RE2::PartialMatch(words, expression, &begin)) return {};
  return std::string_view(words).substr(static_cast<std::size_t>(begin.data() - words.data()));
}

}  // namespace

std::string told_thought(std::string_view text) {
  const Forms& forms = built_in();
  for (const std::string& begin : forms.begins) {
    if (text.substr(0, kBegin).find(begin) != std::string_view::npos) return found(text);
  }
  const std::string words =
      words_of(unicode::case_folded(clean_multiline_text(text.substr(0, kLooked), kLooked)), true);
  std::string_view what = found_by(*forms.anywhere, words);
  if (what.empty()) what = found_by(*forms.within, words);
  if (what.empty() && RE2::PartialMatch(words, *forms.led)) what = found_by(*forms.led_on, words);
  if (!what.empty()) return found(what);
  return {};
}

}  // namespace epicrisis::llm
