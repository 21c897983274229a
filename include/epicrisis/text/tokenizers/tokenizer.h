#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace epicrisis {

struct Encoding {
  std::vector<std::int64_t> ids;     // the first token, pieces, the last token
  std::size_t truncated_tokens = 0;  // pieces that did not fit: cutting is never silent
};

// A text becomes the ids that a text encoder takes. Immutable; may be shared by threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // The pieces alone, without first and last token or limit. A special token's own spelling in a
  // text is text.
  virtual std::vector<std::int64_t> pieces(std::string_view text) const = 0;
  virtual std::size_t size() const = 0;                        // entries of the vocabulary
  virtual std::int64_t first_id() const = 0;                   // stands before a text: [CLS], <s>
  virtual std::int64_t last_id() const = 0;                    // stands after it: [SEP], </s>
  virtual std::int64_t padding_id() const = 0;                 // fills shorter texts of a batch
  virtual std::optional<std::int64_t> unknown_id() const = 0;  // none where every text has pieces

  // At most max_length ids, first and last included. UsageError where max_length is below 2.
  Encoding encode(std::string_view text, std::size_t max_length = 512) const;
};

}  // namespace epicrisis
