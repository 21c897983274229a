#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis::llm {

// A text as marks are looked for in it: ASCII in lower case, the many ways to write '<', '>', '[',
// ']', '|', '/' and '_' (full width, triangles, HTML's entities, a backslash before) as the one,
// without what is not seen. A place in it leads back to the text.
class FoldedText {
 public:
  explicit FoldedText(std::string_view text);
  const std::string& text() const { return text_; }
  // Bytes of the text that was folded; `place` from 0 to the folded text's size, both included.
  std::size_t original(std::size_t place) const { return at_[place]; }

 private:
  void add(char c, std::size_t at);

  std::string text_;
  std::vector<std::uint32_t> at_;
};

// Words as texts are compared with them.
std::vector<std::string> folded(std::vector<std::string> words);

bool begins_with_any(std::string_view text, const std::vector<std::string>& words);

}  // namespace epicrisis::llm
