#include "epicrisis/notes/synthesis/answer.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "epicrisis/text/schema.h"
#include "llm/server_error.h"
#include "notes/strategy/refusal.h"
#include "notes/strategy/repetition.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxNote = 65536;             // bytes
constexpr std::size_t kMaxRejected = 4096;          // bytes kept of what is no note
constexpr std::int64_t kMaxTokens = 1'000'000'000;  // more is no count
constexpr int kWordTolerance = 2;                   // times max_words

Outcome outcome(NextStep next, NoteStatus status, std::string_view reason,
                std::string_view text = {}) {
  Outcome result;
  result.next = next;
  result.status = status;
  result.reason = one_line(reason);
  result.text = clean_multiline_text(text, kMaxRejected);
  return result;
}

Outcome invalid(std::string_view reason, std::string_view text = {}) {
  return outcome(NextStep::kRetry, NoteStatus::kInvalid, reason, text);
}

// What a status means, whether HTTP's or one named inside a 200 answer.
Outcome outcome_of_error(int status, const ServerError& error, std::string_view where) {
  const std::string code = error.codes.empty() ? "" : fmt::format(" ({})", error.codes.front());
  const std::string reason =
      fmt::format("{}{}{}{}", where, error.message.empty() ? "" : ": ", error.message, code);
  const auto with = [&](NextStep next, NoteStatus note = NoteStatus::kFailed) {
    return outcome(next, note, reason);
  };
  if (status >= 500) {
    Outcome result = with(NextStep::kRetry);
    result.endpoint_fault = true;
    return result;
  }
  if (status == 401 || status == 402 || error.is_out_of_money()) return with(NextStep::kStopRun);
  if (error.is_content_filter()) return with(NextStep::kDone, NoteStatus::kFiltered);
  if (status == 429) {
    Outcome result = with(NextStep::kRetry);
    result.throttled = true;
    return result;
  }
  if (status == 408) {
    Outcome result = with(NextStep::kRetry);
    result.endpoint_fault = true;
    return result;
  }
  // A conflict and "too early" pass by themselves.
  if (status == 409 || status == 425) return with(NextStep::kRetry);
  // So it would say to every request.
  if ((status == 400 || status == 422) && error.is_about_response_format()) {
    return outcome(NextStep::kStopRun, NoteStatus::kFailed,
                   fmt::format("{}. The server does not take this response_format: try "
                               "`structured` json_object or none",
                               reason));
  }
  return with(NextStep::kDone);
}

Outcome outcome_inside(const Json& value, bool whole) {
  const ServerError error = read_server_error(value, whole);
  return outcome_of_error(status_of(error), error, "error in a 200 answer");
}

Outcome outcome_of_failure(const HttpAnswer& answer) {
  const std::string reason = fmt::format("{}{}{}", http_failure_name(answer.failure),
                                         answer.error.empty() ? "" : ": ", answer.error);
  if (answer.failure == HttpFailure::kRefused) {
    return outcome(NextStep::kStopRun, NoteStatus::kFailed, reason);
  }
  if (answer.failure == HttpFailure::kTooLarge) return invalid(reason);
  Outcome result = outcome(NextStep::kRetry, NoteStatus::kFailed, reason);
  result.endpoint_fault = true;
  return result;
}

const Json* find_member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
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
void read_usage(const Json& completion, Outcome& result) {
  const Json* usage = find_member(completion, "usage");
  if (usage == nullptr) return;
  const auto input = token_count(*usage, "prompt_tokens", "input_tokens");
  const auto output = token_count(*usage, "completion_tokens", "output_tokens");
  if (!input || !output) return;
  result.has_usage = true;
  result.input_tokens = *input;
  result.output_tokens = *output;
}

// Without a letter or a digit: white space, dashes, invisible characters.
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

// What is between the first pair of Markdown fences, else the text.
std::string_view without_fence(std::string_view text) {
  const std::size_t open = text.find("```");
  if (open == std::string_view::npos) return text;
  const std::size_t line = text.find('\n', open);
  if (line == std::string_view::npos) return text;
  const std::size_t close = text.find("```", line);
  return trim(text.substr(line + 1, close == std::string_view::npos ? close : close - line - 1));
}

