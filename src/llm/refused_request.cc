#include "llm/refused_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "llm/error_meaning.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kLeastName = 3;  // bytes; shorter names stand in many words

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Words of many a sentence, and what the table of errors tells of.
bool is_told(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOwn = {"model", "messages", "user", "n"};
  return std::ranges::find(kOwn, name) != kOwn.end();
}

bool is_limit(std::string_view name) {
  return name == "max_tokens" || name == "max_completion_tokens";
}

// What is too long is the prompt, of this request alone.
bool is_of_length(std::string_view reason) {
  constexpr std::array<std::string_view, 6> kWords = {"context",  "prompt",    "input",
                                                      "too long", "length of", "too many tokens"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return contains(reason, word); });
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// "presencePenalty" and "presence_penalty" are one.
std::string plain_name(std::string_view name) {
  std::string plain = ascii_lower(name);
  std::erase_if(plain, [](char c) { return c == '_' || c == '-'; });
  return plain;
}

struct Word {
  std::string_view text;
  char before = ' ';
  char after = ' ';
  bool quoted() const {
    return (before == after && std::string_view("'\"`").find(after) != std::string_view::npos) ||
           (before == '[' && after == ']');
  }
};

std::vector<Word> words_of(std::string_view reason) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < reason.size(); ++i) {
    if (!is_word(reason[i])) continue;
    std::size_t end = i;
    while (end < reason.size() && is_word(reason[end])) ++end;
    words.push_back({reason.substr(i, end - i), i > 0 ? reason[i - 1] : ' ',
                     end < reason.size() ? reason[end] : ' '});
    i = end;
  }
  return words;
}

// Whether a word of a refusal can only be the member of that name.
bool is_member(const Word& word, const std::string& name, const std::string& plain) {
  if (plain_name(word.text) != plain) return false;
  return word.quoted() || word.after == ':' || word.after == '=' || contains(name, "_") ||
         is_known_parameter(name);
}

// A place where no word goes on: of a name that may hold '/', '.' and ':'.
bool is_border(std::string_view text, std::size_t at) {
  if (at >= text.size()) return true;
  return !is_word(text[at]) && text[at] != '/' && text[at] != '@';
}

}  // namespace

bool is_unclear(const RefusedRequest& refused, NextStep next) {
  const int status = refused.status;
  if (next == NextStep::kRetry) return status == 500;
  return next == NextStep::kDone && status >= 400 && status < 500 && status != 413 && status != 429;
}

bool quotes_model(const RefusedRequest& refused, std::string_view model) {
  const std::string reason = ascii_lower(refused.reason);
  const std::string name = ascii_lower(model);
  if (name.empty()) return false;
  for (std::size_t at = reason.find(name); at != std::string::npos;
       at = reason.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    // "I'm" has no m of its own.
    const bool elided = at >= 2 && reason[at - 1] == '\'' && is_word(reason[at - 2]);
    if (!elided && (at == 0 || is_border(reason, at - 1)) && is_border(reason, end)) return true;
  }
  return false;
}

bool names_model(const RefusedRequest& refused, std::string_view model) {
  const std::string reason = ascii_lower(refused.reason);
  if (model.size() < kLeastName) return quotes_model(refused, model);
  return contains(reason, ascii_lower(model)) || contains(reason, "model");
}

std::string advice_on_member(const RefusedRequest& refused) {
  if (refused.body == nullptr || (refused.status != 400 && refused.status != 422)) return "";
  const std::string reason = ascii_lower(refused.reason);
  const std::vector<Word> words = words_of(reason);
  try {
    const Json body = parse_json(*refused.body, "request");
    if (!body.is_object()) return "";
    for (const auto& item : body.items()) {
      const std::string& name = item.key();
      if (is_told(name) || (is_limit(name) && is_of_length(reason))) continue;
      const std::string plain = plain_name(name);
      const auto is_it = [&](const Word& word) { return is_member(word, name, plain); };
      if (std::ranges::any_of(words, is_it)) return advice_on_parameter(name);
    }
  } catch (const Error&) {  // a source whose bodies are no JSON
  }
  return "";
}

std::string with_advice(std::string reason, const std::string& advice) {
  while (reason.ends_with('.')) reason.pop_back();
  return reason + ". " + advice;
}

}  // namespace epicrisis::llm
