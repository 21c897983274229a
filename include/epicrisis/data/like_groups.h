#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// One spelling for groups (patients or cases) that look alike: without difference of case, of
// Unicode's forms (composed, of full width), of dashes, of white space but between two digits, and
// without what is not seen. Not for storing.
std::string folded_group(std::string_view group);

// Samples by spelling, of groups that are one but for their spelling.
using LikeGroups = std::map<std::string, std::uint64_t>;

// The sets of two spellings or more, in order of the first.
std::vector<LikeGroups> find_like_groups(const std::map<std::string, std::uint64_t>& groups);

// "W-7002 (3 samples) and w-7002 (1 sample)"
std::string like_groups_in_words(const LikeGroups& groups);

// What they have in common, for a sentence after their count or their names.
inline constexpr std::string_view kLookAlike =
    "spelled alike but for case, Unicode form or spaces, and taken as different ones; where they are "
    "one, spell them alike in the table and import again";

}  // namespace epicrisis
