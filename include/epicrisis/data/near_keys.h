#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace epicrisis {

// Suggests a key where none is meant (sample_key.h): one that differs by case, suffix, folder,
// "%20" or zeros before a number. Only ever to be told, never taken.
class NearKeys {
 public:
  void add(const std::string& key);
  // The key whose end is most like what was written; none where several are.
  std::optional<std::string> near(std::string_view written) const;

 private:
  std::optional<std::string> named(std::string_view written) const;

  std::unordered_map<std::string, std::vector<std::string>> keys_;  // by folded name
  std::unordered_map<std::string, std::vector<std::string>> numbers_;
};

// "; did you mean 'a'?", "" for none.
std::string near_key_words(const std::optional<std::string>& near);

}  // namespace epicrisis
