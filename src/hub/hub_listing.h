#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// What the hub says of a revision: {"sha": COMMIT, "siblings": [{"rfilename": NAME}]}.
struct HubListing {
  std::string commit;              // 40 hex digits
  std::vector<std::string> names;  // of its files; each is_plain_file_name()
};
// InputError with `source` for another form, more than 10,000 files, and a name that may lead out
// of the folder.
HubListing parse_hub_listing(std::string_view text, const std::string& source);

}  // namespace epicrisis
