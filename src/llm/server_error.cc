#include "llm/server_error.h"

#include <algorithm>
#include <array>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/mask_keys.h"
#include "llm/error_meaning.h"
#include "llm/json_member.h"

namespace epicrisis::llm {
namespace {

constexpr std::size_t kMaxLine = 300;      // bytes of a reason
constexpr std::size_t kMaxLooked = 65536;  // of a body that is no JSON
constexpr std::size_t kMaxCode = 100;
constexpr std::size_t kMaxText = 16384;     // bytes of all that an error says
constexpr std::size_t kLongestPart = 4096;  // bytes of one text of it

// What the words of an error inside a 200 answer mean.
constexpr std::array<std::pair<std::string_view, int>, 26> kStatusOfCode = {{
    {"rate_limit_exceeded", 429},
    {"rate_limit_error", 429},
    {"ratelimitreached", 429},
    {"too_many_requests", 429},
    {"invalid_api_key", 401},
    {"authentication_error", 401},
    {"unauthorized", 401},
    {"unauthenticated", 401},
    {"permission_error", 403},
    {"permission_denied", 403},
    {"context_length_exceeded", 400},
    {"exceed_context_size_error", 400},
    {"invalid_request_error", 400},
    {"invalid_argument", 400},
    {"badrequesterror", 400},
    {"bad_request", 400},
    {"model_not_found", 404},
    {"not_found_error", 404},
    {"notfounderror", 404},
    {"server_error", 500},
    {"internal_server_error", 500},
    {"internalservererror", 500},
    {"service_unavailable", 503},
    {"unavailable_error", 503},
    {"overloaded", 503},
    {"overloaded_error", 529},
}};

void add_code(ServerError& error, const Json& object, const char* name) {
  const Json* code = find_member(object, name);
  if (code == nullptr) return;
  if (code->is_number_integer()) {
    if (error.number == 0 && *code >= 100 && *code < 600) error.number = code->get<int>();
    return;
  }
  if (!code->is_string()) return;
  const auto& text = code->get_ref<const std::string&>();
  if (text.empty() || text.size() > kMaxCode) return;
  if (const auto number = parse_integer(text)) {
    if (error.number == 0 && *number >= 100 && *number < 600) {
      error.number = static_cast<int>(*number);
    }
    return;
  }
  error.codes.push_back(ascii_lower(text));
}

// All texts of a value. What FastAPI repeats of the request is none of the server's words.
void collect_text(const Json& value, std::string& text) {
  if (value.is_string()) {
    text += ' ';
    text += std::string_view(value.get_ref<const std::string&>()).substr(0, kLongestPart);
  } else if (value.is_array()) {
    for (const Json& one : value) {
      if (text.size() < kMaxText) collect_text(one, text);
    }
  } else if (value.is_object()) {
    for (const auto& [name, one] : value.items()) {
      if (text.size() < kMaxText && name != "input" && name != "body") collect_text(one, text);
    }
  }
}

std::string searched(std::string text) {
  if (text.size() > kMaxText) text.resize(kMaxText);
  return ascii_lower(text) + ' ';
}

// {"errors": [{"field": "top_k", ...}]}, Google's {"details": [{"fieldViolations": [...]}]}.
std::string field_of(const Json& error) {
  for (const char* list : {"errors", "details", "fieldViolations", "violations"}) {
    const Json* entries = find_member(error, list);
    if (entries == nullptr || !entries->is_array() || entries->empty()) continue;
    const Json& first = entries->front();
    for (const char* name : {"field", "param", "parameter", "property"}) {
      if (std::string field = text_member(first, name); !field.empty()) {
        return ascii_lower(one_line(field));
      }
    }
    if (const Json* violations = find_member(first, "fieldViolations");
        violations != nullptr && violations->is_array() && !violations->empty()) {
      if (std::string field = text_member(violations->front(), "field"); !field.empty()) {
        return ascii_lower(one_line(field));
      }
    }
  }
  return "";
}

// OpenAI's `param`, FastAPI's `loc`: ["body", "top_k"].
std::string parameter_of(const Json& error) {
  if (std::string name = text_member(error, "param"); !name.empty()) {
    return ascii_lower(one_line(name));
  }
  if (std::string name = field_of(error); !name.empty()) return name;
  const Json* detail = find_member(error, "detail");
  // Mistral wraps it once more.
  const Json* inner = find_member(error, "message");
  if (detail == nullptr && inner != nullptr) detail = find_member(*inner, "detail");
  if (detail == nullptr || !detail->is_array() || detail->empty()) return "";
  const Json* place = find_member(detail->front(), "loc");
  if (place == nullptr || !place->is_array() || place->empty()) return "";
  const Json& last = place->back();
  return last.is_string() ? ascii_lower(one_line(last.get_ref<const std::string&>())) : "";
}

// The first of some members that is a text, or holds one: FastAPI's list of {"msg": ...},
// Cloudflare's of {"message": ...}, Mistral's {"detail": ...} within.
std::string message_of(const Json& object, int depth = 0) {
  constexpr int kDeepest = 3;
  for (const char* name : {"message", "error", "detail", "msg", "title", "errors", "error_msg",
                           "error_message", "err_msg", "errmsg", "status_msg", "base_resp"}) {
    const Json* value = find_member(object, name);
    if (value == nullptr) continue;
    if (value->is_string()) return value->get<std::string>();
    const Json& inner = value->is_array() && !value->empty() ? value->front() : *value;
    if (depth == kDeepest || !inner.is_object()) continue;
    if (std::string found = message_of(inner, depth + 1); !found.empty()) return found;
  }
  return {};
}

std::size_t find_ignoring_case(std::string_view text, std::string_view word, std::size_t from = 0) {
  for (std::size_t i = from; i + word.size() <= text.size(); ++i) {
    if (starts_with_ignoring_case(text.substr(i), word)) return i;
  }
  return std::string_view::npos;
}

// HTML without tags, scripts and styles.
std::string without_tags(std::string_view html) {
  std::string text;
  for (std::size_t i = 0; i < html.size();) {
    if (html[i] != '<') {
      text += html[i++];
      continue;
    }
    std::size_t from = i;
    for (const std::string_view name : {"script", "style"}) {
      if (!starts_with_ignoring_case(html.substr(i + 1), name)) continue;
      from = find_ignoring_case(html, fmt::format("</{}", name), i);
    }
    const std::size_t end = from == std::string_view::npos ? from : html.find('>', from);
    if (end == std::string_view::npos) break;
    text += ' ';
    i = end + 1;
  }
  return text;
}

}  // namespace

bool ServerError::has_code(std::string_view code) const {
  return std::ranges::find(codes, code) != codes.end();
}

std::string one_line(std::string_view text) {
  // Masked before it is cut, so that no half of a key stays.
  return clean_text(mask_keys(clean_text(text.substr(0, kMaxLooked), kMaxLooked)), kMaxLine);
}

std::string line_of_body(std::string_view body) {
  body = trim(body.substr(0, kMaxLooked));
  if (!body.starts_with('<')) return one_line(body);
  if (const std::size_t title = find_ignoring_case(body, "<title"); title < body.size()) {
    const std::size_t begin = body.find('>', title);
    if (begin != std::string_view::npos) {
      const std::size_t end = body.find('<', begin);
      std::string line = one_line(body.substr(begin + 1, end - begin - 1));
      if (!line.empty()) return line;
    }
  }
  return one_line(without_tags(body));
}

bool holds_error(const Json& body) {
  const Json* error = find_member(body, "error");
  if (error == nullptr) {
    const Json* object = find_member(body, "object");
    return object != nullptr && *object == "error";
  }
  if (error->is_string()) return !trim(error->get_ref<const std::string&>()).empty();
  return error->is_object() && !error->empty();
}

ServerError read_server_error(const Json& value, bool whole) {
  const Json& root = whole && value.is_array() && !value.empty() ? value.front() : value;
  const Json* error = whole ? find_member(root, "error") : &root;
  if (error == nullptr || !error->is_structured()) error = &root;
  ServerError result;
  std::string text;
  collect_text(root, text);
  result.text = searched(std::move(text));
  if (error->is_string()) {
    result.message = one_line(error->get_ref<const std::string&>());
    return result;
  }
  result.parameter = parameter_of(*error);
  result.message = one_line(message_of(*error));
  add_code(result, *error, "code");
  if (const Json* inner = find_member(*error, "innererror")) add_code(result, *inner, "code");
  for (const char* name : {"type", "status", "error_type", "statusCode"}) {
    add_code(result, *error, name);
  }
  return result;
}

ServerError read_server_error(std::string_view body) {
  try {
    const Json value = parse_json(body, "answer");
    if (value.is_structured()) {
      ServerError error = read_server_error(value, true);
      if (error.message.empty() && error.codes.empty()) error.message = line_of_body(body);
      return error;
    }
  } catch (const std::exception&) {
    // Not JSON: an error page or a proxy's line.
  }
  ServerError error;
  error.page = true;
  error.message = line_of_body(body);
  error.text = searched(' ' + std::string(body.substr(0, kMaxText)));
  return error;
}

int status_of(const ServerError& error) {
  if (error.number >= 400) return error.number;
  if (meaning_of(error, 400).meaning == ErrorMeaning::kFilter) return 400;
  for (const std::string& code : error.codes) {
    const auto* const found =
        std::ranges::find(kStatusOfCode, code, [](const auto& pair) { return pair.first; });
    if (found != kStatusOfCode.end()) return found->second;
  }
  return 500;
}

}  // namespace epicrisis::llm
