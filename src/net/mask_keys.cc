#include "epicrisis/net/mask_keys.h"

#include <algorithm>
#include <array>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMask = "***";

// Beginnings of the keys of well-known services.
constexpr std::array<std::string_view, 15> kPrefixes = {"sk-",  "sk_",    "pk-",  "pk_", "rk_",
                                                        "hf_",  "gsk_",   "xai-", "r8_", "AIza",
                                                        "ghp_", "nvapi-", "AKIA", "eyJ", "tgp_"};
// Words that a key follows at once.
constexpr std::array<std::string_view, 3> kSchemes = {"bearer", "basic", "api-key"};
// Words that follow those in ordinary sentences.
constexpr std::array<std::string_view, 4> kPlain = {"authentication", "authorization",
                                                    "credentials", "required"};
// Words that name what comes after a ':' or '='.
constexpr std::array<std::string_view, 9> kNames = {"key",      "apikey",        "api-key",
                                                    "api_key",  "token",         "secret",
                                                    "password", "authorization", "credential"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }
// Characters of base64.
bool is_base64(char c) { return is_word(c) || c == '+' || c == '/' || c == '='; }
// What a key may hold beyond that, and the stars of one that is half masked.
bool is_key(char c) { return is_base64(c) || c == '.' || c == '*'; }

// The end of what may be a key from here on; a bullet and an ellipsis stand for stars.
std::size_t end_of_key(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\xE2\x80\xA2") || rest.starts_with("\xE2\x80\xA6")) {
      at += 3;
    } else if (is_key(rest[0])) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// Whether a word is likely random: names of models and error codes are made of short parts.
bool looks_random(std::string_view word) {
  std::size_t run = 0;
  bool run_letter = false;
  bool run_digit = false;
  std::size_t digits = 0;
  bool upper = false;
  bool lower = false;
  std::size_t hex = 0;
  for (const char c : word) {
    if (is_digit(c)) ++digits;
    upper |= c >= 'A' && c <= 'Z';
    lower |= c >= 'a' && c <= 'z';
    hex += is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-' ? 1U : 0U;
    if (!is_letter(c) && !is_digit(c)) {
      run = 0;
      run_letter = run_digit = false;
      continue;
    }
    ++run;
    run_letter |= is_letter(c);
    run_digit |= is_digit(c);
    if (run >= 32 || (run >= 16 && run_letter && run_digit)) return true;
  }
  if (word.size() >= 32 && hex == word.size()) return true;  // a UUID
  return word.size() >= 40 && digits >= 1 && upper && lower;
}

template <std::size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& words) {
  const std::string lower = ascii_lower(word);
  return std::ranges::find(words, lower) != words.end();
}

bool has_prefix(std::string_view word) {
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return word.size() >= prefix.size() + 4 && starts_with_ignoring_case(word, prefix);
  });
}

}  // namespace

std::string mask_keys(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  // Ends of the runs that the word is in.
  std::size_t base64_end = 0;
  std::size_t key_end = 0;
  std::string_view last;   // word before
  std::string_view named;  // the last word that names a key, while nothing but one word followed
  std::size_t since_named = 0;  // words since
  bool assigned = false;        // a ':' or '=' after it
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      if (text[i] == ':' || text[i] == '=') assigned = !named.empty();
      if (text[i] == '.' || text[i] == ',' || text[i] == '\n') named = {};
      result += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool begins_base64 = i == 0 || !is_base64(text[i - 1]);
    base64_end = std::max(base64_end, end);
    while (base64_end < text.size() && is_base64(text[base64_end])) ++base64_end;
    key_end = std::max(key_end, end);
    key_end = end_of_key(text, key_end);
    const std::string_view key = text.substr(i, key_end - i);
    const bool after_name = !named.empty() && assigned && word.size() >= 4;
    const bool after_scheme =
        is_one_of(last, kSchemes) && key.size() >= 8 && !is_one_of(word, kPlain);
    const bool is_scheme = is_one_of(word, kSchemes);
    if (!is_scheme && (after_name || after_scheme || has_prefix(key) || looks_random(word) ||
                       (begins_base64 && looks_random(text.substr(i, base64_end - i))))) {
      end = key_end;
      result += kMask;
      named = {};
      last = {};
    } else {
      result += word;
      last = word;
      if (is_one_of(word, kNames)) {
        named = word;
        since_named = 0;
        assigned = false;
      } else if (!is_scheme && ++since_named > 2) {
        named = {};
      }
    }
    i = end;
  }
  return result;
}

}  // namespace epicrisis
