#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace epicrisis {

// The folders of a path below the data set's, without the file: "a/b/1.jpg" -> a, b.
std::vector<std::string> folders_of(const std::string& path);

// The folders of an imagefolder that tell splits: at the top, in "data/", or, where all pictures
// lie below one chain of single folders (archive/images/), at its end. The first two levels are
// read as Hugging Face reads them.
class SplitFolders {
 public:
  struct Found {
    std::string folder;  // with what leads to it: "archive/train/"
    std::string split;   // "" for a folder of what is in none
  };

  // `pictures`: paths below the data set's folder, sorted. `described`: what leads to folders with
  // metadata. `named`: the user's own names, in lower case, of folders or of paths of folders.
  SplitFolders(const std::vector<std::string>& pictures, const std::vector<std::string>& described,
               std::map<std::string, std::string> named);

  std::optional<Found> of(const std::string& path) const;
  // The folder that would tell the split of this path if it had such a name, "" for none.
  std::string place_of(const std::string& path) const;
  // What a folder of this name, without what leads to it, is called as.
  std::optional<std::string> called(const std::string& folder) const;
  // A folder of a path that is called as a split and is in another place: "a/train", and its split.
  std::optional<Found> elsewhere(const std::string& path) const;

 private:
  std::optional<Found> named_path(const std::vector<std::string>& folders) const;

  std::map<std::string, std::string> named_;
  std::map<std::string, std::string> named_paths_;  // of named_, those of more than one folder
  std::string base_;                                // what leads to the split folders
};

}  // namespace epicrisis
