#include "epicrisis/llm/provider.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/llm/provider_choice.h"
#include "epicrisis/net/url.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCanary = "sk-canary-0123456789";

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (value != nullptr) {
      setenv(name, value, 1);
    } else {
      unsetenv(name);
    }
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

template <typename Function>
std::string usage_error(const Function& function) {
  try {
    function();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "(no error)";
}

std::string with(const std::string& top, const std::string& endpoint, const std::string& end = "") {
  return "name = \"mine\"\n" + top + "\n" + end + "\n[[endpoint]]\n" +
         (endpoint.empty() ? "url = \"http://127.0.0.1:1/v1\"" : endpoint) + "\n";
}

TEST(Provider, BuiltInOnesAreSound) {
  EXPECT_THAT(built_in_providers(),
              ElementsAre("azure", "llama-server", "lm-studio", "ollama", "openai", "vllm"));
  for (const std::string& name : built_in_providers()) {
    const Provider provider = load_provider(name);
    EXPECT_EQ(provider.name, name);
    EXPECT_FALSE(provider.title.empty());
    const bool remote = name == "openai" || name == "azure";
    EXPECT_EQ(is_local(provider), !remote) << name;
    EXPECT_EQ(provider.vision, remote) << name;
    EXPECT_EQ(!provider.endpoints.front().key_variable.empty(), remote) << name;
    EXPECT_FALSE(provider.prices.known()) << name;
    EXPECT_EQ(provider.structured, StructuredOutput::kJsonSchema);
  }
}

TEST(Provider, ReadsEverySetting) {
  const Provider provider = parse_provider(R"(
name = "mine"
title = "Mine"
api = "azure"
api_version = "2024-10-21"
model = "m"
vision = true
structured = "json_object"
token_limit = "max_completion_tokens"
send_temperature = false
[image]
detail = "high"
side = 1024
quality = 70
tokens = 300
[limits]
concurrency = 7
requests_per_minute = 8
tokens_per_minute = 9
attempts = 3
longest_wait = 11.5
[timeouts]
connect = 1
idle = 2
total = 3
[prices]
input = 0.5
output = 2
batch = 0.5
[extra]
seed = 4
[[endpoint]]
url = "https://a.example.org/"
weight = 2
key_variable = "A_KEY"
[[endpoint]]
url = "https://b.example.org"
key_file = "key"
)",
                                           "/etc/epicrisis/mine.toml");
  EXPECT_EQ(provider.api, ProviderApi::kAzure);
  EXPECT_EQ(provider.model, "m");
  EXPECT_TRUE(provider.vision);
  EXPECT_FALSE(provider.send_temperature);
  EXPECT_EQ(provider.structured, StructuredOutput::kJsonObject);
  EXPECT_EQ(provider.token_limit_name, "max_completion_tokens");
  EXPECT_EQ(provider.image_detail, "high");
  EXPECT_EQ(provider.image_side, 1024);
  EXPECT_EQ(provider.image_tokens, 300);
  EXPECT_EQ(provider.batch_price, 0.5);
  EXPECT_EQ(provider.image_quality, 70);
  EXPECT_EQ(provider.max_concurrency, 7);
  EXPECT_EQ(provider.requests_per_minute, 8);
  EXPECT_EQ(provider.tokens_per_minute, 9);
  EXPECT_EQ(provider.max_attempts, 3);
  EXPECT_EQ(provider.longest_wait.count(), 11.5);
  EXPECT_EQ(provider.timeouts.connect.count(), 1);
  EXPECT_EQ(provider.timeouts.idle.count(), 2);
  EXPECT_EQ(provider.timeouts.total.count(), 3);
  EXPECT_EQ(provider.prices.input, 0.5);
  EXPECT_EQ(provider.prices.output, 2);
  EXPECT_EQ(provider.extra.dump(), R"({"seed":4})");
  ASSERT_EQ(provider.endpoints.size(), 2U);
  EXPECT_EQ(provider.endpoints[0].weight, 2);
  EXPECT_EQ(provider.endpoints[0].key_variable, "A_KEY");
  EXPECT_EQ(provider.endpoints[1].key_file, "/etc/epicrisis/key");
  EXPECT_EQ(chat_url(provider, provider.endpoints[0], "my dep/../x?"),
            "https://a.example.org/openai/deployments/my%20dep%2F..%2Fx%3F/chat/completions"
            "?api-version=2024-10-21");
}

