#include "notes/exchange/incoming_note.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "core/hex.h"
#include "data/adapters/folder_keys.h"
#include "data/adapters/folder_metadata.h"
#include "data/adapters/picture_index.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/python_json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "llm/no_model.h"
#include "llm/refusal.h"
#include "llm/spoken.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxWord = 200;  // bytes of a name: model, provider
constexpr std::size_t kMaxShownTurn = 60;
constexpr std::size_t kMaxParameters = 64 << 10;
constexpr std::size_t kMaxFault = 2000;  // bytes of what is wrong with a cell
constexpr int kMaxVariant = 1'000'000;
// Of one line of metadata.jsonl: each note carries a copy of the line's other fields.
constexpr std::size_t kMaxNotesOfLine = 256;
constexpr std::size_t kMaxDataset = 128;  // bytes, as the store has it
constexpr std::array<std::string_view, 2> kDatasetNames = {"dataset", "source"};
constexpr std::array<std::string_view, 3> kKeyNames = {"key", "image_id", "id"};
constexpr std::array<std::string_view, 2> kTextNames = {"text", "note"};

// The string under the first of `names` that the object has; "" if it has none of them or another
// type.
std::string first_string(const Json& object, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = object.find(std::string(name));
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

std::string string_of(const Json& object, std::string_view name) {
  return first_string(object, {&name, 1});
}

std::string field_of(const Json& object, const std::string& chosen,
                     std::span<const std::string_view> usual) {
  return chosen.empty() ? first_string(object, usual) : string_of(object, chosen);
}

std::string word_of(const Json& object, std::string_view name) {
  return clean_text(string_of(object, name), kMaxWord);
}

std::string or_else(const std::string& value, const std::string& fallback) {
  return value.empty() ? fallback : value;
}

bool is_sha256(std::string_view text) { return text.size() == 64 && is_hex(text); }

// "2026-11-24T00:13:33Z" in form.
bool is_utc(std::string_view text) {
  static constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return false;
  }
  return true;
}

bool has_word(std::string_view text) {
  while (!text.empty()) {
    const unicode::Decoded character = unicode::decode(text);
    if (unicode::is_letter_or_digit(character.code)) return true;
    text.remove_prefix(character.length);
  }
  return false;
}

// What a text is taken for that is no note: a name for many of them, and a fault.
struct Doubt {
  std::string kind, fault;
};
Doubt doubt_of(std::string_view text, const llm::Spoken& spoken) {
  if (has_word(text) && is_missing(text)) {
    return {"words for nothing", fmt::format("'{}' says nothing", clean_text(text, kMaxWord))};
  }
  // People may write what a server says too.
  if (const llm::NotSaid said = llm::not_said_in(text); !said.what.empty() && !said.doubtful) {
    return {said.what == "an error" ? "errors of a server" : "web pages",
            fmt::format("no model or person wrote it, but {}: {}", said.what, said.error.message)};
  }
  if (!spoken.fault.empty()) return {"thoughts", spoken.fault};
  // A person may begin so: "Q: itch? A: no."
  if (has_word(text) && !has_word(spoken.text) && !spoken.dropped.thoughts) {
    return {"turns of a chat", fmt::format("nothing before what looks like a turn of a chat: '{}'",
                                           clean_text(text, kMaxShownTurn))};
  }
  if (const std::string words = llm::refusal_words(spoken.text); !words.empty()) {
    return {"refusals", "a model's refusal: " + words};
  }
  return {};
}

