#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/data/field.h"

namespace epicrisis {

// The words of a note for a cell that says how a picture was taken, by the field's list: English
// ones as they stand ("chest x-ray"), those of other languages and short forms in English
// ("Röntgen": "radiograph"). Empty: none of the list is named in it, or several,
// or one that it denies.
std::optional<std::string> modality_in_words(const Field& field, std::string_view value);

// "radiograph, ultrasound image", for messages; "" where the field lists none.
std::string modalities_in_words(const Field& field);

}  // namespace epicrisis
