#include "notes/exchange/incoming_note.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

#include "data/values.h"
#include "epicrisis/core/error.h"
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

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

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

// A line of metadata.jsonl: the export's own "notes", or a "text" under the named strategy.
std::vector<IncomingNote> notes_of_folder_line(const Json& object, IncomingNote note) {
  if (note.key.empty()) {
    const std::string file = string_of(object, "file_name");
    note.key = without_picture_suffix(std::string_view(file).substr(file.rfind('/') + 1));
    check_sizes(note);
  }
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

IncomingNote note_of_row(const Json& object, const std::string& place,
                         const NoteImportOptions& options) {
  return checked(note_of_object(object, place, options));
}

std::vector<IncomingNote> parse_note_line(std::string_view line, const std::string& place,
                                          const NoteImportOptions& options, bool folder_table) {
  IncomingNote broken;
  broken.place = place;
  Json object;
  try {
    object = parse_json(line, "JSON");
  } catch (const InputError& error) {
    broken.fault = clean_text(error.what(), 500);
    return {std::move(broken)};
  }
  if (!object.is_object()) {
    broken.fault = "not a JSON object";
    return {std::move(broken)};
  }
  IncomingNote note = note_of_object(object, place, options);
  if (folder_table) return notes_of_folder_line(object, std::move(note));
  return {checked(std::move(note))};
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
  note.name = std::move(name);
  note.text = std::move(text);
  return checked(std::move(note));
}

}  // namespace epicrisis
