#pragma once

#include <array>
#include <regex>
#include <string>
#include <string_view>

namespace epicrisis::test {

// The first slip of grammar or punctuation that a template with missing fields can leave in a
// text; "" if there is none.
inline std::string grammar_fault(const std::string& text) {
  struct Rule {
    const char* name;
    std::regex pattern;
  };
  static const std::array<Rule, 10> kRules = {{
      {"doubled space", std::regex("  ")},
      {"space before punctuation", std::regex(" [.,;:)!?]")},
      {"space after a bracket", std::regex("\\( ")},
      {"punctuation on punctuation", std::regex("[.,;:][.,;:]|\\([.,;:)]")},
      {"template syntax", std::regex("\\[\\[|\\]\\]|[{}]")},
      {"empty quotes", std::regex("\" ?\"")},
      {"word that leads nowhere", std::regex("\\b(is|are|a|an|the|of|with|on|in|and|that)[.)]")},
      {"article before nothing", std::regex("\\b(the|a|an) (in|is|shows|and|with|of|the|a|an)\\b")},
      {"a before a vowel", std::regex("\\b[Aa] [aeio]")},
      {"an before a consonant", std::regex("\\b[Aa]n [bcdfgjkmpqtvwyz]")},
  }};
  for (const Rule& rule : kRules) {
    std::smatch match;
    if (std::regex_search(text, match, rule.pattern)) {
      return std::string(rule.name) + ": '" + match.str() + "' in: " + text;
    }
  }
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) return "space at an end";
  return "";
}

}  // namespace epicrisis::test
