#include "data/adapters/described.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/data_set_file.h"
#include "data/adapters/tables.h"
#include "data/adapters/weighted_label.h"
#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/taxonomy.h"

namespace epicrisis {
namespace {

constexpr std::string_view kKey = "data_set";
constexpr const char* kOtherForm = "a path of another form";

// "{name}_cropped" for "a.jpg" -> "a_cropped".
std::string filled(const std::string& pattern, std::string_view name) {
  constexpr std::string_view kHole = "{name}";
  std::string text = pattern;
  if (const std::size_t at = text.find(kHole); at != std::string::npos) {
    text.replace(at, kHole.size(), without_picture_suffix(trim(name)));
  }
  return text;
}

// The widest group of a narrower one: rows of a case that do not say the patient are the patient's,
// too, where another row says so.
class Groups {
 public:
  Groups(const Intake& intake, const ColumnNames& columns) : intake_(intake), columns_(columns) {}

  void learn(const Path& path) {
    if (columns_.size() < 2) return;
    CsvReader reader(path);
    reader.take_short_rows();
    while (reader.next()) {
      std::string widest;
      for (const std::string& column : columns_) {
        const std::string value(trim(reader.get_or_empty(column)));
        if (intake_.says_no_code(value)) continue;
        if (widest.empty()) {
          widest = value;
        } else {
          widest_.emplace(value, widest);
        }
      }
    }
  }
  std::string of(const std::string& group) const {
    const auto position = widest_.find(group);
    return position == widest_.end() ? group : position->second;
  }

 private:
  const Intake& intake_;
  const ColumnNames& columns_;
  std::unordered_map<std::string, std::string> widest_;
};

class Described final : public Adapter {
 public:
  Described(std::string name, DataSetFile file) : name_(std::move(name)), file_(std::move(file)) {}
  std::string_view name() const override { return name_; }
  std::string_view describe() const override { return file_.describe; }
  std::string_view terms() const override { return file_.terms; }
  std::vector<std::string> expected_files() const override { return file_.expects; }

  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    const std::vector<FoundTable> tables = find_tables(input.path, file_.tables);
    if (tables.empty() && !file_.tables.empty()) no_such_tables(input.path, file_.tables);
    Intake intake(input, name(), name_, file_.pictures, sink);
    if (file_.tables.empty()) {
      read_paths(intake);
    } else {
      read_tables(intake, input.path, tables);
    }
    return intake.finish();
  }

  bool recognises(const AdapterInput& input) const override {
    if (!file_.tables.empty()) return !find_tables(input.path, file_.tables).empty();
    return file_.own.empty() ? has_known_labels(input) : has_own_folders(input);
  }

 private:
  bool has_known_labels(const AdapterInput& input) const {
    const Taxonomy taxonomy = Taxonomy::load(name_);
    std::set<std::string> known;
    read(input, [&](Sample&& sample) {
      for (const char* group : {"fine", "label"}) {
        const std::string text = said_by_path(sample, group);
        if (!text.empty() && taxonomy.find(text) != nullptr) known.insert(text);
      }
    });
    return known.size() >= file_.least_labels;
  }

  // Names of diseases are those of anybody's folders, and stand in every label map.
  bool has_own_folders(const AdapterInput& input) const {
    const Taxonomy taxonomy = Taxonomy::load(name_);
    const RE2 own_file(file_.own_files);
    std::set<std::string> own;
    std::set<std::string> known;
    std::set<std::string> folders;
    std::uint64_t own_files = 0;
    bool called = file_.called.contains(fold_value(folder_name(input.path)));
    const AdapterReport report = read(input, [&](Sample&& sample) {
      const std::string label = said_by_path(sample, "label");
      const std::string folder = fold_value(label);
      if (!folder.empty() && folders.insert(folder).second) {
        if (file_.own.contains(folder)) own.insert(folder);
        if (file_.shared.contains(folder) || taxonomy.find(label) != nullptr) known.insert(folder);
      }
      const std::vector<std::string> parts = split(said_by_path(sample, "path"), '/');
      own_files += RE2::FullMatch(without_picture_suffix(parts.back()), own_file) ? 1 : 0;
      called = called || std::ranges::any_of(parts, [&](const std::string& part) {
                 return file_.called.contains(fold_value(part));
               });
    });
    const auto other = report.skipped.find(kOtherForm);
    const std::uint64_t misfits = other == report.skipped.end() ? 0 : other->second.count;
    if (10 * misfits > report.records) return false;
    if (own.size() >= file_.least_labels && 2 * own.size() > folders.size()) return true;
    known.merge(own);
    const bool has_own_files = !file_.own_files.empty() && 2 * own_files > report.samples;
    return (has_own_files || called) && 2 * known.size() > folders.size();
  }

