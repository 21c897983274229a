#include "epicrisis/text/tokenizers/tokenizer.h"

#include "epicrisis/core/error.h"

namespace epicrisis {

Encoding Tokenizer::encode(std::string_view text, std::size_t max_length) const {
  if (max_length < 2) {
    throw UsageError("A text of at most {} tokens: at least 2 are needed", max_length);
  }
  Encoding encoding;
  std::vector<std::int64_t> body = pieces(text);
  if (body.size() > max_length - 2) {
    encoding.truncated_tokens = body.size() - (max_length - 2);
    body.resize(max_length - 2);
  }
  encoding.ids.reserve(body.size() + 2);
  encoding.ids.push_back(first_id());
  encoding.ids.insert(encoding.ids.end(), body.begin(), body.end());
  encoding.ids.push_back(last_id());
  return encoding;
}

}  // namespace epicrisis
