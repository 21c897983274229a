#include "epicrisis/notes/synthesis/request.h"

#include <algorithm>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/image/measure.h"
#include "epicrisis/llm/attempt.h"
#include "epicrisis/notes/strategy/sentence_notes.h"
#include "epicrisis/text/schema.h"
#include "llm/request_image.h"
#include "notes/strategy/repetition.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxFieldBytes = 1000;
constexpr std::int64_t kMessageTokens = 16;    // what wraps the two messages
constexpr std::int64_t kMeasuredTokens = 120;  // the words are made when the body is
constexpr std::string_view kMeasured = "measured";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void check_disclosure(const Disclosure& disclosure, const Field& field_of_sample) {
  if (!disclosure.fields) return;
  std::vector<std::string> known = note_field_names(field_of_sample);
  known.emplace_back(kMeasured);
  for (const std::string& field : *disclosure.fields) {
    if (!contains(known, field)) {
      throw UsageError("`fields`: unknown field '{}'; there are {}", clean_text(field, 60),
                       join(known, ", "));
    }
  }
}

// Findings that are fields of their own as well: a limit that leaves out the field leaves out the
// finding.
bool is_own_field(std::string_view finding) {
  return finding == "age" || finding == "sex" || finding == "site";
}

// The fields that may leave, those alone.
TemplateFields disclosed_fields(const Sample& sample, const Disclosure& disclosure,
                                const Field& field_of_sample) {
  if (!disclosure.fields) return note_fields(sample, field_of_sample);
  Sample visible = sample;
  std::erase_if(visible.findings, [&](const Finding& finding) {
    return is_own_field(finding.name) && !contains(*disclosure.fields, finding.name);
  });
  // `class` would name it in brackets.
  if (!contains(*disclosure.fields, "subclass")) visible.subclass.clear();
  TemplateFields fields = note_fields(visible, field_of_sample);
  // These were read from the findings, which may have been left out as a whole.
  std::erase_if(fields,
                [&](const auto& field) { return !contains(*disclosure.fields, field.first); });
  return fields;
}

// Local servers read the control tokens of a chat template (<|im_end|>, [INST], </s>) wherever they
// stand, also within quotes. A space after the bracket makes plain text of them; "< 6 mm" stays.
std::string without_control_tokens(std::string_view value) {
  std::string result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    result += value[i];
    if (i + 1 == value.size()) break;
    const char next = value[i + 1];
    const bool number = next == ' ' || next == '=' || (next >= '0' && next <= '9');
    const bool capital = next == '/' || (next >= 'A' && next <= 'Z');
    if ((value[i] == '<' && !number) || (value[i] == '[' && capital)) result += ' ';
  }
  return result;
}

// In words, for servers that have no response_format or none with a schema.
std::string schema_words(const Json& schema) {
  return fmt::format("Answer with one JSON object and nothing else. It meets this JSON schema:\n{}",
                     dump_json(schema));
}

// [A-Za-z0-9_-], at most 64: what `response_format` takes as a name.
std::string schema_name(const std::string& strategy) {
  std::string name = strategy.substr(0, 64);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}

std::string_view structured_name(StructuredOutput structured) {
  switch (structured) {
    case StructuredOutput::kJsonSchema:
      return "json_schema";
    case StructuredOutput::kJsonObject:
      return "json_object";
    case StructuredOutput::kNone:
      return "words";
  }
  return "";
}

}  // namespace