// The JSON object in an answer: the whole of it, in a fence, or between its braces.
std::optional<Json> json_of(std::string_view text, std::string& why) {
  std::vector<std::string_view> places = {text};
  if (const std::string_view inner = without_fence(text); inner.size() < text.size()) {
    places.push_back(inner);
  }
  const std::size_t open = text.find('{');
  const std::size_t close = text.rfind('}');
  if (open < close && close != std::string_view::npos) {
    places.push_back(text.substr(open, close - open + 1));
  }
  for (const std::string_view place : places) {
    try {
      return parse_json(place, "answer");
    } catch (const InputError& error) {
      if (why.empty()) why = error.what();
    }
  }
  return {};
}

std::string folded(std::string_view text) {
  std::string result = ascii_lower(clean_text(text, 1000));
  while (!result.empty() && (result.back() == '.' || result.back() == ' ')) result.pop_back();
  return result;
}

// A choice that differs from an option in case, white space or a full stop is that option; one
// choice where several could be is a list of one.
// A longer list is no answer, and not worth the time.
constexpr std::size_t kMostChoices = 1000;

void settle_choices(const Strategy& strategy, Json& answer) {
  if (strategy.answer != AnswerForm::kOptions || !answer.is_object()) return;
  for (const OptionHeading& heading : strategy.options) {
    const auto member = answer.find(heading.name);
    if (member == answer.end()) continue;
    const auto settle = [&](Json& value) {
      if (!value.is_string()) return;
      const std::string choice = folded(value.get_ref<const std::string&>());
      for (const std::string& option : heading.options) {
        if (folded(option) == choice) {
          value = option;
          return;
        }
      }
    };
    if (heading.several && member->is_string()) *member = Json::array({*member});
    if (member->is_array() && heading.several && member->size() <= kMostChoices) {
      // A choice named again says nothing new; servers whose schemas know no uniqueItems let it by.
      Json once = Json::array();
      for (Json& value : *member) {
        settle(value);
        if (std::ranges::find(once, value) == once.end()) once.push_back(std::move(value));
      }
      *member = std::move(once);
    } else {
      settle(*member);
    }
  }
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

Outcome outcome_of_note(std::string_view text, const Strategy& strategy) {
  const std::string note = clean_multiline_text(text, kMaxNote + 1);
  if (is_blank(note)) return outcome(NextStep::kDone, NoteStatus::kEmpty, "no text");
  if (const std::string words = refusal_words(note); !words.empty()) {
    return outcome(NextStep::kDone, NoteStatus::kRefused, words, note);
  }
  // Asked again it would be no better: a small model's way.
  if (const std::string fault = repetition_fault(note, strategy); !fault.empty()) {
    return outcome(NextStep::kDone, NoteStatus::kInvalid, fault, note);
  }
  const std::size_t words = count_words(note);
  if (note.size() > kMaxNote ||
      words > static_cast<std::size_t>(strategy.max_words) * kWordTolerance) {
    // Asked again it would be as long.
    return outcome(NextStep::kDone, NoteStatus::kInvalid,
                   fmt::format("{} words in {} bytes, more than twice the limit of {} words", words,
                               text.size(), strategy.max_words),
                   note);
  }
  Outcome result;
  result.status = NoteStatus::kWritten;
  result.text = note;
  return result;
}

Outcome outcome_of_text(std::string_view text, const Strategy& strategy, const Json& schema) {
  if (!schema.is_object()) return outcome_of_note(text, strategy);
  if (clean_text(text, 8).empty()) return outcome(NextStep::kDone, NoteStatus::kEmpty, "no text");
  std::string why;
  std::optional<Json> answer = json_of(text, why);
  if (!answer) {
    if (const std::string words = refusal_words(text); !words.empty()) {
      return outcome(NextStep::kDone, NoteStatus::kRefused, words, text);
    }
    return invalid("not the JSON that was asked for: " + why, text);
  }
  settle_choices(strategy, *answer);
  if (const std::string fault = schema_violation(schema, *answer); !fault.empty()) {
    return invalid("not as the schema says: " + fault, text);
  }
  if (!answer->is_object()) return invalid("not a JSON object", text);
  if (strategy.answer == AnswerForm::kOptions) {
    const Json* statement = find_member(*answer, "statement");
    if (statement != nullptr && statement->is_string() &&
        is_blank(statement->get_ref<const std::string&>())) {
      return invalid("not as the schema says: $.statement: no words", text);
    }
  }
  for (const auto& [name, value] : answer->items()) {
    if (!value.is_string()) continue;
    const auto& said = value.get_ref<const std::string&>();
    if (const std::string words = refusal_words(said); !words.empty()) {
      return outcome(NextStep::kDone, NoteStatus::kRefused, words, text);
    }
    if (const std::string fault = repetition_fault(said, strategy); !fault.empty()) {
      return outcome(NextStep::kDone, NoteStatus::kInvalid, fault, text);
    }
  }
  return outcome_of_note(render_answer(strategy, *answer), strategy);
}

Outcome outcome_of_choice(const Json& choice, const Strategy& strategy, const Json& schema) {
  if (holds_error(choice)) return outcome_inside(choice, true);
  const Json* message = find_member(choice, "message");
  if (message == nullptr || !message->is_object()) return invalid("a choice without a message");
  const Content content = content_of(*message);
  const std::string_view text = without_thinking(content.text);
  const Json* finish_member = find_member(choice, "finish_reason");
  const std::string finish = finish_member != nullptr && finish_member->is_string()
                                 ? ascii_lower(finish_member->get_ref<const std::string&>())
                                 : "";
  if (finish == "content_filter") {
    return outcome(NextStep::kDone, NoteStatus::kFiltered, "finish_reason content_filter", text);
  }
  if (!is_blank(content.refusal)) {
    return outcome(NextStep::kDone, NoteStatus::kRefused, content.refusal, content.refusal);
  }
  if (!content.understood) return invalid("content is neither text nor a list of parts");
  if (finish == "length" || finish == "max_tokens" || finish == "model_length") {
    return outcome(NextStep::kRetryLarger, NoteStatus::kTruncated, "cut off at the token limit",
                   text);
  }
  const Json* calls = find_member(*message, "tool_calls");
  if ((calls != nullptr && calls->is_array() && !calls->empty()) ||
      find_member(*message, "function_call") != nullptr) {
    return invalid("a tool call, not text", text);
  }
  if (finish == "error") return invalid("finish_reason error", text);
  return outcome_of_text(text, strategy, schema);
}

// The completion without its usage.
Outcome outcome_of_completion(const Json& completion, const Strategy& strategy,
                              const Json& schema) {
  const bool wrapped = completion.is_array() && completion.size() == 1;
  if (holds_error(wrapped ? completion.front() : completion)) {
    return outcome_inside(completion, true);
  }
  const Json* choices = find_member(completion, "choices");
  if (choices == nullptr || !choices->is_array()) {
    const std::string message =
        completion.is_structured() ? read_server_error(completion, true).message : "";
    return invalid(
        fmt::format("an answer without choices{}{}", message.empty() ? "" : ": ", message));
  }
  if (choices->empty()) return invalid("no choices in the answer");
  return outcome_of_choice(choices->front(), strategy, schema);
}

}  // namespace