struct Wrong {
  std::string toml;
  std::string says;
};

TEST(Provider, EveryFaultIsToldWithItsPlaceAndNoKey) {
  const std::string key = kCanary;
  const std::string url = "url = \"http://127.0.0.1:1/v1\"\n";
  const std::vector<Wrong> table = {
      {"", "missing key 'name'"},
      {"name = \"mine\"", "no [[endpoint]]"},
      {"name = \"a b\"\n[[endpoint]]", "letters, digits"},
      {"name = \"../x\"\n[[endpoint]]", "letters, digits"},
      {"name = \"template\"\n[[endpoint]]", "is taken"},
      {"name = \"import\"\n[[endpoint]]", "is taken"},
      {with("api = \"soap\"", ""), "there are 'openai', 'azure'"},
      {with("api = \"azure\"", ""), "missing key 'api_version'"},
      {with("api_version = \"1\"", ""), "for api = 'azure' alone"},
      {with("api = \"azure\"\napi_version = \"1&key=2\"", ""), "letters, digits"},
      {with("", "", "[extra.headers]\nAuthorization = \"" + key + "\""), "never in this file"},
      {with("", "", "[extra]\nlist = [{ api_key = \"" + key + "\" }]"), "never in this file"},
      {with("", url + "key_file = \"" + key + "\""), "looks like a key"},
      {with("structured = \"xml\"", ""), "json_schema, json_object and none"},
      {with("token_limit = \"n\"", ""), "max_completion_tokens"},
      {with("vision = 1", ""), "true or false"},
      {with("vison = true", ""), "did you mean 'vision'"},
      {with("", "", "[image]\ndetail = \"best\""), "'low', 'high', 'auto'"},
      {with("", "", "[image]\nside = 8"), "from 16 to 8192"},
      {with("", "", "[image]\nquality = 101"), "from 1 to 100"},
      {with("", "", "[limits]\nconcurrency = 0"), "from 1 to"},
      {with("", "", "[limits]\nattempts = 0"), "from 1 to 100"},
      {with("", "", "[limits]\nrequests_per_minute = -1"), "from 0"},
      {with("", "", "[limits]\nlongest_wait = -1"), "from 0"},
      {with("", "", "[timeouts]\nidle = 0"), "idle"},
      {with("", "", "[prices]\ninput = -1"), "from 0"},
      {with("", "", "[prices]\ninput = nan"), "finite"},
      {with("", "", "[extra]\nmessages = []"), "extra.messages"},
      {with("", "", "[extra]\nn = 2"), "extra.n"},
      {with("", "", "[extra]\nstream = true"), "extra.stream"},
      {with("", "", "[extra]\napi_key = \"" + key + "\""), "never in this file"},
      {with("key = \"" + key + "\"", ""), "never in this file"},
      {with("api_key = \"" + key + "\"", ""), "never in this file"},
      {with("OPENAI_API_KEY = \"" + key + "\"", ""), "never in this file"},
      {with("authorization = \"Bearer " + key + "\"", ""), "never in this file"},
      {with("", url + "key = \"" + key + "\""), "never in this file"},
      {with("", url + "secret = \"" + key + "\""), "never in this file"},
      {with("", url + "key_variable = \"" + key + "\""), "no name of an environment variable"},
      {with("", url + "key_variable = \"\""), "no name of an environment variable"},
      {with("", url + "key_variable = \"1A\""), "no name of an environment variable"},
      {with("", url + "key_variable = \"A\"\nkey_file = \"b\""), "both"},
      {with("", url + "weight = 0"), "weight"},
      {with("", url + "weight = inf"), "finite"},
      {with("", "url = \"\""), "no absolute URL"},
      {with("", "url = \"127.0.0.1:80\""), "http"},
      {with("", "url = \"ftp://h/\""), "not http:// or https://"},
      {with("", "url = \"file:///etc/passwd\""), "not http:// or https://"},
      {with("", "url = \"http://\""), "no absolute URL"},
      {with("", "url = \"http:///v1\""), "names no host"},
      {with("", "url = \"http://h:99999/\""), "no absolute URL"},
      {with("", "url = \"http://" + key + "@h/v1\""), "user name or a password"},
      {with("", "url = \"http://u:" + key + "@h/v1\""), "user name or a password"},
      {with("", "url = \"http://h/v1?key=" + key + "\""), "query"},
      {with("", "url = \"http://h/v1?\""), "query"},
      {with("", "url = \"http://h/v1#x\""), "fragment"},
      {with("", "url = \"http://h/v1\\r\\nX: " + key + "\""), "space, a control"},
      {with("", "url = \"http://h\\u0000.org/\""), "space, a control"},
      {with("", "url = \"http://h\u00e9.org/\""), "non-ASCII"},
      {with("", "url = \"http://" + std::string(3000, 'a') + "/\""), "longer than"},
      {with("", url + "[[endpoint]]\n" + url), "the same url twice"},
      {with("", url + "[[endpoint]]\n"), "missing key 'url'"},
      {"name = \"mine\"\nendpoint = 1", "list of tables"},
      {"name = ", "not valid TOML"},
  };
  for (const Wrong& wrong : table) {
    const std::string said = usage_error([&] { parse_provider(wrong.toml, "mine.toml"); });
    EXPECT_THAT(said, HasSubstr(wrong.says)) << wrong.toml;
    EXPECT_THAT(said, HasSubstr("mine.toml")) << wrong.toml;
    EXPECT_THAT(said, Not(HasSubstr(key))) << wrong.toml;
  }
}

