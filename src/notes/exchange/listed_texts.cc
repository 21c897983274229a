#include "epicrisis/notes/exchange/listed_texts.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/line_reader.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "notes/exchange/import_rows.h"
#include "notes/exchange/incoming_note.h"

namespace epicrisis {
namespace {

constexpr std::array kTextNames = {"text", "note", "caption"};
constexpr std::size_t kMaxFault = 300;  // bytes

std::string string_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

class TextList {
 public:
  void add_object(const Json& object, const std::string& place) {
    ListedText one;
    for (const char* name : kTextNames) {
      if (one.text.empty()) one.text = string_at(object, name);
    }
    one.dataset = string_at(object, "dataset");
    one.key = string_at(object, "key");
    one.strategy = string_at(object, "strategy");
    one.provider = string_at(object, "provider");
    one.model = string_at(object, "model");
    const auto variant = object.find("variant");
    if (variant != object.end() && variant->is_number_integer()) one.variant = *variant;
    add(std::move(one), place);
  }
  void add(ListedText one, const std::string& place) {
    if (trim(one.text).empty()) {
      return leave_out(place, fmt::format("no text (as {})", join_names()));
    }
    list_.texts.push_back(std::move(one));
  }
  void leave_out(const std::string& place, std::string_view why) {
    ++list_.without_text;
    keep_example(list_.without_examples, fmt::format("{}: {}", place, clean_text(why, kMaxFault)));
  }
  ListedTexts take() { return std::move(list_); }

 private:
  static std::string join_names() { return join({kTextNames.begin(), kTextNames.end()}, ", "); }

  ListedTexts list_;
};

void add_lines(const Path& file, bool json, TextList& list) {
  LineReader lines(file, kMaxNoteLine);
  while (lines.next()) {
    if (trim(lines.line()).empty()) continue;
    const std::string place = fmt::format("{}:{}", file.string(), lines.number());
    if (!lines.whole()) {
      list.leave_out(place, fmt::format("the line is longer than {} bytes", kMaxNoteLine));
    } else if (!json) {
      ListedText one;
      one.text = lines.line();
      list.add(std::move(one), place);
    } else {
      try {
        const Json object = parse_json(lines.line(), "JSON");
        if (object.is_object()) {
          list.add_object(object, place);
        } else {
          list.leave_out(place, "not a JSON object");
        }
      } catch (const InputError& error) {
        list.leave_out(place, error.what());
      }
    }
  }
}

void add_table(const Path& file, TextList& list) {
  CsvReader reader(file);
  while (reader.next()) {
    Json object;
    const std::string fault = object_of_row(reader.header(), reader.row(), object);
    if (fault.empty()) {
      list.add_object(object, reader.place());
    } else {
      list.leave_out(reader.place(), fault);
    }
  }
}

}  // namespace

ListedTexts list_texts(const Path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    throw UsageError("there is no {}{}", file.string(), near_path_words(file));
  }
  const std::string extension = ascii_lower(file.extension().string());
  TextList list;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw UsageError("{} is no file; give one with texts", file.string());
  }
  if (extension == ".jsonl" || extension == ".txt") {
    add_lines(file, extension == ".jsonl", list);
  } else if (extension == ".csv" || extension == ".tsv") {
    add_table(file, list);
  } else {
    throw UsageError("{} is neither a .jsonl, .csv, .tsv nor .txt file", file.string());
  }
  ListedTexts result = list.take();
  if (result.texts.empty()) {
    throw InputError("{}: no text in it{}", file.string(),
                     result.without_examples.empty() ? "" : "; " + result.without_examples.front());
  }
  return result;
}

}  // namespace epicrisis
