#pragma once

#include <optional>
#include <string>
#include <string_view>

// Sites of the body, by taxonomy/values/sites.toml and taxonomy/values/site_words.toml.
namespace epicrisis {

// The words of a note for a cell that names a site: English ones as they stand ("shoulder, left"),
// those of other languages in English ("Unterarm links": "left forearm"). Empty: no site is known
// in it, and the audit of notes will not know one either.
std::optional<std::string> site_in_words(std::string_view value);

// Whether a cell says that there is no site, diagnosis or subclass to tell: "not visible", "none
// reported". Of a finding it would be one.
bool says_no_site(std::string_view value);

// The words of a cell in which a site is known that say neither the site nor, in English, where of
// it: "ala" of an "ala plantar". "" for what is read as a whole.
std::string unread_words_of_site(std::string_view value);

}  // namespace epicrisis
