#include "epicrisis/llm/provider.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/net/url.h"
#include "llm/resources.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxProviderFile = 1 << 20;
constexpr std::size_t kMaxEndpoints = 1000;
constexpr std::string_view kChatPath = "/chat/completions";

// A key pasted into the file is refused by name, before an "unknown key" error could be met by
// giving it another one.
void refuse_keys(const std::vector<std::string>& names,
                 const std::function<std::string(const std::string&)>& place) {
  for (const std::string& name : names) {
    std::string plain = ascii_lower(name);
    std::erase_if(plain, [](char c) { return c == '_' || c == '-'; });
    const bool is_key = plain == "key" || plain == "bearer" || plain.ends_with("apikey") ||
                        plain.ends_with("accesskey") || plain.ends_with("accesstoken") ||
                        plain.find("secret") != std::string::npos ||
                        plain.find("password") != std::string::npos ||
                        plain.find("authorization") != std::string::npos;
    if (is_key) {
      throw UsageError(
          "{}: '{}': a key is never in this file; name its environment variable with key_variable "
          "or its file with key_file",
          place(name), clean_text(name, 60));
    }
  }
}

void refuse_keys(const TomlTable& table) {
  refuse_keys(table.keys(), [&](const std::string& name) { return table.place(name); });
}

// The same below: in tables of tables and lists of them.
void refuse_keys_inside(const Json& value, const std::string& place) {
  if (value.is_object()) {
    std::vector<std::string> names;
    for (const auto& [name, member] : value.items()) names.push_back(name);
    refuse_keys(names, [&](const std::string&) { return place; });
  }
  if (!value.is_structured()) return;
  for (const Json& member : value) refuse_keys_inside(member, place);
}

template <typename T>
T read_choice(const TomlTable& table, std::string_view key, std::string_view fallback,
              const std::vector<std::pair<std::string_view, T>>& choices) {
  const std::string word = table.string_or(key, std::string(fallback));
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    names.emplace_back(fmt::format("'{}'", name));
  }
  throw UsageError("{}: {} = '{}'; there are {}", table.place(key), key, clean_text(word, 60),
                   join(names, ", "));
}

// Upper case, so that a key pasted in its place is refused; it is not repeated for the same reason.
bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Path key_path(const std::string& text, std::string_view source) {
  if (text.starts_with("~/")) {
    const char* home = std::getenv("HOME");
    if (home != nullptr) return Path(home) / text.substr(2);
  }
  return Path(source).parent_path() / text;
}

