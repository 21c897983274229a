#include "llm/word_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

// Full stops, question and exclamation marks of other scripts.
bool ends_sentence(std::int32_t code) {
  constexpr std::array<std::int32_t, 8> kEnds = {0x3002, 0xff01, 0xff1f, 0xff0e,
                                                 0x0964, 0x061f, 0x06d4, 0x0589};
  return std::ranges::find(kEnds, code) != kEnds.end();
}

}  // namespace

std::string one_of(const std::vector<std::string>& all) { return "(?:" + join(all, "|") + ")"; }

std::string filled(std::string_view form, const WordSets& sets) {
  std::string whole;
  while (!form.empty()) {
    const std::size_t open = form.find('{');
    const std::size_t close = open == std::string_view::npos ? open : form.find('}', open);
    if (close == std::string_view::npos) break;
    const auto set = sets.find(form.substr(open + 1, close - open - 1));
    whole += form.substr(0, open);
    whole +=
        set == sets.end() ? form.substr(open, close - open + 1) : std::string_view(set->second);
    form.remove_prefix(close + 1);
  }
  return whole.append(form);
}

WordSets read_sets(const TomlTable& table) {
  WordSets sets;
  for (const std::string& name : table.keys()) sets[name] = forms_of(table, name.c_str(), sets);
  return sets;
}

std::string forms_of(const TomlTable& table, const char* name, const WordSets& sets) {
  return filled(one_of(table.strings_or(name, {})), sets);
}

std::unique_ptr<RE2> expression(const std::string& pattern, std::string_view file) {
  RE2::Options options;
  options.set_max_mem(std::int64_t{64} << 20);
  options.set_log_errors(false);
  auto made = std::make_unique<RE2>(pattern, options);
  if (!made->ok()) throw InternalError("{}: {}", file, made->error());
  return made;
}

std::string words_of(std::string_view folded, bool commas) {
  std::string words;
  const auto sign = [&](char c) {
    if (words.empty()) return;
    if (words.back() != ' ') words += ' ';
    const bool ended = words.ends_with(". ") || words.ends_with(", ");
    if (c != ' ' && !ended) words += {c, ' '};
    if (c == '.' && words.ends_with(", ")) words.replace(words.size() - 2, 2, ". ");
  };
  for (std::size_t i = 0; i < folded.size();) {
    const unicode::Decoded character = unicode::decode(folded.substr(i));
    const std::string_view bytes = folded.substr(i, character.length);
    const char c = bytes.size() == 1 ? bytes.front() : '\0';
    i += character.length;
    if (unicode::is_letter_or_digit(character.code)) {
      words += bytes;
    } else if (c == '\'' || bytes == "\u2019") {
      const bool within = !words.empty() && words.back() != ' ';
      if (within) words += '\'';
    } else if (c == '.' || c == '!' || c == '?' || c == '\n' || ends_sentence(character.code)) {
      sign('.');
    } else if (commas && std::string_view(",;:()").find(c) != std::string_view::npos) {
      sign(',');
    } else {
      sign(' ');
    }
    if (words.ends_with("' ")) words.replace(words.size() - 2, 2, " ");
  }
  return words;
}

bool has_any(std::string_view text, const std::vector<std::string>& all) {
  return std::ranges::any_of(
      all, [&](const std::string& one) { return text.find(one) != std::string_view::npos; });
}

}  // namespace epicrisis::llm
