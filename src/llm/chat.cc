#include "epicrisis/llm/chat.h"

#include <cctype>
#include <cmath>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "llm/json_member.h"
#include "llm/server_error.h"

namespace epicrisis::llm {
namespace {

constexpr std::int64_t kMaxTokens = 1'000'000'000;  // more is no count

ChatAnswer answer_of(ChatKind kind, NextStep next, std::string_view reason,
                     std::string_view text = {}) {
  ChatAnswer answer;
  answer.kind = kind;
  answer.text = text;
  answer.attempt.next = next;
  answer.attempt.reason = one_line(reason);
  return answer;
}

ChatAnswer malformed(std::string_view reason, std::string_view text = {}) {
  ChatAnswer answer = answer_of(ChatKind::kMalformed, NextStep::kRetry, reason, text);
  answer.attempt.wrong_form = true;
  return answer;
}

// What a status means, whether HTTP's or one named inside a 200 answer.
ChatAnswer answer_of_error(int status, const ServerError& error, std::string_view where) {
  const std::string code = error.codes.empty() ? "" : fmt::format(" ({})", error.codes.front());
  const std::string reason =
      fmt::format("{}{}{}{}", where, error.message.empty() ? "" : ": ", error.message, code);
  const auto with = [&](NextStep next, ChatKind kind = ChatKind::kFailed) {
    return answer_of(kind, next, reason);
  };
  if (status >= 500) {
    ChatAnswer answer = with(NextStep::kRetry);
    answer.attempt.fault = true;
    return answer;
  }
  if (status == 401 || status == 402 || error.is_out_of_money()) return with(NextStep::kStopRun);
  if (error.is_content_filter()) return with(NextStep::kDone, ChatKind::kFiltered);
  if (status == 429) {
    ChatAnswer answer = with(NextStep::kRetry);
    answer.attempt.throttled = true;
    return answer;
  }
  if (status == 408) {
    ChatAnswer answer = with(NextStep::kRetry);
    answer.attempt.fault = true;
    return answer;
  }
  // A conflict and "too early" pass by themselves.
  if (status == 409 || status == 425) return with(NextStep::kRetry);
  // So it would say to every request.
  if ((status == 400 || status == 422) && error.is_about_response_format()) {
    return answer_of(ChatKind::kFailed, NextStep::kStopRun,
                     fmt::format("{}. The server does not take this response_format: try "
                                 "`structured` json_object or none",
                                 reason));
  }
  return with(NextStep::kDone);
}

ChatAnswer answer_inside(const Json& value, bool whole) {
  const ServerError error = read_server_error(value, whole);
  return answer_of_error(status_of(error), error, "error in a 200 answer");
}

ChatAnswer answer_of_failure(const HttpAnswer& answer) {
  const std::string reason = fmt::format("{}{}{}", http_failure_name(answer.failure),
                                         answer.error.empty() ? "" : ": ", answer.error);
  if (answer.failure == HttpFailure::kRefused) {
    return answer_of(ChatKind::kFailed, NextStep::kStopRun, reason);
  }
  if (answer.failure == HttpFailure::kTooLarge) return malformed(reason);
  ChatAnswer result = answer_of(ChatKind::kFailed, NextStep::kRetry, reason);
  result.attempt.fault = true;
  return result;
}

std::optional<std::int64_t> token_count(const Json& usage, const char* name, const char* other) {
  for (const char* key : {name, other}) {
    const Json* value = find_member(usage, key);
    if (value == nullptr || !value->is_number()) continue;
    const double count = value->get<double>();
    if (!(count >= 0 && count <= static_cast<double>(kMaxTokens)) || std::trunc(count) != count) {
      return {};
    }
    return static_cast<std::int64_t>(count);
  }
  return {};
}

// Counts that cannot be are no counts: the caller goes on with its estimate.
void read_usage(const Json& completion, Attempt& attempt) {
  const Json* usage = find_member(completion, "usage");
  if (usage == nullptr) return;
  const auto input = token_count(*usage, "prompt_tokens", "input_tokens");
  const auto output = token_count(*usage, "completion_tokens", "output_tokens");
  if (!input || !output) return;
  attempt.has_usage = true;
  attempt.input_tokens = *input;
  attempt.output_tokens = *output;
}

struct Content {
  std::string text;
  std::string refusal;
  bool understood = true;
};

void append_part(const Json& part, Content& content) {
  const Json* type = find_member(part, "type");
  const Json* text = find_member(part, "text");
  const Json* refusal = find_member(part, "refusal");
  if (refusal != nullptr && refusal->is_string()) {
    content.refusal += refusal->get_ref<const std::string&>();
  } else if (part.is_string()) {
    content.text += part.get_ref<const std::string&>();
  } else if (text != nullptr && text->is_string() &&
             (type == nullptr || *type == "text" || *type == "output_text")) {
    content.text += text->get_ref<const std::string&>();
  }
}

Content content_of(const Json& message) {
  Content content;
  if (const Json* refusal = find_member(message, "refusal");
      refusal != nullptr && refusal->is_string()) {
    content.refusal = refusal->get<std::string>();
  }
  const Json* value = find_member(message, "content");
  if (value == nullptr) return content;
  if (value->is_string()) {
    content.text = value->get<std::string>();
  } else if (value->is_array()) {
    for (const Json& part : *value) append_part(part, content);
  } else {
    content.understood = false;
  }
  return content;
}

// The text after what a reasoning model thought aloud at the beginning: <think>...</think>, also
// where the opening tag was part of the prompt. Thinking that does not end leaves nothing.
std::string_view without_thinking(std::string_view text) {
  for (const std::string_view name : {"think", "thinking"}) {
    const std::string open = fmt::format("<{}>", name);
    const std::string close = fmt::format("</{}>", name);
    while (true) {
      text = trim(text);
      const std::size_t end = text.find(close);
      const bool opened = text.starts_with(open);
      if (end == std::string_view::npos) {
        if (opened) return {};
        break;
      }
      if (!opened && text.substr(0, end).find(open) != std::string_view::npos) break;
      text.remove_prefix(end + close.size());
    }
  }
  return text;
}

ChatAnswer answer_of_choice(const Json& choice) {
  if (holds_error(choice)) return answer_inside(choice, true);
  const Json* message = find_member(choice, "message");
  if (message == nullptr || !message->is_object()) return malformed("a choice without a message");
  const Content content = content_of(*message);
  const std::string_view text = without_thinking(content.text);
  const std::string finish = ascii_lower(text_member(choice, "finish_reason"));
  if (finish == "content_filter") {
    return answer_of(ChatKind::kFiltered, NextStep::kDone, "finish_reason content_filter", text);
  }
  if (!is_blank(content.refusal)) {
    return answer_of(ChatKind::kRefused, NextStep::kDone, content.refusal, content.refusal);
  }
  if (!content.understood) return malformed("content is neither text nor a list of parts");
  if (finish == "length" || finish == "max_tokens" || finish == "model_length") {
    return answer_of(ChatKind::kCut, NextStep::kRetryLarger, "cut off at the token limit", text);
  }
  const Json* calls = find_member(*message, "tool_calls");
  if ((calls != nullptr && calls->is_array() && !calls->empty()) ||
      find_member(*message, "function_call") != nullptr) {
    return malformed("a tool call, not text", text);
  }
  if (finish == "error") return malformed("finish_reason error", text);
  ChatAnswer answer = answer_of(ChatKind::kText, NextStep::kDone, "", text);
  answer.attempt.said_tokens = estimate_tokens(content.text);
  return answer;
}

// The completion without its usage.
ChatAnswer answer_of_completion(const Json& completion) {
  const bool wrapped = completion.is_array() && completion.size() == 1;
  if (holds_error(wrapped ? completion.front() : completion)) {
    return answer_inside(completion, true);
  }
  const Json* choices = find_member(completion, "choices");
  if (choices == nullptr || !choices->is_array()) {
    const std::string message =
        completion.is_structured() ? read_server_error(completion, true).message : "";
    return malformed(
        fmt::format("an answer without choices{}{}", message.empty() ? "" : ": ", message));
  }
  if (choices->empty()) return malformed("no choices in the answer");
  return answer_of_choice(choices->front());
}

}  // namespace

bool is_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x80) {
      if (std::isalnum(byte) != 0) return false;
    } else if (byte >= 0xC3) {
      // The first byte of a character beyond Latin-1's signs; those of general punctuation (zero
      // width ones among it), the byte order mark and U+FFFD do not count.
      const bool punctuation = (byte == 0xE2 && (next == 0x80 || next == 0x81)) ||
                               (byte == 0xEF && (next == 0xBB || next == 0xBF));
      if (!punctuation) return false;
    }
  }
  return true;
}

