#include "llm/error_meaning.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/resources.h"

namespace epicrisis::llm {
namespace {

constexpr std::string_view kTable = "answers/errors.toml";
constexpr std::size_t kLongestGap = 120;  // bytes that a '*' stands for, at most
constexpr std::size_t kMaxName = 60;      // of a parameter

struct Row {
  ErrorMeaning meaning = ErrorMeaning::kNone;
  std::vector<std::int64_t> status;
  std::vector<std::string> codes;
  std::vector<std::string> words;
  std::vector<std::string> but;
};

struct Parameter {
  std::string name;
  std::string advice;
};

struct Table {
  std::vector<Row> rows;
  std::vector<Parameter> parameters;
  std::vector<std::string> members;  // of a request, others than the parameters
  std::vector<std::string> passing;
};

constexpr std::array<std::pair<std::string_view, ErrorMeaning>, 10> kMeanings = {{
    {"money", ErrorMeaning::kMoney},
    {"day", ErrorMeaning::kDay},
    {"access", ErrorMeaning::kAccess},
    {"model", ErrorMeaning::kModel},
    {"pictures", ErrorMeaning::kPictures},
    {"parameter", ErrorMeaning::kParameter},
    {"format", ErrorMeaning::kFormat},
    {"room", ErrorMeaning::kRoom},
    {"address", ErrorMeaning::kAddress},
    {"filter", ErrorMeaning::kFilter},
}};

ErrorMeaning meaning_named(std::string_view name, const std::string& place) {
  const auto* const found =
      std::ranges::find(kMeanings, name, [](const auto& pair) { return pair.first; });
  if (found == kMeanings.end()) throw UsageError("{}: means = '{}' is not known", place, name);
  return found->second;
}

Table read_table() {
  const TomlTable file =
      TomlTable::parse(llm_resources().get(std::string(kTable)), std::string(kTable));
  Table table;
  for (const TomlTable& one : file.tables_or_empty("error")) {
    Row row;
    row.meaning = meaning_named(one.string("means"), one.place("means"));
    row.status = one.integers_or("status", {});
    row.codes = one.strings_or("codes", {});
    row.words = one.strings_or("words", {});
    row.but = one.strings_or("but", {});
    table.rows.push_back(std::move(row));
  }
  for (const TomlTable& one : file.tables_or_empty("parameter")) {
    table.parameters.push_back({one.string("name"), one.string("advice")});
  }
  table.members = file.table("members").strings_or("names", {});
  table.passing = file.table("passing").strings_or("words", {});
  file.finish();
  return table;
}

const Table& table() {
  static const Table kRead = read_table();
  return kRead;
}

// Where in the text the words begin, with gaps where they hold '*'.
std::optional<std::size_t> place_of(std::string_view text, std::string_view words) {
  const std::vector<std::string> parts = split(words, '*');
  for (std::size_t at = text.find(parts[0]); at != std::string_view::npos;
       at = text.find(parts[0], at + 1)) {
    std::size_t end = at + parts[0].size();
    bool whole = true;
    for (std::size_t i = 1; i < parts.size() && whole; ++i) {
      const std::size_t gap = text.substr(end, kLongestGap + parts[i].size()).find(parts[i]);
      whole = gap != std::string_view::npos;
      if (whole) end += gap + parts[i].size();
    }
    if (whole) return at;
  }
  return {};
}

bool holds_one(std::string_view text, const std::vector<std::string>& all) {
  return std::ranges::any_of(
      all, [&](const std::string& words) { return place_of(text, words).has_value(); });
}

bool fits(const Row& row, const ServerError& error, int status) {
  if (!row.status.empty() && std::ranges::find(row.status, status) == row.status.end()) {
    return false;
  }
  const bool said =
      std::ranges::any_of(row.codes, [&](const auto& code) { return error.has_code(code); }) ||
      holds_one(error.text, row.words);
  return said && !holds_one(error.text, row.but);
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
         c == ']' || c == '-';
}

// The next name in quotes after a place in the text.
std::string quoted_after(std::string_view text, std::size_t from) {
  const std::size_t quote = text.find_first_of("'\"`", from);
  if (quote == std::string_view::npos) return "";
  std::size_t end = quote + 1;
  while (end < text.size() && is_name(text[end])) ++end;
  const std::string_view name = text.substr(quote + 1, end - quote - 1);
  const bool closed = end < text.size() && text[end] == text[quote];
  return closed && !name.empty() && name.size() <= kMaxName ? std::string(name) : "";
}

// Whether a name goes on from the character at `at` by one before or behind it: dots lead on to a
// part, and brackets around it are none of it.
bool goes_on(std::string_view text, std::size_t at, int step) {
  const auto sign = [&](int steps) -> char {
    const auto place = static_cast<std::ptrdiff_t>(at) + std::ptrdiff_t{steps} * step;
    const bool there = place >= 0 && place < static_cast<std::ptrdiff_t>(text.size());
    return there ? text[static_cast<std::size_t>(place)] : ' ';
  };
  if (!is_name(sign(1)) || sign(1) == '.') return false;
  const char bracket = step < 0 ? '[' : ']';
  return sign(1) != bracket || is_name(sign(2));
}

// The name that a message ends with, or a clause of it, behind a colon that follows `from` soon:
// "not supported on this model: presencePenalty".
std::string named_after(std::string_view message, std::size_t from) {
  constexpr std::size_t kSoon = 80;
  const std::size_t colon = message.substr(0, from + kSoon).find(": ", from);
  if (colon == std::string_view::npos) return "";
  const std::size_t begin = colon + 2;
  std::size_t end = begin;
  while (end < message.size() && is_name(lower_letter(message[end])) && message[end] != '.') ++end;
  const std::string_view rest = trim(message.substr(end));
  const bool last = rest.empty() || std::string_view(".,;").find(rest[0]) != std::string_view::npos;
  const bool good = last && end - begin >= 3 && end - begin <= kMaxName;
  return good ? std::string(message.substr(begin, end - begin)) : "";
}

// Whether what stands at `at` is what to take instead: "use 'max_completion_tokens'".
bool is_proposed(std::string_view text, std::size_t at) {
  std::string_view before = text.substr(0, at);
  while (!before.empty() && std::string_view("'\"` ").find(before.back()) != before.npos) {
    before.remove_suffix(1);
  }
  constexpr std::array<std::string_view, 10> kProposals = {
      "use", "pass", "try", "prefer", "send", "specify", " by", "favor of", "favour of", "with"};
  return std::ranges::any_of(kProposals,
                             [&](std::string_view word) { return before.ends_with(word); });
}

// The first of the known parameters that the text names; one that it proposes where it names no
// other.
std::string known_in(std::string_view text, const std::vector<Parameter>& parameters) {
  std::string first;
  std::string proposed;
  std::size_t place = text.size();
  for (const Parameter& parameter : parameters) {
    for (std::size_t at = text.find(parameter.name); at < place;
         at = text.find(parameter.name, at + 1)) {
      const std::size_t end = at + parameter.name.size();
      if (goes_on(text, at, -1) || goes_on(text, end - 1, 1)) continue;
      if (is_proposed(text, at)) {
        proposed = parameter.name;
        continue;
      }
      first = parameter.name;
      place = at;
    }
  }
  return first.empty() ? proposed : first;
}

// The name of the parameter that is refused; "" if the server does not say.
std::string refused_parameter(const ServerError& error, const Row& row,
                              const std::vector<Parameter>& parameters) {
  if (!error.parameter.empty()) return error.parameter;
  if (std::string known = known_in(error.text, parameters); !known.empty()) return known;
  for (const std::string& words : row.words) {
    if (const auto place = place_of(error.text, words)) {
      if (std::string name = quoted_after(error.text, *place); !name.empty()) return name;
    }
  }
  const std::string message = ascii_lower(error.message);
  for (const std::string& words : row.words) {
    if (const auto place = place_of(message, words)) {
      if (std::string name = named_after(error.message, *place); !name.empty()) return name;
    }
  }
  return "";
}

// Whether the error names a member of the request in a field of its own, whatever it says in words.
// What is too long is no fault of the limit of tokens.
bool names_member(const ServerError& error) {
  const std::string& name = error.parameter;
  if (name.empty() || error.has_code("context_length_exceeded")) return false;
  for (const Row& row : table().rows) {
    if (row.meaning == ErrorMeaning::kRoom && holds_one(error.text, row.but)) return false;
  }
  return is_known_parameter(name) ||
         std::ranges::find(table().members, name) != table().members.end();
}

std::string advice_on(const std::string& name, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (name == parameter.name || name.ends_with("." + parameter.name)) return parameter.advice;
  }
  if (name.starts_with("messages"))
    return "The model does not take this form: name another `model`";
  return fmt::format("take {} out of the table `extra` of the provider file", name);
}

std::string advice_of(ErrorMeaning meaning) {
  switch (meaning) {
    case ErrorMeaning::kMoney:
      return "The account has no money or credit left";
    case ErrorMeaning::kDay:
      return "A quota of the day or longer is used up: what is written stays, the rest can be "
             "asked for later";
    case ErrorMeaning::kAccess:
      return "The key is not accepted";
    case ErrorMeaning::kModel:
      return "The server does not have this `model`";
    case ErrorMeaning::kPictures:
      return "The model or the server takes no pictures: name a `model` that sees (llama.cpp "
             "needs the model's mmproj file), or send none by `images`";
    case ErrorMeaning::kRoom:
      return "The server allows no such limit: set another max_tokens in the strategy's file";
    case ErrorMeaning::kProxy:
      return "A proxy or the network between wants a login first: give the proxy's address with "
             "its user (https_proxy), or leave it out for this server (no_proxy)";
    case ErrorMeaning::kAddress:
      return "There is nothing at this address: is the `endpoint` right? That of Ollama, llama.cpp, "
             "vLLM, LM Studio and most others ends in /v1";
    default:
      return "";
  }
}

// Of an answer that names nothing which it lacks: a page, or no more than HTTP's own words.
bool is_of_no_path(const ServerError& error, int status) {
  if (status != 404 && status != 405) return false;
  const std::string words = ascii_lower(error.message);
  return error.page || words == "not found" || words == "file not found" ||
         words == "method not allowed";
}

}  // namespace

