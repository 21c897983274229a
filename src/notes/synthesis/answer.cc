#include "epicrisis/notes/synthesis/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "epicrisis/text/schema.h"
#include "llm/json_member.h"
#include "llm/refusal.h"
#include "llm/server_error.h"
#include "llm/spoken.h"
#include "notes/strategy/repetition.h"

namespace epicrisis {
namespace {

using llm::ChatKind;

constexpr std::size_t kMaxNote = 65536;     // bytes
constexpr std::size_t kMaxRejected = 4096;  // bytes kept of what is no note
constexpr int kWordTolerance = 2;           // times max_words

struct Judged {
  NoteResult note;
  bool wrong_form = false;  // asked again the model may do better
  llm::Dropped dropped = {};
};

Judged rejected(NoteStatus status, std::string_view reason, std::string_view text = {}) {
  return {{status, clean_multiline_text(text, kMaxRejected), llm::one_line(reason)}};
}

Judged wrong_form(std::string_view reason, std::string_view text) {
  Judged judged = rejected(NoteStatus::kInvalid, reason, text);
  judged.wrong_form = true;
  return judged;
}

// What is between the first pair of Markdown fences, else the text.
std::string_view without_fence(std::string_view text) {
  const std::size_t open = text.find("```");
  if (open == std::string_view::npos) return text;
  const std::size_t line = text.find('\n', open);
  if (line == std::string_view::npos) return text;
  const std::size_t close = text.find("```", line);
  return trim(text.substr(line + 1, close == std::string_view::npos ? close : close - line - 1));
}

// Where the object ends that opens at `open`; npos if it does not.
std::size_t object_end(std::string_view text, std::size_t open) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '{') {
      ++depth;
    } else if (!quoted && c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// The JSON in an answer: the whole of it, else each object in it that is none within another, each
// once, else what is in a fence. `why` says what is wrong where there is none.
std::vector<Json> json_in(std::string_view text, std::string& why) {
  constexpr int kMostTries = 64;  // of braces that open nothing
  std::vector<Json> found;
  const auto read = [&](std::string_view place) {
    try {
      Json json = parse_json(place, "answer");
      const bool says_nothing = json.is_object() && json.empty();
      if (!says_nothing && std::ranges::find(found, json) == found.end()) {
        found.push_back(std::move(json));
      }
      return true;
    } catch (const InputError& error) {
      if (why.empty()) why = error.what();
      return false;
    }
  };
  if (read(text) && !found.empty()) return found;
  int tries = 0;
  for (std::size_t open = text.find('{'); open != std::string_view::npos && tries < kMostTries;
       ++tries) {
    const std::size_t end = object_end(text, open);
    if (end == std::string_view::npos) break;
    open = text.find('{', read(text.substr(open, end - open)) ? end : open + 1);
  }
  if (found.empty()) read(without_fence(text));
  return found;
}

std::string folded(std::string_view text) {
  std::string result = ascii_lower(clean_text(text, 1000));
  while (!result.empty() && (result.back() == '.' || result.back() == ' ')) result.pop_back();
  return result;
}

// A longer list is no answer, and not worth the time.
constexpr std::size_t kMostChoices = 1000;

// "Cannot_tell." is the verdict "cannot tell".
void settle_verdicts(Json& answer) {
  const auto verdicts = answer.find("verdicts");
  if (verdicts == answer.end() || !verdicts->is_array()) return;
  for (Json& one : *verdicts) {
    if (!one.is_object() || !one.contains("verdict") || !one["verdict"].is_string()) continue;
    std::string word = folded(one["verdict"].get_ref<const std::string&>());
    std::ranges::replace(word, '_', ' ');
    one["verdict"] = std::move(word);
  }
}

// A choice that differs from an option in case, white space or a full stop is that option; one
// choice where several could be is a list of one.
void settle_choices(const Strategy& strategy, Json& answer) {
  if (!answer.is_object()) return;
  if (strategy.answer == AnswerForm::kVerdicts) return settle_verdicts(answer);
  if (strategy.answer != AnswerForm::kOptions) return;
  for (const OptionHeading& heading : strategy.options) {
    const auto member = answer.find(heading.name);
    if (member == answer.end()) continue;
    const auto settle = [&](Json& value) {
      if (!value.is_string()) return;
      const std::string choice = folded(value.get_ref<const std::string&>());
      for (const std::string& option : heading.options) {
        if (folded(option) == choice) {
          value = option;
          return;
        }
      }
    };
    if (heading.several && member->is_string()) *member = Json::array({*member});
    if (member->is_array() && heading.several && member->size() <= kMostChoices) {
      // A choice named again says nothing new; servers whose schemas know no uniqueItems let it by.
      Json once = Json::array();
      for (Json& value : *member) {
        settle(value);
        if (std::ranges::find(once, value) == once.end()) once.push_back(std::move(value));
      }
      *member = std::move(once);
    } else {
      settle(*member);
    }
  }
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

bool says_nothing(std::string_view text) { return llm::is_blank(text) || is_missing(text); }

// A JSON object, or a list of them, as a whole or in a fence.
bool is_json(std::string_view text) {
  const std::string_view inside = text.starts_with("```") ? without_fence(text) : text;
  if (!inside.starts_with('{') && !inside.starts_with('[')) return false;
  const Json json = Json::parse(inside.begin(), inside.end(), nullptr, false);
  return json.is_object() || (json.is_array() && !json.empty() && json.front().is_object());
}

Judged judged_note(std::string_view text, const Strategy& strategy) {
  if (is_json(trim(text))) return wrong_form("JSON, and text was asked for", text);
  const llm::Spoken spoken = llm::spoken_text(text);
  if (!spoken.fault.empty()) return rejected(NoteStatus::kInvalid, spoken.fault, text);
  const std::string note = clean_multiline_text(spoken.text, kMaxNote + 1);
  if (llm::is_blank(note)) return rejected(NoteStatus::kEmpty, "no text");
  if (is_missing(note)) {
    return rejected(NoteStatus::kEmpty, fmt::format("'{}' says nothing", note), note);
  }
  if (const std::string words = llm::refusal_words(note, llm::Said::kAnswer); !words.empty()) {
    return rejected(NoteStatus::kRefused, words, note);
  }
  // Asked again it would be no better: a small model's way.
  if (const std::string fault = repetition_fault(note, strategy); !fault.empty()) {
    return rejected(NoteStatus::kInvalid, fault, note);
  }
  const std::size_t words = count_words(note);
  if (note.size() > kMaxNote ||
      words > static_cast<std::size_t>(strategy.max_words) * kWordTolerance) {
    // Asked again it would be as long.
    return rejected(NoteStatus::kInvalid,
                    fmt::format("{} words in {} bytes, more than twice the limit of {} words",
                                words, text.size(), strategy.max_words),
                    note);
  }
  return {{NoteStatus::kWritten, note, ""}, false, spoken.dropped};
}

// The one that is as the schema says, with its choices settled. None, with the `fault`, where
// there is none or where there are several: a draft is not told from what it became.
std::optional<Json> only_answer(std::vector<Json> answers, const Strategy& strategy,
                                const Json& schema, std::string& fault) {
  std::optional<Json> only;
  for (Json& answer : answers) {
    settle_choices(strategy, answer);
    const std::string violation = schema_violation(schema, answer);
    if (!violation.empty()) {
      if (fault.empty()) fault = "not as the schema says: " + violation;
    } else if (only && *only != answer) {
      fault = "several JSON answers that differ";
      return {};
    } else {
      only = std::move(answer);
    }
  }
  return only;
}

Judged judged_text(std::string_view text, const Strategy& strategy, const Json& schema) {
  if (!schema.is_object()) return judged_note(text, strategy);
  if (clean_text(text, 8).empty()) return rejected(NoteStatus::kEmpty, "no text");
  std::string why;
  std::vector<Json> answers = json_in(text, why);
  if (answers.empty()) {
    if (const std::string words = llm::refusal_words(text, llm::Said::kAnswer); !words.empty()) {
      return rejected(NoteStatus::kRefused, words, text);
    }
    return wrong_form("not the JSON that was asked for: " + why, text);
  }
  std::string fault;
  const std::optional<Json> answer = only_answer(std::move(answers), strategy, schema, fault);
  if (!answer) return wrong_form(fault, text);
  if (!answer->is_object()) return wrong_form("not a JSON object", text);
  if (strategy.answer == AnswerForm::kVerdicts) {
    return {{NoteStatus::kWritten, dump_json(*answer), ""}};
  }
  if (strategy.answer == AnswerForm::kOptions) {
    const Json* statement = llm::find_member(*answer, "statement");
    if (statement != nullptr && statement->is_string() &&
        says_nothing(statement->get_ref<const std::string&>())) {
      return wrong_form("not as the schema says: $.statement: no words", text);
    }
  }
  for (const auto& [name, value] : answer->items()) {
    if (!value.is_string()) continue;
    const auto& said = value.get_ref<const std::string&>();
    // The statement stands for the whole; a part may say "No.".
    const bool whole = strategy.answer == AnswerForm::kOptions && name == "statement";
    const llm::Said as = whole ? llm::Said::kAnswer : llm::Said::kPart;
    if (const std::string words = llm::refusal_words(said, as); !words.empty()) {
      return rejected(NoteStatus::kRefused, words, text);
    }
    if (const std::string fault = repetition_fault(said, strategy); !fault.empty()) {
      return rejected(NoteStatus::kInvalid, fault, text);
    }
  }
  Judged judged = judged_note(render_answer(strategy, *answer), strategy);
  if (judged.dropped.thoughts || judged.dropped.control_tokens) {
    return wrong_form("thoughts or control tokens within the JSON", text);
  }
  return judged;
}

NoteStatus status_of(ChatKind kind) {
  switch (kind) {
    case ChatKind::kText:
      return NoteStatus::kWritten;
    case ChatKind::kCut:
      return NoteStatus::kTruncated;
    case ChatKind::kRefused:
      return NoteStatus::kRefused;
    case ChatKind::kFiltered:
      return NoteStatus::kFiltered;
    case ChatKind::kMalformed:
      return NoteStatus::kInvalid;
    case ChatKind::kFailed:
      break;
  }
  return NoteStatus::kFailed;
}

// A server that does not say why it stopped, and stopped at the limit: that, or twice of it, where
// it was asked for more room.
void mark_met_limit(llm::ChatAnswer& chat, const Strategy& strategy) {
  const std::int64_t said = chat.attempt.output_tokens;
  if (chat.kind != ChatKind::kText || !chat.unmarked_end || !chat.attempt.has_usage) return;
  if (said != strategy.max_tokens && said != std::int64_t{2} * strategy.max_tokens) return;
  chat.kind = ChatKind::kCut;
  chat.attempt.next = llm::NextStep::kRetryLarger;
  chat.attempt.reason = fmt::format("{} tokens, the token limit, and no finish_reason", said);
}

NoteAnswer note_answer(llm::ChatAnswer chat, const Strategy& strategy, const Json& schema) {
  mark_met_limit(chat, strategy);
  NoteAnswer answer;
  answer.attempt = std::move(chat.attempt);
  if (chat.kind != ChatKind::kText) {
    answer.note = {status_of(chat.kind), clean_multiline_text(chat.text, kMaxRejected),
                   answer.attempt.reason};
    return answer;
  }
  Judged judged;
  try {
    judged = judged_text(chat.text, strategy, schema);
  } catch (const std::exception& error) {
    judged = wrong_form(fmt::format("the answer cannot be read: {}", error.what()), chat.text);
  }
  if (judged.wrong_form) {
    if (chat.dropped.control_tokens) judged.note.reason += "; a control token within it was cut";
    answer.attempt.next = llm::NextStep::kRetry;
    answer.attempt.wrong_form = true;
  }
  if (judged.note.status == NoteStatus::kEmpty && !chat.elsewhere.empty()) {
    judged.note.reason = llm::one_line(chat.elsewhere);
  }
  answer.dropped.thoughts = chat.dropped.thoughts || judged.dropped.thoughts;
  answer.dropped.control_tokens = chat.dropped.control_tokens || judged.dropped.control_tokens;
  answer.attempt.reason = judged.note.reason;
  answer.note = std::move(judged.note);
  return answer;
}

}  // namespace

void AnswerCounts::add(const NoteAnswer& answer) {
  constexpr std::size_t kMostNames = 20;
  if (answer.note.status == NoteStatus::kWritten) llm::count_dropped(answer.dropped, dropped);
  const std::string& name = answer.attempt.unknown_finish;
  if (name.empty()) return;
  const bool room =
      unknown_finish_reasons.contains(name) || unknown_finish_reasons.size() < kMostNames;
  ++unknown_finish_reasons[room ? name : "others"];
}

NoteAnswer read_completion(const Json& completion, const Strategy& strategy, const Json& schema,
                           const FinishReasons& reasons) {
  return note_answer(llm::read_chat_completion(completion, reasons), strategy, schema);
}

NoteAnswer read_answer(const HttpAnswer& answer, const Strategy& strategy, const Json& schema,
                       std::chrono::system_clock::time_point now, const FinishReasons& reasons) {
  NoteAnswer result = note_answer(llm::read_chat_answer(answer, now, reasons), strategy, schema);
  if (result.attempt.wrong_form) result.attempt.retry_after = read_retry_after(answer, now);
  return result;
}

}  // namespace epicrisis
