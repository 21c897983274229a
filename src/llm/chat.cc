#include "epicrisis/llm/chat.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "llm/error_meaning.h"
#include "llm/finish.h"
#include "llm/json_member.h"
#include "llm/marks.h"
#include "llm/no_model.h"
#include "llm/server_error.h"
#include "llm/spoken.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

constexpr std::int64_t kMaxTokens = 1'000'000'000;  // more is no count
constexpr std::size_t kMostReason = 300;            // bytes

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

// The server's words and what to do about them, in one line: the latter is never cut.
std::string with_advice(std::string_view reason, const std::string& advice) {
  if (advice.empty()) return std::string(reason);
  const std::size_t room = kMostReason - std::min(kMostReason, advice.size() + 2);
  std::string words = clean_text(reason, room);
  while (words.ends_with('.') || words.ends_with(' ')) words.pop_back();
  return words + ". " + advice;
}

// What a status means, whether HTTP's or one named inside a 200 answer.
ChatAnswer answer_of_error(int status, const ServerError& error, std::string_view where) {
  const std::string code = error.codes.empty() ? "" : fmt::format(" ({})", error.codes.front());
  const MeantError meant = meaning_of(error, status);
  const bool nothing_there =
      meant.meaning == ErrorMeaning::kAddress || meant.meaning == ErrorMeaning::kProxy;
  constexpr std::size_t kShort = 80;  // there has to be room for the address
  const std::string reason =
      with_advice(one_line(fmt::format(
                      "{}{}{}{}", where, error.message.empty() ? "" : ": ",
                      nothing_there ? clean_text(error.message, kShort) : error.message, code)),
                  meant.advice);
  const auto with = [&](NextStep next, ChatKind kind = ChatKind::kFailed) {
    return answer_of(kind, next, reason);
  };
  if (meant.meaning == ErrorMeaning::kFilter) return with(NextStep::kDone, ChatKind::kFiltered);
  // So it would say to every request.
  if (meant.meaning != ErrorMeaning::kNone) {
    ChatAnswer answer = with(NextStep::kStopRun);
    answer.attempt.unknown_model = meant.meaning == ErrorMeaning::kModel;
    answer.attempt.unanswered = nothing_there;
    answer.attempt.too_much = meant.meaning == ErrorMeaning::kRoom;
    return answer;
  }
  if (status >= 500 || status == 408) {
    ChatAnswer answer = with(NextStep::kRetry);
    answer.attempt.fault = true;
    return answer;
  }
  // A conflict and "too early" pass by themselves too, but not where all are answered so.
  if (status == 429 || status == 409 || status == 425) {
    ChatAnswer answer = with(NextStep::kRetry);
    answer.attempt.throttled = true;
    answer.attempt.passes = passes_soon(error);
    return answer;
  }
  return with(NextStep::kDone);
}

// `whole`: no choice of an answer, but all of it.
ChatAnswer answer_inside(const Json& value, bool whole) {
  const ServerError error = read_server_error(value, true);
  ChatAnswer answer = answer_of_error(status_of(error), error, "error in a 200 answer");
  answer.attempt.unbilled = whole && find_member(value, "usage") == nullptr;
  return answer;
}

// A 2xx answer of which no model is the author.
ChatAnswer unwritten(std::string_view reason) {
  ChatAnswer answer = answer_of(ChatKind::kFailed, NextStep::kRetry, reason);
  answer.attempt.wrong_form = true;
  answer.attempt.unanswered = true;
  answer.attempt.unbilled = true;
  return answer;
}

// A gateway that hands on the error of what is behind it as if a model had said it.
ChatAnswer answer_of_not_said(const NotSaid& said) {
  const MeantError meant = meaning_of(said.error, status_of(said.error));
  const std::string reason = fmt::format("no model wrote what stands in `content`, but {}: {}",
                                         said.what, said.error.message);
  ChatAnswer answer = unwritten(with_advice(one_line(reason), meant.advice));
  // So it would say to every request; what it filtered, or where nothing is, may be of this one.
  if (meant.meaning == ErrorMeaning::kMoney || meant.meaning == ErrorMeaning::kDay ||
      meant.meaning == ErrorMeaning::kAccess) {
    answer.attempt.next = NextStep::kStopRun;
    answer.attempt.unanswered = false;
  }
  return answer;
}

