#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/data/adapter.h"

namespace epicrisis {

// True for the file names of the formats that the decoder reads (jpg, jpeg, png, webp).
bool is_picture_name(std::string_view file_name);
// "a.jpg" -> "a"; what is no picture name stays as it is ("nv.1" -> "nv.1").
std::string_view without_picture_suffix(std::string_view file_name);

// The folders just below `folder`, sorted, without hidden ones; none where it cannot be read.
std::vector<Path> folders_below(const Path& folder);

enum class PictureMatch {
  kStem,  // by file name without suffix, whatever folder below the root holds it
  kPath   // by the path below the root, suffix included
};

// How a data set usually keeps its pictures.
struct PictureLayout {
  // Groups of folders below the data set's, ASCII case apart; the first group with a picture in it
  // is taken whole. Where a folder holds none itself, those just below it are looked at.
  std::vector<std::vector<std::string>> usual = {{"images"}, {"."}};
  PictureMatch match = PictureMatch::kStem;
  bool recursive = false;
};

// The pictures of one or several folders by name. Names from tables are only ever looked up here,
// never made into a path. Exact; no picture is matched by part or by case.
class PictureIndex {
 public:
  // The folders that `input` names, or the usual ones. UsageError where one that was named does not
  // exist, or where there are no pictures at all and the input does not take tables alone.
  PictureIndex(const AdapterInput& input, const PictureLayout& layout);

  // The picture's path, or "". Counts it as used.
  std::string take(std::string_view name);
  std::vector<std::string> names() const;  // sorted
  bool empty() const { return entries_.empty(); }
  const Tally& shadowed() const { return shadowed_; }
  const std::vector<Path>& folders() const { return roots_; }
  // The pictures never taken, in the order of their names.
  Tally unused(std::size_t max_listed) const;

 private:
  struct Entry {
    std::string file;  // below its root
    std::uint32_t root = 0;
    bool used = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  void add_folder(const Path& root, const PictureLayout& layout, std::size_t max_listed);
  void add_file(std::string file, std::uint32_t root, PictureMatch match, std::size_t max_listed);
  std::string path_of(const Entry& entry) const;

  std::vector<Path> roots_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  Tally shadowed_;
};

}  // namespace epicrisis
