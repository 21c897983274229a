// links: notes core

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/mask_keys.h"
#include "epicrisis/notes/synthesis/answer.h"

namespace {

using namespace epicrisis;

constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(784111777)};

void check(bool good) {
  if (!good) std::abort();
}

void check(const NoteAnswer& answer) {
  const auto& [attempt, note, dropped] = answer;
  const bool written = note.status == NoteStatus::kWritten;
  check(written == note.reason.empty() && attempt.reason == note.reason);
  check(!written || (attempt.next == llm::NextStep::kDone && !note.text.empty()));
  check(note.reason.size() <= 300 && is_valid_utf8(note.reason));
  check(is_valid_utf8(note.text) && note.text.size() <= 65536);
  check(clean_multiline_text(note.text, 1 << 17) == note.text);
  check(attempt.input_tokens >= 0 && attempt.output_tokens >= 0 && attempt.said_tokens >= 0);
  check(!attempt.retry_after ||
        (attempt.retry_after->count() >= 0 && attempt.retry_after->count() <= 1e9));
}

}  // namespace

// The first byte chooses the status, the first line is Retry-After, the rest the body. The body is
// also read as what a model said.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Strategy free_text = load_strategy("P3");
  static const Strategy options = load_strategy("P1");
  static constexpr int kStatuses[] = {200, 200, 200, 400, 401, 429, 500, 302};
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t line = std::min(text.find('\n'), text.size());
  HttpAnswer answer;
  answer.status = kStatuses[data[0] % 8];
  answer.headers = {{"retry-after", std::string(text.substr(0, line))},
                    {data[0] % 3 == 0 ? "retry-after-ms" : "x", std::string(text.substr(0, line))}};
  answer.body = text.substr(std::min(line + 1, text.size()));
  for (const Strategy* strategy : {&free_text, &options}) {
    check(read_answer(answer, *strategy, strategy->schema, kNow));
    HttpAnswer said;
    said.status = 200;
    said.body = dump_json(
        {{"choices", {{{"message", {{"content", answer.body}}}, {"finish_reason", "stop"}}}}});
    check(read_answer(said, *strategy, strategy->schema, kNow));
  }
  check(mask_keys(answer.body).size() <= 2 * answer.body.size());
  return 0;
}
