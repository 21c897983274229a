#include "epicrisis/llm/finish_reasons.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

struct Case {
  FinishKind kind;
  std::vector<const char*> names;
};

// As the makers of servers and models write them, each in its own spelling.
TEST(FinishReasons, OfServers) {
  const Case cases[] = {
      {FinishKind::kEnd,
       {"stop",
        "STOP",
        "Stop",
        "FINISH_REASON_STOP",
        "FinishReason.STOP",
        "end_turn",
        "stop_sequence",
        "STOP_SEQUENCE",
        "COMPLETE",
        "completed",
        "eos",
        "eos_token",
        "EOS_TOKEN",
        "eosFound",
        "stopStringFound",
        "stop_str",
        "end_id",
        "done",
        "normal",
        "endoftext",
        "endTurn",
        "word",
        "stop: eos_token",
        "finished_stopped",
        "FinishReason.FINISH_REASON_STOP",
        "CompletionFinishReason.Stopped",
        "FINISH_STOP",
        "stopped_eos",
        "natural_end",
        "stop_eos",
        "<|im_end|>",
        "eot_id",
        "stop-sequence"}},
      {FinishKind::kLimit,
       {"length",
        "LENGTH",
        "max_tokens",
        "MAX_TOKENS",
        "maxTokens",
        "model_length",
        "length_limit",
        "FINISH_REASON_MAX_TOKENS",
        "max_output_tokens",
        "maxPredictedTokensReached",
        "contextLengthReached",
        "model_context_window_exceeded",
        "ERROR_LIMIT",
        "token_limit",
        "time_limit",
        "max_length",
        "max_new_tokens",
        "truncated",
        "incomplete",
        "MaxTokens",
        "length_capped",
        "pause_turn",
        "stopped_limit",
        "max_gen_toks",
        "output_tokens",
        "maximum_context_length",
        "context_window_full",
        "n_predict",
        "limit_reached",
        "token_budget",
        "cut_off",
        "stop_length",
        "finishLength",
        "max_output"}},
      {FinishKind::kFilter,
       {"content_filter",
        "content-filter",
        "contentFilter",
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "LANGUAGE",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "ERROR_TOXIC",
        "sensitive",
        "guardrail_intervened",
        "content_filtered",
        "CONTENT_FILTERED",
        "content_filter: RECITATION",
        "MODEL_ARMOR",
        "FINISH_REASON_SAFETY",
        "FinishReason.SAFETY",
        "stop: content_filter",
        "IMAGE_RECITATION",
        "safety_violation",
        "blocked_by_safety",
        "BlockReason.SAFETY",
        "moderation_flagged",
        "contentFilterTriggered",
        "NSFW",
        "pii_detected",
        "stopped_by_filter",
        "moderation"}},
      {FinishKind::kRefusal, {"refusal", "REFUSAL", "model_refused", "declined_to_answer"}},
      {FinishKind::kFault, {"error",           "ERROR",         "abort",
                            "aborted",         "network_error", "insufficient_system_resource",
                            "cancelled",       "canceled",      "USER_CANCEL",
                            "timeout",         "TIMEOUT",       "load",
                            "unload",          "modelUnloaded", "userStopped",
                            "failed",          "engine_error",  "error: upstream",
                            "internal_error",  "preempted",     "not_finished",
                            "request_timeout", "stream_error",  "upstream_timeout",
                            "broken_pipe",     "gpu_error",     "stopped_by_user",
                            "rate_limit_hit",  "EngineDead",    "503",
                            "kv_cache_oom",    "stop_error",    "requestCancelled"}},
      {FinishKind::kSpoiled,
       {"tool_calls", "tool-calls", "function_call", "tool_use", "TOOL_CALL",
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "OTHER", "other",
        "unknown", "repetition", "repetition_truncation", "FINISH_REASON_UNSPECIFIED",
        "malformed_model_output", "malformed_tool_use"}},
  };
  for (const Case& c : cases) {
    for (const char* name : c.names) {
      const auto kind = finish_kind(name);
      ASSERT_TRUE(kind.has_value()) << name;
      EXPECT_EQ(*kind, c.kind) << name;
    }
  }
  for (const char* name :
       {"", " ", "-", "weary", "stopp", "2", "stop2", "finish_reason", "nonstop", "ende",
        "not_stopped", "no_stop", "stop_it", "half_done", "wasStopped"}) {
    EXPECT_FALSE(finish_kind(name).has_value()) << name;
  }
}

TEST(FinishReasons, AFileSaysWhatOthersMean) {
  const FinishReasons own = read_finish_reasons(
      TomlTable::parse("end = [\"Weary\", \"length\"]\nfault = [\"stop\"]\n", "p.toml"));
  EXPECT_EQ(finish_kind("WEARY", own), FinishKind::kEnd);
  EXPECT_EQ(finish_kind("length", own), FinishKind::kEnd);
  EXPECT_EQ(finish_kind("FinishReason.STOP", own), FinishKind::kFault);
  EXPECT_EQ(finish_kind("safety", own), FinishKind::kFilter);
  EXPECT_EQ(finish_reasons_of(finish_reasons_json(own)), own);
  EXPECT_TRUE(finish_reasons_of(Json(3)).empty());
  EXPECT_TRUE(finish_reasons_of({{"end", 3}, {"limit", {4}}, {"x", {"y"}}}).empty());
  for (const char* toml : {"end = [\"a\"]\nfault = [\"A\"]", "end = [\"--\"]"}) {
    try {
      read_finish_reasons(TomlTable::parse(toml, "p.toml"));
      ADD_FAILURE() << toml;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("p.toml:"));
    }
  }
}

}  // namespace
}  // namespace epicrisis
