#include "epicrisis/data/like_groups.h"

#include <fmt/format.h>

#include <unordered_map>

#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

// The character of ASCII that one of full width, or a dash, stands for.
std::int32_t plain(std::int32_t code) {
  constexpr std::int32_t kFirstWide = 0xFF01;  // U+FF01 to U+FF5E are '!' to '~'
  constexpr std::int32_t kLastWide = 0xFF5E;
  if (code >= kFirstWide && code <= kLastWide) return code - kFirstWide + '!';
  const bool is_dash = (code >= 0x2010 && code <= 0x2015) || code == 0x2212;
  return is_dash ? '-' : code;
}

}  // namespace

std::string folded_group(std::string_view group) {
  std::string seen;
  for (std::string_view rest = group; !rest.empty();) {
    const unicode::Decoded one = unicode::decode(rest);
    rest.remove_prefix(one.length);
    if (unicode::is_space(one.code) || one.code == '\t') {
      seen += ' ';
    } else if (!unicode::is_unseen(one.code)) {
      unicode::append(seen, plain(one.code));
    }
  }
  std::string folded;
  bool spaced = false;
  for (const char c : folded_spelling(seen)) {
    if (c == ' ') {
      spaced = true;
      continue;
    }
    if (spaced && !folded.empty() && is_digit(folded.back()) && is_digit(c)) folded += ' ';
    spaced = false;
    folded += c;
  }
  return folded;
}

std::vector<LikeGroups> find_like_groups(const std::map<std::string, std::uint64_t>& groups) {
  std::unordered_map<std::string, LikeGroups::const_iterator> first;  // by folded spelling
  std::map<std::string_view, LikeGroups> found;                       // by the first spelling
  for (auto group = groups.begin(); group != groups.end(); ++group) {
    const auto [position, is_new] = first.emplace(folded_group(group->first), group);
    if (is_new) continue;
    LikeGroups& like = found[position->second->first];
    like.insert(*position->second);
    like.insert(*group);
  }
  std::vector<LikeGroups> result;
  for (auto& [spelling, like] : found) result.push_back(std::move(like));
  return result;
}

std::string like_groups_in_words(const LikeGroups& groups) {
  std::vector<std::string> words;
  for (const auto& [group, samples] : groups) {
    words.push_back(fmt::format("{} ({})", group, counted(samples, "sample")));
  }
  return join_words(words, "and");
}

}  // namespace epicrisis
