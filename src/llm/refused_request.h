#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace epicrisis::llm {

// A request that was refused by words which the table of errors does not know.
struct RefusedRequest {
  std::size_t endpoint = 0;
  std::string reason;  // one line
  std::shared_ptr<const std::string> body;
};

// Whether the reason names the model that was asked for, or speaks of a model; of a name of one or
// two bytes, whether it names that between quotes.
bool names_model(const RefusedRequest& refused, std::string_view model);

// What to do about the member of the body that the reason names between quotes, or about one of the
// table's `parameter`s that it names; "" if it names none. The limit of tokens is none of them: it
// stands in many an error about something else.
std::string advice_on_member(const RefusedRequest& refused);

}  // namespace epicrisis::llm
