#pragma once

#include <array>
#include <string>
#include <string_view>

// Which sample of an imagefolder a row of its metadata is: whoever reads such a folder names it
// alike.
namespace epicrisis {

// The columns that name the key, the first that is there; where none does, or several pictures have
// one of these, the picture's path does.
inline constexpr std::array<std::string_view, 4> kFolderKeyColumns = {"id", "key", "image_id",
                                                                      "isic_id"};

// "train/cat/0001.jpg", a path below the data set's folder, as a key: "train__cat__0001.jpg", fit
// for a file name. Where that is the key of two pictures each has its path.
std::string key_of_picture_path(std::string_view path);

}  // namespace epicrisis
