#include "net/secret_mask.h"

#include <charconv>
#include <string_view>

namespace epicrisis {
namespace {

constexpr std::size_t kMinSecret = 6;
constexpr std::string_view kMask = "[secret]";

// The value of `digits` hexadecimal digits at text[at], or -1.
int hex_value(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value, 16);
  return error == std::errc() && end == begin + digits ? value : -1;
}

// How many characters of text[at...] stand for `c`: as it is, escaped in a JSON string or
// percent-encoded in a URL. 0: they do not.
std::size_t length_of(std::string_view text, std::size_t at, char c) {
  const int wanted = static_cast<unsigned char>(c);
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\\u") && hex_value(text, at + 2, 4) == wanted) return 6;
  if (rest.starts_with('%') && hex_value(text, at + 1, 2) == wanted) return 3;
  if (rest.size() >= 2 && rest[0] == '\\' && rest[1] == c) return 2;
  return !rest.empty() && rest[0] == c ? 1 : 0;
}

// The length of the secret at text[at...] in any mix of these forms, or 0.
std::size_t length_of_secret(std::string_view text, std::size_t at, std::string_view secret) {
  std::size_t end = at;
  for (const char c : secret) {
    const std::size_t length = length_of(text, end, c);
    if (length == 0) return 0;
    end += length;
  }
  return end - at;
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

SecretMask::SecretMask(const Secret& secret) : secret_(secret.reveal()) {
  if (secret_.size() < kMinSecret) secret_.clear();
}

std::string SecretMask::operator()(std::string text) const {
  if (secret_.empty()) return text;
  replace_all(text, secret_, kMask);
  // What a form of the secret's first character can begin with.
  const std::string starts{secret_.front(), '\\', '%'};
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find_first_of(starts); at != std::string::npos;
       at = text.find_first_of(starts, at)) {
    const std::size_t length = length_of_secret(text, at, secret_);
    if (length == 0) {
      ++at;
      continue;
    }
    result.append(text, done, at - done).append(kMask);
    at += length;
    done = at;
  }
  return result.append(text, done);
}

}  // namespace epicrisis
