#include "epicrisis/data/sample_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/hex.h"
#include "data/adapters/folder_keys.h"
#include "epicrisis/core/strings.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 6> kSuffixes = {".jpg",  ".jpeg", ".png",
                                                       ".webp", ".jfif", ".jpe"};
constexpr std::size_t kMaxPicturePath = 1024;  // bytes
// Of a name's 255 bytes: room is left for ".jpeg", "@123456" and ".part".
constexpr std::size_t kMaxPart = 180;
constexpr std::string_view kEscaped = "/\\:*?\"<>|%@";
constexpr std::array<std::string_view, 4> kDevices = {"con", "prn", "aux", "nul"};

std::size_t suffix_length(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name[dot - 1] == '/') return 0;
  const std::string suffix = ascii_lower(name.substr(dot));
  return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) == kSuffixes.end() ? 0
                                                                                  : suffix.size();
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void escape_into(std::string& result, std::string_view bytes) {
  for (const char c : bytes) result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
}

template <typename Visit>
void each_character(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const unicode::Decoded one = unicode::decode(text);
    visit(one.code, text.substr(0, one.length));
    text.remove_prefix(one.length);
  }
}

// "con", "COM1.2": what Windows takes for a device whatever follows the dot.
bool is_device(std::string_view name) {
  const std::string stem = ascii_lower(name.substr(0, name.find('.')));
  if (std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
         stem[3] >= '0' && stem[3] <= '9';
}

int digit_of_escape(char c) {
  return hex_digit(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
}

// Without its picture suffix, or, where it has none, with each there is.
std::vector<std::string> with_other_suffixes(const std::string& key) {
  if (is_picture_name(key)) return {std::string(without_picture_suffix(key))};
  std::vector<std::string> keys;
  for (const std::string_view suffix : kSuffixes) {
    keys.push_back(key + std::string(suffix));
    std::string upper(suffix);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    keys.push_back(key + upper);
  }
  return keys;
}

}  // namespace

bool is_picture_name(std::string_view file_name) { return suffix_length(file_name) > 0; }

bool is_hidden_name(std::string_view name) { return name.starts_with('.') || name == "__MACOSX"; }

std::string_view without_picture_suffix(std::string_view file_name) {
  return file_name.substr(0, file_name.size() - suffix_length(file_name));
}

std::string normal_spelling(std::string_view text) {
  if (is_ascii(text)) return std::string(trim(text));
  if (!is_valid_utf8(text)) return std::string(text);
  std::string spaced;
  spaced.reserve(text.size());
  each_character(text, [&](std::int32_t code, std::string_view bytes) {
    if (code >= 0x80 && unicode::is_space(code)) {
      spaced += ' ';
    } else {
      spaced += bytes;
    }
  });
  return std::string(trim(unicode::composed(spaced)));
}

std::string distinct_spelling(std::string_view text) {
  if (!is_valid_utf8(text) || normal_spelling(text) == text) return std::string(text);
  std::string result;
  each_character(text, [&](std::int32_t code, std::string_view bytes) {
    if (code < 0x80 || (!unicode::is_mark(code) && normal_spelling(bytes) == bytes)) {
      result += bytes;
    } else {
      escape_into(result, bytes);
    }
  });
  if (normal_spelling(result) == result) return result;
  // Korean syllables are spelled in letters that are no marks.
  result.clear();
  each_character(trim(text), [&](std::int32_t code, std::string_view bytes) {
    if (code < 0x80) {
      result += bytes;
    } else {
      escape_into(result, bytes);
    }
  });
  return result;
}

std::string folded_spelling(std::string_view text) {
  const std::string normal = normal_spelling(text);
  if (is_ascii(normal) || !is_valid_utf8(normal)) return ascii_lower(normal);
  return unicode::case_folded(normal);
}

std::string with_unseen_named(std::string_view text) {
  if (!is_valid_utf8(text)) return escape_controls(text);
  std::string result;
  each_character(text, [&](std::int32_t code, std::string_view bytes) {
    if (unicode::is_unseen(code)) {
      result += fmt::format("<U+{:04X}>", code);
    } else {
      result += bytes;
    }
  });
  return result;
}

bool is_showable(std::string_view text) {
  if (!is_valid_utf8(text) || normal_spelling(text) != text) return false;
  bool seen = true;
  each_character(text, [&](std::int32_t code, std::string_view) {
    if (unicode::is_unseen(code)) seen = false;
  });
  return seen;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKey && is_showable(text);
}

std::string plain_picture_path(std::string_view name) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  };
  if (name.size() > kMaxPicturePath || !is_valid_utf8(name) ||
      std::any_of(name.begin(), name.end(), is_control)) {
    return {};
  }
  std::string slashes(trim(name));
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  std::vector<std::string> parts;
  for (std::string& part : split(slashes, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (parts.empty()) {
      return {};
    } else {
      parts.pop_back();
    }
  }
  return join(parts, "/");
}

