#include "epicrisis/audit/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "audit/resources.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis::audit {
namespace {

constexpr std::uint64_t kMaxFile = 1 << 20;
constexpr int kMostAsks = 5;
constexpr std::string_view kRevised = "revised";

constexpr std::array<std::pair<std::string_view, Subject>, 6> kSubjects = {
    {{"claim", Subject::kClaim},
     {"self-contradiction", Subject::kSelfContradiction},
     {"form", Subject::kForm},
     {"omission", Subject::kOmission},
     {"mention", Subject::kMention},
     {"note", Subject::kNote}}};
constexpr std::array<std::pair<std::string_view, Action>, 4> kActions = {
    {{"accept", Action::kAccept},
     {"strip", Action::kStrip},
     {"ask", Action::kAsk},
     {"reject", Action::kReject}}};
constexpr std::string_view kWritePrefix = "write ";

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 18> kClaimKinds = {
    "diagnosis", "diagnoses_other", "subclass",  "grade",  "asymmetry",    "border",
    "colours",   "structures",      "elevation", "site",   "age",          "sex",
    "size",      "symptoms",        "history",   "advice", "test results", "persons"};
// Without those that no word alone says: a size is a number, a subclass and the other diagnoses are
// told from a diagnosis by what is known or said beside them.
constexpr std::array<std::string_view, 15> kMentionKinds = {
    "diagnosis", "grade", "asymmetry", "border",  "colours", "structures",   "elevation", "site",
    "age",       "sex",   "symptoms",  "history", "advice",  "test results", "persons"};
constexpr std::array<std::string_view, 9> kFormKinds = {
    "empty",    "refusal", "language",        "cut",     "echo",
    "too long", "leak",    "heading missing", "off list"};
constexpr std::array<std::string_view, 5> kOmissionKinds = {"diagnosis", "grade", "site", "age",
                                                            "sex"};
constexpr std::array<std::string_view, 4> kClaimVerdicts = {"agrees", "contradicts", "undecidable",
                                                            "unknowable"};
constexpr std::array<std::string_view, 3> kNoteVerdicts = {"pass", "warn", "fail"};
constexpr std::array<std::string_view, 2> kSeverities = {"minor", "major"};

std::string choices(Names names) {
  return join(std::vector<std::string>(names.begin(), names.end()), ", ");
}

[[noreturn]] void refuse(const std::string& place, std::string_view what, const std::string& given,
                         Names known) {
  const auto nearest = nearest_name(given, std::vector<std::string>(known.begin(), known.end()));
  throw UsageError("{}: no {} '{}'{}; there are {}", place, what, given,
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", choices(known));
}

std::set<std::string, std::less<>> read_names(const TomlTable& table, const char* key,
                                              Names known) {
  std::set<std::string, std::less<>> names;
  if (!table.has(key)) return names;
  if (known.empty()) {
    throw UsageError("{}: {} says nothing here: a rule on {} takes none", table.place(key), key,
                     table.string("of"));
  }
  for (const std::string& name : table.strings_or(key, {})) {
    if (std::ranges::find(known, name) == known.end()) {
      refuse(table.place(key), key == std::string_view("kinds") ? "kind" : "word", name, known);
    }
    names.insert(name);
  }
  if (names.empty()) {
    throw UsageError("{}: {} is empty; leave it out for all", table.place(key), key);
  }
  return names;
}

PolicyStep read_step(const std::string& text, const std::string& place) {
  for (const auto& [name, action] : kActions) {
    if (name == text) return {action, ""};
  }
  if (text.starts_with(kWritePrefix)) {
    std::string strategy(trim(std::string_view(text).substr(kWritePrefix.size())));
    if (!is_safe_id(strategy) && !names_toml_file(strategy)) {
      throw UsageError("{}: '{}' names no strategy to write; as in \"write M\"", place, text);
    }
    return {Action::kWrite, std::move(strategy)};
  }
  static constexpr std::array<std::string_view, 5> kNames = {"accept", "strip", "ask", "write M",
                                                             "reject"};
  refuse(place, "action", text, kNames);
}

PolicyRule read_rule(const TomlTable& table) {
  PolicyRule rule;
  const std::string of = table.string("of");
  const auto subject =
      std::ranges::find_if(kSubjects, [&](const auto& one) { return one.first == of; });
  if (subject == kSubjects.end()) {
    std::vector<std::string_view> names;
    for (const auto& one : kSubjects) names.push_back(one.first);
    refuse(table.place("of"), "subject of a rule", of, names);
  }
  rule.subject = subject->second;
  Names kinds, verdicts, severities;
  switch (rule.subject) {
    case Subject::kClaim:
      kinds = kClaimKinds;
      verdicts = kClaimVerdicts;
      severities = kSeverities;
      break;
    case Subject::kForm:
      kinds = kFormKinds;
      severities = kSeverities;
      break;
    case Subject::kOmission:
      kinds = kOmissionKinds;
      break;
    case Subject::kMention:
      kinds = kMentionKinds;
      break;
    case Subject::kNote:
      verdicts = kNoteVerdicts;
      break;
    default:
      break;
  }
  rule.kinds = read_names(table, "kinds", kinds);
  rule.verdicts = read_names(table, "verdicts", verdicts);
  rule.severities = read_names(table, "severities", severities);
  if (table.has("shared_below")) {
    if (rule.subject != Subject::kClaim) {
      throw UsageError("{}: shared_below is of claims", table.place("shared_below"));
    }
    rule.shared_below = table.number_in("shared_below", 0.01, 1);
  }
  rule.step = read_step(table.string("action"), table.place("action"));
  if (rule.step.action == Action::kStrip &&
      (rule.subject == Subject::kNote || rule.subject == Subject::kOmission)) {
    throw UsageError("{}: a rule on {} has no sentence to strip", table.place("action"), of);
  }
  table.finish();
  return rule;
}

// Whether all that `later` is about is decided by `earlier` before it.
bool covers(const PolicyRule& earlier, const PolicyRule& later) {
  // An empty list stands for all.
  const auto holds = [](const auto& all, const auto& some) {
    return all.empty() || (!some.empty() && std::ranges::includes(all, some));
  };
  const bool all_shares = earlier.shared_below == 0 ||
                          (later.shared_below > 0 && later.shared_below <= earlier.shared_below);
  return earlier.subject == later.subject && all_shares && holds(earlier.kinds, later.kinds) &&
         holds(earlier.verdicts, later.verdicts) && holds(earlier.severities, later.severities);
}

void refuse_dead_rules(const std::vector<PolicyRule>& rules, const std::vector<TomlTable>& tables) {
  for (std::size_t later = 1; later < rules.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!covers(rules[earlier], rules[later])) continue;
      throw UsageError(
          "{}: the rule never speaks, as the one at {} decides all that it is about (the first that "
          "speaks of a finding decides); take it out, or put it before that one",
          tables[later].place(), tables[earlier].place());
    }
  }
}

