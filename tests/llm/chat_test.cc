#include "epicrisis/llm/chat.h"

#include <gmock/gmock.h>

#include <string>

#include "epicrisis/core/strings.h"
#include "epicrisis/net/mask_keys.h"

namespace epicrisis::llm {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(784111777)};

HttpAnswer http(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

ChatAnswer read(const HttpAnswer& answer) { return read_chat_answer(answer, kNow); }
ChatAnswer read(int status, std::string body) { return read(http(status, std::move(body))); }

// A completion with one choice.
Json completion(const Json& message, const Json& finish = "stop") {
  return {
      {"id", "chatcmpl-1"},
      {"object", "chat.completion"},
      {"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", finish}}})},
      {"usage", {{"prompt_tokens", 120}, {"completion_tokens", 34}, {"total_tokens", 154}}}};
}

// "retry failed throttled fault": what is acted on, in words.
std::string summary(const ChatAnswer& answer) {
  static const char* const kSteps[] = {"done", "retry", "larger", "stop"};
  static const char* const kKinds[] = {"text", "cut", "refused", "filtered", "malformed", "failed"};
  std::string text = kSteps[static_cast<int>(answer.attempt.next)];
  text += std::string(" ") + kKinds[static_cast<int>(answer.kind)];
  if (answer.attempt.throttled) text += " throttled";
  if (answer.attempt.fault) text += " fault";
  return text;
}

// What holds of every answer.
void expect_sound(const ChatAnswer& answer) {
  const std::string& reason = answer.attempt.reason;
  EXPECT_EQ(reason.empty(), answer.kind == ChatKind::kText) << reason;
  EXPECT_LE(reason.size(), 300U);
  EXPECT_EQ(clean_text(reason, 1000), reason);
}

// The forms in which servers tell errors.
TEST(ServerError, MessagesOfServers) {
  struct Case {
    const char* body;
    const char* reason;
  };
  const Case cases[] = {
      // OpenAI
      {R"({"error": {"message": "Invalid value", "type": "invalid_request_error", "param": "messages", "code": null}})",
       "HTTP 400: Invalid value (invalid_request_error)"},
      {R"({"error": {"message": "Too long", "type": "invalid_request_error", "code": "context_length_exceeded"}})",
       "HTTP 400: Too long (context_length_exceeded)"},
      // Azure
      {R"({"error": {"code": "OperationNotSupported", "message": "The operation does not work."}})",
       "HTTP 400: The operation does not work. (operationnotsupported)"},
      {R"({"statusCode": 400, "message": "Resource not found"})", "HTTP 400: Resource not found"},
      // vLLM, before and after 0.10
      {R"({"object": "error", "message": "the prompt is too long", "type": "BadRequestError", "param": null, "code": 400})",
       "HTTP 400: the prompt is too long (badrequesterror)"},
      {R"({"error": {"message": "the prompt is too long", "type": "BadRequestError", "code": 400}})",
       "HTTP 400: the prompt is too long (badrequesterror)"},
      // llama.cpp
      {R"({"error": {"code": 400, "message": "Failed to parse", "type": "invalid_request_error"}})",
       "HTTP 400: Failed to parse (invalid_request_error)"},
      // Ollama
      {R"({"error": "invalid options: 'x'"})", "HTTP 400: invalid options: 'x'"},
      {R"({"error": {"message": "invalid 'x'", "type": "api_error", "param": null, "code": null}})",
       "HTTP 400: invalid 'x' (api_error)"},
      // Google, FastAPI
      {R"([{"error": {"code": 400, "message": "Bad", "status": "INVALID_ARGUMENT"}}])",
       "HTTP 400: Bad (invalid_argument)"},
      {R"({"detail": "Not Found"})", "HTTP 400: Not Found"},
      {R"({"detail": [{"loc": ["body"], "msg": "field required", "type": "missing"}]})",
       "HTTP 400: field required"},
      // others
      {"", "HTTP 400"},
      {"{}", "HTTP 400: {}"},
      {"null", "HTTP 400: null"},
      {"upstream connect error\nor disconnect", "HTTP 400: upstream connect error or disconnect"},
      {"<html>\n<head><title>413 Request Entity\n Too "
       "Large</title></head><body><h1>x</h1></body></html>",
       "HTTP 400: 413 Request Entity Too Large"},
      {"<!DOCTYPE html><html><head><style>p{a:b}</style><script>if (a<b) x();</script></head>"
       "<body><p>Down for <b>repair</b></p></body></html>",
       "HTTP 400: Down for repair"},
      {"<html><title></title><p>Hm", "HTTP 400: Hm"},
      {"<html><script>never ends", "HTTP 400"},
      {"<<<<<<", "HTTP 400"},
      {R"({"error": {"message": "a\u001b[31mb\u0000c\nd\u202ee"}})", "HTTP 400: a[31mbc de"},
      {R"({"error": {"message": 5, "code": {"a": 1}, "type": ["x"]}})",
       R"(HTTP 400: {"error": {"message": 5, "code": {"a": 1}, "type": ["x"]}})"},
  };
  for (const Case& c : cases) {
    const ChatAnswer answer = read(400, c.body);
    EXPECT_EQ(answer.attempt.reason, c.reason) << c.body;
    EXPECT_EQ(summary(answer), "done failed");
    expect_sound(answer);
  }
  expect_sound(read(400, std::string(5 << 20, 'x')));
  expect_sound(read(400, "<" + std::string(5 << 20, '<')));
  expect_sound(read(502, "<html>" + std::string(1 << 20, '\xff')));
}

TEST(ServerError, ContentFiltersAreNoFailures) {
  for (
      const char* body :
      {R"({"error": {"code": "content_filter", "message": "The response was filtered", "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation"}}})",
       R"({"error": {"code": null, "message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}})",
       R"({"error": {"code": "content_policy_violation", "message": "x", "type": "image_error"}})"}) {
    EXPECT_EQ(summary(read(400, body)), "done filtered") << body;
    EXPECT_EQ(summary(read(403, body)), "done filtered") << body;
    EXPECT_EQ(summary(read(200, body)), "done filtered") << body;
    EXPECT_EQ(summary(read(500, body)), "retry failed fault") << body;
  }
}

