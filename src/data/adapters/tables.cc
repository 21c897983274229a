#include "data/adapters/tables.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {

std::optional<Path> find_table(const Path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / name, ignored)) return folder / name;
  }
  return std::nullopt;
}

namespace {

constexpr std::size_t kMaxNamed = 20;

std::vector<std::string> folders_with_table(const Path& folder,
                                            const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const Path& below : folders_below(folder)) {
    if (find_table(below, names)) found.push_back(below.filename().string());
  }
  return found;
}

[[noreturn]] void no_table(const Path& folder, const std::vector<std::string>& names) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw UsageError("reading a data set: there is no folder {}{}", folder.string(),
                     near_path_words(folder));
  }
  for (const std::string& name : names) {
    if (!std::filesystem::exists(folder / name, ignored)) continue;
    throw UsageError(
        "reading a data set: {} is no file, but a folder, named pipe or device; copy its content "
        "into a file of that name",
        (folder / name).string());
  }
  std::vector<std::string> below = folders_with_table(folder, names);
  if (below.empty()) {
    throw UsageError("reading a data set: {} has no {}{}", folder.string(), join(names, " or "),
                     names.size() == 1 ? near_path_words(folder / names.front()) : "");
  }
  if (below.size() > kMaxNamed) {
    const std::size_t more = below.size() - kMaxNamed;
    below.resize(kMaxNamed);
    below.back() += fmt::format(" and {} more", more);
  }
  throw UsageError("reading a data set: {} has no {}, but folders in it have; give one of them: {}",
                   folder.string(), join(names, " or "), join(below, ", "));
}

}  // namespace

Path require_table(const Path& folder, const std::vector<std::string>& names) {
  if (const std::optional<Path> path = find_table(folder, names)) return *path;
  no_table(folder, names);
}

std::optional<Path> find_published_table(const Path& folder,
                                         const std::vector<std::string>& names) {
  if (std::optional<Path> path = find_table(folder, names)) return path;
  for (const std::string& name : names) {
    if (auto path = find_table(folder / Path(name).stem(), {name})) return path;
  }
  for (const std::string& name : names) {
    const std::vector<std::string> below = folders_with_table(folder, {name});
    if (below.size() == 1) return folder / below.front() / name;
    if (!below.empty()) return std::nullopt;
  }
  return std::nullopt;
}

Path require_published_table(const Path& folder, const std::vector<std::string>& names) {
  if (const std::optional<Path> path = find_published_table(folder, names)) return *path;
  no_table(folder, names);
}

std::string_view without_downsampled(std::string_view id) {
  constexpr std::string_view kSuffix = "_downsampled";
  return id.ends_with(kSuffix) ? id.substr(0, id.size() - kSuffix.size()) : id;
}

namespace {

// As ids are spelled in samples, so that tables that spell them differently find each other.
std::string joined_id(std::string_view id, std::string_view (*fold_id)(std::string_view)) {
  const std::string spelled = normal_spelling(plain_id(id));
  return std::string(fold_id != nullptr ? fold_id(spelled) : std::string_view(spelled));
}

}  // namespace

SideTable::SideTable(const Path& path, std::string_view id_column, Intake& intake,
                     std::string_view (*fold_id)(std::string_view))
    : fold_id_(fold_id) {
  CsvReader reader(path);
  const std::size_t id = reader.column(id_column);
  header_ = reader.header();
  while (reader.next()) {
    const std::string key = joined_id(reader.at(id), fold_id_);
    if (!rows_.emplace(key, reader.row()).second) {
      intake.warn("id twice in a joined table", reader.place(), key);
    }
  }
}

SideTable SideTable::without_header(const Path& path, std::vector<std::string> header,
                                    Intake& intake) {
  SideTable table;
  table.header_ = std::move(header);
  CsvReader reader(path, {.header = false});
  while (reader.next()) {
    if (reader.row().size() != table.header_.size()) {
      throw InputError("{}: {} columns, {} were expected ({})", reader.place(), reader.row().size(),
                       table.header_.size(), join(table.header_, ", "));
    }
    const std::string key = joined_id(reader.row()[0], nullptr);
    if (!table.rows_.emplace(key, reader.row()).second) {
      intake.warn("id twice in a joined table", reader.place(), key);
    }
  }
  return table;
}

const std::vector<std::string>* SideTable::find(std::string_view id) const {
  const auto position = rows_.find(joined_id(id, fold_id_));
  return position == rows_.end() ? nullptr : &position->second;
}

std::string_view SideTable::cell(std::string_view id, std::string_view column) const {
  const std::vector<std::string>* row = find(id);
  const auto position = std::find(header_.begin(), header_.end(), column);
  if (row == nullptr || position == header_.end()) return {};
  return (*row)[static_cast<std::size_t>(position - header_.begin())];
}

OneHot::OneHot(const CsvReader& reader, std::string_view id_column) {
  const std::vector<std::string>& header = reader.header();
  for (std::size_t i = 0; i < header.size(); ++i) {
    // The published test set of ISIC 2019 has two columns of weights beside the classes.
    const bool is_weight = header[i] == "score_weight" || header[i] == "validation_weight";
    if (header[i] != id_column && !is_weight) columns_.push_back(i);
  }
  if (columns_.empty()) {
    throw InputError("{}: no class columns beside '{}'", reader.place(), id_column);
  }
}

OneHot::Answer OneHot::read(const CsvReader& reader) const {
  Answer answer;
  for (const std::size_t column : columns_) {
    const std::optional<double> value = parse_number(trim(reader.at(column)));
    const std::string& name = reader.header()[column];
    if (!value || (*value != 0 && *value != 1)) {
      answer.problem = "class column that is neither 0 nor 1";
    } else if (*value == 1) {
      if (!answer.raw_label.empty()) answer.problem = "more than one class";
      answer.raw_label = name;
    }
  }
  return answer;
}

}  // namespace epicrisis
