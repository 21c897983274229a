#include "audit/claim_words.h"

#include <algorithm>
#include <charconv>

#include "audit/resources.h"
#include "data/resources.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "text/resources.h"

namespace epicrisis::audit {
namespace {

const std::map<std::string_view, Mark>& mark_names() {
  static const std::map<std::string_view, Mark> names = {
      {"hedge", Mark::kHedge},
      {"hedged", Mark::kHedged},
      {"alternatives follow", Mark::kAlternativesFollow},
      {"alternatives before", Mark::kAlternativesBefore},
      {"like", Mark::kLike},
      {"ground", Mark::kGround},
      {"subject", Mark::kSubject},
      {"background", Mark::kBackground},
      {"surrounding", Mark::kSurrounding},
      {"beside", Mark::kBeside},
      {"picture", Mark::kPicture},
      {"cast", Mark::kCast},
      {"ink", Mark::kInk},
      {"dark", Mark::kDark},
      {"light", Mark::kLight},
      {"medium", Mark::kMedium},
      {"border noun", Mark::kBorderNoun},
      {"area noun", Mark::kAreaNoun},
      {"partly", Mark::kPartly},
      {"place", Mark::kPlace},
      {"overall", Mark::kOverall},
      {"clause break", Mark::kClauseBreak},
      {"condition", Mark::kCondition},
      {"general", Mark::kGeneral},
      {"origin", Mark::kOrigin},
      {"colour heading", Mark::kColourHeading},
      {"structure heading", Mark::kStructureHeading},
      {"type heading", Mark::kTypeHeading},
      {"diagnosis heading", Mark::kDiagnosisHeading},
      {"year", Mark::kYear},
      {"aged", Mark::kAged},
      {"decade", Mark::kDecade},
      {"report", Mark::kReport},
      {"result", Mark::kResult},
      {"wanted", Mark::kWanted},
      {"month name", Mark::kMonth},
      {"unit", Mark::kUnit},
      {"unassessed", Mark::kUnassessed},
      {"none of the others", Mark::kNoneOfOthers},
      {"bystander", Mark::kBystander},
      {"around it", Mark::kAroundIt},
  };
  return names;
}

constexpr std::array kKindNames = {
    "",        "diagnosis",  "other disease", "",       "asymmetry",    "border",
    "colours", "structures", "elevation",     "site",   "age",          "sex",
    "size",    "symptoms",   "history",       "advice", "test results", "persons"};

Need need_of(const Concept& entry) {
  static const std::map<std::string_view, Need> names = {
      {"", Need::kNone},       {"border", Need::kBorder}, {"area", Need::kArea},
      {"type", Need::kType},   {"noun", Need::kNoun},     {"place", Need::kPlace},
      {"alone", Need::kAlone}, {"report", Need::kReport}, {"result", Need::kResult},
      {"name", Need::kName},   {"never", Need::kNever},   {"nothing else", Need::kNothingElse}};
  const auto found = names.find(entry.needs);
  if (found == names.end()) {
    throw UsageError("concept '{}' needs '{}', which is none of the known needs", entry.id,
                     entry.needs);
  }
  return found->second;
}

// A field without words of its own: its classes and grades.
std::string words_of_field(const Field& field) {
  std::string toml;
  const auto add = [&](std::string_view id, std::string_view group, std::string_view label,
                       const std::vector<std::string>& forms) {
    toml += fmt::format("[[concept]]\nid = {}\ngroup = {}\n", dump_json(Json(id)),
                        dump_json(Json(group)));
    if (!label.empty()) toml += fmt::format("label = {}\n", dump_json(Json(label)));
    toml += fmt::format("forms = {}\n", dump_json(Json(forms)));
  };
  for (const FieldClass& one : field.classes()) {
    add(one.words, "diagnosis", one.name, {one.words});
  }
  for (const std::string& grade : field.grades()) {
    add("grade " + grade, "grade", "", {grade});
  }
  return toml;
}

}  // namespace

ClaimWords::ClaimWords(const Field& field)
    : field_(field), lexicon_(Lexicon::parse("", "nothing")) {
  const std::string of_field = fmt::format("taxonomy/claims_{}.toml", field.name());
  std::vector<TomlTable> files;
  std::vector<std::string> texts;
  const auto add = [&](std::string_view text, std::string name) {
    files.push_back(TomlTable::parse(text, std::move(name)));
    texts.emplace_back(text);
  };
  if (audit_resources().has(of_field)) {
    add(text_resources().get("taxonomy/lexicon.toml"), "taxonomy/lexicon.toml");
    add(audit_resources().get(of_field), of_field);
  } else {
    add(words_of_field(field), field.name());
  }
  constexpr const char* kSites = "taxonomy/values/sites.toml";
  add(data_resources().get(kSites), kSites);
  add(audit_resources().get("taxonomy/claims.toml"), "taxonomy/claims.toml");
  lexicon_ = Lexicon::of(files);

  const TomlTable& claims = files.back();
  std::map<std::string, Kind, std::less<>> kinds = {
      {"diagnosis", Kind::kDiagnosis}, {field.grade_name(), Kind::kGrade}, {"grade", Kind::kGrade}};
  const TomlTable groups = claims.table("kinds");
  for (const std::string& group : groups.keys()) {
    const std::string name = groups.string(group);
    const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
    if (found == kKindNames.end() || name.empty()) {
      throw UsageError("{}: '{}' is no kind of claim", groups.place(group), name);
    }
    kinds.emplace(group, static_cast<Kind>(found - kKindNames.begin()));
  }
  for (const auto& [key, numbers] :
       {std::pair{"numbers", &numbers_}, std::pair{"decades", &decades_}}) {
    const TomlTable table = claims.table(key);
    for (const std::string& word : table.keys()) {
      numbers->emplace(word, static_cast<int>(table.integer_in(word, 0, 100)));
    }
  }
  const TomlTable units = claims.table("age_units");
  for (const char* unit : {"months", "weeks", "days"}) {
    for (std::string& word : units.strings_or(unit, {})) age_units_.emplace(std::move(word), unit);
  }
  const std::vector<std::string> foreign = claims.table("foreign").strings_or("words", {});
  foreign_.insert(foreign.begin(), foreign.end());
  for (const TomlTable& file : files) {
    const auto shades = file.table_if("shades");
    if (!shades) continue;
    for (const std::string& value : shades->keys()) {
      const std::vector<std::string> two = shades->strings_or(value, {});
      if (two.size() != 2) throw UsageError("{}: a light and a dark shade", shades->place(value));
      shades_.emplace(value, std::pair(two[0], two[1]));
    }
  }
  for (const TomlTable& file : files) {
    const auto others = file.table_if("others");
    if (!others) continue;
    for (const std::string& name : others->keys()) {
      const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
      if (found == kKindNames.end()) {
        throw UsageError("{}: '{}' is no kind of claim", others->place(name), name);
      }
      others_.emplace(static_cast<Kind>(found - kKindNames.begin()), others->strings_or(name, {}));
    }
  }
  for (const TomlTable& file : files) file.finish();

  const std::vector<Concept>& concepts = lexicon_.concepts();
  for (const Concept& entry : concepts) {
    const auto mark = mark_names().find(entry.id);
    const bool is_mark = entry.group == "mark";
    marks_.push_back(!is_mark                     ? Mark::kNone
                     : mark == mark_names().end() ? Mark::kOther
                                                  : mark->second);
    const auto kind = kinds.find(entry.group);
    kinds_.push_back(is_mark || kind == kinds.end() ? Kind::kNone : kind->second);
    needs_.push_back(need_of(entry));
  }
  coarser_.resize(concepts.size());
  for (std::size_t i = 0; i < concepts.size(); ++i) {
    std::vector<std::size_t> open = {i};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      for (const std::string& id : concepts[at].within) {
        const auto outer = lexicon_.index_of(id);
        if (!outer)
          throw UsageError("concept '{}' is within '{}', which there is not", concepts[at].id, id);
        if (std::ranges::find(coarser_[i], *outer) != coarser_[i].end()) continue;
        coarser_[i].push_back(*outer);
        open.push_back(*outer);
      }
    }
  }
  std::string all;
  for (const std::string& text : texts) all += text;
  hash_ = sha256_hex(all);
}

