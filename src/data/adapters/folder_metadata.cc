#include "data/adapters/folder_metadata.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "data/adapters/tables.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/python_json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 20;  // bytes of a line of metadata.jsonl
constexpr std::string_view kLines = "metadata.jsonl";
constexpr std::string_view kCsv = "metadata.csv";
constexpr std::string_view kParquet = "metadata.parquet";
constexpr std::string_view kBrokenLine = "line that is no JSON object";
constexpr std::string_view kOneALine =
    "{}: {}; metadata.jsonl holds one JSON object a line, such as {{\"file_name\": \"1.jpg\", "
    "\"label\": \"x\"}}, without brackets or commas around them";

// The columns that name pictures: the usual one, or, where there is none, those of the form
// "x_file_name"; of these the first is taken, but image_file_name before it.
std::string picture_column(const std::vector<std::string>& header, const std::string& chosen,
                           std::vector<std::string>& further) {
  const auto has = [&](std::string_view name) {
    return std::find(header.begin(), header.end(), name) != header.end();
  };
  std::vector<std::string> columns;
  for (const std::string& name : header) {
    if (name.ends_with("_file_name") || name.ends_with("_file_names")) columns.push_back(name);
  }
  std::string taken = chosen;
  for (const char* usual : {"file_name", "file_names", "image_file_name", "image_file_names"}) {
    if (taken.empty() && has(usual)) taken = usual;
  }
  if (taken.empty() && !columns.empty()) taken = columns.front();
  for (std::string& name : columns) {
    if (name != taken) further.push_back(std::move(name));
  }
  return taken;
}

std::string number_text(const Json& value) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (!value.is_number_float()) return dump_json(value);
  const double number = value.get<double>();
  // pandas makes 4.0 of the 4 of a column with a gap.
  if (std::abs(number) <= kExact && number == std::floor(number))
    return fmt::format("{:.0f}", number);
  return dump_json(value);
}

std::string plain_text(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return number_text(value);
  return dump_json(value);
}

void add_value(MetadataRow& row, const std::string& name, const Json& value) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      add_value(row, fmt::format("{}.{}", name, key), member);
    }
    return;
  }
  std::string text;
  std::string column = name;
  if (!value.is_array()) {
    text = plain_text(value);
  } else if (std::none_of(value.begin(), value.end(),
                          [](const Json& one) { return one.is_structured(); })) {
    std::vector<std::string> parts;
    for (const Json& one : value) {
      if (std::string part = plain_text(one); !trim(part).empty()) parts.push_back(std::move(part));
    }
    text = join(parts, ", ");
  } else {
    column += " (JSON)";
    text = dump_json(value);
  }
  row.header.push_back(std::move(column));
  row.cells.push_back(std::move(text));
}

// The text of a member, or those of a list of texts.
std::vector<std::string> strings_of(const Json& object, const std::string& name) {
  std::vector<std::string> strings;
  const auto value = object.find(name);
  if (value == object.end()) return strings;
  if (value->is_string()) strings.push_back(value->get<std::string>());
  if (!value->is_array()) return strings;
  for (const Json& one : *value) {
    if (one.is_string()) strings.push_back(one.get<std::string>());
  }
  return strings;
}

MetadataRow row_of(const Json& object, std::string place, const std::string& picture) {
  MetadataRow row;
  row.place = std::move(place);
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) {
    names.push_back(name);
    add_value(row, name, value);
  }
  row.pictures = strings_of(object, picture_column(names, picture, row.further));
  return row;
}

// A file that was meant otherwise is told as a whole, before anything of it is read.
void check_form(std::string_view text, const std::string& name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw InputError("{}: UTF-16; convert it: iconv -f UTF-16 -t UTF-8", name);
  }
  const std::string_view start =
      text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (start.starts_with('[')) throw InputError(kOneALine, name, "a JSON array");
  const std::string_view line = trim(start.substr(0, start.find('\n')));
  if (line == "{") throw InputError(kOneALine, name, "an object over several lines");
}

// "{..} {..}" or "{..}, {..}": where the first object of a line ends and another begins.
bool holds_several_objects(std::string_view line) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (quoted) {
      if (line[i] == '\\') ++i;
      continue;
    }
    if (line[i] == '{') ++depth;
    if (line[i] == '}' && --depth == 0) {
      const std::size_t next = line.find_first_not_of(" \t,", i + 1);
      return next != std::string_view::npos && line[next] == '{';
    }
  }
  return false;
}

std::string why_broken(std::string_view line, const InputError& error) {
  if (!is_valid_utf8(line)) {
    return "not UTF-8, probably Windows-1252 or Latin-1: convert the file (iconv -f WINDOWS-1252 -t "
           "UTF-8)";
  }
  if (line.starts_with("{'")) {
    return "quotes are single, as Python prints a dict: write the lines by json.dumps()";
  }
  return error.what();
}

