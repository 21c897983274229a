#include "data/adapters/weighted_label.h"

#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

void skip_space(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

bool take(std::string_view& text, char wanted) {
  skip_space(text);
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::string> take_quoted(std::string_view& text) {
  skip_space(text);
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return std::nullopt;
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value.push_back(text[i]);
  }
  return std::nullopt;
}

std::optional<double> take_number(std::string_view& text) {
  skip_space(text);
  const std::size_t end = text.find_first_of(",} ");
  if (end == std::string_view::npos) return std::nullopt;
  const std::optional<double> number = parse_number(text.substr(0, end));
  text.remove_prefix(end);
  return number;
}

}  // namespace

std::optional<std::string> heaviest_label(std::string_view cell) {
  std::string_view text = trim(cell);
  std::string best;
  if (text.empty()) return best;
  if (!take(text, '{')) return std::nullopt;
  if (take(text, '}')) return best;
  double weight = 0;
  bool any = false;
  do {
    std::optional<std::string> label = take_quoted(text);
    if (!label || !take(text, ':')) break;
    const std::optional<double> number = take_number(text);
    if (!number) break;
    if (!any || *number > weight) {
      best = std::move(*label);
      weight = *number;
    }
    any = true;
  } while (take(text, ','));
  if (!any) return std::nullopt;
  return best;
}

}  // namespace epicrisis
