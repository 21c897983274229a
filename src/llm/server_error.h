#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"

namespace epicrisis::llm {

// What a server says of a request that failed.
struct ServerError {
  std::string message;             // one line, cleaned, keys masked; "" if it says nothing
  std::vector<std::string> codes;  // lower case, the most telling first: code, inner code, type
  int number = 0;                  // a numeric code, or 0
  // All that it says, message and details, to be searched: ASCII in lower case, each text between
  // spaces, at most 16 KiB. Not for people.
  std::string text;
  bool page = false;      // no JSON, or nothing: from a server that knows of no model, or a proxy
  std::string parameter;  // the member of the request that it names, in lower case; "" if none

  bool has_code(std::string_view code) const;
};

// Reads the error forms of OpenAI, Azure, vLLM, llama.cpp, Ollama, Google and FastAPI; of other
// text the first line, of HTML the title. Never throws.
ServerError read_server_error(std::string_view body);
// Of a JSON value that was parsed already. `whole`: the body, else the value of `error`.
ServerError read_server_error(const Json& value, bool whole);

// Whether a 200 answer carries an error.
bool holds_error(const Json& body);

// The HTTP status that an error inside a 200 answer stands for; 500 if it does not say.
int status_of(const ServerError& error);

// One line for people: cleaned, keys masked, cut.
std::string one_line(std::string_view text);
// The same of a body that may be HTML.
std::string line_of_body(std::string_view body);

}  // namespace epicrisis::llm
