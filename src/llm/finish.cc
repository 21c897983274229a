#include "llm/finish.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "epicrisis/core/strings.h"
#include "llm/json_member.h"

namespace epicrisis::llm {
namespace {

constexpr int kDeepest = 5;  // levels of members that are looked at

std::string finish_name(const Json& value, const char* member) {
  const Json* found = find_member(value, member);
  if (found == nullptr) return "";
  if (found->is_string()) return std::string(trim(found->get_ref<const std::string&>()));
  if (const Json* type = find_member(*found, "type")) {
    return type->is_string() ? type->get<std::string>() : dump_json(*type);
  }
  return dump_json(*found);
}

using SaidEnd = std::optional<std::pair<std::string, FinishKind>>;

void keep_worse(SaidEnd& worst, SaidEnd one) {
  if (one && (!worst || one->second > worst->second)) worst = std::move(one);
}

// Members that say beside a finish_reason what became of the answer, wherever they stand:
// "truncated": true, "hate": {"filtered": true}; at the top also "done": false. `deepest`: how many
// levels below are looked at.
SaidEnd said_beside(const Json& value, int deepest, bool top = true) {
  SaidEnd worst;
  if (!value.is_structured()) return worst;
  for (const auto& [name, one] : value.items()) {
    if (one.is_boolean() && (one == true || top)) {
      const bool yes = one.get<bool>();
      if (const auto kind = flag_kind(name, yes)) {
        keep_worse(worst, std::pair(yes ? name : fmt::format("{} is false", name), *kind));
      }
    } else if (one.is_structured() && deepest > 0 && name != "message" && name != "choices" &&
               name != "usage") {
      SaidEnd inner = said_beside(one, deepest - 1, false);
      if (inner && !value.is_array()) inner->first = name + "." + inner->first;
      keep_worse(worst, std::move(inner));
    }
  }
  return worst;
}

// A prompt that was filtered: promptFeedback.blockReason of Google's.
SaidEnd said_of_prompt(const Json& completion, const FinishReasons& reasons) {
  for (const char* feedback : {"promptFeedback", "prompt_feedback"}) {
    const Json* found = find_member(completion, feedback);
    if (found == nullptr) continue;
    for (const char* member : {"blockReason", "block_reason"}) {
      const std::string name = finish_name(*found, member);
      const auto kind = name.empty() ? std::nullopt : finish_kind(name, reasons);
      if (name.empty() || kind == FinishKind::kSpoiled) continue;  // "unspecified"
      return std::pair(name, std::max(kind.value_or(FinishKind::kFilter), FinishKind::kFilter));
    }
  }
  return {};
}

// The model's own words and states of the answer. They count where they are worse: a server's stop
// string or "success" would be no known word.
SaidEnd said_otherwise(const Json& place, const FinishReasons& reasons) {
  SaidEnd worst;
  const auto take = [&](const std::string& name) {
    const auto kind = name.empty() ? std::nullopt : finish_kind(name, reasons);
    if (kind) keep_worse(worst, std::pair(name, *kind));
  };
  for (const char* member : {"native_finish_reason", "finish_reason", "finishReason", "stop_reason",
                             "stopReason", "done_reason", "status"}) {
    take(finish_name(place, member));
  }
  for (const auto& [inner, member] :
       {std::pair("provider_specific_fields", "native_finish_reason"),
        std::pair("incomplete_details", "reason"), std::pair("status_details", "reason")}) {
    if (const Json* found = find_member(place, inner)) take(finish_name(*found, member));
  }
  return worst;
}

}  // namespace

Finish finish_of(const Json& choice, const Json& message, const Json& completion,
                 const FinishReasons& reasons) {
  Finish finish;
  for (const Json* place : {&choice, &message, &completion}) {
    for (const char* member : {"finish_reason", "finishReason", "finish_details"}) {
      if (finish.name.empty()) finish.name = finish_name(*place, member);
    }
  }
  finish.kind = finish.name.empty() ? FinishKind::kEnd : finish_kind(finish.name, reasons);
  if (!finish.kind) return finish;
  for (const Json* place : {&choice, &message, &completion}) {
    const SaidEnd other = said_otherwise(*place, reasons);
    if (other && other->second > *finish.kind) finish = {other->first, other->second};
  }
  SaidEnd beside = said_of_prompt(completion, reasons);
  keep_worse(beside, said_beside(choice, kDeepest));
  keep_worse(beside, said_beside(message, 0));
  keep_worse(beside, said_beside(completion, kDeepest));
  if (beside && beside->second > *finish.kind) {
    finish = {fmt::format("{}, but {}", finish.name.empty() ? "none" : finish.name, beside->first),
              beside->second};
  }
  return finish;
}

}  // namespace epicrisis::llm
