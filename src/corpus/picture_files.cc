#include "epicrisis/corpus/picture_files.h"

#include <algorithm>
#include <system_error>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

// Those of `folder` and below, but hidden ones. A folder that cannot be read would leave pictures
// out in silence.
void find_pictures(const Path& folder, std::vector<Path>& found) {
  std::error_code error;
  fs::recursive_directory_iterator item(folder, error);
  Path last = folder;
  for (const fs::recursive_directory_iterator end; !error && item != end; item.increment(error)) {
    last = item->path();
    const std::string name = last.filename().string();
    if (is_hidden_name(name)) {
      item.disable_recursion_pending();
      continue;
    }
    std::error_code gone;
    if (item->is_regular_file(gone) && is_picture_name(name)) {
      found.push_back(last);
    }
  }
  if (!error) return;
  throw InputError(
      "{}: the folder cannot be read ({}); let it be read (chmod u+rx), or name the folders beside "
      "it",
      last.string(), error.message());
}

void add_folder(const Path& folder, std::vector<Path>& pictures) {
  std::vector<Path> found;
  find_pictures(folder, found);
  if (found.empty()) {
    throw InputError("{}: the folder holds no picture (.jpg, .jpeg, .png, .webp)", folder.string());
  }
  std::ranges::sort(found);
  pictures.insert(pictures.end(), found.begin(), found.end());
}

void add_table(const Path& table, std::vector<Path>& pictures) {
  CsvReader rows(table);
  std::string column;
  for (const char* name : {"file", "path", "image_path", "image", "picture"}) {
    if (rows.has_column(name)) column = name;
  }
  if (column.empty()) {
    throw InputError(
        "{}: no column names the picture files; call it 'picture', 'image', 'image_path', 'path' "
        "or 'file' (there are: {})",
        table.string(), join(rows.header(), ", "));
  }
  const std::size_t index = rows.column(column);
  const std::size_t before = pictures.size();
  while (rows.next()) {
    const std::string& name = rows.at(index);
    if (name.empty()) throw InputError("{}: column '{}' is empty", rows.place(), column);
    pictures.push_back(table.parent_path() / name);
  }
  if (pictures.size() == before) throw InputError("{}: the table has no row", table.string());
}

}  // namespace

std::vector<Path> list_pictures(const std::vector<std::string>& places) {
  std::vector<Path> pictures;
  for (const std::string& place : places) {
    if (place == "-") {
      throw UsageError("pictures are not read from standard input ('-'); name files or folders");
    }
    std::error_code error;
    if (!fs::exists(place, error)) {
      throw UsageError("picture '{}': there is no such file{}", place, near_path_words(place));
    }
    if (fs::is_directory(place, error)) {
      add_folder(place, pictures);
    } else if (ascii_lower(Path(place).extension().string()) == ".csv") {
      add_table(place, pictures);
    } else {
      pictures.emplace_back(place);
    }
  }
  return pictures;
}

}  // namespace epicrisis
