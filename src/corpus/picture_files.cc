#include "epicrisis/corpus/picture_files.h"

#include <fmt/format.h>

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

// A link to nothing is a picture that cannot be read, not one less.
bool is_picture(const fs::directory_entry& item) {
  std::error_code error;
  if (!is_picture_name(item.path().filename().string())) return false;
  return item.is_regular_file(error) || (item.is_symlink(error) && !item.exists(error));
}

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
    if (is_picture(*item)) found.push_back(last);
  }
  if (!error) return;
  throw InputError(
      "{}: the folder cannot be read ({}); let it be read (chmod u+rx), or name the folders beside "
      "it",
      last.string(), error.message());
}

void add_folder(const Path& folder, std::vector<ListedPicture>& pictures) {
  std::vector<Path> found;
  find_pictures(folder, found);
  if (found.empty()) {
    throw InputError("{}: the folder holds no picture (.jpg, .jpeg, .png, .webp)", folder.string());
  }
  std::ranges::sort(found);
  for (const Path& path : found) pictures.push_back({path, ""});
}

// One list is of many hands: a row that names no picture does not keep the others from being looked
// at.
void add_table(const Path& table, std::vector<ListedPicture>& pictures) {
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
  rows.take_short_rows();  // no other cell is read
  std::size_t read = 0;
  std::size_t named = 0;
  for (; rows.next(); ++read) {
    const std::string& name = rows.at(index);
    if (trim(name).empty()) {
      pictures.push_back({rows.place(), fmt::format("column '{}' is empty", column)});
      continue;
    }
    ++named;
    pictures.push_back({table.parent_path() / name, ""});
  }
  if (read == 0) throw InputError("{}: the table has no row", table.string());
  if (named == 0) {
    throw InputError("{}: no row names a picture; column '{}' is empty in all {}", table.string(),
                     column, counted(read, "row"));
  }
}

}  // namespace

std::vector<ListedPicture> list_pictures(const std::vector<std::string>& places) {
  std::vector<ListedPicture> pictures;
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
      pictures.push_back({place, ""});
    }
  }
  return pictures;
}

}  // namespace epicrisis
