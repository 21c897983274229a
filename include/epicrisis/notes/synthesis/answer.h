#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/chat.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// What an answer makes of a note.
struct NoteResult {
  NoteStatus status = NoteStatus::kFailed;
  std::string text;    // the note, or what a rejected answer said
  std::string reason;  // one line for the ledger; "" for a note
};

struct NoteAnswer {
  llm::Attempt attempt;  // `reason` is that of the note
  NoteResult note;       // if it is not asked for again
  llm::Dropped dropped;  // from the note, if it is written
};

// What a report says of answers beside their status.
struct AnswerCounts {
  std::map<std::string, std::int64_t>
      dropped;  // notes written without "thoughts", "control tokens"
  // Answers kept out for a finish_reason that is not known, by its name; from the 21st name on
  // under "others".
  std::map<std::string, std::int64_t> unknown_finish_reasons;

  void add(const NoteAnswer& answer);
};

// docs/formats/answers.md has the table. `schema`: RequestBuilder::schema(). `now` is what an
// HTTP date in Retry-After is measured against, `reasons` what the provider says of finish reasons.
// Never throws on what a server sent.
NoteAnswer read_answer(const HttpAnswer& answer, const Strategy& strategy, const Json& schema,
                       std::chrono::system_clock::time_point now,
                       const FinishReasons& reasons = {});

// The same for the body of a 200 answer, a chat.completion object, as in batch results.
NoteAnswer read_completion(const Json& completion, const Strategy& strategy, const Json& schema,
                           const FinishReasons& reasons = {});

}  // namespace epicrisis
