#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/table_map.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 20;  // bytes of a line of metadata.jsonl

// A row of metadata.csv or metadata.jsonl.
struct Row {
  std::string place;
  std::vector<std::string> header;
  std::vector<std::string> cells;

  std::string_view cell(std::string_view name) const {
    const auto position = std::find(header.begin(), header.end(), name);
    if (position == header.end()) return {};
    return cells[static_cast<std::size_t>(position - header.begin())];
  }
};

std::string cell_text(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return dump_json(value);
}

// `prefix` leads from the data set's folder to that of the file: many are named alike.
void each_json_line(const Path& path, const std::string& prefix,
                    const std::function<void(const Row&)>& visit) {
  const MappedFile file(path);
  std::string_view text = file.text();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    Row row;
    row.place = fmt::format("{}{}:{}", prefix, path.filename().string(), number);
    if (line.size() > kMaxLine) {
      throw InputError("{}: a line of {} bytes, at most {} are allowed", row.place, line.size(),
                       kMaxLine);
    }
    const Json object = parse_json(line, row.place);
    if (!object.is_object()) throw InputError("{}: not a JSON object", row.place);
    for (const auto& [name, value] : object.items()) {
      row.header.push_back(name);
      row.cells.push_back(cell_text(value));
    }
    visit(row);
  }
}

void each_csv_row(const Path& path, const std::function<void(const Row&)>& visit) {
  CsvReader reader(path);
  reader.column("file_name");
  while (reader.next()) visit({reader.place(), reader.header(), reader.row()});
}

void visit_metadata(const Path& folder, const std::string& prefix,
                    const std::function<void(const Row&)>& visit) {
  if (const auto lines = find_table(folder, {"metadata.jsonl"})) {
    each_json_line(*lines, prefix, visit);
  } else {
    each_csv_row(folder / "metadata.csv", visit);
  }
}

// What leads to each folder with a metadata file: "", "train/", "data/train/cat/". The deepest
// come first: of two rows for one picture that of the nearer file stays. Links to folders are not
// followed.
std::vector<std::string> metadata_prefixes(const Path& root) {
  std::set<std::string> prefixes;
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(root, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && files != end;
       files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (name.starts_with('.')) files.disable_recursion_pending();
    std::error_code ignored;
    if (name != "metadata.jsonl" && name != "metadata.csv") continue;
    if (!files->is_regular_file(ignored)) continue;
    const std::string folder =
        files->path().parent_path().lexically_relative(root).generic_string();
    prefixes.insert(folder == "." ? "" : folder + "/");
  }
  if (error) throw SystemError("reading the folder {}: {}", root.string(), error.message());
  std::vector<std::string> sorted(prefixes.begin(), prefixes.end());
  const auto depth = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '/');
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const std::string& a, const std::string& b) { return depth(a) > depth(b); });
  return sorted;
}

// Names that columns commonly have, for want of a column map.
ColumnMap usual_columns(const Row& row, const Field& field) {
  const auto first = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (std::find(row.header.begin(), row.header.end(), name) != row.header.end()) {
        return std::string(name);
      }
    }
    return std::string();
  };
  ColumnMap map;
  map.id = first({"id", "key", "image_id", "isic_id"});
  map.label = first({"label", "raw_label", "class", "dx"});
  map.group = first({"group", "patient_id", field.subject() + "_id"});
  map.split = first({"split"});
  if (!field.grade_name().empty()) map.grade = first({field.grade_name()});
  map.diagnosis = first({"diagnosis"});
  map.subclass = first({"subclass"});
  map.age = first({"age", "age_approx"});
  map.sex = first({"sex", "gender"});
  map.site = first({"site", "localization", "anatom_site_general"});
  for (const CodedColumn& coded : field.coded()) {
    if (std::string name = first({coded.column, coded.also}); !name.empty()) {
      map.coded[coded.column] = std::move(name);
    }
  }
  map.modality_column = first({"modality"});
  return map;
}

// "train/cat/0001.jpg" -> "train__cat__0001": unique, and fit for a file name.
std::string id_of(std::string_view path) {
  return join(split(without_picture_suffix(path), '/'), "__");
}

struct Reading {
  Intake& intake;
  const std::optional<TableMap>& map;
};

// Below the data set's folder or its "data/", as Hugging Face has it.
constexpr std::string_view kData = "data";

std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> folders = split(path, '/');
  folders.pop_back();
  return folders;
}

// The first folder of "train/cat/0001.jpg" or "data/train/cat/0001.jpg" may tell the split.
void add_folder_split(Draft& draft, const std::string& path) {
  const std::vector<std::string> folders = folders_of(path);
  const std::size_t first = folders.size() > 1 && folders.front() == kData ? 1 : 0;
  if (first < folders.size() && published_split_name(folders[first])) {
    draft.sample.published_splits.push_back(folders[first]);
  }
}