std::string without_slashes(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

Endpoint read_endpoint(const TomlTable& table, std::string_view source) {
  refuse_keys(table);
  Endpoint endpoint;
  endpoint.url = table.string_or("url", "");
  if (table.has("url")) {
    if (const std::string fault = endpoint_url_fault(endpoint.url); !fault.empty()) {
      throw UsageError("{}: the url {}", table.place("url"), fault);
    }
    endpoint.url = without_slashes(endpoint.url);
  }
  endpoint.weight = table.number_in("weight", 1e-6, 1e6, 1.0);
  endpoint.key_variable = table.string_or("key_variable", "");
  if (table.has("key_variable") && !is_variable_name(endpoint.key_variable)) {
    throw UsageError(
        "{}: key_variable is no name of an environment variable (A-Z, 0-9 and '_'); the key itself "
        "is never in this file",
        table.place("key_variable"));
  }
  const std::string key_file = table.string_or("key_file", "");
  // A key pasted in the place of its file is not repeated in "there is no such file".
  if (key_file.starts_with("sk-") ||
      (key_file.size() >= 32 && key_file.find_first_of("/.") == std::string::npos)) {
    throw UsageError("{}: key_file looks like a key, not like the path of a file that holds one",
                     table.place("key_file"));
  }
  if (!key_file.empty()) {
    if (!endpoint.key_variable.empty()) {
      throw UsageError("{}: key_variable and key_file both; one of them holds the key",
                       table.place("key_file"));
    }
    endpoint.key_file = key_path(key_file, source);
  }
  return endpoint;
}

void read_endpoints(const TomlTable& table, std::string_view source, Provider& provider) {
  const std::vector<TomlTable> tables = table.tables_or_empty("endpoint");
  if (tables.empty()) throw UsageError("{}: no [[endpoint]] is named", table.place());
  if (tables.size() > kMaxEndpoints) {
    throw UsageError("{}: {} endpoints, at most {} are taken", table.place("endpoint"),
                     tables.size(), kMaxEndpoints);
  }
  for (const TomlTable& one : tables) {
    Endpoint endpoint = read_endpoint(one, source);
    if (endpoint.url.empty() && tables.size() > 1) {
      throw UsageError("{}: missing key 'url'; only a single endpoint may leave it to `endpoint`",
                       one.place());
    }
    const auto same = [&](const Endpoint& other) { return other.url == endpoint.url; };
    if (std::ranges::any_of(provider.endpoints, same)) {
      throw UsageError("{}: the same url twice; give one a larger weight", one.place("url"));
    }
    provider.endpoints.push_back(std::move(endpoint));
  }
}

void read_limits(const TomlTable& table, Provider& provider) {
  provider.max_concurrency =
      static_cast<int>(table.integer_in("concurrency", 1, 100'000, provider.max_concurrency));
  provider.requests_per_minute = table.integer_in("requests_per_minute", 0, 1'000'000'000, 0);
  provider.tokens_per_minute = table.integer_in("tokens_per_minute", 0, 1'000'000'000'000, 0);
  provider.max_attempts =
      static_cast<int>(table.integer_in("attempts", 1, 100, provider.max_attempts));
  provider.longest_wait =
      Seconds(table.number_in("longest_wait", 0, 86'400, provider.longest_wait.count()));
}

// Two zeros are not known, as they stand in files that were made before `free`.
void read_prices(const TomlTable& table, Provider& provider) {
  Prices prices;
  if (table.has("input")) prices.input = table.number_in("input", 0, 1e6);
  if (table.has("output")) prices.output = table.number_in("output", 0, 1e6);
  provider.batch_price = table.number_in("batch", 0, 1, 1.0);
  const bool charges = prices.input.value_or(0) > 0 || prices.output.value_or(0) > 0;
  if (table.boolean_or("free", false)) {
    if (charges) {
      throw InputError("{}: free = true and a price above 0: leave one out", table.place("free"));
    }
    prices = {0, 0};
  } else if (!charges) {
    prices = {};
  }
  provider.prices = prices;
}

void read_timeouts(const TomlTable& table, Provider& provider) {
  HttpTimeouts& timeouts = provider.timeouts;
  timeouts.connect = Seconds(table.number_in("connect", 0.1, 600, timeouts.connect.count()));
  timeouts.idle = Seconds(table.number_in("idle", 0.1, 86'400, timeouts.idle.count()));
  timeouts.total = Seconds(table.number_in("total", 0.1, 86'400, timeouts.total.count()));
}

void read_image(const TomlTable& table, Provider& provider) {
  provider.image_detail =
      read_choice<std::string>(table, "detail", provider.image_detail,
                               {{"low", "low"}, {"high", "high"}, {"auto", "auto"}, {"", ""}});
  provider.image_side = static_cast<int>(table.integer_in("side", 16, 8192, provider.image_side));
  provider.image_tokens = static_cast<int>(table.integer_in("tokens", 0, 1'000'000, 0));
  provider.image_quality =
      static_cast<int>(table.integer_in("quality", 1, 100, provider.image_quality));
}

void read_extra(const TomlTable& table, Provider& provider) {
  refuse_keys(table);
  // What the program itself says, or what would change how an answer has to be read.
  static const std::vector<std::string> kOwn = {
      "model",       "messages",       "n",
      "stream",      "stream_options", "response_format",
      "max_tokens",  "tools",          "max_completion_tokens",
      "tool_choice", "functions",      "function_call",
      "temperature", "modalities",     "audio"};
  for (const std::string& name : table.keys()) {
    if (std::ranges::find(kOwn, name) != kOwn.end()) {
      throw UsageError("{}: extra.{} is set by the strategy and this program", table.place(name),
                       name);
    }
  }
  provider.extra = table.to_json();
  refuse_keys_inside(provider.extra, table.place());
}

}  // namespace

StructuredOutput structured_output_of(std::string_view name, std::string_view place) {
  if (name == "json_schema") return StructuredOutput::kJsonSchema;
  if (name == "json_object") return StructuredOutput::kJsonObject;
  if (name == "none") return StructuredOutput::kNone;
  throw UsageError("{}: structured = '{}'; there are json_schema, json_object and none", place,
                   clean_text(name, 60));
}

Provider parse_provider(std::string_view toml, std::string_view source) {
  const TomlTable table = TomlTable::parse(toml, std::string(source));
  refuse_keys(table);
  Provider provider;
  provider.name = table.string("name");
  if (!is_safe_name(provider.name)) {
    throw UsageError("{}: name = '{}': letters, digits, '.', '_' and '-' only", table.place("name"),
                     clean_text(provider.name, 60));
  }
  // Notes of these names come about otherwise.
  for (const char* taken : {"template", "import"}) {
    if (provider.name == taken) {
      throw UsageError("{}: name = '{}' is taken", table.place("name"), taken);
    }
  }
  provider.title = clean_text(table.string_or("title", provider.name), 200);
  provider.api = read_choice<ProviderApi>(
      table, "api", "openai", {{"openai", ProviderApi::kOpenAi}, {"azure", ProviderApi::kAzure}});
  provider.api_version = table.string_or("api_version", "");
  const bool azure = provider.api == ProviderApi::kAzure;
  if (azure != !provider.api_version.empty()) {
    throw UsageError("{}: {}", table.place(azure ? "" : "api_version"),
                     azure ? "missing key 'api_version', which api = 'azure' needs"
                           : "api_version is for api = 'azure' alone");
  }
  if (escape_url_part(provider.api_version) != provider.api_version) {
    throw UsageError("{}: api_version = '{}': letters, digits, '.' and '-' only",
                     table.place("api_version"), clean_text(provider.api_version, 60));
  }
  provider.model = table.string_or("model", "");
  provider.vision = table.boolean_or("vision", false);
  provider.structured =
      structured_output_of(table.string_or("structured", "json_schema"), table.place("structured"));
  provider.token_limit_name = read_choice<std::string>(
      table, "token_limit", provider.token_limit_name,
      {{"max_tokens", "max_tokens"}, {"max_completion_tokens", "max_completion_tokens"}});
  provider.send_temperature = table.boolean_or("send_temperature", true);
  if (const auto image = table.table_if("image")) read_image(*image, provider);
  if (const auto limits = table.table_if("limits")) read_limits(*limits, provider);
  if (const auto timeouts = table.table_if("timeouts")) read_timeouts(*timeouts, provider);
  if (const auto prices = table.table_if("prices")) read_prices(*prices, provider);
  if (const auto extra = table.table_if("extra")) read_extra(*extra, provider);
  if (const auto reasons = table.table_if("finish_reasons")) {
    provider.finish_reasons = read_finish_reasons(*reasons);
  }
  read_endpoints(table, source, provider);
  table.finish();
  return provider;
}

Provider load_provider(std::string_view name_or_path) {
  if (names_toml_file(name_or_path)) {
    return parse_provider(read_given_file(name_or_path, kMaxProviderFile), name_or_path);
  }
  const std::string file = fmt::format("providers/{}.toml", name_or_path);
  if (!llm_resources().has(file)) {
    throw UsageError("no provider '{}'; built in are {}; another is named by the path of its file",
                     clean_text(name_or_path, 60), join(built_in_providers(), ", "));
  }
  return parse_provider(llm_resources().get(file), file);
}

std::vector<std::string> built_in_providers() {
  std::vector<std::string> names;
  for (const std::string& file : llm_resources().names("providers/")) {
    names.push_back(Path(file).stem().string());
  }
  return names;
}

Provider provider_for_url(std::string_view url) {
  if (const std::string fault = endpoint_url_fault(url); !fault.empty()) {
    throw UsageError("endpoint: the URL {}", fault);
  }
  Provider provider;
  provider.name = "endpoint";
  provider.title = "The endpoint that was named";
  Endpoint endpoint;
  endpoint.url = without_slashes(url);
  if (std::getenv("EPICRISIS_API_KEY") != nullptr) endpoint.key_variable = "EPICRISIS_API_KEY";
  provider.endpoints.push_back(std::move(endpoint));
  return provider;
}

Provider with_url(Provider provider, std::string_view url) {
  Endpoint endpoint = provider_for_url(url).endpoints.front();
  if (!provider.endpoints.empty()) {
    const Endpoint& first = provider.endpoints.front();
    if (!first.key_variable.empty() || !first.key_file.empty()) {
      endpoint.key_variable = first.key_variable;
      endpoint.key_file = first.key_file;
    }
  }
  provider.endpoints = {std::move(endpoint)};
  return provider;
}

bool is_local(const Provider& provider) {
  return !provider.endpoints.empty() &&
         std::ranges::all_of(provider.endpoints,
                             [](const Endpoint& endpoint) { return is_local_url(endpoint.url); });
}

void require_prices(const Provider& provider, const Budget& budget) {
  if (budget.dollars <= 0 || provider.prices.charges()) return;
  throw UsageError(
      "provider '{}' {}: give `input_price` and `output_price`, set input and output under "
      "[prices] in its file, or give the budget in tokens",
      provider.name,
      provider.prices.known() ? "has prices of 0, with which a budget in dollars limits nothing"
                              : "has no known prices of both input and output");
}

std::string chat_url(const Provider& provider, const Endpoint& endpoint, std::string_view model) {
  if (endpoint.url.empty()) {
    throw UsageError("provider '{}' names no URL; give one as `endpoint`", provider.name);
  }
  const std::string base = without_slashes(endpoint.url);
  if (provider.api == ProviderApi::kAzure) {
    return fmt::format("{}/openai/deployments/{}{}?api-version={}", base, escape_url_part(model),
                       kChatPath, provider.api_version);
  }
  return base.ends_with(kChatPath) ? base : base + std::string(kChatPath);
}

}  // namespace epicrisis
