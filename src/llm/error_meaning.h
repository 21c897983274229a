#pragma once

#include <string>
#include <string_view>

#include "llm/server_error.h"

namespace epicrisis::llm {

// What a server means by an error, by the table answers/errors.toml.
enum class ErrorMeaning {
  kNone,  // nothing that is known: the status alone tells
  kMoney,
  kDay,
  kAccess,
  kModel,
  kPictures,
  kParameter,
  kFormat,
  kRoom,  // the limit of tokens that is asked for
  kAddress,
  kProxy,   // what stands between wants a login
  kFilter,  // about the one request; all others are meant for every request
};

struct MeantError {
  ErrorMeaning meaning = ErrorMeaning::kNone;
  // What a user can do about it, a sentence; fields in backquotes. "" for kNone and kFilter.
  std::string advice;
};

// Whether the words of a 429 are those of one that passes soon: "per minute", "too many requests".
// So are no words at all.
bool passes_soon(const ServerError& error);

// What to do about a member of the request that the server refuses, a sentence.
std::string advice_on_parameter(const std::string& name);

// Whether the table has a member of that name, with what to say of it.
bool is_known_parameter(std::string_view name);

// `status`: the HTTP status, or that which an error inside a 200 answer stands for.
MeantError meaning_of(const ServerError& error, int status);

}  // namespace epicrisis::llm
