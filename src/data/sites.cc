#include "data/sites.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/text/lexicon.h"

namespace epicrisis {
namespace {

constexpr const char* kSites = "taxonomy/values/sites.toml";
constexpr const char* kWords = "taxonomy/values/site_words.toml";

std::vector<std::string> folded_words(std::string_view text) {
  std::string folded;
  for (const char c : fold_value(text)) {
    if (c == '\'') {
      folded.resize(folded.rfind(' ') + 1);  // an article: all of it, where no space is before
    } else {
      folded += std::string_view("-/,.;()").find(c) == std::string_view::npos ? c : ' ';
    }
  }
  std::vector<std::string> words = split(folded, ' ');
  std::erase(words, "");
  return words;
}

class Sites {
 public:
  Sites() : english_(Lexicon::parse(data_resources().get(kSites), kSites)) {
    const TomlTable file = TomlTable::parse(data_resources().get(kWords), kWords);
    for (const std::string& word : file.strings_or("leave_out", {})) {
      for (std::string& one : folded_words(word)) left_out_.push_back(std::move(one));
    }
    for (const std::string& word : file.strings_or("beside", {})) beside_.insert(fold_value(word));
    for (const std::string& word : file.strings_or("none", {})) none_.insert(fold_value(word));
    const TomlTable sides = file.table("sides");
    for (const char* side : {"left", "right"}) {
      for (const std::string& word : sides.strings_or(side, {})) {
        for (std::string& one : folded_words(word)) sides_.emplace(std::move(one), side);
      }
    }
    const TomlTable words = file.table("words");
    for (const std::string& site : words.keys()) {
      if (!is_english(site)) {
        throw UsageError("{}: '{}' names no site of {}", words.place(site), site, kSites);
      }
      for (const std::string& word : words.strings_or(site, {})) {
        const std::string key = key_of(folded_words(word));
        const auto [position, is_new] = words_.emplace(key, site);
        if (!is_new && position->second != site) {
          throw UsageError("{}: '{}' is '{}' and '{}'", words.place(site), word, position->second,
                           site);
        }
      }
    }
    file.finish();
  }

  // A word of another language goes before: "linker Arm" has an English one too.
  std::optional<std::string> in_words(std::string_view value) const {
    if (auto translated = translation(value)) return translated;
    if (is_english(value)) return std::string(value);
    return std::nullopt;
  }

  bool is_none(std::string_view value) const { return none_.contains(fold_value(value)); }

  // A word of another alphabet or with an accent is no English one.
  std::string unread(std::string_view value) const {
    if (translation(value)) return {};
    const LexiconReading reading = english_.read(value);
    std::vector<bool> read(reading.words.size(), false);
    for (const ConceptMention& mention : reading.mentions) {
      for (std::size_t at = mention.first_word; at < mention.end_word; ++at) read[at] = true;
    }
    std::string left;
    for (std::size_t at = 0; at < reading.words.size(); ++at) {
      const Word& word = reading.words[at];
      const std::string_view written = value.substr(word.begin, word.end - word.begin);
      const bool is_ascii = std::ranges::all_of(
          written, [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
      if (is_ascii && (read[at] || is_digit(word.folded[0]) || beside_.contains(word.folded))) {
        continue;
      }
      left += (left.empty() ? "" : " ") + std::string(written);
    }
    return left;
  }

 private:
  bool is_english(std::string_view text) const { return !english_.mentions(text).empty(); }

  std::string key_of(std::vector<std::string> words) const {
    std::erase_if(words, [&](const std::string& word) {
      return std::ranges::find(left_out_, word) != left_out_.end();
    });
    return join(words, " ");
  }

  std::optional<std::string> translation(std::string_view value) const {
    std::vector<std::string> words = folded_words(value);
    std::string side;
    std::erase_if(words, [&](const std::string& word) {
      const auto found = sides_.find(word);
      if (found == sides_.end()) return false;
      // "left or right" is no side.
      side = side.empty() || side == found->second ? found->second : "?";
      return true;
    });
    const auto found = words_.find(key_of(std::move(words)));
    if (found == words_.end() || side == "?") return std::nullopt;
    return side.empty() ? found->second : side + " " + found->second;
  }

  Lexicon english_;
  std::vector<std::string> left_out_;
  std::set<std::string, std::less<>> beside_;  // English words that may stand beside a site
  std::set<std::string, std::less<>> none_;
  std::map<std::string, std::string, std::less<>> sides_;
  std::map<std::string, std::string, std::less<>> words_;  // by what is left of a cell
};

const Sites& sites_of_tables() {
  static const Sites kSitesOfTables;
  return kSitesOfTables;
}

}  // namespace

std::optional<std::string> site_in_words(std::string_view value) {
  return sites_of_tables().in_words(value);
}

bool says_no_site(std::string_view value) { return sites_of_tables().is_none(value); }

std::string unread_words_of_site(std::string_view value) { return sites_of_tables().unread(value); }

}  // namespace epicrisis