ChatAnswer read_chat_completion(const Json& completion) {
  ChatAnswer result;
  try {
    result = answer_of_completion(completion);
  } catch (const std::exception& error) {
    result = malformed(fmt::format("the answer cannot be read: {}", error.what()));
  }
  read_usage(completion, result.attempt);
  return result;
}

ChatAnswer read_chat_answer(const HttpAnswer& answer, std::chrono::system_clock::time_point now) {
  ChatAnswer result;
  if (answer.failure != HttpFailure::kNone) {
    result = answer_of_failure(answer);
  } else if (answer.status >= 200 && answer.status < 300) {
    try {
      result = read_chat_completion(parse_json(answer.body, "answer"));
    } catch (const std::exception&) {
      // The parser's words would show pieces of what may be a key.
      result =
          malformed(answer.body.empty() ? "an empty answer"
                                        : "the answer is no JSON: " + line_of_body(answer.body));
    }
  } else if (answer.status >= 300 && answer.status < 400) {
    result = answer_of(ChatKind::kFailed, NextStep::kDone,
                       fmt::format("HTTP {}: redirects are not followed (to {})", answer.status,
                                   answer.header("location")));
  } else {
    result = answer_of_error(answer.status, read_server_error(answer.body),
                             fmt::format("HTTP {}", answer.status));
  }
  if (result.attempt.next == NextStep::kRetry) {
    result.attempt.retry_after = read_retry_after(answer, now);
  }
  return result;
}

}  // namespace epicrisis::llm