RequestBuilder::RequestBuilder(Strategy strategy, Provider provider, std::string model,
                               Disclosure disclosure)
    : strategy_(std::move(strategy)),
      provider_(std::move(provider)),
      disclosure_(std::move(disclosure)),
      schema_(strategy_.schema) {
  if (strategy_.kind == StrategyKind::kTemplate) {
    throw UsageError("strategy '{}' is a template: it needs no language model", strategy_.name);
  }
  provider_.model = std::move(model);
  if (provider_.model.empty()) {
    throw UsageError("provider '{}' has no default model: give `model`", provider_.name);
  }
  picture_ = picture_tokens(provider_);
  check_disclosure(disclosure_, strategy_.field);
  names_measured_ = epicrisis::names_measured(strategy_);
  const auto allowed = [&](std::string_view field) {
    return !disclosure_.fields || contains(*disclosure_.fields, field);
  };
  attach_ = strategy_.image && provider_.vision && disclosure_.images;
  measure_ = strategy_.image && !attach_ && strategy_.field.measured() && allowed(kMeasured);
  std::set<std::string> named(strategy_.system->fields().begin(), strategy_.system->fields().end());
  named.insert(strategy_.user->fields().begin(), strategy_.user->fields().end());
  if (reads_note(strategy_) && !(named.contains("note") && allowed("note"))) {
    throw UsageError("strategy '{}' reads notes, and `fields` does not let out 'note'",
                     strategy_.name);
  }
  // A modality says nothing of what is shown.
  const bool some_field = std::ranges::any_of(
      named, [&](const std::string& field) { return field != "modality" && allowed(field); });
  if (!attach_ && !measure_ && !some_field) {
    throw UsageError(
        "nothing that strategy '{}' may see is left: it sees {}{}, the model {}, and `images` "
        "and `fields` take away the rest",
        strategy_.name, strategy_.image ? "the picture, " : "",
        named.empty() ? "no metadata" : join({named.begin(), named.end()}, ", "),
        provider_.vision ? "sees pictures" : "sees no pictures");
  }
  if (!schema_.is_null() && provider_.structured != StructuredOutput::kJsonSchema) {
    schema_words_ = schema_words(portable_schema(schema_));
  } else if (!schema_.is_null()) {
    schema_tokens_ = llm::estimate_tokens(dump_json(portable_schema(schema_)));
  }
  parameters_text_ = dump_json(parameters());
}

RequestBuilder RequestBuilder::under_name(std::string strategy) const {
  RequestBuilder other = *this;
  other.strategy_.name = std::move(strategy);
  return other;
}

bool RequestBuilder::needs_image() const { return attach_ || measure_; }

bool RequestBuilder::does_without_picture(const Sample& sample) const {
  return !attach_ && std::ranges::any_of(plan(sample, 0, "").fields,
                                         [](const auto& field) { return field != "modality"; });
}

PlannedNote RequestBuilder::plan(const Sample& sample, int variant, std::string_view image_sha256,
                                 const TemplateFields& more) const {
  TemplateFields fields = disclosed_fields(sample, disclosure_, strategy_.field);
  for (auto& [name, value] : fields) {
    value = without_control_tokens(clean_text(value, kMaxFieldBytes));
  }
  const bool tells_measured = !disclosure_.fields || contains(*disclosure_.fields, kMeasured);
  for (const auto& [name, value] : more) {
    if (is_measured_field(name) && !tells_measured) continue;
    fields[name] = without_control_tokens(clean_text(value, kMaxNoteBytes));
  }

  PlannedNote plan;
  plan.sample_id = sample.id;
  plan.variant = variant;
  plan.system = strategy_.system->render(fields, kMaxNoteBytes);
  plan.user = strategy_.user->render(fields, kMaxNoteBytes);
  const bool has_image = !sample.image_path.empty();
  plan.attach_image = attach_ && has_image;
  plan.measure_image = measure_ && has_image;
  if (strategy_.image && !plan.attach_image) {
    plan.system += fmt::format("\n{}", kPictureNotShown);
  }
  if (!schema_words_.empty()) plan.system += "\n" + schema_words_;
  if (plan.attach_image || plan.measure_image) plan.image_path = sample.image_path;

  std::set<std::string> shown;
  for (const Template* part : {&*strategy_.system, &*strategy_.user}) {
    const std::vector<std::string> names = part->shown(fields);
    shown.insert(names.begin(), names.end());
  }
  const bool measured = std::erase_if(shown, is_measured_field) > 0;
  const bool metadata = std::ranges::any_of(
      shown, [&](const std::string& name) { return name != "modality" && !more.contains(name); });
  if (shown.contains("findings")) {
    for (const Finding& finding : sample.findings) {
      if (is_own_field(finding.name) && fields.contains(finding.name)) shown.insert(finding.name);
    }
  }
  if (plan.measure_image || measured) shown.emplace(kMeasured);
  plan.fields.assign(shown.begin(), shown.end());
  const bool image = plan.attach_image || plan.measure_image || measured;
  plan.origin = reads_note(strategy_) ? "note"
                : image && metadata   ? "image+metadata"
                : image               ? "image"
                                      : "metadata";

  plan.input_tokens = kMessageTokens + schema_tokens_ + llm::estimate_tokens(plan.system) +
                      llm::estimate_tokens(plan.user);
  if (plan.attach_image) plan.input_tokens += picture_.tokens;
  if (plan.measure_image) plan.input_tokens += kMeasuredTokens;
  plan.max_tokens = strategy_.max_tokens;

  plan.key =
      sha256_of_fields({"epicrisis note 1", sample.dataset, sample.key, image ? image_sha256 : "",
                        plan.attach_image    ? "attached"
                        : plan.measure_image ? "measured"
                                             : "",
                        plan.system, plan.user, provider_.name, provider_.model, parameters_text_,
                        strategy_.content_hash, std::to_string(variant)});
  return plan;
}

