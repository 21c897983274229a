#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "epicrisis/llm/dispatcher.h"

namespace epicrisis::llm {

// A request that was refused by words which the table of errors does not know.
struct RefusedRequest {
  std::size_t endpoint = 0;
  std::string reason;  // one line
  std::shared_ptr<const std::string> body;
  int status = 0;  // HTTP's
};

// Whether it may be meant for every request, though the table of errors does not know it.
bool is_unclear(const RefusedRequest& refused, NextStep next);

// Whether the reason names the model as a word of its own: `m`, "m", model m.
bool quotes_model(const RefusedRequest& refused, std::string_view model);

// Whether the reason names the model that was asked for, or speaks of a model; of a name of one or
// two bytes, whether it names that between quotes.
bool names_model(const RefusedRequest& refused, std::string_view model);

// What to do about the member of the body that the reason names, in any case and spelling: between
// quotes or brackets, before a colon, or as it cannot be a word of a sentence ("top_k"). "" if it
// names none, or the limit of tokens beside the length of the prompt. Of statuses 400 and 422.
std::string advice_on_member(const RefusedRequest& refused);

// The server's words and what to do, two sentences.
std::string with_advice(std::string reason, const std::string& advice);

}  // namespace epicrisis::llm
