#include "message_lines.h"

#include "epicrisis/core/strings.h"

namespace epicrisis::cli {

std::string message_lines(std::string_view text) {
  constexpr std::string_view kNext = "\n  ";
  std::string lines;
  while (true) {
    const std::size_t end = text.find(kNext);
    lines += escape_controls(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    lines += kNext;
    text.remove_prefix(end + kNext.size());
  }
}

}  // namespace epicrisis::cli
