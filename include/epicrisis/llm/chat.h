#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/attempt.h"
#include "epicrisis/net/http.h"

namespace epicrisis::llm {

// What an answer of a chat-completions server is, whatever was asked.
enum class ChatKind {
  kText,       // the model spoke to its end
  kCut,        // it was cut off at the token limit
  kRefused,    // marked as a refusal
  kFiltered,   // by a content filter
  kMalformed,  // an answer, but no completion with a text
  kFailed,     // none: network, HTTP status, an error inside a 200 answer
};

struct ChatAnswer {
  ChatKind kind = ChatKind::kFailed;
  std::string text;  // what the model said, without what it thought aloud before; "" if nothing
  Attempt attempt;   // `reason` is "" for kText alone
};

// docs/formats/answers.md has the table. `now` is what an HTTP date in Retry-After is measured
// against. Never throws on what a server sent.
ChatAnswer read_chat_answer(const HttpAnswer& answer, std::chrono::system_clock::time_point now);

// The same for the body of a 200 answer, a chat.completion object, as in batch results.
ChatAnswer read_chat_completion(const Json& completion);

// Whether there is no letter and no digit: white space, dashes, invisible characters.
bool is_blank(std::string_view text);

}  // namespace epicrisis::llm