// Cleans the text and finds what is wrong with the fields that every note needs.
IncomingNote checked(IncomingNote note) {
  if (!note.fault.empty()) return note;
  const std::size_t length = note.text.size();
  llm::Spoken spoken = llm::spoken_text(note.text);
  const Doubt doubt = doubt_of(note.text, spoken);
  if (!doubt.kind.empty() && note.keep_doubtful) {
    spoken = {};
    spoken.text = note.text;
  } else if (!doubt.kind.empty()) {
    spoken.fault = clean_text(doubt.fault, kMaxWord) + " (`keep_doubtful` takes it as it stands)";
    note.doubt = doubt.kind;
  }
  note.dropped = spoken.dropped;
  note.text = clean_multiline_text(spoken.text, kMaxNoteLine);
  if (note.dataset.empty()) {
    note.fault = "no data set (give `dataset`)";
  } else if (note.key.empty()) {
    note.fault = "no sample key";
  } else if (!spoken.fault.empty()) {
    note.fault = spoken.fault;
  } else if (!has_word(note.text)) {
    note.fault = length == 0             ? "no text"
                 : note.dropped.thoughts ? "nothing but thoughts in the text"
                                         : "no letter or digit in the text";
  } else if (note.text.size() > kMaxNoteText) {
    // Cutting a note would be silent damage.
    note.fault =
        fmt::format("the text has {} bytes, at most {} are taken", note.text.size(), kMaxNoteText);
  } else if (!is_safe_id(note.strategy)) {
    note.fault = note.strategy.empty()
                     ? "no strategy (give `strategy`)"
                     : fmt::format("'{}' is no strategy name", clean_text(note.strategy, kMaxWord));
  }
  if (note.fault != spoken.fault) note.doubt.clear();
  return note;
}

// What a line may cost: its fields are copied into each of its notes.
void check_sizes(IncomingNote& note) {
  if (dump_json(note.parameters).size() > kMaxParameters) {
    note.fault = fmt::format("parameters of more than {} bytes", kMaxParameters);
  } else if (note.dataset.size() > kMaxDataset || note.key.size() > kMaxKey) {
    note.fault = fmt::format("data set and key of {} and {} bytes, at most {} and {} are taken",
                             note.dataset.size(), note.key.size(), kMaxDataset, kMaxKey);
  }
}

IncomingNote note_of_object(const Json& object, const std::string& place,
                            const NoteImportOptions& options) {
  IncomingNote note;
  note.place = place;
  note.keep_doubtful = options.keep_doubtful;
  note.dataset = or_else(field_of(object, options.dataset_field, kDatasetNames), options.dataset);
  note.key = field_of(object, options.key_field, kKeyNames);
  note.text = field_of(object, options.text_field, kTextNames);
  note.strategy = or_else(string_of(object, "strategy"), options.strategy);
  note.provider = or_else(word_of(object, "provider"), note.provider);
  note.model = word_of(object, "model");
  note.template_version = word_of(object, "template_version");
  note.origin = or_else(word_of(object, "origin"), note.origin);
  if (const std::string time = string_of(object, "created_at"); is_utc(time)) {
    note.created_at = time;
  }
  if (const std::string key = string_of(object, "note_key"); is_sha256(key)) {
    note.note_key = key;
  }
  if (const auto variant = object.find("variant");
      variant != object.end() && variant->is_number_unsigned()) {
    note.variant =
        static_cast<int>(std::min<std::uint64_t>(variant->get<std::uint64_t>(), kMaxVariant));
  }
  if (const auto parameters = object.find("parameters");
      parameters != object.end() && parameters->is_object()) {
    note.parameters = *parameters;
  } else if (const auto given = object.find("given"); given != object.end() && given->is_object()) {
    note.parameters = Json{{"given", *given}};
  }
  check_sizes(note);
  return note;
}

struct FolderText {
  std::string strategy;
  std::string text;  // "" where there is none
};

// How many texts_of_folder_line() gives.
std::size_t count_texts(const Json& listed) {
  if (listed.is_array()) return listed.size();
  std::size_t count = 0;
  for (const Json& list : listed) count += list.is_array() && !list.empty() ? list.size() : 1;
  return count;
}