TEST(ServerError, NoMoneyStopsTheRun) {
  const std::string body =
      R"({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}})";
  const ChatAnswer answer = read(429, body);
  EXPECT_EQ(summary(answer), "stop failed");
  EXPECT_FALSE(answer.attempt.retry_after);
  EXPECT_EQ(summary(read(200, body)), "stop failed");
  EXPECT_EQ(summary(read(429, R"({"error": {"message": "x", "type": "insufficient_quota"}})")),
            "stop failed");
  EXPECT_EQ(
      summary(read(429, R"({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})")),
      "retry failed throttled");
}

TEST(ServerError, AnErrorInsideA200CountsByItsCode) {
  struct Case {
    const char* error;
    const char* summary;
  };
  const Case cases[] = {
      {R"({"code": "rate_limit_exceeded", "message": "x"})", "retry failed throttled"},
      {R"({"code": 429, "message": "x"})", "retry failed throttled"},
      {R"({"code": "429", "message": "x"})", "retry failed throttled"},
      {R"({"code": 401, "message": "x"})", "stop failed"},
      {R"({"code": "invalid_api_key", "type": "invalid_request_error", "message": "x"})",
       "stop failed"},
      {R"({"type": "invalid_request_error", "message": "x"})", "done failed"},
      {R"({"code": 400, "type": "BadRequestError", "message": "x"})", "done failed"},
      {R"({"code": "model_not_found", "message": "x"})", "stop failed"},
      {R"({"code": 502, "message": "x"})", "retry failed fault"},
      {R"({"type": "overloaded_error", "message": "x"})", "retry failed fault"},
      {R"({"message": "something"})", "retry failed fault"},
      {R"({"code": 200, "message": "x"})", "retry failed fault"},
      {R"({"code": -1, "message": "x"})", "retry failed fault"},
      {R"({"code": 99999999999999999999999, "message": "x"})", "retry failed fault"},
      {R"("model runner has stopped")", "retry failed fault"},
  };
  for (const Case& c : cases) {
    const std::string body = std::string(R"({"error": )") + c.error + "}";
    EXPECT_EQ(summary(read(200, body)), c.summary) << body;
    EXPECT_EQ(summary(read(200, "[" + body + "]")), c.summary) << body;
    // Beside choices, and in one.
    Json both = completion({{"content", "A whole note."}});
    both["error"] = parse_json(c.error, "test");
    EXPECT_EQ(summary(read(200, dump_json(both))), c.summary) << body;
    Json inside = completion({{"content", "A whole note."}}, "error");
    inside["choices"][0]["error"] = parse_json(c.error, "test");
    EXPECT_EQ(summary(read(200, dump_json(inside))), c.summary) << body;
  }
  EXPECT_EQ(summary(read(200, R"({"object": "error", "message": "x", "code": 400})")),
            "done failed");
  HttpAnswer limited = http(200, R"({"error": {"code": 429}})");
  limited.headers = {{"retry-after", "3"}};
  EXPECT_EQ(read(limited).attempt.retry_after->count(), 3);
  // An error that is none.
  for (const Json& none : {Json(), Json::object(), Json(""), Json(false), Json(0)}) {
    Json body = completion({{"content", "A whole note."}});
    body["error"] = none;
    EXPECT_EQ(summary(read(200, dump_json(body))), "done text") << none;
  }
}

