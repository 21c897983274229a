#pragma once

#include <string>
#include <string_view>

#include "epicrisis/core/json.h"

// A JSON document that holds its own checksum: the member "sha256", of all its others as they are
// dumped in one line, 64 hex digits.
namespace epicrisis {

inline constexpr const char* kJsonChecksum = "sha256";

void add_checksum(Json& document);
bool has_checksum(const Json& document);

struct JsonChecksum {
  std::string own;    // that the document had
  std::string found;  // of what it says
  bool agrees() const { return own == found; }
};
// Takes it out of the document. InputError that names `source` where there is none.
JsonChecksum take_checksum(Json& document, std::string_view source);

}  // namespace epicrisis
