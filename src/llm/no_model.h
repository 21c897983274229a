#pragma once

#include <string>
#include <string_view>

#include "llm/server_error.h"

namespace epicrisis::llm {

// What stands where a model's words should.
struct NotSaid {
  std::string what;       // "a web page", "an error"; "" where a model may have written it
  ServerError error;      // what it says
  bool doubtful = false;  // a person may have written it
};

// By answers/no_model.toml, of the `content` of an answer. Never throws on what a server sent.
NotSaid not_said_in(std::string_view content);

}  // namespace epicrisis::llm
