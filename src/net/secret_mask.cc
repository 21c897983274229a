#include "net/secret_mask.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMinSecret = 6;
constexpr std::size_t kMinLoose = 12;
constexpr std::string_view kMask = "[secret]";
constexpr std::size_t kLeastBegin = 3;  // of a key whose middle is masked
constexpr std::size_t kLeastEnd = 4;    // of one of which nothing else is left
constexpr std::size_t kLeastCut = 12;   // of one that is cut off

int small(int c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

// The value of `digits` hexadecimal digits at text[at], or -1.
int hex_value(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value, 16);
  return error == std::errc() && end == begin + digits ? value : -1;
}

// The length of the signs at text[at...] that servers put in a key's place, or 0: at least three of
// one kind, or two stars.
std::size_t length_of_signs(std::string_view text, std::size_t at) {
  constexpr std::string_view kSigns = "*.xX#_";
  if (at >= text.size()) return 0;
  for (const std::string_view sign : {"\xE2\x80\xA2", "\xE2\x80\xA6"}) {  // bullet, ellipsis
    std::size_t end = at;
    while (text.substr(end).starts_with(sign)) end += sign.size();
    if (end > at) return end - at;
  }
  if (kSigns.find(text[at]) == std::string_view::npos) return 0;
  const std::size_t end = std::min(text.find_first_not_of(text[at], at), text.size());
  return end - at >= 3 || (end - at == 2 && text[at] == '*') ? end - at : 0;
}

bool is_sign(char c) { return std::string_view("-._,;:|/+").find(c) != std::string_view::npos; }

// One of what is put between the characters of a key, or between groups of them: white space, in
// escapes too, a character that is not seen, a sign. Its length at text[at...], or 0.
std::size_t length_of_gap(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 14> kBlanks = {
      " ",   "\t",     "\r",      "\n",      "\\t",      "\\r",          "\\n",
      "%20", "&nbsp;", "\\u00a0", "\\u200b", "\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF"};
  if (at >= text.size()) return 0;
  const std::string_view rest = text.substr(at);
  for (const std::string_view blank : kBlanks) {
    if (rest.starts_with(blank)) return blank.size();
  }
  // Spaces of other widths and of none, general punctuation.
  if (rest.size() >= 3 && (rest.starts_with("\xE2\x80") || rest.starts_with("\xE2\x81"))) return 3;
  return is_sign(rest[0]) ? 1 : 0;
}

// Finds one secret at places of a text.
class Finder {
 public:
  Finder(std::string_view secret, bool loose) : secret_(secret), loose_(loose) {}

  // The length of the secret at text[at...] in any mix of forms, or 0.
  std::size_t length_at(std::string_view text, std::size_t at) const {
    return std::max(length_together(text, at), loose_ ? length_apart(text, at) : 0);
  }

  // What a form of the secret can begin with.
  std::string starts() const {
    const char first = secret_.front();
    std::string all{first, '\\', '%'};
    if (!loose_) return all;
    for (char c = 'A'; c <= 'Z'; ++c) {
      if (same(c, first)) all += c;
    }
    return all + ascii_lower(secret_.substr(0, 1)) + "*.xX#_\xE2";
  }

 private:
  // With gaps between its characters: all of it, or what the text's end leaves of it.
  std::size_t length_apart(std::string_view text, std::size_t at) const {
    std::size_t end = at;
    std::size_t said = 0;
    for (; said < secret_.size(); ++said) {
      const std::size_t gap = said == 0 ? 0 : gap_before(text, end, secret_[said]);
      const std::size_t length = length_of(text, end + gap, secret_[said]);
      if (length == 0) break;
      end += gap + length;
    }
    const bool cut = said >= kLeastCut && end + length_of_gap(text, end) >= text.size();
    return said == secret_.size() || cut ? end - at : 0;
  }

  // How much of text[at...] stands between it and `c`; 0 if `c` is there, or nowhere near.
  std::size_t gap_before(std::string_view text, std::size_t at, char c) const {
    constexpr std::size_t kLongest = 16;
    constexpr std::size_t kMostSigns = 3;
    // "\n" is a line's end where an n follows it.
    const bool escape = text.substr(at, 1) == "\\" && length_of_gap(text, at) == 2;
    if (!escape && length_of(text, at, c) > 0) return 0;
    std::size_t signs = 0;
    for (std::size_t end = at; end - at < kLongest;) {
      const std::size_t length = length_of_gap(text, end);
      signs += length > 0 && is_sign(text[end]) ? 1U : 0U;
      if (length == 0 || signs > kMostSigns) return 0;
      end += length;
      if (length_of(text, end, c) > 0) return end - at;
    }
    return 0;
  }

  std::size_t length_together(std::string_view text, std::size_t at) const {
    std::size_t end = at;
    std::size_t said = 0;
    for (; said < secret_.size(); ++said) {
      const std::size_t length = length_of(text, end, secret_[said]);
      if (length == 0) break;
      end += length;
    }
    if (said == secret_.size()) return end - at;
    if (!loose_) return 0;
    if (const std::size_t signs = length_of_signs(text, end); signs > 0) {
      const std::size_t rest = length_of_end(text, end + signs);
      if (said >= kLeastBegin || (said == 0 && rest >= kLeastEnd)) return end + signs + rest - at;
    }
    return said >= kLeastCut ? end - at : 0;
  }

  bool same(int one, int other) const { return loose_ ? small(one) == small(other) : one == other; }

  // How many characters of text[at...] stand for `c`: as it is, escaped in a JSON string or
  // percent-encoded in a URL. 0: they do not.
  std::size_t length_of(std::string_view text, std::size_t at, char c) const {
    const int wanted = static_cast<unsigned char>(c);
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\\u") && same(hex_value(text, at + 2, 4), wanted)) return 6;
    if (rest.starts_with('%') && same(hex_value(text, at + 1, 2), wanted)) return 3;
    if (rest.size() >= 2 && rest[0] == '\\' && same(rest[1], c)) return 2;
    return !rest.empty() && same(rest[0], c) ? 1 : 0;
  }

  // How much of the secret's end stands at text[at...].
  std::size_t length_of_end(std::string_view text, std::size_t at) const {
    const auto alike = [&](char one, char other) { return same(one, other); };
    for (std::size_t size = std::min(secret_.size() - 1, text.size() - at); size > 0; --size) {
      if (std::ranges::equal(text.substr(at, size), secret_.substr(secret_.size() - size), alike)) {
        return size;
      }
    }
    return 0;
  }

  std::string_view secret_;
  bool loose_;
};

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
  loose_ = secret_.size() >= kMinLoose || secret_.find_first_of("0123456789") != std::string::npos;
}

std::string SecretMask::operator()(std::string text) const {
  if (secret_.empty()) return text;
  replace_all(text, secret_, kMask);
  const Finder finder(secret_, loose_);
  const std::string starts = finder.starts();
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find_first_of(starts); at != std::string::npos;
       at = text.find_first_of(starts, at)) {
    const std::size_t length = finder.length_at(text, at);
    if (length == 0) {
      // A long row of signs is looked at once.
      at += std::max<std::size_t>(1, length_of_signs(text, at));
      continue;
    }
    result.append(text, done, at - done).append(kMask);
    at += length;
    done = at;
  }
  return result.append(text, done);
}

}  // namespace epicrisis
