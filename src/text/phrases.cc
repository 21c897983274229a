#include "text/phrases.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxMatch = 24;  // words of a phrase with those between

}  // namespace

std::vector<Phrases::WordId> Phrases::word_ids(const std::vector<Word>& words) const {
  std::vector<WordId> ids;
  ids.reserve(words.size());
  for (const Word& word : words) ids.push_back(word_id(word.folded));
  return ids;
}

Phrases::WordId Phrases::intern(std::string_view word) {
  const auto entry =
      word_ids_.try_emplace(std::string(word), static_cast<WordId>(vocables_.size()));
  if (entry.second) vocables_.emplace_back();
  return entry.first->second;
}

bool Phrases::add_spelling(std::string_view variant, std::string_view word) {
  const WordId id = intern(word);
  return word_ids_.try_emplace(std::string(variant), id).first->second == id;
}

std::uint32_t Phrases::step(std::uint32_t node, WordId word) const {
  if (word == kUnknown) return 0;
  if (node == 0) return vocables_[word].first_step;
  const auto found = steps_.find(key(node, word));
  return found == steps_.end() ? 0 : found->second;
}

Meaning& Phrases::add(const std::vector<std::string>& words) {
  std::uint32_t node = 0;
  for (const std::string& text : words) {
    const WordId word = intern(text);
    std::uint32_t next = step(node, word);
    if (next == 0) {
      next = static_cast<std::uint32_t>(meanings_.size());
      meanings_.emplace_back();
      if (node == 0) {
        vocables_[word].first_step = next;
      } else {
        steps_.emplace(key(node, word), next);
      }
    }
    node = next;
  }
  auto& meaning = meanings_[node];
  if (!meaning) meaning.emplace();
  return *meaning;
}

const Meaning* Phrases::find(const std::vector<std::string>& words) const {
  std::uint32_t node = 0;
  for (const std::string& word : words) {
    node = step(node, word_id(word));
    if (node == 0) return nullptr;
  }
  return meanings_[node] ? &*meanings_[node] : nullptr;
}

void Phrases::add_not(const std::vector<std::string>& words) {
  std::vector<WordId> ids;
  for (const std::string& word : words) ids.push_back(intern(word));
  vocables_[ids.front()].begins_not = true;
  nots_.push_back(std::move(ids));
  not_ = intern("not");
}

void Phrases::add_filler(std::string_view word) {
  vocables_[intern(word)].filler = true;
  not_ = intern("not");
}

Phrases::Match Phrases::longest(const std::vector<Word>& words, const std::vector<WordId>& ids,
                                std::size_t at) const {
  const WordId first = ids[at];
  if (first == kUnknown) return {};
  if (first == not_) return walk(words, ids, at, 0, 0, true);
  const Match plain = walk(words, ids, at, 0, 0, false);
  if (!vocables_[first].begins_not) return plain;
  const std::uint32_t node = step(0, not_);
  if (node == 0) return plain;
  for (const std::vector<WordId>& other : nots_) {
    bool stands = other.size() <= words.size() - at;
    for (std::size_t i = 0; stands && i < other.size(); ++i) {
      stands = ids[at + i] == other[i] && (i == 0 || words[at + i].joined);
    }
    if (!stands) continue;
    const Match match = walk(words, ids, at, other.size(), node, true);
    if (match.words > plain.words) return match;
  }
  return plain;
}

// The longest phrase at word `at` of which the first `done` words led to `node`.
Phrases::Match Phrases::walk(const std::vector<Word>& words, const std::vector<WordId>& ids,
                             std::size_t at, std::size_t done, std::uint32_t node,
                             bool skips_fillers) const {
  Match best;
  if (meanings_[node]) best = {done, &*meanings_[node]};
  for (std::size_t i = at + done; i < words.size() && i - at < kMaxMatch; ++i) {
    if (i > at && !words[i].joined) break;
    if (const std::uint32_t next = step(node, ids[i]); next != 0) {
      node = next;
      if (meanings_[node]) best = {i + 1 - at, &*meanings_[node]};
    } else if (!skips_fillers || i == at || !vocables_[ids[i]].filler) {
      break;
    }
  }
  return best;
}

}  // namespace epicrisis
