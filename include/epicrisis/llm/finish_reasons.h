#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"

namespace epicrisis {

class TomlTable;

// What a server's `finish_reason` says of an answer.
enum class FinishKind {
  kEnd,      // the model said all it had to say
  kSpoiled,  // of no use as it is: a tool's call, the same over and over, no reason given
  kLimit,    // cut off
  kRefusal,
  kFilter,
  kFault,  // the server broke off
};

// Names by what they are compared by (finish_reason_key()), with what they mean.
using FinishReasons = std::map<std::string, FinishKind, std::less<>>;

// Lower case, letters and digits alone: "MAX_TOKENS", "maxTokens" and "max-tokens" are one.
std::string finish_reason_key(std::string_view name);

// Lists of names under end, limit, filter, refusal, fault and spoiled. UsageError with file and
// line for a name without a letter and one that is in two lists.
FinishReasons read_finish_reasons(const TomlTable& table);
// The same of {"end": ["done"]}, as finish_reasons_json() gives it; what is no such thing counts
// for nothing.
FinishReasons finish_reasons_of(const Json& json);
Json finish_reasons_json(const FinishReasons& reasons);

// What `name` means by `own`, or else by answers/finish_reasons.toml; empty if it is not known.
// "FinishReason.STOP" is STOP; of "content_filter: RECITATION" both parts count.
std::optional<FinishKind> finish_kind(std::string_view name, const FinishReasons& own = {});

// What a member of an answer means that is true ("truncated") or false ("done"); empty if nothing.
std::optional<FinishKind> flag_kind(std::string_view name, bool value = true);

}  // namespace epicrisis
