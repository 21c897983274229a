#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// A key is the publisher's identifier of a sample: any text that can be shown, spelled in one way.
inline constexpr std::size_t kMaxKey = 512;  // bytes

// True for the file names of the formats that the decoder reads (jpg, jpeg, png, webp).
bool is_picture_name(std::string_view file_name);
// True for what systems and programs leave beside the pictures: ".ipynb_checkpoints", "._a.jpg" and
// "__MACOSX" of macOS.
bool is_hidden_name(std::string_view name);
// "a.jpg" -> "a"; what is no picture name stays as it is ("nv.1" -> "nv.1").
std::string_view without_picture_suffix(std::string_view file_name);

// The one spelling of texts that look alike: Unicode's NFC, every kind of space as ' ', none at the
// ends. Text that is no UTF-8 comes back as it is.
std::string normal_spelling(std::string_view text);
// The text with what the normal spelling changes as "%CC%81": two texts that look alike told apart.
std::string distinct_spelling(std::string_view text);
// In normal spelling and with upper and lower case alike, to find near names. Not for storing.
std::string folded_spelling(std::string_view text);

// The text with characters that are not seen as "<U+200B>", bytes that are no UTF-8 as "\\xfc".
std::string with_unseen_named(std::string_view text);

// True for valid UTF-8 in normal spelling without characters that are not seen: control characters,
// marks of direction, zero widths, private ones. Length apart.
bool is_showable(std::string_view text);
bool is_key(std::string_view text);  // showable, 1 to kMaxKey bytes

// "./a//b\\c.jpg" -> "a/b/c.jpg": as tables write paths. A leading "/" goes, ".." is followed. ""
// for one that leads out of the folder, is no UTF-8, holds a control character or is over 1024
// bytes.
std::string plain_picture_path(std::string_view name);
// An id as an import takes it, before its spelling: one with '/' or '\\' as a plain path, where it
// is one.
std::string plain_id(std::string_view id);

// How a key may be written by people and by other programs: as it is, in its normal spelling, as a
// plain path, without its picture suffix or with each there is, and, of a path, as an imagefolder
// makes keys of it. Of the first group that has a key that is there, this is meant, if it is the
// only one.
std::vector<std::vector<std::string>> spellings_of_key(std::string_view text);
// The keys that are meant by it, of those that are there: one; none; or several, which differ by
// their picture suffix.
std::vector<std::string> keys_meant(std::string_view text,
                                    const std::function<bool(const std::string&)>& is_there);

// The key as the end of a path, without suffix: letters, digits and most signs stay, others are
// "%2F" (also '%' and '@', a '.' or '-' at the start, names that Windows keeps for devices). Longer
// than 180 bytes it goes on in a folder: "first part%/second part". With `fold`, for keys that
// differ by case alone, upper-case letters are escaped as well. No two keys give one name, and
// key_of_file_name() leads back.
std::string file_name_of_key(std::string_view key, bool fold = false);
std::string key_of_file_name(std::string_view name);

}  // namespace epicrisis