TEST(Provider, UnknownNamesListWhatThereIs) {
  EXPECT_THAT(usage_error([] { load_provider("openia"); }), HasSubstr("openai"));
  EXPECT_THAT(usage_error([] { load_provider(""); }), HasSubstr("no provider ''"));
  EXPECT_THROW(load_provider("/nowhere/x.toml"), Error);
}

TEST(Provider, OfAUrl) {
  const Variable none("EPICRISIS_API_KEY", nullptr);
  const Provider provider = provider_for_url("http://127.0.0.1:8080/v1/");
  EXPECT_EQ(provider.name, "endpoint");
  EXPECT_EQ(provider.endpoints.front().url, "http://127.0.0.1:8080/v1");
  EXPECT_TRUE(provider.endpoints.front().key_variable.empty());
  EXPECT_TRUE(load_key(provider.endpoints.front()).empty());
  const Variable one("EPICRISIS_API_KEY", kCanary);
  EXPECT_EQ(load_key(provider_for_url("http://h").endpoints.front()).reveal(), kCanary);
  EXPECT_THAT(usage_error([] { provider_for_url("http://u:secret@h/"); }),
              AllOf(HasSubstr("password"), Not(HasSubstr("secret"))));
}

TEST(Provider, AnotherAddressKeepsTheKey) {
  const Variable none("EPICRISIS_API_KEY", nullptr);
  const Provider azure = with_url(load_provider("azure"), "https://res.openai.azure.com/");
  ASSERT_EQ(azure.endpoints.size(), 1U);
  EXPECT_EQ(azure.endpoints[0].key_variable, "AZURE_OPENAI_API_KEY");
  EXPECT_EQ(chat_url(azure, azure.endpoints[0], "dep"),
            "https://res.openai.azure.com/openai/deployments/dep/chat/completions"
            "?api-version=2024-10-21");
  const Provider plain = load_provider("azure");
  EXPECT_THAT(usage_error([&] { chat_url(plain, plain.endpoints[0], "dep"); }),
              HasSubstr("`endpoint`"));
  EXPECT_FALSE(is_local(plain));
}

TEST(ProviderChoice, WhatIsChosenStandsInPlaceOfTheProviders) {
  const Variable none("EPICRISIS_API_KEY", nullptr);
  ProviderChoice choice;
  EXPECT_THAT(usage_error([&] { choice.resolve(); }), HasSubstr("`endpoint`"));
  choice.provider = "vllm";
  const Provider own = choice.resolve();
  choice.endpoint = "http://127.0.0.1:5/v1/";
  choice.model = "m";
  choice.vision = true;
  choice.structured = StructuredOutput::kNone;
  const Provider provider = choice.resolve();
  EXPECT_EQ(provider.name, own.name);
  ASSERT_EQ(provider.endpoints.size(), 1U);
  EXPECT_EQ(provider.endpoints[0].url, "http://127.0.0.1:5/v1");
  EXPECT_EQ(provider.model, "m");
  EXPECT_TRUE(provider.vision);
  EXPECT_EQ(provider.structured, StructuredOutput::kNone);
  EXPECT_TRUE(provider.prices.known());  // free, on this machine
  EXPECT_FALSE(provider.prices.charges());
  choice.input_price = 0.15;
  choice.output_price = 0.6;
  choice.picture_tokens = 300;
  EXPECT_DOUBLE_EQ(choice.resolve().prices.of(2'000'000, 1'000'000), 0.9);
  EXPECT_EQ(choice.resolve().image_tokens, 300);
  choice.provider = "";
  EXPECT_EQ(choice.resolve().name, "endpoint");
}

