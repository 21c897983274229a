#include "epicrisis/data/near_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/written_names.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMost = 64;  // keys of one name that are looked at
constexpr std::array<std::string_view, 4> kOtherPictures = {".bmp", ".tif", ".tiff", ".gif"};

// As a path in lower case, whatever stands between its folders, without suffix.
std::string folded_path(std::string_view text) {
  const std::string folded = join(split(folded_spelling(plain_id(text)), '/'), "__");
  for (const std::string_view suffix : kOtherPictures) {
    if (folded.ends_with(suffix)) return folded.substr(0, folded.size() - suffix.size());
  }
  return std::string(without_picture_suffix(folded));
}

// "c" of "a__b__c"
std::string name_of(const std::string& path) {
  const std::size_t at = path.rfind("__");
  return at == std::string::npos || at + 2 == path.size() ? path : path.substr(at + 2);
}

void keep(std::vector<std::string>& keys, const std::string& key) {
  if (keys.size() < kMost) keys.push_back(key);
}

std::optional<std::string> only(const std::vector<std::string>& keys) {
  return keys.size() == 1 ? std::optional(keys.front()) : std::nullopt;
}

}  // namespace

void NearKeys::add(const std::string& key) {
  const std::string name = name_of(folded_path(key));
  keep(keys_[name], key);
  if (const std::string number = plain_number(name); !number.empty()) keep(numbers_[number], key);
}

std::optional<std::string> NearKeys::near(std::string_view written) const {
  if (std::optional<std::string> found = named(written)) return found;
  if (std::optional<std::string> found = named(without_percent_signs(written))) return found;
  const std::string name = name_of(folded_path(written));
  const auto same = numbers_.find(plain_number(name));
  return same == numbers_.end() ? std::nullopt : only(same->second);
}

std::optional<std::string> NearKeys::named(std::string_view written) const {
  const std::string path = folded_path(written);
  const auto same = keys_.find(name_of(path));
  if (same == keys_.end()) return std::nullopt;
  std::vector<std::string> ending;
  for (const std::string& key : same->second) {
    const std::string other = folded_path(key);
    if (other == path) return key;
    if (other.ends_with("__" + path) || path.ends_with("__" + other)) ending.push_back(key);
  }
  return ending.empty() ? only(same->second) : only(ending);
}

std::string near_key_words(const std::optional<std::string>& near) {
  return near ? fmt::format("; did you mean '{}'?", clean_text(*near, 100)) : std::string();
}

}  // namespace epicrisis
