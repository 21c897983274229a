#include "llm/refused_request.h"

#include <algorithm>
#include <array>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "llm/error_meaning.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kLeastName = 3;  // bytes; shorter names stand in many words

bool is_told(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOwn = {
      "model", "messages", "max_tokens", "max_completion_tokens", "user", "n"};
  return std::ranges::find(kOwn, name) == kOwn.end();
}

bool is_quoted(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at == 0 || end >= text.size()) continue;
    if (text[at - 1] == text[end] &&
        std::string_view("'\"`").find(text[end]) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool names_model(const RefusedRequest& refused, std::string_view model) {
  if (model.size() < kLeastName) return is_quoted(refused.reason, model);
  const std::string reason = ascii_lower(refused.reason);
  return reason.find(ascii_lower(model)) != std::string::npos ||
         reason.find("model") != std::string::npos;
}

std::string advice_on_member(const RefusedRequest& refused) {
  const std::string reason = ascii_lower(refused.reason);
  if (refused.body == nullptr) return "";
  try {
    const Json body = parse_json(*refused.body, "request");
    if (!body.is_object()) return "";
    for (const auto& [name, value] : body.items()) {
      if (is_told(name) && is_quoted(reason, ascii_lower(name))) return advice_on_parameter(name);
    }
  } catch (const Error&) {  // a source whose bodies are no JSON
  }
  return "";
}

}  // namespace epicrisis::llm
