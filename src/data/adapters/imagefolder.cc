#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "data/adapters/column_words.h"
#include "data/adapters/columns.h"
#include "data/adapters/folder_keys.h"
#include "data/adapters/folder_metadata.h"
#include "data/adapters/registry.h"
#include "data/adapters/split_folders.h"
#include "data/adapters/table_map.h"
#include "data/published_split.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/column_proposal.h"

namespace epicrisis {
namespace {

// Names that columns commonly have, for want of a column map.
ColumnMap usual_columns(const MetadataRow& row, const Field& field) {
  const auto there = [&](std::initializer_list<std::string_view> names) {
    std::vector<std::string> found;
    for (const std::string_view name : names) {
      if (std::find(row.header.begin(), row.header.end(), name) != row.header.end()) {
        found.emplace_back(name);
      }
    }
    return found;
  };
  const auto first = [&](std::initializer_list<std::string_view> names) {
    const std::vector<std::string> found = there(names);
    return found.empty() ? std::string() : found.front();
  };
  ColumnMap map;
  for (const std::string_view name : kFolderKeyColumns) {
    if (map.id.empty()) map.id = first({name});
  }
  // Where the label map does not know the first, the next may say the class, as in an export.
  map.label = there({"label", "raw_label", "class", "dx"});
  map.group = first({"group", "patient_id", "patient", field.subject() + "_id"});
  if (map.group.empty()) {
    const auto person = std::ranges::find_if(row.header, [](const std::string& name) {
      return ColumnWords::get().says("person", name);
    });
    if (person != row.header.end()) map.group = *person;
  }
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

constexpr std::string_view kBeside =
    "pictures beside the split folders, taken without a split; where their folders are splits, a "
    "column map says which ([splits])";
constexpr std::string_view kElsewhere =
    "pictures in folders that are called as splits and lie deeper than such are looked for, taken "
    "without a split; import each folder that has split folders as a data set, or name their paths "
    "in [splits] of a column map";
constexpr std::string_view kAgainstFolder =
    "split column that says none of a picture in a folder of a split, taken as the folder says";
// For another adapter.
constexpr std::string_view kForTables = "column map that explains a table, and is not read";

// Whether a new name could make metadata of a file: a spreadsheet stays one.
bool is_text_name(const std::string& file) {
  constexpr std::array<std::string_view, 5> kOthers = {".xlsx", ".xls", ".ods", ".parquet",
                                                       ".xlsm"};
  const std::string lower = ascii_lower(file);
  return std::ranges::none_of(kOthers,
                              [&](std::string_view ending) { return lower.ends_with(ending); });
}

// The column map that is given, else that of the folder, unless it explains a table.
Path column_map_of(const AdapterInput& input) {
  if (!input.column_map.empty()) return input.column_map;
  const std::optional<Path> own = own_column_map(input.path);
  return own && !names_table(*own) ? *own : Path();
}

// Reads one data set.
class FolderReader {
 public:
  FolderReader(Intake& intake, const std::optional<TableMap>& map, const AdapterInput& input,
               MetadataFiles metadata)
      : intake_(intake),
        map_(map),
        input_(input),
        root_(input.path),
        metadata_(std::move(metadata)),
        names_(intake.picture_names()),
        folders_(names_, metadata_.prefixes,
                 map ? map->splits : std::map<std::string, std::string>()) {
    for (const std::string& name : names_) has_splits_ = has_splits_ || folders_.of(name);
    if (std::ranges::none_of(
            names_, [](const std::string& name) { return name.find("__") != std::string::npos; })) {
      return;
    }
    std::set<std::string> seen;
    for (const std::string& name : names_) {
      if (std::string id = key_of_picture_path(name); !seen.insert(id).second)
        clashing_.insert(std::move(id));
    }
  }

  // Own ids of more than one path, met so far.
  std::set<std::string>& shared_ids() { return shared_; }

  bool is_empty() const { return names_.empty() && metadata_.prefixes.empty(); }
  // What there is in place of pictures; "" for nothing.
  std::string found_instead() const {
    const auto told = [](const std::vector<std::string>& files, const char* way_out) {
      const std::string more =
          files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : std::string();
      return fmt::format("; there is {}{}: {}", files.front(), more, way_out);
    };
    const std::vector<std::string>& dead = intake_.dead_pictures();
    if (!dead.empty()) return told(dead, "a link that leads nowhere; put the file there");
    const std::vector<std::string>& pictures = intake_.unreadable_pictures();
    if (!pictures.empty()) return told(pictures, "convert the pictures to jpg, png or webp");
    if (!metadata_.packed.empty()) return told(metadata_.packed, "unpack archives");
    if (!metadata_.unread.empty()) {
      return told(metadata_.unread,
                  "tables hold no picture files; write the pictures of Parquet out as files");
    }
    return {};
  }

  void read() {
    for (const std::string& file : metadata_.misnamed) {
      intake_.warn("file that is nearly called metadata.jsonl or metadata.csv, and is not read",
                   file, is_text_name(file) ? "rename it" : "save it as metadata.csv");
    }
    std::size_t told = 0;
    for (const std::string& file : metadata_.unread) {
      // Those that the report does not list are not opened.
      intake_.warn("table that is not read (only metadata.jsonl and metadata.csv are)", file,
                   told++ < input_.max_listed ? way_to_read(root_ / file) : "");
    }
    for (const std::string& file : metadata_.packed) {
      intake_.warn("archive that is not read", file, "unpack it, or leave it out");
    }
    for (const std::string& prefix : metadata_.prefixes) see_columns(prefix);
    for (const std::string& prefix : metadata_.prefixes) read_metadata(prefix);
    for (const std::string& name : names_) {
      const bool described = std::ranges::any_of(
          metadata_.prefixes, [&](const std::string& prefix) { return name.starts_with(prefix); });
      if (!described) take_picture(name);
    }
  }

 private:
  // "train/cat/0001.jpg" -> "train__cat__0001.jpg", fit for a file name.
  std::string id_of(const std::string& path) const {
    std::string id = key_of_picture_path(path);
    return clashing_.contains(id) ? path : id;
  }

  static std::string way_to_read(const Path& file) {
    const std::string described = described_table(file);
    return described.empty() ? "save it as CSV, which a column map can explain"
                             : described + ", which a column map can explain";
  }

  std::string picture_column() const {
    const bool named = map_ && !map_->columns.picture.empty();
    return named ? *map_->columns.picture.begin() : std::string();
  }

  void see_columns(const std::string& prefix) {
    const auto see = [&](const MetadataRow& row) {
      const ColumnMap columns = columns_of(row);
      for (const std::string& column : columns.sex) {
        if (sex_columns_.insert(column).second) intake_.sexes().name(column);
        intake_.sexes().see(row.cell(column));
      }
      for (const std::string& column : columns.group) intake_.see_group(row.cell(column));
    };
    read_folder_metadata(root_ / prefix, prefix, picture_column(),
                         {see, [](std::string_view, const std::string&, const std::string&) {}});
  }

  void read_metadata(const std::string& prefix) {
    read_folder_metadata(
        root_ / prefix, prefix, picture_column(),
        {[&](const MetadataRow& row) { take_row(row, prefix); },
         [&](std::string_view reason, const std::string& place, const std::string& what) {
           intake_.count_row();
           intake_.skip(reason, place, what);
         }});
  }

  // Folders that number their pictures anew: an id of several pictures tells none of them.
  void note_id(std::string_view id, const std::string& path) {
    if (intake_.says_no_code(id)) return;
    const std::uint64_t hash = fnv1a(path);
    const auto [first, is_new] = paths_.emplace(normal_spelling(id), hash);
    if (!is_new && first->second != hash) shared_.insert(first->first);
  }

  ColumnMap columns_of(const MetadataRow& row) const {
    return map_ ? map_->columns : usual_columns(row, intake_.taxonomy().field());
  }
  static std::string_view own_id(const ColumnMap& columns, const MetadataRow& row) {
    return columns.id.empty() ? "" : trim(row.cell(columns.id));
  }
  // A key that was given once stays.
  bool is_shared(std::string_view id, const std::string& path) const {
    if (input_.shared_ids.empty() || !input_.shared_ids.contains(normal_spelling(id))) return false;
    return !input_.stored_picture ||
           input_.stored_picture(without_picture_suffix(normal_spelling(id))) !=
               std::filesystem::absolute(root_ / path).lexically_normal().string();
  }
  // What leads out of the metadata's own folder stays as it is, and is refused.
  static std::string path_of(const std::string& written, const std::string& prefix) {
    const std::string below = plain_picture_path(written);
    return below.empty() ? written : prefix + below;
  }

  void take_row(const MetadataRow& row, const std::string& prefix) {
    intake_.count_row();
    for (const std::string& column : row.further) {
      intake_.warn("further pictures of a row, which are not taken", row.place, column);
    }
    if (row.pictures.empty()) {
      intake_.skip("no file_name", row.place, without_picture(row));
      return;
    }
    const std::string case_id = row.pictures.size() > 1 ? prefix + row.pictures.front() : "";
    for (const std::string& written : row.pictures) {
      take_picture_of(row, path_of(written, prefix), case_id);
    }
  }

  static std::string without_picture(const MetadataRow& row) {
    std::string text = fmt::format("its keys are {}", join(row.header, ", "));
    for (std::size_t i = 0; i < row.header.size(); ++i) {
      if (!is_picture_name(trim(row.cells[i]))) continue;
      return text +
             fmt::format("; call {0} file_name, or name it in a column map: picture = \"{0}\"",
                         row.header[i]);
    }
    return text;
  }

  // As Hugging Face has it, folders name no labels where there are metadata. `case_id`: what the
  // pictures of one row have in common.
  void take_picture_of(const MetadataRow& row, const std::string& path,
                       const std::string& case_id) {
    const ColumnMap columns = columns_of(row);
    std::string id(case_id.empty() ? own_id(columns, row) : "");
    note_id(id, path);
    if (is_shared(id, path)) {
      intake_.warn("ids of several pictures, which have their path as key instead", row.place, id);
      id.clear();
    }
    if (intake_.says_no_code(id)) id = id_of(path);
    Draft draft = draft_of(intake_, row.place, std::move(id), row.header, row.cells);
    draft.picture = path;
    apply_columns(intake_, columns, draft);
    if (intake_.says_no_code(draft.sample.group)) draft.sample.group = case_id;
    if (map_) apply_table_map(*map_, draft);
    take(std::move(draft), path);
  }

  // Without metadata the folders alone tell split and label.
  void take_picture(const std::string& path) {
    intake_.count_row();
    Draft draft = draft_of(intake_, path, id_of(path), {}, {});
    draft.picture = path;
    const auto found = folders_.of(path);
    const std::string prefix = found ? found->folder : "";
    const std::vector<std::string> folders = folders_of(path.substr(prefix.size()));
    std::size_t label = folders.size();
    // "MEL/train/1.jpg"
    if (prefix.empty() && folders.size() > 1) {
      if (const auto split = folders_.called(folders.back())) {
        draft.sample.published_splits.push_back(*split);
        --label;
      }
    }
    if (label > 0) draft.sample.raw_label = folders[label - 1];
    if (map_) draft.sample.modality = intake_.modality_of(draft.place, map_->columns.modality);
    take(std::move(draft), path);
  }

  void take(Draft draft, const std::string& path) {
    if (const auto found = folders_.of(path)) {
      if (!found->split.empty()) warn_against_folder(draft, found->folder);
      draft.sample.published_splits.push_back(found->split);
    } else if (std::ranges::all_of(draft.sample.published_splits, [&](const std::string& one) {
                 return intake_.is_missing(one);
               })) {
      warn_without_split(draft.place, path);
    }
    intake_.take(std::move(draft));
  }

  void warn_against_folder(const Draft& draft, const std::string& folder) {
    const std::vector<std::string>& said = draft.sample.published_splits;
    if (said.size() != 1 || !says_no_split(said.front())) return;
    intake_.warn_of_value(kAgainstFolder, draft.place,
                          fmt::format("{} in {}", said.front(), folder));
  }

  void warn_without_split(const std::string& place, const std::string& path) {
    if (const auto elsewhere = folders_.elsewhere(path)) {
      intake_.warn(kElsewhere, place,
                   fmt::format("\"{}\" = \"{}\"", elsewhere->folder, elsewhere->split));
    } else if (has_splits_) {
      intake_.warn(kBeside, place, folders_.place_of(path));
    }
  }

  Intake& intake_;
  const std::optional<TableMap>& map_;
  const AdapterInput& input_;
  const Path& root_;
  MetadataFiles metadata_;
  std::vector<std::string> names_;
  SplitFolders folders_;
  std::set<std::string> clashing_;  // ids of more than one path: "a/b.jpg" and "a__b.jpg"
  std::unordered_map<std::string, std::uint64_t> paths_;  // hash of the first, by the row's own id
  std::set<std::string> shared_;                          // own ids of more than one path
  std::set<std::string> sex_columns_;
  bool has_splits_ = false;
};

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
    std::error_code error;
    const std::filesystem::directory_iterator readable(input.path, error);
    if (error) throw UsageError("reading the folder {}: {}", input.path.string(), error.message());
    std::optional<TableMap> map;
    const Path map_file = column_map_of(input);
    if (!map_file.empty()) map = read_table_map(map_file, input);
    PictureLayout layout;
    layout.usual = {{"."}};
    layout.match = PictureMatch::kPath;
    layout.recursive = true;
    const Field field = input.field.value_or(Field::standard());
    Taxonomy labels = map                      ? map->taxonomy
                      : input.taxonomy.empty() ? Taxonomy::usual(field)
                                               : Taxonomy::load(input.taxonomy, field);
    MetadataFiles metadata = find_folder_metadata(input.path);
    Intake intake(input, name(), std::move(labels), layout, sink);
    FolderReader reader(intake, map, input, std::move(metadata));
    if (reader.is_empty()) {
      throw UsageError("imagefolder: {} holds neither a picture nor a metadata file{}",
                       input.path.string(), reader.found_instead());
    }
    if (const auto own = own_column_map(input.path); own && !map) {
      intake.warn(kForTables, own->filename().string(),
                  "generic_csv reads it; for this folder name another, or one without `table`");
    }
    reader.read();
    AdapterReport report = intake.finish();
    report.shared_ids = std::move(reader.shared_ids());
    if (map) tell_of_map(map->columns, report);
    return report;
  }
};

}  // namespace

const Adapter& imagefolder_adapter() {
  static const ImageFolder kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
