#include "epicrisis/llm/finish_reasons.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/resources.h"

namespace epicrisis {
namespace {

constexpr std::array<std::pair<const char*, FinishKind>, 6> kKinds = {
    {{"end", FinishKind::kEnd},
     {"spoiled", FinishKind::kSpoiled},
     {"limit", FinishKind::kLimit},
     {"refusal", FinishKind::kRefusal},
     {"filter", FinishKind::kFilter},
     {"fault", FinishKind::kFault}}};

struct BuiltIn {
  FinishReasons reasons, flags, unset;
};
const BuiltIn& built_in() {
  static const BuiltIn all = [] {
    constexpr std::string_view kFile = "answers/finish_reasons.toml";
    const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
    BuiltIn read{read_finish_reasons(file), read_finish_reasons(file.table("flags")),
                 read_finish_reasons(file.table("unset"))};
    file.finish();
    return read;
  }();
  return all;
}
const FinishReasons& built_in_reasons() { return built_in().reasons; }

std::optional<FinishKind> kind_of_key(std::string_view key, const FinishReasons& own) {
  if (const auto found = own.find(key); found != own.end()) return found->second;
  const FinishReasons& known = built_in_reasons();
  if (const auto found = known.find(key); found != known.end()) return found->second;
  return {};
}

// "server_error", "requestTimeout", "content_filter: RECITATION" in words, as keys.
std::vector<std::string> words_in(std::string_view name) {
  constexpr std::size_t kMostWords = 12;
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size() && words.size() < kMostWords; ++i) {
    const std::string letter = finish_reason_key(name.substr(i, 1));
    if (letter.empty() || (i > 0 && is_upper(name[i]) && !is_upper(name[i - 1]))) end_word();
    word += letter;
  }
  end_word();
  return words;
}

// "matched_stop:151645": the token at which it stopped. Alone it says nothing.
bool is_token_id(std::string_view word) {
  constexpr std::size_t kLeastDigits = 4;  // fewer may be an HTTP status
  return word.size() >= kLeastDigits &&
         std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// The worst of what the words say, the longest runs of them first; an end alone only where every
// word is known.
std::optional<FinishKind> worst_of_words(const std::vector<std::string>& words,
                                         const FinishReasons& own) {
  std::optional<FinishKind> worst;
  bool all_known = true;
  for (std::size_t i = 0; i < words.size();) {
    std::size_t size = words.size() - i;
    for (; size > 0; --size) {
      std::string run;
      for (std::size_t k = i; k < i + size; ++k) run += words[k];
      const auto kind = kind_of_key(run, own);
      if (!kind) continue;
      worst = std::max(worst.value_or(*kind), *kind);
      break;
    }
    all_known = all_known && (size > 0 || is_token_id(words[i]));
    i += std::max<std::size_t>(size, 1);
  }
  if (worst && (*worst != FinishKind::kEnd || all_known)) return worst;
  return {};
}

}  // namespace

std::string finish_reason_key(std::string_view name) {
  std::string key;
  for (const char c : ascii_lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) {
      key += c;
    }
  }
  return key;
}

std::optional<FinishKind> flag_kind(std::string_view name, bool value) {
  const FinishReasons& flags = value ? built_in().flags : built_in().unset;
  const auto found = flags.find(finish_reason_key(name));
  return found == flags.end() ? std::nullopt : std::optional(found->second);
}

FinishReasons read_finish_reasons(const TomlTable& table) {
  FinishReasons reasons;
  for (const auto& [list, kind] : kKinds) {
    for (const std::string& name : table.strings_or(list, {})) {
      const std::string key = finish_reason_key(name);
      if (key.empty() || !reasons.emplace(key, kind).second) {
        throw UsageError("{}: '{}' {}", table.place(list), clean_text(name, 60),
                         key.empty()
                             ? "has no letter and no digit"
                             : "stands in these lists already, in this or another spelling");
      }
    }
  }
  return reasons;
}

FinishReasons finish_reasons_of(const Json& json) {
  FinishReasons reasons;
  if (!json.is_object()) return reasons;
  for (const auto& [list, kind] : kKinds) {
    const auto names = json.find(list);
    if (names == json.end() || !names->is_array()) continue;
    for (const Json& name : *names) {
      if (name.is_string()) reasons.emplace(finish_reason_key(name.get<std::string>()), kind);
    }
  }
  return reasons;
}

Json finish_reasons_json(const FinishReasons& reasons) {
  Json json = Json::object();
  for (const auto& [list, kind] : kKinds) {
    for (const auto& [key, meaning] : reasons) {
      if (meaning == kind) json[list].push_back(key);
    }
  }
  return json;
}

std::optional<FinishKind> finish_kind(std::string_view name, const FinishReasons& own) {
  std::string key = finish_reason_key(name);
  if (const auto kind = kind_of_key(key, own)) return kind;
  for (const std::string_view prefix :
       {"completionfinishreason", "finishreason", "stopreason", "blockreason", "reason"}) {
    if (!key.starts_with(prefix)) continue;
    key.erase(0, prefix.size());
    if (const auto kind = kind_of_key(key, own)) return kind;
    if (key.starts_with(prefix)) {  // "FinishReason.FINISH_REASON_STOP"
      if (const auto kind = kind_of_key(key.substr(prefix.size()), own)) return kind;
    }
  }
  return worst_of_words(words_in(name), own);
}

}  // namespace epicrisis
