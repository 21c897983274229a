#include "audit/equal_notes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "epicrisis/core/hash.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kLeastWords = 12;
constexpr std::size_t kLeastShared = 9;  // of 12 hashes

// Runs of ASCII letters and digits and of bytes beyond ASCII, in lower case.
std::vector<std::uint64_t> word_hashes(std::string_view text) {
  std::vector<std::uint64_t> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(fnv1a(word));
    word.clear();
  };
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c + 32);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               static_cast<unsigned char>(c) >= 0x80) {
      word += c;
    } else {
      end();
    }
  }
  end();
  return words;
}

std::uint64_t mixed(std::uint64_t value) {  // finalizer of SplitMix64
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

std::optional<EqualNotes::Twin> EqualNotes::add(std::string_view group, std::string_view text,
                                                std::int64_t sample_id) {
  const std::vector<std::uint64_t> words = word_hashes(text);
  std::uint64_t whole = fnv1a(group);
  for (const std::uint64_t word : words) whole = mixed(whole ^ word);
  const auto first = exact_.try_emplace(whole, sample_id);
  std::optional<Twin> twin;
  if (!first.second && first.first->second != sample_id) twin = Twin{first.first->second, true};
  if (words.size() < kLeastWords) return twin;

  Signature signature;
  signature.fill(UINT32_MAX);
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    const std::uint64_t run = mixed(mixed(words[i] ^ mixed(words[i + 1])) ^ words[i + 2]);
    for (std::size_t k = 0; k < kHashes; ++k) {
      signature.at(k) = std::min(signature.at(k), static_cast<std::uint32_t>(mixed(run + k)));
    }
  }
  for (std::size_t band = 0; band < kHashes; band += kBand) {
    std::uint64_t key = fnv1a(group) + band;
    for (std::size_t k = band; k < band + kBand; ++k) key = mixed(key ^ signature.at(k));
    const auto entry = bands_.try_emplace(key, sample_id, signature);
    const auto& [other, theirs] = entry.first->second;
    if (entry.second || twin || other == sample_id) continue;
    std::size_t shared = 0;
    for (std::size_t k = 0; k < kHashes; ++k) {
      shared += signature.at(k) == theirs.at(k) ? 1 : 0;
    }
    if (shared >= kLeastShared) twin = Twin{other, false};
  }
  return twin;
}

}  // namespace epicrisis::audit
