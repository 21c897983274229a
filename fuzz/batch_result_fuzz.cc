// links: core notes
// A line of a batch's result file from outside: parsed, and read as an answer.
#include <cstdint>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "notes/batch/batch_result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const epicrisis::Strategy free_text = epicrisis::load_strategy("P2");
  static const epicrisis::Strategy structured = epicrisis::load_strategy("P1");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  epicrisis::BatchResult result;
  try {
    result = epicrisis::parse_batch_result(text);
  } catch (const epicrisis::InputError&) {
    return 0;
  }
  if (result.custom_id.empty()) __builtin_trap();
  static const epicrisis::Json schema = {{"type", "object"}, {"required", {"border"}}};
  for (const auto& [attempt, note, dropped] :
       {epicrisis::read_batch_result(result, free_text, nullptr),
        epicrisis::read_batch_result(result, structured, nullptr),
        epicrisis::read_batch_result(result, structured, schema)}) {
    const bool written = note.status == epicrisis::NoteStatus::kWritten;
    // What is stored: a note has a text, a rejection a reason, and the database takes both.
    if (written && (note.text.empty() || result.http_status != 200)) __builtin_trap();
    if (!written && note.reason.empty()) __builtin_trap();
    if (!epicrisis::is_valid_utf8(note.text)) __builtin_trap();
    if (attempt.input_tokens < 0 || attempt.output_tokens < 0) __builtin_trap();
  }
  return 0;
}