ChatAnswer answer_of_failure(const HttpAnswer& answer) {
  const std::string reason = fmt::format("{}{}{}", http_failure_name(answer.failure),
                                         answer.error.empty() ? "" : ": ", answer.error);
  if (answer.failure == HttpFailure::kRefused) {
    return answer_of(ChatKind::kFailed, NextStep::kStopRun, reason);
  }
  if (answer.failure == HttpFailure::kNotRecorded) {
    return answer_of(ChatKind::kFailed, NextStep::kDone, reason);
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
  const Json* thought = find_member(part, "thought");
  if (thought != nullptr && *thought == true) return;
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

// Where a message without a text has its words, in a sentence; "" if it has none.
std::string elsewhere_in(const Json& message) {
  for (const char* name : {"reasoning_content", "reasoning", "thinking", "reasoning_text"}) {
    const std::string said = text_member(message, name);
    const std::string_view words = trim(said);
    if (words.empty()) continue;
    if (words.starts_with('{') || words.starts_with('[') || words.starts_with("```")) {
      return fmt::format(
          "JSON stands in `{}`, not in `content`: the server takes the answer for a thought. Turn "
          "its reasoning parser or the model's thinking off (chat_template_kwargs.enable_thinking "
          "= false under [extra] of the provider's file)",
          name);
    }
    return fmt::format("no text, but thoughts in `{}`", name);
  }
  const Json* details = find_member(message, "reasoning_details");
  if (details != nullptr && details->is_array() && !details->empty()) {
    return "no text, but thoughts in `reasoning_details`";
  }
  return "";
}

// White space beyond ASCII's, and what stands for it.
constexpr std::array<std::string_view, 23> kWhite = {
    "\\n",    "\\t",    "\\r",    "&nbsp;", "<br>",   "<br/>",  "<br />", "\u00a0",
    "\u1680", "\u2000", "\u2002", "\u2003", "\u2005", "\u2009", "\u200a", "\u200b",
    "\u202f", "\u205f", "\u2060", "\u2800", "\u3000", "\u3164", "\ufeff"};

// Whether what was cut off ran on in white space, so that more room would only cost more.
bool ran_empty(std::string_view content, std::string_view text, const Dropped& dropped) {
  constexpr std::size_t kLeastTail = 100;  // bytes
  if (content.empty()) return false;
  if (is_blank(text) && !dropped.thoughts) return true;
  std::string_view rest = content;
  while (!rest.empty()) {
    if (std::isspace(static_cast<unsigned char>(rest.back())) != 0) {
      rest.remove_suffix(1);
    } else if (const auto* const white =
                   std::ranges::find_if(kWhite, [&](auto one) { return rest.ends_with(one); });
               white != kWhite.end()) {
      rest.remove_suffix(white->size());
    } else {
      break;
    }
  }
  const std::size_t tail = content.size() - rest.size();
  return tail >= kLeastTail && 2 * tail > content.size();
}

ChatAnswer answer_that_was_cut(const Content& content, const Spoken& spoken) {
  if (ran_empty(content.text, spoken.text, spoken.dropped)) {
    return answer_of(ChatKind::kCut, NextStep::kDone,
                     "white space up to the token limit; more room would not help", spoken.text);
  }
  return answer_of(ChatKind::kCut, NextStep::kRetryLarger,
                   spoken.fault.empty() ? "cut off at the token limit"
                                        : "cut off at the token limit: " + spoken.fault,
                   spoken.text);
}

bool calls_a_tool(const Json& message) {
  const Json* calls = find_member(message, "tool_calls");
  return (calls != nullptr && calls->is_array() && !calls->empty()) ||
         find_member(message, "function_call") != nullptr;
}

ChatAnswer answer_of_finish(const Finish& finish, const Json& message, const Content& content,
                            const Spoken& spoken) {
  const std::string_view text = spoken.text;
  const std::string reason = fmt::format("finish_reason {}", clean_text(finish.name, 60));
  if (finish.kind == FinishKind::kFilter) {
    return answer_of(ChatKind::kFiltered, NextStep::kDone, reason, text);
  }
  if (!is_blank(content.refusal)) {
    return answer_of(ChatKind::kRefused, NextStep::kDone, content.refusal, content.refusal);
  }
  if (finish.kind == FinishKind::kRefusal) {
    return answer_of(ChatKind::kRefused, NextStep::kDone, reason, text);
  }
  if (!content.understood) return malformed("content is neither text nor a list of parts");
  if (finish.kind == FinishKind::kLimit) return answer_that_was_cut(content, spoken);
  if (calls_a_tool(message)) return malformed("a tool call, not text", text);
  if (finish.kind == FinishKind::kSpoiled) return malformed(reason, text);
  if (finish.kind == FinishKind::kFault) {
    ChatAnswer answer = answer_of(ChatKind::kFailed, NextStep::kRetry, reason, text);
    answer.attempt.wrong_form = true;
    return answer;
  }
  if (!finish.kind) {
    ChatAnswer answer = answer_of(
        ChatKind::kMalformed, NextStep::kDone,
        fmt::format("{} is not known, so that nobody can tell whether the answer is whole; "
                    "[finish_reasons] of the provider's file can say what it means",
                    reason),
        text);
    answer.attempt.unknown_finish = one_line(clean_text(finish.name, 60));
    return answer;
  }
  if (!spoken.fault.empty()) {
    return answer_of(ChatKind::kMalformed, NextStep::kDone, spoken.fault, content.text);
  }
  ChatAnswer answer = answer_of(ChatKind::kText, NextStep::kDone, "", text);
  if (is_blank(text)) answer.elsewhere = elsewhere_in(message);
  return answer;
}

// Of a server that speaks otherwise; asked again in a later run, when it may be another.
ChatAnswer answer_without_message(const Json& choice) {
  const char* form = find_member(choice, "text") != nullptr ? ": that is the form of /completions"
                     : find_member(choice, "delta") != nullptr ? ": that is the form of a stream"
                                                               : "";
  ChatAnswer answer =
      answer_of(ChatKind::kFailed, NextStep::kRetry,
                fmt::format("a choice without a message{}. Is the `endpoint` that of chat "
                            "completions, and streaming off there?",
                            form));
  answer.attempt.wrong_form = true;
  return answer;
}

ChatAnswer answer_of_choice(const Json& choice, const Json& completion,
                            const FinishReasons& reasons) {
  if (holds_error(choice)) return answer_inside(choice, false);
  const Json* message = find_member(choice, "message");
  if (message == nullptr || !message->is_object()) return answer_without_message(choice);
  if (const std::string role = ascii_lower(text_member(*message, "role"));
      MarkWords::built_in().other_roles.contains(role)) {
    return malformed(fmt::format("the message is of the role {}, not the model's", role));
  }
  const Content content = content_of(*message);
  if (const NotSaid said = not_said_in(content.text); !said.what.empty()) {
    return answer_of_not_said(said);
  }
  const Spoken spoken = unmarked_text(content.text);
  const Finish finish = finish_of(choice, *message, completion, reasons);
  ChatAnswer answer = answer_of_finish(finish, *message, content, spoken);
  answer.dropped = spoken.dropped;
  answer.unmarked_end = finish.name.empty();
  answer.attempt.said_tokens = estimate_tokens(content.text);
  return answer;
}

// What answers is no model, or no server of chat completions: the address is wrong, or something
// stands between.
ChatAnswer unanswered(std::string_view what, std::string_view words = {}) {
  return unwritten(
      fmt::format("no model answered, but {}{}{}. Is the address right? That of an "
                  "OpenAI-compatible server mostly ends in /v1",
                  what, words.empty() ? "" : ": ", clean_text(one_line(words), 100)));
}

// Of a 2xx answer's body that is no JSON. A completion that was cut off is one that was paid for.
ChatAnswer answer_of_no_json(std::string_view body) {
  const std::string_view text = trim(body);
  if (text.empty()) return unanswered("nothing: an empty answer");
  // The parser's words would show pieces of what may be a key.
  if (text.starts_with('{')) return malformed("the answer is no JSON: " + line_of_body(body));
  if (text.starts_with("data:") || text.starts_with("event:")) {
    ChatAnswer answer = answer_of(ChatKind::kFailed, NextStep::kRetry,
                                  "the server streams its answer, which nobody asked for: turn "
                                  "streaming off there");
    answer.attempt.wrong_form = true;
    return answer;
  }
  return unanswered(text.starts_with('<') ? "a web page" : "a text that is no JSON",
                    line_of_body(body));
}

// The first choice by its index, where it has one.
const Json& first_choice(const Json& choices) {
  for (const Json& choice : choices) {
    const Json* index = find_member(choice, "index");
    if (index != nullptr && *index == 0) return choice;
  }
  return choices.front();
}

// An error in whatever spelling where there should be choices, if its words mean something:
// {"code": 30001, "message": "your balance is insufficient", "data": null}.
std::optional<ChatAnswer> error_without_choices(const Json& completion) {
  if (!completion.is_structured()) return {};
  const ServerError error = read_server_error(completion, true);
  if (error.message.empty()) return {};  // another form of answer: its words are a model's
  for (const int status : {status_of(error), 400, 403, 429}) {
    const ErrorMeaning meaning = meaning_of(error, status).meaning;
    if (meaning == ErrorMeaning::kNone || meaning == ErrorMeaning::kAddress) continue;
    ChatAnswer answer = answer_of_error(status, error, "error in a 200 answer");
    answer.attempt.unbilled = find_member(completion, "usage") == nullptr;
    return answer;
  }
  return {};
}

// The completion without its usage.
ChatAnswer answer_of_completion(const Json& completion, const FinishReasons& reasons) {
  const bool wrapped = completion.is_array() && completion.size() == 1;
  if (holds_error(wrapped ? completion.front() : completion)) {
    return answer_inside(completion, true);
  }
  const Json* choices = find_member(completion, "choices");
  const bool choice = choices != nullptr && choices->is_array() && !choices->empty();
  if (!choice) {
    if (auto error = error_without_choices(completion)) return *std::move(error);
  }
  if (choices == nullptr || !choices->is_array()) {
    return unanswered("an answer without choices", completion.is_structured()
                                                       ? read_server_error(completion, true).message
                                                       : "");
  }
  if (choices->empty()) return unwritten("no choices in the answer: no model wrote one");
  return answer_of_choice(first_choice(*choices), completion, reasons);
}

}  // namespace

void count_dropped(const Dropped& dropped, std::map<std::string, std::int64_t>& counts) {
  if (dropped.thoughts) ++counts["thoughts"];
  if (dropped.control_tokens) ++counts["control tokens"];
}

bool is_blank(std::string_view text) {
  constexpr std::int32_t kHangulFiller = 0x3164;  // a letter that is not seen
  while (!text.empty()) {
    const unicode::Decoded character = unicode::decode(text);
    if (unicode::is_letter_or_digit(character.code) && character.code != kHangulFiller) {
      return false;
    }
    text.remove_prefix(character.length);
  }
  return true;
}

ChatAnswer read_chat_completion(const Json& completion, const FinishReasons& reasons) {
  ChatAnswer result;
  try {
    result = answer_of_completion(completion, reasons);
  } catch (const std::exception& error) {
    result = malformed(fmt::format("the answer cannot be read: {}", error.what()));
  }
  if (!result.attempt.unbilled) read_usage(completion, result.attempt);
  return result;
}

ChatAnswer read_chat_answer(const HttpAnswer& answer, std::chrono::system_clock::time_point now,
                            const FinishReasons& reasons) {
  ChatAnswer result;
  if (answer.failure != HttpFailure::kNone) {
    result = answer_of_failure(answer);
  } else if (answer.status >= 200 && answer.status < 300) {
    try {
      result = read_chat_completion(parse_json(answer.body, "answer"), reasons);
    } catch (const std::exception&) {
      result = answer_of_no_json(answer.body);
    }
  } else if (answer.status >= 300 && answer.status < 400) {
    // So it would say to every request.
    result = answer_of(ChatKind::kFailed, NextStep::kStopRun,
                       fmt::format("HTTP {}: redirects are not followed: give the `endpoint` that "
                                   "it leads to, if that is right ({})",
                                   answer.status, clean_text(answer.header("location"), 120)));
    result.attempt.unanswered = true;
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
