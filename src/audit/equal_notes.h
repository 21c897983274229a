#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace epicrisis::audit {

// Finds notes of different samples that say the same, or nearly so. Near: of three-word runs at
// least about four in five are shared, by min-hashes (Broder 1997). Memory is some 200 bytes a
// note; the texts are not kept.
class EqualNotes {
 public:
  struct Twin {
    std::int64_t sample_id = 0;
    bool exact = false;  // word for word
  };
  // Takes the note up and returns the first one of another sample that it is equal to. Only notes
  // of the same `group` (a strategy) are compared. Texts of fewer than 12 words are nearly equal to
  // none.
  std::optional<Twin> add(std::string_view group, std::string_view text, std::int64_t sample_id);

 private:
  static constexpr std::size_t kHashes = 12;
  static constexpr std::size_t kBand = 3;  // hashes of a band: notes that share one are compared
  using Signature = std::array<std::uint32_t, kHashes>;

  std::unordered_map<std::uint64_t, std::int64_t> exact_;  // hash of the words: sample
  std::unordered_map<std::uint64_t, std::pair<std::int64_t, Signature>> bands_;
};

}  // namespace epicrisis::audit