void read_otherwise(const TomlTable& table, Policy& policy) {
  for (const std::string& key : table.keys()) {
    const PolicyStep from = read_step(key, table.place(key));
    if (from.action == Action::kAccept || from.action == Action::kReject) {
      throw UsageError("{}: nothing follows '{}'", table.place(key), key);
    }
    const PolicyStep to = read_step(table.string(key), table.place(key));
    if (to.action == Action::kAccept) {
      throw UsageError("{}: a note that '{}' did not help is not accepted; write \"reject\"",
                       table.place(key), key);
    }
    if (from.action == Action::kWrite && to.action != Action::kWrite &&
        to.action != Action::kReject) {
      throw UsageError("{}: after '{}' there is but \"write ...\" or \"reject\"", table.place(key),
                       key);
    }
    policy.otherwise[from] = to;
  }
  for (const auto& [from, to] : policy.otherwise) {
    std::string way = step_name(from);
    PolicyStep at = from;
    for (std::size_t steps = 0; steps <= policy.otherwise.size(); ++steps) {
      at = policy.after(at);
      way += " -> " + step_name(at);
      if (at.action == Action::kReject) break;
      if (at == from) {
        throw UsageError("{}: the steps lead in a circle: {}", table.place(step_name(from)), way);
      }
    }
  }
  table.finish();
}

}  // namespace

