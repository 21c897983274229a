#pragma once

#include <string>

#include "epicrisis/net/http.h"

namespace epicrisis {

// Takes a key out of what a server answered, before that is kept or shown: as it is, or with any
// of its characters escaped as in a JSON string (\/, \u002b) or a URL (%2B). If it looks like a key
// (twelve characters, or a digit in it), then also in another case, with its middle masked
// ("sk-ab****wxyz", "sk-ab...wxyz", "****wxyz"), cut off, and with spaces, signs or invisible ones
// between its characters ("s k - a b", "sk-a bwxy z"). A key of fewer than six characters is
// left: servers without keys are given words such as "none" or "EMPTY", which are no secrets but
// parts of answers.
class SecretMask {
 public:
  explicit SecretMask(const Secret& secret);
  std::string operator()(std::string text) const;

 private:
  std::string secret_;  // empty: nothing to mask
  bool loose_ = false;  // it looks like a key
};

// In one pass.
void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace epicrisis