// `below_root` is the picture's path below the data set's folder. As Hugging Face has it, folders
// name no labels where there are metadata.
void take_row(const Reading& reading, const Row& row, const std::string& below_root) {
  const ColumnMap columns =
      reading.map ? reading.map->columns : usual_columns(row, reading.intake.taxonomy().field());
  const std::string_view own_id = columns.id.empty() ? "" : row.cell(columns.id);
  Draft draft =
      draft_of(reading.intake, row.place,
               is_missing(own_id) ? id_of(below_root) : std::string(own_id), row.header, row.cells);
  apply_columns(reading.intake, columns, draft);
  if (reading.map) apply_table_map(*reading.map, draft);
  draft.picture = below_root;
  add_folder_split(draft, below_root);
  reading.intake.take(std::move(draft));
}

// Reads the metadata of the folder to which `prefix` leads from the root.
void take_metadata(const Reading& reading, const Path& root, const std::string& prefix) {
  visit_metadata(root / prefix, prefix, [&](const Row& row) {
    reading.intake.count_row();
    const std::string_view file_name = trim(row.cell("file_name"));
    if (file_name.empty()) {
      reading.intake.skip("no file_name", row.place, "");
      return;
    }
    take_row(reading, row, prefix + std::string(file_name));
  });
}

// Without metadata the folders alone tell split and label. `described`: where there are some.
void take_pictures(const Reading& reading, const std::vector<std::string>& names,
                   const std::string& prefix, const std::vector<std::string>& described) {
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    if (std::any_of(described.begin(), described.end(),
                    [&](const std::string& folder) { return name.starts_with(folder); })) {
      continue;
    }
    reading.intake.count_row();
    Draft draft = draft_of(reading.intake, name, id_of(name), {}, {});
    draft.picture = name;
    add_folder_split(draft, name);
    const std::vector<std::string> folders = folders_of(name.substr(prefix.size()));
    if (!folders.empty()) draft.sample.raw_label = folders.back();
    if (reading.map) draft.sample.modality = reading.map->columns.modality;
    reading.intake.take(std::move(draft));
  }
}

// What leads to the split folders: "train/" or "data/train/".
std::vector<std::string> split_prefixes(const Path& root) {
  std::error_code error;
  const std::filesystem::directory_iterator readable(root, error);
  if (error) throw UsageError("reading the folder {}: {}", root.string(), error.message());
  std::vector<std::string> prefixes;
  for (const std::string& above : {std::string(), std::string(kData) + "/"}) {
    if (!prefixes.empty()) break;
    for (const Path& folder : folders_below(root / above)) {
      const std::string name = folder.filename().string();
      if (published_split_name(name)) prefixes.push_back(above + name + "/");
    }
  }
  return prefixes;
}

class ImageFolder final : public Adapter {
 public:
  std::string_view name() const override { return "imagefolder"; }
  std::string_view describe() const override {
    return "Hugging Face imagefolder: split folders with metadata.jsonl or .csv, or class folders";
  }
  std::vector<std::string> expected_files() const override {
    return {"train/, validation/, test/ (optional)",
            "metadata.jsonl or metadata.csv with file_name, in any folder above the pictures",
            "where there is none: a folder a class"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    if (!input.pictures.empty()) {
      throw UsageError("imagefolder: the pictures are where the metadata say; give no folders");
    }
    const std::vector<std::string> splits = split_prefixes(input.path);
    std::optional<TableMap> map;
    if (!input.column_map.empty()) map = read_table_map(input.column_map, input);
    PictureLayout layout;
    layout.usual = {{"."}};
    layout.match = PictureMatch::kPath;
    layout.recursive = true;
    const Field field = input.field.value_or(Field::standard());
    Taxonomy labels = map                      ? map->taxonomy
                      : input.taxonomy.empty() ? Taxonomy::usual(field)
                                               : Taxonomy::load(input.taxonomy, field);
    Intake intake(input, name(), std::move(labels), layout, sink);
    const Reading reading{intake, map};
    const std::vector<std::string> described = metadata_prefixes(input.path);
    for (const std::string& prefix : described) take_metadata(reading, input.path, prefix);
    const std::vector<std::string> names = intake.picture_names();
    if (described.empty() && names.empty()) {
      throw UsageError("imagefolder: {} holds neither a picture nor a metadata file",
                       input.path.string());
    }
    if (splits.empty()) take_pictures(reading, names, "", described);
    for (const std::string& split : splits) take_pictures(reading, names, split, described);
    return intake.finish();
  }
};

}  // namespace

const Adapter& imagefolder_adapter() {
  static const ImageFolder kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
