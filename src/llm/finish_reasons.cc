#include "epicrisis/llm/finish_reasons.h"

#include <algorithm>
#include <array>
#include <utility>

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

const FinishReasons& built_in_reasons() {
  static const FinishReasons reasons = [] {
    constexpr std::string_view kFile = "answers/finish_reasons.toml";
    const TomlTable file = TomlTable::parse(llm_resources().get(kFile), std::string(kFile));
    FinishReasons read = read_finish_reasons(file);
    file.finish();
    return read;
  }();
  return reasons;
}

std::optional<FinishKind> kind_of_key(std::string_view key, const FinishReasons& own) {
  if (const auto found = own.find(key); found != own.end()) return found->second;
  const FinishReasons& known = built_in_reasons();
  if (const auto found = known.find(key); found != known.end()) return found->second;
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
  for (const std::string_view prefix : {"finishreason", "stopreason", "reason"}) {
    if (!key.starts_with(prefix)) continue;
    key.erase(0, prefix.size());
    if (const auto kind = kind_of_key(key, own)) return kind;
    if (key.starts_with(prefix)) {  // "FinishReason.FINISH_REASON_STOP"
      if (const auto kind = kind_of_key(key.substr(prefix.size()), own)) return kind;
    }
  }
  // In parts the worst counts, and an end alone only where every part is known.
  std::optional<FinishKind> worst;
  bool all_known = true;
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find_first_of(":;,/|() "), rest.size());
    if (const std::string part = finish_reason_key(rest.substr(0, size)); !part.empty()) {
      const auto kind = kind_of_key(part, own);
      if (kind) worst = std::max(worst.value_or(*kind), *kind);
      all_known = all_known && kind.has_value();
    }
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  if (worst && (*worst != FinishKind::kEnd || all_known)) return worst;
  return {};
}

}  // namespace epicrisis
