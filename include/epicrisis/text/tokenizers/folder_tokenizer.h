#pragma once

#include <memory>

#include "epicrisis/core/files.h"
#include "epicrisis/text/tokenizers/tokenizer.h"

namespace epicrisis {

// Whether the tokenizer of a model's folder is one of byte pairs: as tokenizer.json says, else
// where there is vocab.json and no vocab.txt. InputError for a broken tokenizer.json.
bool has_byte_pairs(const Path& folder);
// The tokenizer of a folder, of byte pairs or word pieces; errors as their from_folder().
std::unique_ptr<Tokenizer> folder_tokenizer(const Path& folder);

}  // namespace epicrisis
