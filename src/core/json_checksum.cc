#include "core/json_checksum.h"

#include "epicrisis/core/hash.h"

namespace epicrisis {

void add_checksum(Json& document) { document[kJsonChecksum] = sha256_hex(dump_json(document)); }

bool has_checksum(const Json& document) {
  return document.is_object() && document.contains(kJsonChecksum);
}

JsonChecksum take_checksum(Json& document, std::string_view source) {
  JsonChecksum checksum;
  checksum.own = json_get<std::string>(document, kJsonChecksum, source);
  document.erase(kJsonChecksum);
  checksum.found = sha256_hex(dump_json(document));
  return checksum;
}

}  // namespace epicrisis