// A list of objects with strategy and text, or, as earlier exports have it, an object with a list
// of texts for each strategy.
std::vector<FolderText> texts_of_folder_line(const Json& listed) {
  std::vector<FolderText> texts;
  const auto add = [&](const std::string& strategy, const Json& text) {
    texts.push_back({strategy, text.is_string() ? text.get<std::string>() : ""});
  };
  if (listed.is_array()) {
    for (const Json& one : listed) {
      if (one.is_object()) {
        texts.push_back({string_of(one, "strategy"), string_of(one, "text")});
      } else {
        add("", one);
      }
    }
    return texts;
  }
  for (const auto& [strategy, list] : listed.items()) {
    if (list.is_array() && !list.empty()) {
      for (const Json& text : list) add(strategy, text);
    } else {
      add(strategy, list);
    }
  }
  return texts;
}

// The export's own "notes", or a "text" under the named strategy.
std::vector<IncomingNote> listed_notes(const Json& object, IncomingNote note) {
  const auto listed = object.find("notes");
  if (listed == object.end() || !listed->is_structured() || listed->empty()) {
    return {checked(std::move(note))};
  }
  const std::size_t count = count_texts(*listed);
  if (note.fault.empty() && count > kMaxNotesOfLine) {
    note.fault = fmt::format("{} notes in one line, at most {} are taken", count, kMaxNotesOfLine);
  }
  if (!note.fault.empty()) return {std::move(note)};
  std::vector<IncomingNote> notes;
  std::map<std::string, int> variants;
  for (const FolderText& text : texts_of_folder_line(*listed)) {
    IncomingNote one = note;
    one.note_key.clear();  // it could not be that of each
    one.strategy = text.strategy;
    one.text = text.text;
    one.variant = variants[text.strategy]++;
    notes.push_back(checked(std::move(one)));
  }
  return notes;
}

// The keys that the import of the folder may have given to a picture, the likeliest first.
class FolderKeys {
 public:
  explicit FolderKeys(const std::string& folder) : folder_(folder) {}

  void add(std::string key) {
    if (!key.empty() && std::ranges::find(keys_, key) == keys_.end()) {
      keys_.push_back(std::move(key));
    }
  }
  // The whole path first: it is the key where the other form of it is that of two pictures.
  void add_path(const std::string& written) {
    std::string path = plain_picture_path(written);
    if (path.empty()) return;
    path = folder_ + path;
    add(path);
    add(key_of_picture_path(path));
  }
  bool empty() const { return keys_.empty(); }
  void move_into(IncomingNote& note) {
    if (keys_.empty()) return;
    note.key = std::move(keys_.front());
    note.other_keys.assign(std::make_move_iterator(keys_.begin() + 1),
                           std::make_move_iterator(keys_.end()));
  }

 private:
  const std::string& folder_;
  std::vector<std::string> keys_;
};

// A key may be a number there.
std::string key_in(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  if (found != object.end() && found->is_number_integer()) return dump_json(*found);
  return std::string(trim(string_of(object, name)));
}

}  // namespace

IncomingNote checked_note(IncomingNote note) {
  if (note.fault.empty()) check_sizes(note);
  return checked(std::move(note));
}

bool names_note(const std::vector<std::string>& members, const NoteImportOptions& options) {
  const auto has = [&](const std::string& chosen, std::span<const std::string_view> usual) {
    return std::ranges::any_of(members, [&](const std::string& member) {
      return chosen.empty() ? std::ranges::find(usual, member) != usual.end() : member == chosen;
    });
  };
  return has(options.key_field, kKeyNames) && has(options.text_field, kTextNames);
}

std::string object_of_row(const std::vector<std::string>& columns,
                          const std::vector<std::string>& cells, Json& object) {
  object = Json::object();
  for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    const std::string_view cell = trim(cells[i]);
    if (cell.empty()) continue;
    Json& member = object[columns[i]];
    if (columns[i] == "variant") {
      const auto number = parse_integer(cell);
      if (!number || *number < 0) {
        return fmt::format("variant '{}' is no whole number from 0", clean_text(cell, 100));
      }
      member = static_cast<std::uint64_t>(*number);
    } else if (columns[i] == "parameters" || columns[i] == "given") {
      try {
        member = parse_json(cell, columns[i]);
      } catch (const InputError& error) {
        return clean_text(error.what(), kMaxFault);
      }
      if (!member.is_object()) return fmt::format("{} is no JSON object", columns[i]);
    } else {
      member = cell;
    }
  }
  return "";
}

