#pragma once

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <string>
#include <string_view>

namespace epicrisis::test {

// The first slip of grammar or punctuation that a template with missing fields can leave in a
// text; "" if there is none.
inline std::string grammar_fault(const std::string& text) {
  struct Rule {
    const char* name;
    RE2 pattern;
  };
  static const std::array<Rule, 10> kRules{{
      {"doubled space", {"(  )"}},
      {"space before punctuation", {"( [.,;:)!?])"}},
      {"space after a bracket", {"(\\( )"}},
      {"punctuation on punctuation", {"([.,;:][.,;:]|\\([.,;:)])"}},
      {"template syntax", {"(\\[\\[|\\]\\]|[{}])"}},
      {"empty quotes", {"(\" ?\")"}},
      {"word that leads nowhere", {"(\\b(is|are|a|an|the|of|with|on|in|and|that)[.)])"}},
      {"article before nothing", {"(\\b(the|a|an) (in|is|shows|and|with|of|the|a|an)\\b)"}},
      {"a before a vowel", {"(\\b[Aa] [aeio])"}},
      {"an before a consonant", {"(\\b[Aa]n [bcdfgjkmpqtvwyz])"}},
  }};
  for (const Rule& rule : kRules) {
    std::string match;
    if (RE2::PartialMatch(text, rule.pattern, &match)) {
      return fmt::format("{}: '{}' in: {}", rule.name, match, text);
    }
  }
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) return "space at an end";
  return "";
}

}  // namespace epicrisis::test