std::string step_name(const PolicyStep& step) {
  if (step.action == Action::kWrite) return std::string(kWritePrefix) + step.strategy;
  for (const auto& [name, action] : kActions) {
    if (action == step.action) return std::string(name);
  }
  throw InternalError("a step of a policy has no name");
}

bool Policy::may_ask() const {
  const auto asks = [](const PolicyStep& step) { return step.action == Action::kAsk; };
  return std::ranges::any_of(rules, [&](const PolicyRule& rule) { return asks(rule.step); }) ||
         std::ranges::any_of(otherwise, [&](const auto& way) { return asks(way.second); });
}

bool Policy::uses_shares() const {
  return std::ranges::any_of(rules, [](const PolicyRule& rule) { return rule.shared_below > 0; });
}

std::vector<std::string> Policy::strategies() const {
  std::set<std::string> names;
  const auto add = [&](const PolicyStep& step) {
    if (step.action == Action::kWrite) names.insert(step.strategy);
  };
  for (const PolicyRule& rule : rules) add(rule.step);
  for (const auto& [from, to] : otherwise) add(to);
  return {names.begin(), names.end()};
}

const PolicyStep& Policy::after(const PolicyStep& step) const {
  static const PolicyStep reject{Action::kReject, ""};
  const auto found = otherwise.find(step);
  return found == otherwise.end() ? reject : found->second;
}

Policy parse_policy(std::string_view toml, std::string_view source) {
  const TomlTable table = TomlTable::parse(toml, std::string(source));
  Policy policy;
  policy.name = table.string("name");
  if (!is_safe_name(policy.name) || policy.name.find('.') != std::string::npos ||
      policy.name.size() > 40) {
    throw UsageError("{}: name = '{}' is not a name: letters, digits, '_', '-', at most 40",
                     table.place("name"), policy.name);
  }
  if (policy.name == kRevised) {
    throw UsageError("{}: name = '{}' is taken by what models write when they are asked again",
                     table.place("name"), policy.name);
  }
  policy.version = static_cast<int>(table.integer_in("version", 1, 1'000'000, 1));
  policy.title = table.string_or("title", policy.name);
  policy.least_words = static_cast<std::size_t>(table.integer_in("least_words", 1, 10'000, 1));
  const std::vector<TomlTable> rules = table.tables_or_empty("rule");
  for (const TomlTable& rule : rules) policy.rules.push_back(read_rule(rule));
  if (policy.rules.empty()) throw UsageError("{}: a policy without a [[rule]]", table.place());
  refuse_dead_rules(policy.rules, rules);
  if (const auto otherwise = table.table_if("otherwise")) read_otherwise(*otherwise, policy);
  policy.asks = static_cast<int>(table.integer_in("asks", 1, kMostAsks, 1));
  table.finish();
  if (table.has("asks") && !policy.may_ask()) {
    throw UsageError("{}: asks says how often a note is asked for again, and no action is \"ask\"",
                     table.place("asks"));
  }
  policy.hash = sha256_hex(toml);
  return policy;
}

Policy load_policy(std::string_view name_or_path) {
  if (names_toml_file(name_or_path)) {
    Policy policy = parse_policy(read_given_file(name_or_path, kMaxFile), name_or_path);
    policy.folder = Path(name_or_path).parent_path();
    return policy;
  }
  const std::string file = fmt::format("policies/{}.toml", name_or_path);
  if (!audit_resources().has(file)) {
    throw UsageError("no policy '{}'; built in are {}; another is named by the path of its file",
                     name_or_path, join(built_in_policies(), ", "));
  }
  return parse_policy(audit_resources().get(file), file);
}

std::vector<std::string> built_in_policies() {
  std::vector<std::string> names;
  for (const std::string& file : audit_resources().names("policies/")) {
    names.push_back(Path(file).stem().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string derived_strategy(std::string_view strategy, const Policy& policy) {
  return fmt::format("{}.{}", strategy, policy.name);
}

std::string revised_strategy(std::string_view strategy, const Policy& policy) {
  return fmt::format("{}.{}", derived_strategy(strategy, policy), kRevised);
}

}  // namespace epicrisis::audit