  static std::string folder_name(const Path& folder) {
    return (std::filesystem::absolute(folder) / "").lexically_normal().parent_path().filename();
  }

  static std::string said_by_path(const Sample& sample, const char* group) {
    const auto said = sample.metadata.find(group);
    return said == sample.metadata.end() ? std::string() : said->get<std::string>();
  }

  void read_tables(Intake& intake, const Path& folder,
                   const std::vector<FoundTable>& tables) const {
    std::vector<SideTable> joined;
    for (const FoundTable& table : find_tables(folder, file_.joins)) {
      joined.emplace_back(table.path, table.files->id, intake);
    }
    Groups groups(intake, file_.columns.group);
    for (const FoundTable& table : tables) groups.learn(table.path);
    for (const FoundTable& table : tables) read_table(intake, table, joined, groups);
  }

  void read_table(Intake& intake, const FoundTable& table, const std::vector<SideTable>& joined,
                  const Groups& groups) const {
    const std::vector<std::string>& own_header = table.files->header;
    CsvReader reader(table.path, {.header = own_header.empty()});
    const std::vector<std::string>& header = own_header.empty() ? reader.header() : own_header;
    const std::size_t id = own_header.empty() ? reader.column(file_.columns.id) : 0;
    intake.note_separator(reader);
    reader.take_short_rows();
    while (reader.next()) {
      intake.count_row();
      intake.warn_of_short_row(reader);
      if (reader.row().size() != header.size()) {
        throw InputError("{}: {} columns, {} were expected ({})", reader.place(),
                         reader.row().size(), header.size(), join(header, ", "));
      }
      Draft draft = draft_of(intake, reader.place(), reader.row()[id], header, reader.row());
      for (const SideTable& side : joined) {
        if (const auto* row = side.find(draft.id)) intake.add_metadata(draft, side.header(), *row);
      }
      if (!table.files->split.empty()) draft.sample.published_splits = {table.files->split};
      if (file_.picture_columns.empty()) {
        take(intake, std::move(draft), groups);
      } else {
        take_pictures(intake, draft, groups);
      }
    }
  }

  void take_pictures(Intake& intake, const Draft& row, const Groups& groups) const {
    bool any = false;
    for (const std::string& column : file_.picture_columns) {
      const std::string path = published(row, column);
      if (intake.is_missing(path)) continue;
      any = true;
      Draft draft = row;
      draft.picture = path.substr(path.rfind('/') + 1);
      draft.id = draft.picture;
      take(intake, std::move(draft), groups);
    }
    if (!any) intake.skip("names no picture", row.place, row.id);
  }

  void take(Intake& intake, Draft draft, const Groups& groups) const {
    if (!follows_rules(intake, draft)) return;
    if (!file_.weighted_label.empty()) {
      const std::string cell = published(draft, file_.weighted_label);
      if (std::optional<std::string> label = heaviest_label(cell)) {
        draft.sample.raw_label = std::move(*label);
      } else {
        intake.warn("label that is no list of weights", draft.place, cell);
      }
    }
    apply_columns(intake, file_.columns, draft);
    for (std::string& split : draft.sample.published_splits) {
      const auto position = file_.splits.find(ascii_lower(trim(split)));
      if (position != file_.splits.end()) split = position->second;
    }
    draft.broader_labels.emplace_back(kAnyOther);
    draft.sample.group = groups.of(draft.sample.group);
    if (!file_.other_picture.empty()) {
      draft.second_picture =
          filled(file_.other_picture, draft.picture.empty() ? draft.id : draft.picture);
    }
    intake.take(std::move(draft));
  }

