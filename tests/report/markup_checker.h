#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace epicrisis::test {

struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;  // values as written
};

struct CheckedMarkup {
  std::string error;  // empty: well-formed
  std::vector<Element> elements;
  std::string text;  // without tags and style, entities as written
};

// A strict reading of the subset that the report writes: every attribute quoted, every element
// closed in order but the void ones, no bare '<', '>' or '&' in text.
CheckedMarkup check_markup(std::string_view html);

}  // namespace epicrisis::test
