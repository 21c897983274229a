// The table answers/errors.toml: what servers say when every request would be refused.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/llm/chat.h"
#include "llm/error_meaning.h"
#include "llm/resources.h"

namespace epicrisis::llm {
namespace {

using testing::HasSubstr;

struct Said {
  int status;
  std::string body;
};

std::string message(const std::string& text) { return dump_json({{"error", {{"message", text}}}}); }
std::string coded(const std::string& code, const std::string& text = "x") {
  return dump_json({{"error", {{"message", text}, {"code", code}}}});
}

ChatAnswer read(const Said& said) {
  HttpAnswer answer;
  answer.status = said.status;
  answer.body = said.body;
  return read_chat_answer(answer, {});
}

MeantError meant(const Said& said) {
  const ServerError error = read_server_error(said.body);
  return meaning_of(error, said.status == 200 ? status_of(error) : said.status);
}

void expect_stop(ErrorMeaning meaning, const std::vector<Said>& all, const std::string& advice) {
  for (const Said& said : all) {
    EXPECT_EQ(static_cast<int>(meant(said).meaning), static_cast<int>(meaning))
        << said.status << " " << said.body;
    const ChatAnswer answer = read(said);
    EXPECT_EQ(answer.attempt.next, NextStep::kStopRun) << said.body;
    EXPECT_EQ(answer.kind, ChatKind::kFailed);
    EXPECT_THAT(answer.attempt.reason, HasSubstr(advice)) << said.body;
    EXPECT_LE(answer.attempt.reason.size(), 300U);
    EXPECT_FALSE(answer.attempt.retry_after);
  }
}

// Above all of a base URL without its /v1.
TEST(ServerErrors, NothingIsAtThisAddress) {
  const std::vector<Said> all = {
      {404, "404 page not found"},  // Ollama, Go's own server
      {404, R"({"detail": "Not Found"})"},
      {405, R"({"detail": "Method Not Allowed"})"},
      {404, R"({"error": {"message": "Not Found", "type": "NotFoundError", "code": 404}})"},
      {404, R"({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}})"},
      {200, dump_json({{"error", "Unexpected endpoint or method. (POST /chat/completions)"}})},
      {404, message("Invalid URL (POST /chat/completions)")},
      {404, message("Invalid URL (POST /v2/chat/completions)")},
      {404, coded("unknown_url", "Unknown request URL: POST /chat/completions. Please check it")},
      {404, R"({"message": "Route POST:/chat/completions not found", "statusCode": 404})"},
      {404, R"({"message": "no Route matched with those values"})"},
      {404, R"({"error": {"code": "404", "message": "Resource not found"}})"},
      {404, "<html><head><title>404 Not Found</title></head><body>nginx</body></html>"},
      {405, "<html>\r\n<head><title>405 Not Allowed</title></head></html>"},
      {404, "<!DOCTYPE html><pre>Cannot POST /chat/completions</pre>"},
      {404, "Not Found"},
      {404, "404: Not Found"},
      {404, ""},
      {404, std::string(5000, 'x')}};
  expect_stop(ErrorMeaning::kAddress, all, "is the `endpoint` right?");
  for (const Said& said : all) {
    EXPECT_TRUE(read(said).attempt.unanswered) << said.body;
    EXPECT_LE(read(said).attempt.reason.size(), 260U) << said.body;
    EXPECT_THAT(read(said).attempt.reason, testing::EndsWith("ends in /v1"));
  }
  // About the one request, or about nobody knows what.
  for (const std::string& body :
       {message("The picture was not found"), message("no"), std::string("{}")}) {
    EXPECT_EQ(read({404, body}).attempt.next, NextStep::kDone) << body;
  }
}

TEST(ServerErrors, NoMoneyInAnyWordingAndStatus) {
  expect_stop(
      ErrorMeaning::kMoney,
      {{429,
        coded("insufficient_quota", "You exceeded your current quota, please check your plan")},
       {429, dump_json({{"error", {{"message", "x"}, {"type", "insufficient_quota"}}}})},
       {429,
        message("You exceeded your current quota, please check your plan and billing details.")},
       {400, message("Your credit balance is too low to access the Anthropic API.")},
       {400, coded("billing_hard_limit_reached", "Billing hard limit has been reached")},
       {400, message("Billing hard limit has been reached")},
       {429,
        message("Your account is not active, please check your billing details on our website. "
                "Billing is not active")},
       {402,
        dump_json({{"error", {{"message", "Insufficient Balance"}, {"type", "unknown_error"}}}})},
       {402, message("This request requires more credits, or fewer max_tokens. You requested up to "
                     "4096 tokens, but can only afford 12")},
       {402, ""},
       {402, "{}"},
       {402, message("whatever it says")},
       {403, message("Your account is in arrears")},
       {400,
        coded("Arrearage", "Access denied, please make sure your account is in good standing.")},
       {400, dump_json({{"code", "Arrearage"}, {"message", "Access denied."}})},
       {403, message("The account is in debt")},
       {429, message("Your account cn-1 <ak-x> is suspended due to insufficient balance, please "
                     "recharge your account or check your plan and billing details")},
       {429, coded("exceeded_current_quota_error")},
       {429,
        dump_json({{"error", {{"code", "1113"}, {"message", "您的账户已欠费，请充值后重试。"}}}})},
       {429, message("余额不足或无可用资源包,请充值。")},
       {403, message("用户额度不足, 剩余额度: ＄0.000000")},
       {403, coded("insufficient_user_quota")},
       {403, coded("AccountOverdueError",
                   "The request failed because your account has an overdue "
                   "balance.")},
       {402, message("You have exceeded your monthly included credits for Inference Providers.")},
       {403,
        coded("AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.")},
       {400, message("Budget has been exceeded! Current cost: 10.2, Max budget: 10.0")},
       {403, message("This API method requires billing to be enabled. Please enable billing on "
                     "project 1")},
       {500, message("insufficient account balance")},
       {503, "Payment required"},
       {400, message("Saldo insuficiente")},
       {400, message("Недостаточно средств на счете")},
       {400, message("Guthaben aufgebraucht")},
       {400, message("Please top up your account")},
       {200, R"({"error": {"code": "insufficient_quota", "message": "x"}})"},
       {200, R"({"error": "余额不足"})"}},
      "no money or credit left");
}

TEST(ServerErrors, AQuotaOfTheDay) {
  expect_stop(
      ErrorMeaning::kDay,
      {{429, R"([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
          "message": "You exceeded your current quota, please check your plan and billing details.",
          "details": [{"violations": [{"quotaId":
             "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
             {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}])"},
       {429, message("Rate limit reached for model `m` on requests per day (RPD): Limit 1000, Used "
                     "1000, Requested 1. Please try again in 1m26.4s.")},
       {429, message("Rate limit reached for m on tokens per day (TPD): Limit 100000")},
       {429, message("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free "
                     "model requests per day")},
       {429, coded("RateLimitReached",
                   "Rate limit of 150 per 86400s exceeded for UserByModelByDay. "
                   "Please wait 42031 seconds before retrying.")},
       {429, message("You are using a Trial key, which is limited to 1000 API calls / month.")},
       {429, message("Daily limit exceeded")},
       {403, message("今日额度已用完，每日限额 100 次")}},
      "A quota of the day");
}

TEST(ServerErrors, WaitingHelpsWithOrdinaryRateLimits) {
  for (const Said& said : std::vector<Said>{
           {429, message("Rate limit reached for gpt-4o in organization on requests per min (RPM): "
                         "Limit 3. Please try again in 20s. You can increase your rate limit by "
                         "adding a payment method to your account at "
                         "https://platform.openai.com/account/billing.")},
           {429, R"([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
                "message": "You exceeded your current quota, please check your plan and billing.",
                "details": [{"violations": [{"quotaId":
                  "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
                  {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}])"},
           {429, message("Requests rate limit exceeded")},
           {429, coded("rate_limit_exceeded", "Resource exhausted. Please try again later.")},
           {429, ""},
           {429, message("Concurrency limit exceeded for account, please retry later")},
           {429, message("您当前使用该API的并发数过高，请降低并发，或联系客服增加限额。")}}) {
    const ChatAnswer answer = read(said);
    EXPECT_EQ(answer.attempt.next, NextStep::kRetry) << said.body << answer.attempt.reason;
    EXPECT_TRUE(answer.attempt.throttled);
  }
}

TEST(ServerErrors, AKeyThatIsNotTaken) {
  expect_stop(ErrorMeaning::kAccess,
              {{401, ""},
               {401, message("whatever")},
               {400, R"([{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                   "message": "API key not valid. Please pass a valid API key."}}])"},
               {403, coded("unsupported_country_region_territory",
                           "Country, region, or territory not supported")},
               {400, message("User location is not supported for the API use.")},
               {403, coded("invalid_api_key")},
               {200, R"({"error": {"code": "invalid_api_key", "message": "x"}})"}},
              "The key is not accepted");
}

TEST(ServerErrors, AModelThatIsNotThere) {
  const std::vector<Said> all = {
      {404, coded("model_not_found",
                  "The model `gpt-9` does not exist or you do not have access "
                  "to it.")},
      {404, dump_json({{"object", "error"},
                       {"message", "The model `qwen` does not exist."},
                       {"type", "NotFoundError"},
                       {"param", nullptr},
                       {"code", 404}})},
      {404, R"({"error": "model 'x' not found, try pulling it first"})"},
      {404, R"({"error": {"message": "model \"llava\" not found, try pulling it first"}})"},
      {400, message("xyz is not a valid model ID")},
      {400, message("Model Not Exist")},
      {404,
       R"({"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}})"},
      {404,
       R"([{"error": {"code": 404, "message": "models/gemini-9 is not found for API version v1main", "status": "NOT_FOUND"}}])"},
      {400, message("Invalid model: pixtral-99")},
      {503, message("当前分组 default 下对于模型 gpt-9 无可用渠道")},
      {400,
       dump_json({{"error", {{"code", "1211"}, {"message", "模型不存在，请检查模型代码。"}}}})},
      {404, message("No models loaded. Please load a model in the developer page")},
      {404, message("This is not a chat model and thus not supported in the v1/chat/completions "
                    "endpoint.")},
      {400, message("The model `llama3-70b-8192` has been decommissioned and is no longer "
                    "supported.")},
      {404, message("Model not found, inaccessible, and/or not deployed")},
      {400, R"({"error": "Model x is not supported by any provider you have enabled."})"},
      {400, R"({"message": "The provided model identifier is invalid."})"},
      {200, R"({"error": {"code": "model_not_found", "message": "x"}})"}};
  expect_stop(ErrorMeaning::kModel, all, "does not have this `model`");
  for (const Said& said : all) EXPECT_TRUE(read(said).attempt.unknown_model) << said.body;
  EXPECT_EQ(read({503, message("Model is overloaded")}).attempt.next, NextStep::kRetry);
  EXPECT_EQ(read({503, R"({"error": {"message": "Loading model", "code": 503}})"}).attempt.next,
            NextStep::kRetry);
}

TEST(ServerErrors, AServerWithoutEyes) {
  expect_stop(
      ErrorMeaning::kPictures,
      {// llama.cpp
       {500,
        R"({"error": {"code": 500, "message": "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", "type": "server_error"}})"},
       {500,
        R"({"error": {"code": 500, "message": "image input is not supported by this server"}})"},
       {500, message("unsupported content[].type")},
       // vLLM
       {400, R"({"object": "error", "message": "Qwen/Qwen3-8B is not a multimodal model None",
           "type": "BadRequestError", "code": 400})"},
       {400, message("At most 0 image(s) may be provided in one request.")},
       // Ollama
       {500, message("Failed to create new sequence: failed to process inputs: this model is "
                     "missing data required for image input")},
       {400, message("this model does not support images")},
       // OpenAI and others
       {400, message("Invalid content type. image_url is only supported by certain models.")},
       {404, message("No endpoints found that support image input")},
       {400, message("Model does not support images. Please use a model that does.")},
       {422, message("Failed to deserialize the JSON body into the target type: messages[1]: "
                     "unknown variant `image_url`, expected `text` at line 1 column 9")},
       {400, message("'messages.1' : for 'role:user' the following must be satisfied[('messages.1."
                     "content' : value must be a string)]. content must be a string")},
       {400, message("Image input is not enabled for this model")},
       {422, dump_json({{"detail",
                         {{{"type", "string_type"},
                           {"loc", {"body", "messages", 1, "content"}},
                           {"msg", "Input should be a valid string"},
                           {"input", {{{"type", "image_url"}}}}}}}})},
       {400, message("该模型不支持图片输入")}},
      "takes no pictures");
  EXPECT_THAT(meant({500, message("mmproj")}).advice, HasSubstr("`images`"));
  // Of one picture, not of all.
  EXPECT_EQ(read({400, message("image format is not supported")}).attempt.next, NextStep::kDone);
}

TEST(ServerErrors, AParameterThatIsRefusedIsNamed) {
  struct Case {
    std::string body;
    const char* advice;
  };
  const auto openai = [](const std::string& text, const std::string& param,
                         const std::string& code) {
    return dump_json({{"error",
                       {{"message", text},
                        {"type", "invalid_request_error"},
                        {"param", param},
                        {"code", code}}}});
  };
  const Case cases[] = {
      {openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
              "'max_completion_tokens' instead.",
              "max_tokens", "unsupported_parameter"),
       "token_limit = \"max_completion_tokens\""},
      {message("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
               "'max_completion_tokens' instead."),
       "token_limit = \"max_completion_tokens\""},
      {message("Unrecognized request argument supplied: max_completion_tokens"),
       "token_limit = \"max_tokens\""},
      {openai("Unsupported value: 'temperature' does not support 0.2 with this model. Only the "
              "default (1) value is supported.",
              "temperature", "unsupported_value"),
       "send_temperature = false"},
      {message("invalid temperature: only 1 is allowed for this model"),
       "send_temperature = false"},
      {message("temperature must be 1 for this model"), "send_temperature = false"},
      {R"({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"],
           "msg": "Extra inputs are not permitted", "input": 300}]})",
       "token_limit = \"max_tokens\""},
      {R"({"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"],
           "msg": "Extra inputs are not permitted", "input": 40}]})",
       "take top_k out of the table `extra`"},
      {message("Invalid JSON payload received. Unknown name \"seed\": Cannot find field."),
       "take seed out of the table `extra`"},
      {message("property 'logit_bias' is unsupported"), "take logit_bias out of the table `extra`"},
      {openai("Unknown parameter: 'messages[1].content[1].image_url.detail'.",
              "messages[1].content[1].image_url.detail", "unknown_parameter"),
       "detail = \"\" under [image]"},
      {message("response_format is not supported"), "`structured` json_object or none"},
      {openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
              "this model.",
              "response_format", "invalid_request_error"),
       "`structured` json_object or none"},
      {message("failed to parse grammar"), "`structured` json_object or none"},
  };
  for (const Case& c : cases) {
    for (const int status : {400, 422}) {
      const ChatAnswer answer = read({status, c.body});
      EXPECT_EQ(answer.attempt.next, NextStep::kStopRun) << c.body;
      EXPECT_THAT(answer.attempt.reason, HasSubstr(c.advice)) << c.body;
    }
  }
  for (const char* one : {"This model's maximum context length is 4096 tokens. However, you "
                          "requested 5000 tokens",
                          "Range of input length should be [1, 6000]"}) {
    EXPECT_EQ(read({400, message(one)}).attempt.next, NextStep::kDone) << one;
  }
}