TEST(ProviderChoice, APriceThatNobodyNamesIsNotKnown) {
  const auto file = [](std::string_view prices, std::string_view url) {
    return fmt::format("name = \"p\"\n[prices]\n{}\n[[endpoint]]\nurl = \"{}\"\n", prices, url);
  };
  constexpr std::string_view kRemote = "https://a.example.org/v1";
  const auto prices = [&](std::string_view text) {
    return parse_provider(file(text, kRemote), "p.toml").prices;
  };
  EXPECT_FALSE(prices("").known());
  EXPECT_FALSE(prices("input = 0\noutput = 0").known());
  EXPECT_FALSE(prices("input = 2").known());
  EXPECT_TRUE(prices("input = 2\noutput = 0").charges());
  EXPECT_TRUE(prices("free = true").known());
  EXPECT_FALSE(prices("free = true").charges());
  EXPECT_THROW(prices("free = true\ninput = 1"), InputError);

  ProviderChoice choice;
  choice.endpoint = kRemote;
  EXPECT_FALSE(choice.resolve().prices.known());
  EXPECT_EQ(choice.resolve().prices.unpriced(3, 4), 7);
  choice.input_price = 0;
  EXPECT_FALSE(choice.resolve().prices.known());
  choice.output_price = 0;
  EXPECT_TRUE(choice.resolve().prices.known());
  EXPECT_EQ(choice.resolve().prices.unpriced(3, 4), 0);
  // A local server's file, at an address elsewhere.
  choice = {};
  choice.provider = "vllm";
  EXPECT_TRUE(choice.resolve().prices.known());
  choice.endpoint = kRemote;
  EXPECT_FALSE(choice.resolve().prices.known());
}

TEST(ProviderChoice, ABudgetInDollarsNeedsPricesAboveZero) {
  Provider provider = provider_for_url("https://a.example.org/v1");
  const Budget dollars = {.dollars = 1};
  EXPECT_THAT(usage_error([&] { require_prices(provider, dollars); }),
              HasSubstr("no known prices"));
  provider.prices = {0, 0};
  EXPECT_THAT(usage_error([&] { require_prices(provider, dollars); }), HasSubstr("prices of 0"));
  EXPECT_NO_THROW(require_prices(provider, {.tokens = 5}));
  provider.prices = {1, 0};
  EXPECT_NO_THROW(require_prices(provider, dollars));
}

TEST(ProviderChoice, OfATable) {
  const ProviderChoice choice = read_provider_choice(TomlTable::parse(R"(
provider = "openai"
endpoint = "http://h/v1"
model = "m"
vision = true
structured = "json_object"
input_price = 0.15
output_price = 0
picture_tokens = 300
record = "a.jsonl"
replay = "b.jsonl"
)",
                                                                      "x.toml"));
  EXPECT_EQ(choice.provider, "openai");
  EXPECT_EQ(choice.endpoint, "http://h/v1");
  EXPECT_EQ(choice.model, "m");
  EXPECT_TRUE(choice.vision);
  EXPECT_EQ(choice.structured, StructuredOutput::kJsonObject);
  EXPECT_EQ(choice.input_price, 0.15);
  EXPECT_EQ(choice.output_price, 0);
  EXPECT_EQ(choice.picture_tokens, 300);
  EXPECT_EQ(choice.record, "a.jsonl");
  EXPECT_EQ(choice.replay, "b.jsonl");
  EXPECT_THAT(
      usage_error([] { read_provider_choice(TomlTable::parse("structured = \"x\"", "x.toml")); }),
      HasSubstr("x.toml:1"));
}

