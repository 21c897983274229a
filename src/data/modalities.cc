#include "epicrisis/data/modalities.h"

#include <algorithm>
#include <vector>

#include "data/values.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kLongest = 200;  // bytes of a cell that is looked at

// "Chest: X-ray" as "chest", "x", "ray". A '*' stays.
std::vector<std::string> parts_of(std::string_view value) {
  std::vector<std::string> parts;
  std::string part;
  const auto close = [&] {
    if (!part.empty()) parts.push_back(std::move(part));
    part.clear();
  };
  for (const char c : fold_value(value)) {
    const bool stays =
        static_cast<unsigned char>(c) >= 0x80 || is_digit(c) || c == '*' || (c >= 'a' && c <= 'z');
    if (stays) {
      part += c;
    } else {
      close();
    }
  }
  close();
  return parts;
}

bool fits(std::string_view pattern, std::string_view part) {
  return pattern.ends_with('*') ? part.starts_with(pattern.substr(0, pattern.size() - 1))
                                : part == pattern;
}

enum class Named { kNo, kDenied, kAmongOthers, kWhole };

// Whether the parts of a pattern stand in those of a cell, one behind the other.
Named named(const std::vector<std::string>& cell, const std::string& pattern) {
  const std::vector<std::string> parts = parts_of(pattern);
  const auto stands_at = [&](std::size_t at) {
    return std::equal(parts.begin(), parts.end(), cell.begin() + static_cast<std::ptrdiff_t>(at),
                      fits);
  };
  if (parts.empty() || parts.size() > cell.size()) return Named::kNo;
  if (parts.size() == cell.size() && stands_at(0)) return Named::kWhole;
  Named found = Named::kNo;
  for (std::size_t at = 0; pattern.front() != '=' && at + parts.size() <= cell.size(); ++at) {
    if (!stands_at(at)) continue;
    if (at > 0 && denies(cell[at - 1])) return Named::kDenied;
    found = Named::kAmongOthers;
  }
  return found;
}

Named named(const std::vector<std::string>& cell, const std::vector<std::string>& patterns) {
  Named found = Named::kNo;
  for (const std::string& pattern : patterns) found = std::max(found, named(cell, pattern));
  return found;
}

}  // namespace

std::optional<std::string> modality_in_words(const Field& field, std::string_view value) {
  if (value.size() > kLongest) return std::nullopt;
  const std::vector<std::string> cell = parts_of(value);
  std::optional<std::string> found;
  bool sure = true;
  for (const FieldModality& one : field.modalities()) {
    const Named kept = named(cell, one.kept);
    const Named also = named(cell, one.also);
    const Named most = std::max(kept, also);
    if (most == Named::kNo) continue;
    const std::string words = kept >= also ? std::string(trim(value)) : one.words;
    if (most == Named::kWhole) return words;
    sure = sure && most == Named::kAmongOthers && !found;
    found = words;
  }
  return sure ? found : std::nullopt;
}

std::string modalities_in_words(const Field& field) {
  std::vector<std::string> names;
  for (const FieldModality& one : field.modalities()) names.push_back(one.words);
  return join(names, ", ");
}

}  // namespace epicrisis