TEST(ServerErrors, FiltersAreOfTheOneRequest) {
  for (const Said& said : std::vector<Said>{
           {400, message("Content Exists Risk")},
           {400, message("The request was rejected because it was considered high risk")},
           {403, message("Your chosen model requires moderation and your input was flagged")},
           {400, coded("data_inspection_failed")},
           {400, message("系统检测到输入或生成内容可能包含不安全或敏感内容")},
           {200, R"({"error": {"code": "content_filter", "message": "x"}})"}}) {
    EXPECT_EQ(read(said).kind, ChatKind::kFiltered) << said.body;
    EXPECT_EQ(read(said).attempt.next, NextStep::kDone);
  }
}

// Rows that could not fit are slips of the pen.
TEST(ServerErrors, TheTableIsInTheFormThatIsSearched) {
  const TomlTable file =
      TomlTable::parse(llm_resources().get("answers/errors.toml"), "answers/errors.toml");
  std::vector<TomlTable> rows = file.tables_or_empty("error");
  EXPECT_GE(rows.size(), 8U);
  for (const TomlTable& row : rows) {
    for (const char* key : {"codes", "words", "but"}) {
      for (const std::string& words : row.strings_or(key, {})) {
        EXPECT_EQ(words, ascii_lower(words)) << row.place(key);
        EXPECT_GE(words.size(), 4U) << row.place(key) << " " << words;
        EXPECT_FALSE(words.starts_with('*') || words.ends_with('*')) << words;
      }
    }
  }
}

}  // namespace
}  // namespace epicrisis::llm
