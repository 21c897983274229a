// links: notes

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/strings.h"
#include "notes/exchange/incoming_note.h"

namespace {

using epicrisis::IncomingNote;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_word(const std::string& text) {
  require(text.size() <= 500 && epicrisis::is_valid_utf8(text));
  for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20);
}

void check(const IncomingNote& note) {
  require(note.place == "notes.jsonl:7");
  check_word(note.fault);
  if (!note.fault.empty()) return;
  require(!note.dataset.empty() && !note.key.empty() && epicrisis::is_safe_id(note.strategy));
  require(!note.text.empty() && note.text.size() <= epicrisis::kMaxNoteText);
  require(epicrisis::is_valid_utf8(note.text));
  for (const char c : note.text) require(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  require(!note.provider.empty() && !note.origin.empty());
  for (const std::string* word :
       {&note.provider, &note.model, &note.template_version, &note.origin}) {
    check_word(*word);
  }
  require(note.note_key.empty() || note.note_key.size() == 64);
  require(note.created_at.empty() || note.created_at.size() == 20);
  require(note.variant >= 0 && note.parameters.is_object());
  epicrisis::dump_json(note.parameters);
}

}  // namespace

// The first byte picks the options; the rest is a line, or a file of a tree after its path's line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > epicrisis::kMaxNoteLine) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  epicrisis::NoteImportOptions options;
  if ((data[0] & 1U) != 0) options.dataset = "d";
  if ((data[0] & 2U) != 0) options.strategy = "M";
  if ((data[0] & 4U) != 0) options.text_field = "report";
  std::optional<std::string> folder;
  if ((data[0] & 8U) != 0) folder = "train/";
  const auto notes = epicrisis::parse_note_line(text, "notes.jsonl:7", options, folder);
  require(!notes.empty());
  for (const IncomingNote& note : notes) check(note);

  const std::size_t end = text.find('\n');
  const std::string path(text.substr(0, end));
  if (end == std::string_view::npos || path.find('\0') != std::string::npos) return 0;
  check(epicrisis::note_of_tree_file(path, "notes.jsonl:7", std::string(text.substr(end + 1)),
                                     options));
  return 0;
}
