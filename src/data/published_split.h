#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epicrisis {

// "train", "validation" or "test" for the names in use: those of taxonomy/values/splits.toml, alone
// ("eval") or with words that say nothing more ("val2017", "Test-Set"). What else a name says makes
// it another ("test tubes", "train_val"). "" for the name of what is in no split ("unused").
std::optional<std::string> published_split_name(std::string_view text);

// Whether a cell of a column of splits says that its sample is in none ("none", "nein", "unused").
// One that says nothing ("") does not.
bool says_no_split(std::string_view cell);

}  // namespace epicrisis