  bool follows_rules(Intake& intake, const Draft& draft) const {
    for (const RowRule& rule : file_.rules) {
      const std::string value = published(draft, rule.column);
      if (!value.starts_with(rule.starts)) continue;
      if (!rule.warn.empty()) intake.warn(rule.warn, draft.place, draft.id);
      if (!rule.skip.empty()) {
        intake.skip(rule.skip, draft.place, draft.id + " " + value);
        return false;
      }
    }
    return true;
  }

  // Where there is no table the pictures' paths say what there is to say.
  void read_paths(Intake& intake) const {
    std::vector<std::unique_ptr<const RE2>> forms;
    RE2::Options options;
    options.set_case_sensitive(false);
    for (const PathForm& form : file_.paths) {
      forms.push_back(std::make_unique<const RE2>(form.pattern, options));
    }
    for (const std::string& path : intake.picture_names()) {
      intake.count_row();
      std::size_t i = 0;
      Draft draft;
      while (i < forms.size() && !read_path(intake, *forms[i], path, draft)) ++i;
      if (i == forms.size()) {
        intake.skip(kOtherForm, path, path);
        continue;
      }
      if (draft.sample.modality.empty()) draft.sample.modality = file_.paths[i].modality;
      apply_columns(intake, file_.columns, draft);
      draft.broader_labels.emplace_back(kAnyOther);
      intake.take(std::move(draft));
    }
  }

  static bool read_path(Intake& intake, const RE2& form, const std::string& path, Draft& draft) {
    const auto& names = form.CapturingGroupNames();
    const int groups = form.NumberOfCapturingGroups();
    std::vector<re2::StringPiece> caught(static_cast<std::size_t>(groups) + 1);
    if (!form.Match(path, 0, path.size(), RE2::ANCHOR_BOTH, caught.data(), groups + 1)) {
      return false;
    }
    std::vector<std::string> header = {"path"};
    std::vector<std::string> cells = {path};
    for (const auto& [number, name] : names) {
      const re2::StringPiece& piece = caught[static_cast<std::size_t>(number)];
      if (piece.empty()) continue;
      header.push_back(name);
      cells.emplace_back(piece.data(), piece.size());
    }
    draft =
        draft_of(intake, path, join(split(without_picture_suffix(path), '/'), "__"), header, cells);
    draft.picture = path;
    for (std::size_t i = 1; i < header.size(); ++i) {
      if (header[i] == "id") draft.id = cells[i];
      if (header[i] == "group") draft.sample.group = cells[i];
      if (header[i] == "split") draft.sample.published_splits = {cells[i]};
      if (header[i] == "fine" || header[i] == "label") label(draft, header[i] == "fine", cells[i]);
      if (header[i] == "modality") {
        draft.sample.modality = intake.modality_of(draft.place, cells[i]);
      }
    }
    return true;
  }

  static void label(Draft& draft, bool is_fine, std::string text) {
    std::string& raw = draft.sample.raw_label;
    if (raw.empty()) {
      raw = std::move(text);
    } else if (is_fine) {
      draft.broader_labels.push_back(std::exchange(raw, std::move(text)));
    } else {
      draft.broader_labels.push_back(std::move(text));
    }
  }

  std::string name_;
  DataSetFile file_;
};

}  // namespace

const std::vector<std::unique_ptr<const Adapter>>& described_adapters() {
  static const std::vector<std::unique_ptr<const Adapter>> kAdapters = [] {
    std::vector<std::unique_ptr<const Adapter>> adapters;
    for (const std::string& name : Taxonomy::names()) {
      const std::string file = "taxonomy/" + name + ".toml";
      const TomlTable table = TomlTable::parse(data_resources().get(file), file);
      if (!table.has(kKey)) continue;
      const Field field = Field::load(table.string("field"));
      adapters.push_back(
          std::make_unique<const Described>(name, read_data_set_file(table.table(kKey), field)));
    }
    return adapters;
  }();
  return kAdapters;
}

}  // namespace epicrisis
