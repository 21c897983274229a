#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/synthesis/answer.h"

namespace epicrisis {

inline constexpr std::size_t kMaxBatchResultLine = std::size_t{16} << 20;

// One line of a batch's result or error file. docs/formats/batches.md.
struct BatchResult {
  std::string custom_id;
  int http_status = 0;  // 0: the request was never made (expired, cancelled)
  Json body;            // the completion, or what the server said of the fault; null if nothing
  Json error;           // of the batch itself, as a string or an object; null if none
};

// InputError, without a place, for a line that is none.
BatchResult parse_batch_result(std::string_view line);

// What the note becomes by it; what the attempt says of a next step does not matter.
NoteAnswer read_batch_result(const BatchResult& result, const Strategy& strategy,
                             const Json& schema, const FinishReasons& reasons = {});

}  // namespace epicrisis