std::string_view ClaimWords::kind_name(Kind kind) const {
  if (kind == Kind::kGrade) return field_.grade_name();
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::optional<int> ClaimWords::number(std::string_view folded) const {
  if (folded.empty()) return std::nullopt;
  if (folded.front() >= '0' && folded.front() <= '9') {
    int value = 0;
    const char* end = folded.data() + folded.size();
    const auto parsed = std::from_chars(folded.data(), end, value);
    if (folded.size() > 3 || parsed.ptr != end) return std::nullopt;
    return value;
  }
  const auto found = numbers_.find(std::string(folded));
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<int> ClaimWords::decade(std::string_view folded) const {
  if (folded.size() == 3 && folded[2] == 's' && folded[1] == '0' && folded[0] >= '1' &&
      folded[0] <= '9') {
    return (folded[0] - '0') * 10;
  }
  const auto found = decades_.find(std::string(folded));
  if (found == decades_.end()) return std::nullopt;
  return found->second;
}

std::string_view ClaimWords::age_unit(std::string_view folded) const {
  const auto found = age_units_.find(folded);
  return found == age_units_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view ClaimWords::shade(std::string_view value, Mark mark) const {
  const auto found = shades_.find(value);
  if (found == shades_.end()) return {};
  if (mark == Mark::kLight) return found->second.first;
  if (mark == Mark::kDark) return found->second.second;
  return found->first;
}

std::string_view ClaimWords::shade_base(std::string_view value) const {
  for (const auto& [base, shades] : shades_) {
    if (value == base || value == shades.first || value == shades.second) return base;
  }
  return {};
}

const std::vector<std::string>& ClaimWords::others(Kind kind) const {
  static const std::vector<std::string> none;
  const auto found = others_.find(kind);
  return found == others_.end() ? none : found->second;
}

bool ClaimWords::within(std::size_t inner, std::size_t outer) const {
  return inner == outer || std::ranges::find(coarser_[inner], outer) != coarser_[inner].end();
}

bool ClaimWords::same_line(std::size_t a, std::size_t b) const {
  return within(a, b) || within(b, a);
}

}  // namespace epicrisis::audit