Outcome read_completion(const Json& completion, const Strategy& strategy, const Json& schema) {
  Outcome result;
  try {
    result = outcome_of_completion(completion, strategy, schema);
  } catch (const std::exception& error) {
    result = invalid(fmt::format("the answer cannot be read: {}", error.what()));
  }
  read_usage(completion, result);
  return result;
}

Outcome read_answer(const HttpAnswer& answer, const Strategy& strategy, const Json& schema,
                    std::chrono::system_clock::time_point now) {
  Outcome result;
  if (answer.failure != HttpFailure::kNone) {
    result = outcome_of_failure(answer);
  } else if (answer.status >= 200 && answer.status < 300) {
    try {
      result = read_completion(parse_json(answer.body, "answer"), strategy, schema);
    } catch (const std::exception&) {
      // The parser's words would show pieces of what may be a key.
      result = invalid(answer.body.empty() ? "an empty answer"
                                           : "the answer is no JSON: " + line_of_body(answer.body));
    }
  } else if (answer.status >= 300 && answer.status < 400) {
    result = outcome(NextStep::kDone, NoteStatus::kFailed,
                     fmt::format("HTTP {}: redirects are not followed (to {})", answer.status,
                                 answer.header("location")));
  } else {
    result = outcome_of_error(answer.status, read_server_error(answer.body),
                              fmt::format("HTTP {}", answer.status));
  }
  if (result.next == NextStep::kRetry) result.retry_after = read_retry_after(answer, now);
  return result;
}

}  // namespace epicrisis
