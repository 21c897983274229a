#include "hub/hub_listing.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/hub/hub.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMostFiles = 10'000;
constexpr std::size_t kCommitDigits = 40;

bool is_commit(std::string_view text) {
  return text.size() == kCommitDigits &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

HubListing parse_hub_listing(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  if (!json.is_object()) throw InputError("{}: an object was expected", source);
  HubListing listing;
  listing.commit = json_get<std::string>(json, "sha", source);
  if (!is_commit(listing.commit)) {
    throw InputError("{}: 'sha' is '{}'; 40 hex digits were expected", source,
                     clean_text(listing.commit, 100));
  }
  const Json siblings = json_get<Json>(json, "siblings", source);
  if (!siblings.is_array() || siblings.size() > kMostFiles) {
    throw InputError("{}: 'siblings' is no list of at most {} files", source, kMostFiles);
  }
  for (const Json& sibling : siblings) {
    std::string name = json_get<std::string>(sibling, "rfilename", source);
    if (!is_plain_file_name(name)) {
      throw InputError(
          "{}: a file is named '{}', which may lead out of the folder; nothing is fetched", source,
          escape_controls(name.substr(0, 200)));
    }
    listing.names.push_back(std::move(name));
  }
  return listing;
}

}  // namespace epicrisis