std::string plain_id(std::string_view id) {
  id = trim(id);
  if (id.find_first_of("/\\") == std::string_view::npos) return std::string(id);
  std::string plain = plain_picture_path(id);
  return plain.empty() ? std::string(id) : plain;
}

std::vector<std::vector<std::string>> spellings_of_key(std::string_view text) {
  std::vector<std::vector<std::string>> groups;
  const auto add_alone = [&](std::string key) {
    if (std::find(groups.begin(), groups.end(), std::vector{key}) == groups.end()) {
      groups.push_back({std::move(key)});
    }
  };
  const std::string plain = normal_spelling(plain_id(text));
  add_alone(std::string(text));
  add_alone(normal_spelling(text));
  add_alone(plain);
  groups.push_back(with_other_suffixes(plain));
  if (plain.find('/') == std::string::npos) return groups;
  const std::string key = key_of_picture_path(plain);
  add_alone(key);
  groups.push_back(with_other_suffixes(key));
  return groups;
}

std::vector<std::string> keys_meant(std::string_view text,
                                    const std::function<bool(const std::string&)>& is_there) {
  std::string exact(text);  // as nearly all are; the other spellings need not be made
  if (is_there(exact)) return {std::move(exact)};
  std::vector<std::string> meant;
  for (std::vector<std::string>& group : spellings_of_key(text)) {
    for (std::string& key : group) {
      if (is_there(key)) meant.push_back(std::move(key));
    }
    if (!meant.empty()) break;
  }
  return meant;
}

std::string file_name_of_key(std::string_view key, bool fold) {
  constexpr std::size_t kLongest = 12;  // bytes of an escaped character
  std::string name;
  std::size_t part = 0;  // where the part of the path begins
  bool escape = is_device(key);
  each_character(key, [&](std::int32_t code, std::string_view bytes) {
    if (name.size() - part + kLongest > kMaxPart) {
      name += "%/";
      part = name.size();
    }
    const bool at_start = name.size() == part;
    escape = escape || code < 0x20 || code == 0x7F;
    escape = escape || (bytes.size() == 1 && kEscaped.find(bytes[0]) != std::string_view::npos);
    escape = escape || (at_start && (bytes == "." || bytes == "-" || bytes == " "));
    escape = escape || (fold && bytes != " " && folded_spelling(bytes) != bytes);
    if (escape) {
      escape_into(name, bytes);
    } else {
      name += bytes;
    }
    escape = false;
  });
  return name;
}

std::string key_of_file_name(std::string_view name) {
  std::string key;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const int high = name[i] == '%' && i + 2 < name.size() ? digit_of_escape(name[i + 1]) : -1;
    const int low = high >= 0 ? digit_of_escape(name[i + 2]) : -1;
    if (low >= 0) {
      key += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (name.substr(i).starts_with("%/")) {
      ++i;
    } else {
      key += name[i];
    }
  }
  return key;
}

}  // namespace epicrisis
