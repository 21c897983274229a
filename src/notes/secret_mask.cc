#include "notes/secret_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "epicrisis/core/json.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMinSecret = 6;
constexpr std::string_view kMask = "[secret]";

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                            (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  std::size_t at = text.find(from);
  if (at == std::string::npos) return;
  std::string result;
  std::size_t done = 0;
  for (; at != std::string::npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = result.append(text, done);
}

SecretMask::SecretMask(const Secret& secret) {
  const std::string& text = secret.reveal();
  if (text.size() < kMinSecret) return;
  const std::string json = dump_json(Json(text));
  forms_ = {text, json.substr(1, json.size() - 2), percent_encoded(text)};
  std::ranges::sort(forms_, std::greater(), &std::string::size);
}

std::string SecretMask::operator()(std::string text) const {
  for (const std::string& form : forms_) replace_all(text, form, kMask);
  return text;
}

}  // namespace epicrisis
