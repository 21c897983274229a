#include "llm/no_model.h"

#include <algorithm>
#include <set>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/folded_text.h"
#include "llm/json_member.h"
#include "llm/lines.h"
#include "llm/marks.h"
#include "llm/resources.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kLooked = 400;                           // bytes that tell
constexpr std::size_t kShort = 160;                            // bytes of a text that is a server's
constexpr std::size_t kHeading = 40;                           // bytes before a colon
constexpr std::size_t kLongestObject = std::size_t{64} << 10;  // bytes; what is longer is no error

struct Words {
  using Names = std::set<std::string, std::less<>>;
  std::vector<std::string> pages, texts, people, within;
  std::vector<std::string> absent;
  Names whole, errors, words, numbers, beside;
};

Words read_words() {
  constexpr std::string_view kFile = "answers/no_model.toml";
  const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
  const auto names = [](const TomlTable& table, const char* key) {
    const std::vector<std::string> all = folded(table.strings_or(key, {}));
    return Words::Names(all.begin(), all.end());
  };
  Words words;
  words.pages = folded(file.table("pages").strings_or("begin", {}));
  const TomlTable texts = file.table("texts");
  words.texts = folded(texts.strings_or("begin", {}));
  words.people = folded(texts.strings_or("of_people", {}));
  words.within = folded(texts.strings_or("within", {}));
  words.absent = folded(texts.strings_or("absent", {}));
  words.whole = names(texts, "whole");
  const TomlTable json = file.table("json");
  words.errors = names(json, "error");
  words.words = names(json, "words");
  words.numbers = names(json, "number");
  words.beside = names(json, "beside");
  file.finish();
  return words;
}

const Words& built_in() {
  static const Words words = read_words();
  return words;
}

bool says_something(const Json& value) {
  if (value.is_string()) return !trim(value.get_ref<const std::string&>()).empty();
  return value.is_structured() ? !value.empty() : value.is_number();
}

bool says_a_status(const Json& value) {
  if (!value.is_string()) return value.is_number() || value.is_boolean();
  const std::string word = ascii_lower(trim(value.get_ref<const std::string&>()));
  return parse_integer(word) || word == "error" || word == "failed" || word == "fail";
}

// {"error": {...}}, {"code": 500, "message": "..."}, {"detail": "Not authenticated"}.
bool is_error(const Json& object) {
  const Words& known = built_in();
  bool error = false;
  bool words = false;
  bool number = false;
  for (const auto& [name, value] : object.items()) {
    const std::string key = ascii_lower(name);
    if (known.errors.contains(key)) {
      error = error || says_something(value);
    } else if (known.words.contains(key)) {
      words = words || says_something(value);
    } else if (known.numbers.contains(key)) {
      number = number || says_a_status(value);
    } else if (!known.beside.contains(key)) {
      return false;
    }
  }
  // FastAPI says no more than that.
  const bool detail = object.size() == 1 && object.begin().key() == "detail";
  return error || (words && number) || (words && detail);
}

bool is_error_of_json(std::string_view text) {
  if (text.empty() || text.front() != '{' || text.size() > kLongestObject) return false;
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  return json.is_object() && is_error(json);
}

enum class Error { kNone, kDoubtful, kSure };

// "Error: none. A brown macule."
bool says_that_none(std::string_view text) {
  const std::size_t colon = text.substr(0, kHeading).find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view value = trim(text.substr(colon + 1));
  return std::ranges::any_of(built_in().absent, [&](const std::string& word) {
    return value.starts_with(word) &&
           (value.size() == word.size() || !is_name_byte(value[word.size()]));
  });
}

Error error_in_words(std::string_view text) {
  const Words& words = built_in();
  const std::string folded = FoldedText(text.substr(0, kLooked)).text();
  std::string_view rest = trim(folded);
  rest.remove_prefix(words_begin(rest));  // "[ERROR] ...", "⚠️ **Error:** ..."
  if (begins_with_any(rest, words.texts) && !says_that_none(rest)) {
    return begins_with_any(rest, words.people) ? Error::kDoubtful : Error::kSure;
  }
  if (text.size() <= kShort && std::ranges::any_of(words.within, [&](const std::string& word) {
        return rest.find(word) != std::string_view::npos;
      })) {
    return Error::kDoubtful;
  }
  while (!rest.empty() && std::string_view(" .!*_`\"')]}>").find(rest.back()) != rest.npos) {
    rest.remove_suffix(1);
  }
  return words.whole.contains(rest) ? Error::kDoubtful : Error::kNone;
}

}  // namespace

NotSaid not_said_in(std::string_view content) {
  NotSaid said;
  const std::string_view text = trim(content);
  if (text.empty()) return said;
  const std::string begin = FoldedText(text.substr(0, kLooked)).text();
  if (begins_with_any(begin, built_in().pages)) {
    said.what = "a web page";
  } else if (is_error_of_json(text)) {
    said.what = "an error";
  } else {
    Error error = error_in_words(text);
    if (error == Error::kNone && text.front() == '<') error = error_in_words(line_of_body(text));
    if (error != Error::kNone) said.what = "an error";
    said.doubtful = error == Error::kDoubtful;
  }
  if (!said.what.empty()) said.error = read_server_error(text);
  return said;
}

}  // namespace epicrisis::llm
