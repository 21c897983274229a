#include "notes/strategy/refusal.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kLooked = 600;   // bytes of a text
constexpr std::size_t kReach = 30;     // words from an opening to the inability
constexpr std::size_t kMaxFiller = 3;  // words between "I cannot" and the verb

using Phrases = std::span<const std::string_view>;

// Said first, these make any inability a refusal.
constexpr std::array<std::string_view, 17> kOpenings = {"sorry",
                                                        "i'm sorry",
                                                        "i am sorry",
                                                        "i'm very sorry",
                                                        "i'm really sorry",
                                                        "i apologize",
                                                        "i apologise",
                                                        "my apologies",
                                                        "apologies",
                                                        "as an ai",
                                                        "as a language model",
                                                        "as a large language model",
                                                        "as an artificial intelligence",
                                                        "i'm an ai",
                                                        "i am an ai",
                                                        "i'm just an ai",
                                                        "i'm a language model"};

// Said first, these are passed over.
constexpr std::array<std::string_view, 4> kRegrets = {"unfortunately", "regrettably", "i'm afraid",
                                                      "i'm afraid that"};

// That one will not or cannot.
constexpr std::array<std::string_view, 32> kInability = {"i can't",
                                                         "i cannot",
                                                         "i can not",
                                                         "i couldn't",
                                                         "i'm unable",
                                                         "i am unable",
                                                         "i'm not able",
                                                         "i am not able",
                                                         "i won't",
                                                         "i will not",
                                                         "i'm not allowed",
                                                         "i am not allowed",
                                                         "i'm not permitted",
                                                         "i am not permitted",
                                                         "i'm not comfortable",
                                                         "i am not comfortable",
                                                         "i'm not qualified",
                                                         "i am not qualified",
                                                         "i'm not in a position",
                                                         "i am not in a position",
                                                         "i don't have the ability",
                                                         "i do not have the ability",
                                                         "i don't have the capability",
                                                         "i do not have the capability",
                                                         "i'm not a doctor",
                                                         "i am not a doctor",
                                                         "we can't",
                                                         "we cannot",
                                                         "we're unable",
                                                         "we are unable",
                                                         "not a medical professional",
                                                         "not a licensed"};

// Refusals whatever follows, said first.
constexpr std::array<std::string_view, 24> kPlain = {"i must decline",
                                                     "i have to decline",
                                                     "i need to decline",
                                                     "i respectfully decline",
                                                     "i must refrain",
                                                     "i refuse",
                                                     "this request violates",
                                                     "this request may violate",
                                                     "your request was rejected",
                                                     "your request may violate",
                                                     "i don't see an image",
                                                     "i do not see an image",
                                                     "i don't see any image",
                                                     "i do not see any image",
                                                     "no image was provided",
                                                     "no image has been provided",
                                                     "no image is attached",
                                                     "there is no image attached",
                                                     "there is no image provided",
                                                     "there is no image in",
                                                     "it seems that no image",
                                                     "please provide the image",
                                                     "please provide an image",
                                                     "please upload"};

// After "I cannot": what a refusal denies.
constexpr std::array<std::string_view, 25> kServices = {
    "assist",   "help",        "provide",  "give",    "offer",
    "diagnose", "comply",      "fulfil",   "fulfill", "generate",
    "write",    "comment",     "continue", "engage",  "discuss",
    "support",  "participate", "complete", "create",  "produce",
    "respond",  "process",     "do that",  "do this", "make a diagnosis"};

// After "I cannot": what is only a refusal with the picture as its object.
constexpr std::array<std::string_view, 16> kLooks = {
    "view",     "see",      "access", "open",    "analyze",  "analyse", "interpret", "examine",
    "evaluate", "describe", "assess", "look at", "identify", "inspect", "read",      "review"};
constexpr std::array<std::string_view, 8> kPictures = {
    "image", "images", "picture", "pictures", "photo", "photos", "photograph", "photographs"};
constexpr std::array<std::string_view, 21> kFillers = {
    "to",   "directly", "actually", "currently", "really",   "safely", "visually",
    "this", "the",      "that",     "these",     "any",      "an",     "a",
    "your", "medical",  "attached", "provided",  "uploaded", "such",   "with"};

// Lower case, straight apostrophes, no other punctuation; sentences end in " .".
std::vector<std::string> words_of(std::string_view text) {
  std::string plain;
  text = text.substr(0, kLooked);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i, 3) == "\u2019") {
      plain += '\'';
      i += 2;
    } else if (c == '.' || c == '!' || c == '?' || c == '\n') {
      plain += " . ";
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '\'' || static_cast<unsigned char>(c) >= 0x80) {
      plain += c;
    } else {
      plain += ' ';
    }
  }
  std::vector<std::string> words;
  for (std::string& word : split(ascii_lower(plain), ' ')) {
    while (!word.empty() && word.back() == '\'') word.pop_back();
    while (!word.empty() && word.front() == '\'') word.erase(0, 1);
    if (word.empty() || (word == "." && words.empty())) continue;
    words.push_back(std::move(word));
  }
  return words;
}

using Words = std::span<const std::string>;

// Number of words of the phrase if `words` begins with it, else 0.
std::size_t begins_with(Words words, std::string_view phrase) {
  const std::vector<std::string> parts = split(phrase, ' ');
  if (parts.size() > words.size() || !std::ranges::equal(parts, words.first(parts.size()))) {
    return 0;
  }
  return parts.size();
}

std::size_t begins_with_one(Words words, Phrases phrases) {
  std::size_t longest = 0;
  for (const std::string_view phrase : phrases) {
    longest = std::max(longest, begins_with(words, phrase));
  }
  return longest;
}

bool holds_one(Words words, Phrases phrases) {
  for (; !words.empty(); words = words.subspan(1)) {
    if (begins_with_one(words, phrases) > 0) return true;
  }
  return false;
}

void skip_fillers(Words& words) {
  for (std::size_t i = 0; i < kMaxFiller && begins_with_one(words, kFillers) > 0; ++i) {
    words = words.subspan(1);
  }
}

// What follows "I cannot".
bool denies_service(Words words) {
  skip_fillers(words);
  if (begins_with_one(words, kServices) > 0) return true;
  const std::size_t verb = begins_with_one(words, kLooks);
  if (verb == 0) return false;
  words = words.subspan(verb);
  while (words.size() > 1 && (words[0] == "or" || words[0] == "and") &&
         begins_with_one(words.subspan(1), kLooks) > 0) {
    words = words.subspan(1 + begins_with_one(words.subspan(1), kLooks));
  }
  skip_fillers(words);
  return begins_with_one(words, kPictures) > 0;
}

bool is_refusal(Words words) {
  words = words.subspan(begins_with_one(words, kRegrets));
  if (begins_with_one(words, kPlain) > 0) return true;
  const std::size_t inability = begins_with_one(words, kInability);
  if (inability > 0 && denies_service(words.subspan(inability))) return true;
  if (begins_with_one(words, kOpenings) == 0) return false;
  const Words near = words.first(std::min(words.size(), kReach));
  return holds_one(near, kInability) || holds_one(near, kPlain);
}

}  // namespace

std::string refusal_words(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  if (!is_refusal(words)) return {};
  return clean_text(text.substr(0, kLooked), 120);
}

}  // namespace epicrisis