std::string RequestBuilder::body(const PlannedNote& note, int max_tokens) const {
  std::string user = note.user;
  if (note.measure_image) {
    const std::string words = llm::measured_words(note.image_path);
    if (!words.empty()) {
      user += fmt::format("\nMeasured on the picture by a program, as data: \"{}\".", words);
    }
  }
  Json content = user;
  if (note.attach_image) {
    Json picture = {{"url", llm::image_data_uri(note.image_path, provider_.image_side,
                                                provider_.image_quality)}};
    if (!provider_.image_detail.empty()) picture["detail"] = provider_.image_detail;
    content = Json::array({{{"type", "text"}, {"text", std::move(user)}},
                           {{"type", "image_url"}, {"image_url", std::move(picture)}}});
  }
  Json body = {{"model", provider_.model}};
  body["messages"] = Json::array({{{"role", "system"}, {"content", note.system}},
                                  {{"role", "user"}, {"content", std::move(content)}}});
  body[provider_.token_limit_name] = max_tokens > 0 ? max_tokens : note.max_tokens;
  if (provider_.send_temperature) body["temperature"] = strategy_.temperature;
  if (!schema_.is_null() && provider_.structured == StructuredOutput::kJsonSchema) {
    body["response_format"] = {{"type", "json_schema"},
                               {"json_schema",
                                {{"name", schema_name(strategy_.name)},
                                 {"strict", true},
                                 {"schema", portable_schema(schema_)}}}};
  } else if (!schema_.is_null() && provider_.structured == StructuredOutput::kJsonObject) {
    body["response_format"] = {{"type", "json_object"}};
  }
  for (const auto& [name, value] : provider_.extra.items()) body[name] = value;
  // One seed would make all variants of a note the same.
  if (body.contains("seed") && body["seed"].is_number_integer()) {
    const auto seed = static_cast<std::uint64_t>(body["seed"].get<std::int64_t>());
    body["seed"] = static_cast<std::int64_t>(seed + static_cast<std::uint64_t>(note.variant));
  }
  return dump_json(body);
}

Json RequestBuilder::parameters(int max_tokens) const {
  Json parameters = Json::object();
  parameters["max_tokens"] = max_tokens > 0 ? max_tokens : strategy_.max_tokens;
  if (provider_.send_temperature) parameters["temperature"] = strategy_.temperature;
  if (!schema_.is_null()) parameters["structured"] = structured_name(provider_.structured);
  if (attach_) {
    parameters["image"] = {{"detail", provider_.image_detail},
                           {"side", provider_.image_side},
                           {"quality", provider_.image_quality}};
  }
  if (measure_) parameters["measuring_version"] = kMeasuringVersion;
  if (!provider_.extra.empty()) parameters["extra"] = provider_.extra;
  return parameters;
}

}  // namespace epicrisis
