#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/chat.h"
#include "epicrisis/notes/exchange/exchange.h"

namespace epicrisis {

inline constexpr std::size_t kMaxNoteText = 20'000;                // bytes of a note that comes in
inline constexpr std::size_t kMaxNoteLine = std::size_t{1} << 20;  // bytes of its line or file

// A note as it came in, not yet matched to a sample. Data set and key are as the file has them, for
// they are matched exactly; all else is cleaned.
struct IncomingNote {
  std::string place;  // "notes.jsonl:12"
  std::string fault;  // why it is no note; "" if it is one
  std::string doubt;  // what its text is taken for: "refusals", "web pages", ...; "" for a note
  bool keep_doubtful = false;  // takes it all the same
  bool of_export = false;      // its file is as an export of this program left it
  std::string dataset, key, strategy, text;
  // What else may name the sample, tried in turn: of a tree's file its name, of an imagefolder's
  // line other ids and the picture's path, as the import of such a folder makes keys.
  std::vector<std::string> other_keys;
  std::string provider = "import";
  std::string model, template_version, origin = "import";
  std::string note_key;    // SHA-256 in hex, or ""
  std::string created_at;  // UTC, or ""
  int variant = 0;
  Json parameters = Json::object();
  llm::Dropped dropped;  // from the text
};

// The note with its text cleaned, and a fault where it is none.
IncomingNote checked_note(IncomingNote note);

// Whether an object with these members or columns is a note on a sample as JSONL has it: it says
// which sample, and what the text is.
bool names_note(const std::vector<std::string>& members, const NoteImportOptions& options);
// The note of such an object.
IncomingNote note_of_row(const Json& object, const std::string& place,
                         const NoteImportOptions& options);

// A table's row as JSONL has it: empty cells are members that are not there, and what is no text
// there is read. Returns what is wrong with a cell; "" where nothing is.
std::string object_of_row(const std::vector<std::string>& columns,
                          const std::vector<std::string>& cells, Json& object);

// The notes of one line of JSONL, never none: a line that cannot be read is one with a fault.
// `folder`: of an imagefolder's table, where one line may hold several notes, what leads to it
// ("train/").
std::vector<IncomingNote> parse_note_line(std::string_view line, const std::string& place,
                                          const NoteImportOptions& options,
                                          const std::optional<std::string>& folder = {});
std::vector<IncomingNote> notes_of_folder_line(const Json& object, const std::string& place,
                                               const NoteImportOptions& options,
                                               const std::string& folder);

// The note of a text tree's file; `relative` is its path below the root.
IncomingNote note_of_tree_file(const Path& relative, const std::string& place, std::string text,
                               const NoteImportOptions& options);

}  // namespace epicrisis