TEST(ServerError, KeysThatServersRepeatAreMasked) {
  // Put together here, so that no scanner takes the test for a leak.
  const std::string random = "Zk3vQ9xWb7Lm2Rt8Yp4Nc6Hd1Jf5Gs0A";
  for (const std::string& key :
       {"sk-" + random, "sk-proj-" + random.substr(0, 9) + "_" + random.substr(9), "hf_" + random,
        random, std::string("0123456789abcdef0123456789abcdef"),
        std::string("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), std::string("eyJhbGciOi.") + random,
        std::string("sk-abc***wxyz"), std::string("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzKEY")}) {
    for (const std::string& frame :
         {std::string(
              "Incorrect API key provided: {}. You can find your key at https://example.com/keys."),
          std::string("Authorization: Bearer {}"), std::string("bad header 'Bearer {}'"),
          std::string("{}"), std::string("api-key={}&x=1"), std::string("\"{}\" is no key"),
          std::string("<b>{}</b>")}) {
      std::string text = frame;
      text.replace(text.find("{}"), 2, key);
      for (const std::string& body :
           {text, dump_json({{"error", {{"message", text}}}}), dump_json({{"error", text}}),
            dump_json({{"what", text}}), "<html><p>" + text + "</p></html>"}) {
        for (const int status : {200, 400, 401, 403, 500}) {
          const ChatAnswer answer = read(status, body);
          for (std::size_t i = 0; i + 8 <= key.size(); ++i) {
            ASSERT_THAT(answer.attempt.reason + answer.text, Not(HasSubstr(key.substr(i, 8))))
                << body;
          }
          if (answer.attempt.reason.find("without choices. ") == std::string::npos) {
            EXPECT_THAT(answer.attempt.reason, HasSubstr("***")) << body;
          }
        }
      }
    }
  }
  // In time linear in the text.
  std::string parts;
  for (int i = 0; i < 500'000; ++i) parts += i % 2 == 0 ? "a." : "b/";
  EXPECT_EQ(mask_keys(parts), parts);
  // Short ones that their place gives away.
  EXPECT_EQ(mask_keys("Authorization: Bearer hunter22secret"), "Authorization: Bearer ***");
  EXPECT_EQ(mask_keys("api-key: hunter2"), "api-key: ***");
  EXPECT_EQ(mask_keys("Incorrect API key provided: hunter2."), "Incorrect API key provided: ***");
  EXPECT_EQ(mask_keys("{\"token\": \"hunter2\"}"), "{\"token\": \"***\"}");
  // Half masked by the server, and in another case.
  for (const char* key : {"sk-ab***yz12", "sk-ab...yz12", "SK-AB12****", "Sk-ab12cd34",
                          "sk-ab\u2026yz12", "sk-\u2022\u2022\u2022\u2022yz12"}) {
    EXPECT_EQ(mask_keys(std::string("bad one: ") + key + " given"), "bad one: *** given") << key;
  }
}

TEST(ServerError, OrdinaryErrorsStayReadable) {
  for (const char* text :
       {"The model `gpt-4o-2024-08-06` does not exist or you do not have access to it.",
        "model 'meta-llama/Llama-3.2-11B-Vision-Instruct' not found, try pulling it first",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in "
        "131072 tokens.",
        "Rate limit reached for gpt-4o in organization on tokens per min (TPM): Limit 30000, Used "
        "29000.",
        "Invalid schema for response_format 'note': In context=('properties', 'colours'), "
        "'uniqueItems' is not permitted.",
        "See https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "Bearer authentication required",
        "could not connect to 127.0.0.1 port 8080: Connection refused"}) {
    EXPECT_EQ(mask_keys(text), text);
  }
}

}  // namespace
}  // namespace epicrisis::llm