std::vector<IncomingNote> notes_of_folder_line(const Json& object, const std::string& place,
                                               const NoteImportOptions& options,
                                               const std::string& folder) {
  const IncomingNote line = note_of_object(object, place, options);
  std::vector<std::string> pictures = pictures_of_line(object);
  const bool one_picture = pictures.size() < 2;
  if (pictures.empty()) pictures.emplace_back();
  std::vector<IncomingNote> notes;
  for (const std::string& picture : pictures) {
    FolderKeys keys(folder);
    if (one_picture && !options.key_field.empty()) {
      const std::string key = key_in(object, options.key_field);
      keys.add(key);
      keys.add_path(key);
    } else if (one_picture) {
      for (const std::string_view column : kFolderKeyColumns) keys.add(key_in(object, column));
    }
    if (options.key_field.empty() || keys.empty()) {
      keys.add_path(picture);
      keys.add(std::string(
          without_picture_suffix(std::string_view(picture).substr(picture.rfind('/') + 1))));
    }
    IncomingNote note = line;
    keys.move_into(note);
    if (note.fault.empty()) check_sizes(note);
    for (IncomingNote& one : listed_notes(object, std::move(note))) notes.push_back(std::move(one));
  }
  return notes;
}

IncomingNote note_of_row(const Json& object, const std::string& place,
                         const NoteImportOptions& options) {
  return checked(note_of_object(object, place, options));
}

std::vector<IncomingNote> parse_note_line(std::string_view line, const std::string& place,
                                          const NoteImportOptions& options,
                                          const std::optional<std::string>& folder) {
  IncomingNote broken;
  broken.place = place;
  Json object;
  try {
    object = folder ? parse_python_json(line, "JSON") : parse_json(line, "JSON");
  } catch (const InputError& error) {
    broken.fault = clean_text(error.what(), 500);
    return {std::move(broken)};
  }
  if (!object.is_object()) {
    broken.fault = "not a JSON object";
    return {std::move(broken)};
  }
  if (folder) return notes_of_folder_line(object, place, options, *folder);
  return {note_of_row(object, place, options)};
}

IncomingNote note_of_tree_file(const Path& relative, const std::string& place, std::string text,
                               const NoteImportOptions& options) {
  IncomingNote note;
  note.place = place;
  note.keep_doubtful = options.keep_doubtful;
  std::vector<std::string> parts;
  for (const Path& part : relative) parts.push_back(part.string());
  // A long key goes on in folders that end with '%'.
  const bool is_long =
      parts.size() > 3 && std::all_of(parts.begin() + 2, parts.end() - 1,
                                      [](const std::string& part) { return part.ends_with('%'); });
  if (parts.size() != 3 && !is_long) {
    note.fault = "not <dataset>/<strategy>/<key>.txt";
    return note;
  }
  note.dataset = or_else(options.dataset, parts[0]);
  note.strategy = or_else(options.strategy, parts[1]);
  parts.back() = relative.stem().string();
  std::string name = join({parts.begin() + 2, parts.end()}, "/");
  // "<key>@<variant>": what is no such number belongs to the key.
  if (const std::size_t at = name.rfind('@'); at != std::string::npos) {
    const std::string_view number = std::string_view(name).substr(at + 1);
    const auto variant = parse_integer(number);
    if (variant && *variant > 0 && *variant <= kMaxVariant && number[0] != '+' &&
        number[0] != '0') {
      note.variant = static_cast<int>(*variant);
      name.resize(at);
    }
  }
  note.key = key_of_file_name(name);
  note.other_keys.push_back(std::move(name));
  note.text = std::move(text);
  return checked(std::move(note));
}

}  // namespace epicrisis