void read_lines(const Path& path, const std::string& prefix, const std::string& picture,
                const MetadataVisitor& visitor) {
  const MappedFile file(path);
  std::string_view text = file.text();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string name = prefix + path.filename().string();
  check_form(text, name);
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    std::string place = fmt::format("{}:{}", name, number);
    const bool several = holds_several_objects(line);
    if (several && number == 1) throw InputError(kOneALine, place, "several objects in one line");
    if (line.size() > kMaxLine) {
      visitor.broken("line of more than 1 MiB", place, fmt::format("{} bytes", line.size()));
      continue;
    }
    Json object;
    try {
      object = parse_python_json(line, "JSON");
    } catch (const InputError& error) {
      visitor.broken(kBrokenLine, place,
                     several ? "several objects in one line" : why_broken(line, error));
      continue;
    }
    if (object.is_object()) {
      visitor.row(row_of(object, std::move(place), picture));
    } else {
      visitor.broken(kBrokenLine, place, std::string(line.substr(0, 40)));
    }
  }
}

void read_csv(const Path& path, const std::string& picture, const MetadataVisitor& visitor) {
  CsvReader reader(path);
  std::vector<std::string> further;
  const std::string column = picture_column(reader.header(), picture, further);
  const std::size_t file = reader.column(column.empty() ? "file_name" : column);
  while (reader.next()) {
    MetadataRow row{reader.place(), reader.header(), reader.row(), {}, further};
    if (!trim(reader.at(file)).empty()) row.pictures.push_back(reader.at(file));
    visitor.row(row);
  }
}

bool is_table_name(std::string_view lower) {
  constexpr std::array<std::string_view, 10> kEndings = {
      ".csv", ".tsv", ".tab", ".jsonl", ".json", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_packed(std::string_view lower) {
  constexpr std::array<std::string_view, 10> kEndings = {
      ".zip", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar", ".arrow", ".tfrecord"};
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_nearly_metadata(const std::string& lower) {
  if (nearest_name(lower, {std::string(kLines), std::string(kCsv)})) return true;
  return is_table_name(lower) && lower.find("metadata") != std::string::npos;
}

bool below_one_of(const std::string& path, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

}  // namespace

std::string_view MetadataRow::cell(std::string_view name) const {
  const auto position = std::find(header.begin(), header.end(), name);
  if (position == header.end()) return {};
  return cells[static_cast<std::size_t>(position - header.begin())];
}

std::vector<std::string> pictures_of_line(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  std::vector<std::string> further;
  return strings_of(object, picture_column(names, "", further));
}

void read_folder_metadata(const Path& path, const std::string& prefix, const std::string& picture,
                          const MetadataVisitor& visitor) {
  if (const auto lines = find_table(path, {std::string(kLines)})) {
    read_lines(*lines, prefix, picture, visitor);
  } else {
    read_csv(path / kCsv, picture, visitor);
  }
}

MetadataFiles find_folder_metadata(const Path& root) {
  std::set<std::string> prefixes;
  std::vector<std::string> parquet;
  std::vector<std::string> others;
  std::vector<std::string> packed;
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(root, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && files != end;
       files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (is_hidden_name(name)) {
      files.disable_recursion_pending();
      continue;
    }
    const std::string below = files->path().lexically_relative(root).generic_string();
    std::error_code ignored;
    if (!files->is_regular_file(ignored)) {
      // Without it the folders would tell the labels, in silence.
      if ((name == kLines || name == kCsv) && !std::filesystem::exists(files->path(), ignored)) {
        throw InputError("{}: a link that leads nowhere; put the file there, or take it away",
                         below);
      }
      continue;
    }
    const std::string folder = below.substr(0, below.size() - name.size());
    if (name == kLines || name == kCsv) {
      prefixes.insert(folder);
    } else if (name == kParquet) {
      parquet.push_back(folder);
    } else if (const std::string lower = ascii_lower(name);
               is_table_name(lower) || (is_nearly_metadata(lower) && !is_packed(lower))) {
      others.push_back(below);
    } else if (is_packed(lower)) {
      packed.push_back(below);
    }
  }
  if (error) throw SystemError("reading the folder {}: {}", root.string(), error.message());
  for (const std::string& folder : parquet) {
    if (prefixes.contains(folder)) continue;
    throw InputError(
        "{}{}: Parquet is not read; write it as metadata.jsonl, with pandas: "
        "read_parquet(\"metadata.parquet\").to_json(\"metadata.jsonl\", orient=\"records\", "
        "lines=True)",
        folder, kParquet);
  }
  MetadataFiles found;
  std::sort(packed.begin(), packed.end());
  found.packed = std::move(packed);
  found.prefixes.assign(prefixes.begin(), prefixes.end());
  const auto depth = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '/');
  };
  std::stable_sort(found.prefixes.begin(), found.prefixes.end(),
                   [&](const std::string& a, const std::string& b) { return depth(a) > depth(b); });
  std::sort(others.begin(), others.end());
  for (std::string& file : others) {
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    if (prefixes.contains(folder)) continue;
    if (is_nearly_metadata(ascii_lower(file.substr(folder.size())))) {
      found.misnamed.push_back(std::move(file));
    } else if (!below_one_of(file, found.prefixes)) {
      found.unread.push_back(std::move(file));
    }
  }
  return found;
}

}  // namespace epicrisis