bool is_known_parameter(std::string_view name) {
  return std::ranges::find(table().parameters, name, &Parameter::name) != table().parameters.end();
}

bool passes_soon(const ServerError& error) {
  return error.message.empty() || holds_one(error.text, table().passing);
}

std::string advice_on_parameter(const std::string& name) {
  return advice_on(name, table().parameters);
}

MeantError meaning_of(const ServerError& error, int status) {
  for (const Row& row : table().rows) {
    if (!fits(row, error, status)) continue;
    if (row.meaning == ErrorMeaning::kFormat) {
      return {row.meaning, advice_on("response_format", table().parameters)};
    }
    if (row.meaning != ErrorMeaning::kParameter) return {row.meaning, advice_of(row.meaning)};
    const std::string name = refused_parameter(error, row, table().parameters);
    if (!name.empty()) return {row.meaning, advice_on(name, table().parameters)};
  }
  const bool of_body = status == 400 || status == 422;
  if (error.parameter == "model" && (of_body || status == 403 || status == 404)) {
    return {ErrorMeaning::kModel, advice_of(ErrorMeaning::kModel)};
  }
  if (of_body && names_member(error)) {
    return {ErrorMeaning::kParameter, advice_on(error.parameter, table().parameters)};
  }
  // Whatever it says.
  if (status == 401) return {ErrorMeaning::kAccess, advice_of(ErrorMeaning::kAccess)};
  if (status == 402) return {ErrorMeaning::kMoney, advice_of(ErrorMeaning::kMoney)};
  if (status == 407 || status == 511) {
    return {ErrorMeaning::kProxy, advice_of(ErrorMeaning::kProxy)};
  }
  if (is_of_no_path(error, status)) {
    return {ErrorMeaning::kAddress, advice_of(ErrorMeaning::kAddress)};
  }
  return {};
}

}  // namespace epicrisis::llm
