#include "llm/model_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "llm/endpoint_set.h"
#include "llm/json_member.h"
#include "llm/server_error.h"

namespace epicrisis::llm {
namespace {

constexpr Seconds kListTime{10};
constexpr std::size_t kMostNames = 10'000;
constexpr std::size_t kMostShown = 4;
constexpr std::size_t kMostName = 100;  // bytes

std::set<std::string> pieces_of(std::string_view name) {
  const std::string padded = "  " + ascii_lower(name) + " ";
  std::set<std::string> pieces;
  for (std::size_t i = 0; i + 3 <= padded.size(); ++i) pieces.insert(padded.substr(i, 3));
  return pieces;
}

// The share of pieces of three letters that two names have in common: 1 for the same name.
double likeness(const std::set<std::string>& one, const std::set<std::string>& other) {
  std::size_t common = 0;
  for (const std::string& piece : one) common += other.contains(piece) ? 1U : 0U;
  return 2 * static_cast<double>(common) / static_cast<double>(one.size() + other.size());
}

}  // namespace

std::string models_url(const Provider& provider, const std::string& endpoint_url) {
  constexpr std::string_view kChat = "/chat/completions";
  if (provider.api == ProviderApi::kAzure) return "";
  std::string url = endpoint_url;
  while (url.ends_with('/')) url.pop_back();
  if (url.ends_with(kChat)) url.resize(url.size() - kChat.size());
  return url + "/models";
}

std::vector<std::string> ask_model_names(const Provider& provider, EndpointSet& endpoints,
                                         std::size_t endpoint, HttpTransport& transport,
                                         const Job& job) {
  const std::string url = models_url(provider, endpoints.url(endpoint));
  if (url.empty()) return {};
  HttpRequest request = endpoints.request(endpoint);
  request.url = url;
  request.method = "GET";
  request.headers.clear();
  request.timeouts.total = std::min(request.timeouts.total, kListTime);
  try {
    HttpAnswer answer = send_and_wait(transport, request, job);
    endpoints.mask_key(endpoint, answer);
    if (answer.status == 200) return read_model_names(answer.body);
  } catch (const Error&) {  // an interrupt: the message is good without
  }
  return {};
}

std::vector<std::string> read_model_names(std::string_view body) {
  std::vector<std::string> names;
  Json value;
  try {
    value = parse_json(body, "answer");
  } catch (const InputError&) {
    return names;
  }
  const Json* list = value.is_array() ? &value : find_member(value, "data");
  if (list == nullptr) list = find_member(value, "models");
  if (list == nullptr || !list->is_array()) return names;
  for (const Json& one : *list) {
    if (names.size() >= kMostNames) break;
    std::string name = one.is_string() ? one.get<std::string>() : "";
    for (const char* key : {"id", "name", "model"}) {
      if (name.empty()) name = text_member(one, key);
    }
    name = clean_text(one_line(name), kMostName);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

bool lists_model(const std::vector<std::string>& names, std::string_view model) {
  const std::string wanted = ascii_lower(model);
  return std::ranges::any_of(names, [&](const std::string& one) {
    const std::string name = ascii_lower(one);
    return name == wanted || name.starts_with(wanted + ":") || name.ends_with("/" + wanted);
  });
}

std::string nearest_models(std::string_view model, std::vector<std::string> names) {
  if (names.empty()) return "";
  const std::set<std::string> wanted = pieces_of(model.substr(0, kMostName));
  std::vector<std::pair<double, std::string>> ranked;
  for (std::string& name : names) {
    const double like = likeness(wanted, pieces_of(name));
    ranked.emplace_back(-like, std::move(name));
  }
  std::ranges::sort(ranked);
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  std::string text = "it has ";
  for (std::size_t i = 0; i < std::min(kMostShown, ranked.size()); ++i) {
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", ranked[i].second);
  }
  if (ranked.size() > kMostShown) text += fmt::format(" and {} more", ranked.size() - kMostShown);
  return text;
}

std::string advice_on_model(const std::string& model, std::vector<std::string> names, bool surely) {
  if (names.empty() ? !surely : lists_model(names, model)) return "";
  const std::string nearest = nearest_models(model, std::move(names));
  return fmt::format("The server does not have this `model` '{}'{}{}", model,
                     nearest.empty() ? "" : "; ", nearest);
}

}  // namespace epicrisis::llm
