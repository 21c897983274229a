#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// A text of a file, with what stands beside it; what does not is empty.
struct ListedText {
  std::string text;
  std::string dataset, key, strategy, provider, model;
  int variant = 0;
};

struct ListedTexts {
  std::vector<ListedText> texts;
  std::int64_t without_text = 0;              // lines and rows that have none
  std::vector<std::string> without_examples;  // the first 20: "notes.jsonl:12: why"
};

// The texts of a .jsonl file (an object a line, as notes are exported), a table (.csv, .tsv) or a
// .txt file (one a line), as they stand: of a line's members or columns the first of text, note,
// caption. Empty lines are passed over. UsageError for what does not exist and for other files,
// InputError for a file without a text.
ListedTexts list_texts(const Path& file);

}  // namespace epicrisis
