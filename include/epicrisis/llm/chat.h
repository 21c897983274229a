#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/attempt.h"
#include "epicrisis/llm/finish_reasons.h"
#include "epicrisis/net/http.h"

namespace epicrisis::llm {

// What an answer of a chat-completions server is, whatever was asked.
enum class ChatKind {
  kText,       // the model spoke to its end
  kCut,        // it was cut off at the token limit
  kRefused,    // marked as a refusal
  kFiltered,   // by a content filter
  kMalformed,  // an answer, but no completion with a text that can be told from a thought
  kFailed,     // none: network, HTTP status, an error inside a 200 answer, a web page
};

// What was taken out of what a model said.
struct Dropped {
  bool thoughts = false;
  bool control_tokens = false;  // and all behind the first that ends a turn
};
// Adds one to "thoughts" and "control tokens" where they were taken out.
void count_dropped(const Dropped& dropped, std::map<std::string, std::int64_t>& counts);

struct ChatAnswer {
  ChatKind kind = ChatKind::kFailed;
  std::string text;       // what the model said, without thoughts between marks; "" if nothing
  std::string elsewhere;  // kText: where the words are if `text` is empty; "" if nowhere
  Dropped dropped;
  bool unmarked_end = false;  // nothing said why it ended: a limit that was met has cut it off
  Attempt attempt;            // `reason` is "" for kText alone
};

// docs/formats/answers.md has the table. `now` is what an HTTP date in Retry-After is measured
// against, `reasons` what the provider says of finish reasons. Never throws on what a server sent.
ChatAnswer read_chat_answer(const HttpAnswer& answer, std::chrono::system_clock::time_point now,
                            const FinishReasons& reasons = {});

// The same for the body of a 200 answer, a chat.completion object, as in batch results.
ChatAnswer read_chat_completion(const Json& completion, const FinishReasons& reasons = {});

// Whether there is no letter and no digit: white space, dashes, invisible characters.
bool is_blank(std::string_view text);

}  // namespace epicrisis::llm
