#pragma once

#include <re2/re2.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/toml.h"

namespace epicrisis::llm {

// Lists of [sets] of a file of forms as alternatives: {name} in a form is one of the list `name`.
using WordSets = std::map<std::string, std::string, std::less<>>;

std::string one_of(const std::vector<std::string>& all);

// {name} as the list of that name; other braces stay.
std::string filled(std::string_view form, const WordSets& sets);

// Each list of a table, filled with those before it.
WordSets read_sets(const TomlTable& table);

// One of the list `name` of the table, filled.
std::string forms_of(const TomlTable& table, const char* name, const WordSets& sets);

// InternalError that names the file for what is no expression.
std::unique_ptr<RE2> expression(const std::string& pattern, std::string_view file);

// Of a cleaned text in lower case: straight apostrophes, one space between words; with `commas`
// other signs become ',', else they go. Sentences end in ".".
std::string words_of(std::string_view folded, bool commas);

// Whether one of them is in the text.
bool has_any(std::string_view text, const std::vector<std::string>& all);

}  // namespace epicrisis::llm