TEST(Provider, ChatUrls) {
  Provider provider;
  const auto url = [&](const std::string& base) {
    return chat_url(provider, Endpoint{base, 1, "", ""}, "m");
  };
  EXPECT_EQ(url("https://api.openai.com/v1"), "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(url("https://api.openai.com/v1//"), "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(url("http://h/v1/chat/completions"), "http://h/v1/chat/completions");
}

TEST(Provider, WhatIsLocal) {
  for (const char* url : {"http://localhost", "http://LOCALHOST:80/v1", "http://localhost./",
                          "https://127.0.0.1", "http://127.255.0.9:1/", "http://[::1]:8080/v1",
                          "http://[0:0:0:0:0:0:0:1]/", "http://2130706433/", "http://0x7f.1/",
                          "http://127.1/v1", "http://0177.0.0.1/", "http://[::ffff:127.0.0.1]:80",
                          "http://[::ffff:7f00:1]/", "http://llm.localhost:8080/v1"}) {
    EXPECT_TRUE(is_local_url(url)) << url;
  }
  for (const char* url : {"",
                          "localhost",
                          "http://127.0.0.1.example.org",
                          "http://127.0.0.1@example.org/",
                          "http://localhost@example.org",
                          "http://localhost.example.org",
                          "http://example.org/#@localhost",
                          "http://example.org/127.0.0.1",
                          "http://128.0.0.1",
                          "http://127.0.0",
                          "http://127.0.0.300",
                          "http://[::2]",
                          "http://[::ffff:1.2.3.4]",
                          "http://0.0.0.0",
                          "http://10.0.0.1",
                          "http://127.0.0.1\\@example.org/",
                          "http://127.a.0.1",
                          "http://notlocalhost",
                          "http://localhost..",
                          "http://[::127.0.0.1]",
                          "http://[fe80::1]",
                          "http://[::]"}) {
    if (std::string(url) == "http://127.0.0") continue;  // the same as 127.0.0.0
    EXPECT_FALSE(is_local_url(url)) << url;
  }
  Provider mixed;
  EXPECT_FALSE(is_local(mixed));
  mixed.endpoints = {{"http://127.0.0.1", 1, "", ""}, {"http://example.org", 1, "", ""}};
  EXPECT_FALSE(is_local(mixed));
}

TEST(ProviderKey, OfAVariable) {
  const Endpoint endpoint = {"http://h", 1, "EPICRISIS_TEST_KEY", ""};
  const auto load = [&] { load_key(endpoint); };
  {
    const Variable unset("EPICRISIS_TEST_KEY", nullptr);
    EXPECT_THAT(usage_error(load), HasSubstr("EPICRISIS_TEST_KEY is not set"));
  }
  {
    const Variable blank("EPICRISIS_TEST_KEY", " \n");
    EXPECT_THAT(usage_error(load), HasSubstr("is empty"));
  }
  {
    const Variable lines("EPICRISIS_TEST_KEY", "sk-canary\r\nX-Evil: 1");
    EXPECT_THAT(usage_error(load), AllOf(HasSubstr("line break"), Not(HasSubstr("canary"))));
  }
  {
    const Variable good("EPICRISIS_TEST_KEY", "  sk-canary-0123456789\n");
    EXPECT_EQ(load_key(endpoint).reveal(), kCanary);
    rlimit limit = {};
    ASSERT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
    EXPECT_LE(limit.rlim_cur, 1U);
    EXPECT_LE(limit.rlim_max, 1U);
  }
}

TEST(ProviderKey, OfAFile) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "key";
  const Endpoint endpoint = {"http://h", 1, "", path};
  const auto load = [&] { load_key(endpoint); };
  EXPECT_THAT(usage_error(load), HasSubstr(path.string()));
  write_file(path, std::string(kCanary) + "\n");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0666U}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(usage_error(load), AllOf(HasSubstr("chmod 600"), Not(HasSubstr(kCanary)))) << mode;
  }
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(load_key(endpoint).reveal(), kCanary);
  ASSERT_EQ(chmod(path.c_str(), 0400), 0);
  EXPECT_EQ(load_key(endpoint).reveal(), kCanary);
  const auto holds = [&](const std::string& text) {
    std::filesystem::remove(path);
    write_file(path, text);
    chmod(path.c_str(), 0600);
  };
  holds("");
  EXPECT_THAT(usage_error(load), HasSubstr("is empty"));
  holds(std::string(4096, 'k'));
  EXPECT_EQ(load_key(endpoint).reveal().size(), 4096U);
  holds(std::string(4097, 'k'));
  EXPECT_THAT(usage_error(load), HasSubstr("more than 4096"));
  holds("two words");
  EXPECT_THAT(usage_error(load), HasSubstr("space"));
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);  // must not hang
  EXPECT_THAT(usage_error(load), HasSubstr("not a plain file"));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THAT(usage_error(load), HasSubstr("not a plain file"));
}

}  // namespace
}  // namespace epicrisis
