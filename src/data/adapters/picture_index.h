#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {

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
// never made into a path. No picture is matched by a part of its name or by another case. Spellings
// that look alike (sample_key.h) find each other, unless the folder has a file of each.
class PictureIndex {
 public:
  struct Found {
    std::uint32_t number = 0;  // for use(); 0: none
    std::string path;
    bool used = false;  // by another sample
    // The same folder has another file whose name differs by
    bool suffix_twin = false;    // its suffix alone
    bool spelling_twin = false;  // its spelling alone
  };
  // A picture whose name is nearly the one that was looked for, and in what it differs: "case",
  // "suffix", "folder", "spelling" ("%20", zeros before a number, "1.0").
  struct Near {
    std::string_view differs;
    std::string file;
  };

  // The folders that `input` names, or the usual ones. UsageError where one that was named does not
  // exist, or where there are no pictures at all and the input does not take tables alone.
  PictureIndex(const AdapterInput& input, const PictureLayout& layout);

  // The picture of this name, with or without suffix, a path below the folder or (kStem) the end of
  // a path. Of files that differ by suffix the one named, else the first; with `exact` only that.
  Found find(std::string_view name, bool exact = false) const;
  // Counts it as used.
  void use(std::uint32_t number) { files_[number].used = true; }
  std::optional<Near> near(std::string_view name);
  std::vector<std::string> names() const;  // below their folder, sorted, each once
  bool empty() const { return files_.size() == 1; }
  const std::vector<Path>& folders() const { return roots_; }
  // The pictures never used that hide behind an earlier one of the same name, and the others.
  Tally shadowed(std::size_t max_listed) const { return unused(max_listed, true); }
  Tally unused(std::size_t max_listed) const { return unused(max_listed, false); }
  // Pictures of formats that are not read, below the folders, sorted.
  const std::vector<std::string>& unreadable() const { return unreadable_; }
  // Names of pictures that are no files: links that lead nowhere, sorted.
  const std::vector<std::string>& dead() const { return dead_; }

 private:
  struct File {
    std::string path;  // below its root
    std::uint32_t root = 0;
    std::uint32_t next = 0;  // the next of the same stem; 0: none
    bool hidden = false;     // an earlier one has its name
    bool used = false;
  };
  struct Chain {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };
  std::string key_of(std::string_view path) const;
  void add_folder(const Path& root, bool recursive);
  std::optional<Near> near_by_spelling(const std::string& wanted);
  int likeness(const File& file, std::string_view name) const;
  std::uint32_t best(std::string_view name, int least) const;
  std::string path_of(const File& file) const { return (roots_[file.root] / file.path).string(); }
  Tally unused(std::size_t max_listed, bool hidden) const;

  PictureMatch match_;
  std::vector<Path> roots_;
  std::set<std::string> listed_;  // the folders whose pictures are there, links followed
  std::vector<std::string> unreadable_;
  std::vector<std::string> dead_;
  std::vector<File> files_ = {{}};                // in order of folder and name, from 1
  std::unordered_map<std::string, Chain> stems_;  // by stem or path in normal spelling
  std::unordered_map<std::string, std::vector<std::uint32_t>>
      near_;                                                // folded name; made when asked
  std::unordered_map<std::string, std::uint32_t> numbers_;  // without zeros before; made when asked
};

}  // namespace epicrisis
