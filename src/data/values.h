#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/data/field.h"

// What cells say that tables of every field have in common, by taxonomy/values/words.toml.
namespace epicrisis {

// A cell as the words of that file are compared: in lower case, without accents, '_' as a space,
// brackets and quotes around and a full stop at the end left out, spaces folded, wide letters and
// signs as ASCII's.
std::string fold_value(std::string_view value);

// Whether a cell says nothing: "", "nan", "None", "#N/A", "not recorded" and so on.
bool is_missing(std::string_view value);

// Whether a cell that says nothing elsewhere may be the code of a patient: "KA", "nr"; among other
// short ones "NA", too.
bool may_be_code(std::string_view value, bool among_codes);

// Whether a cell that says nothing looks like a code all the same: a short word that no program
// writes for nothing, or one that may be a code.
bool is_like_code(std::string_view value);

// Whether a cell is a number by which columns of numbers say that there is none: "-1", "999.0".
bool is_missing_number(std::string_view value);

// Whether a folded cell is a mark as forms are ticked with, "x": a yes beside empty cells, and
// nothing sure beside others.
bool is_tick(std::string_view folded);

// Whether a folded word denies the next one: "no", "without", "ohne".
bool denies(std::string_view folded);

// Whether a folded word of a column's name denies the one before or behind it ("free", "absence"),
// and whether it asks for the opposite of what is looked for ("healthy").
bool denies_in_name(std::string_view folded);
bool asks_whether_well(std::string_view folded);

// "True", "1.0", "ja"; empty for what is neither yes nor no.
std::optional<bool> yes_or_no(std::string_view value);

// "yes" or "no" for the words of other languages, English ones ("true") as they are; empty for
// others, also for letters and numbers.
std::optional<std::string> answer_in_words(std::string_view value);

// "female", "male", "" for what is said and of no use to a note ("other"); empty: not understood.
std::optional<std::string> sex_in_words(std::string_view value);

// Years from 0 to 120 ("45.0" and "45,0 years" as "45"), a part of one ("6 months"), or a band ("85
// or older", "40 to 49"); "" for what says nothing ("AGE_UNKNOWN"); empty: not understood.
std::optional<std::string> age_in_words(std::string_view value);

// The words of a number from 1, which may be written in the column's own way ("3.0", "FST3", "III",
// "Type III", "III fair, burns"), or of two neighbours ("34", "III-IV": "Fitzpatrick III or IV");
// "" for what says nothing; empty: not understood.
std::optional<std::string> coded_in_words(const CodedColumn& column, std::string_view value);

// A number with a point or a comma; empty for others and for "1,000", which may be a thousand.
std::optional<double> parse_decimal(std::string_view text);

// Without the ".0" that spreadsheets and pandas add.
std::string plain_number(double value);

}  // namespace epicrisis
