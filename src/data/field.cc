#include "epicrisis/data/field.h"

#include <algorithm>
#include <set>
#include <utility>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/text/templates.h"

namespace epicrisis {
namespace {

constexpr std::string_view kFolder = "taxonomy/fields/";
constexpr std::string_view kSuffix = ".toml";
constexpr std::size_t kMaxClasses = 1000;
constexpr std::size_t kMaxWords = 200;     // bytes of a name or phrase
constexpr std::size_t kMaxFile = 1 << 20;  // bytes
constexpr std::string_view kSubject = "subject";
constexpr std::string_view kClass = "class";

std::string fold(std::string_view text) { return ascii_lower(trim(text)); }

// They go into prompts, notes and tables as they stand.
std::string words_of(const TomlTable& table, std::string_view key) {
  std::string text = table.string(key);
  if (text.empty() || clean_text(text, kMaxWords) != text) {
    throw UsageError(
        "{}: {} = '{}': one line of 1 to {} bytes without control characters or spaces at its ends",
        table.place(key), key, clean_text(text, 100), kMaxWords);
  }
  return text;
}

std::string safe_name(const TomlTable& table, std::string_view key) {
  std::string name = table.string(key);
  if (!is_safe_name(name)) {
    throw UsageError("{}: {} = '{}': letters, digits, '.', '_' and '-' only", table.place(key), key,
                     clean_text(name, 100));
  }
  return name;
}

// What templates and column maps call otherwise cannot be the name of a grade or a coded column.
void check_free(const TomlTable& table, std::string_view key, std::string_view name) {
  static const std::set<std::string, std::less<>> kTaken = {
      "subject", "class", "diagnosis", "subclass", "findings", "modality", "age",   "sex",
      "site",    "note",  "measured",  "id",       "picture",  "label",    "group", "split"};
  if (kTaken.contains(name)) {
    throw UsageError("{}: {} = '{}' means something else already", table.place(key), key, name);
  }
}

std::vector<CodedColumn> read_coded(const TomlTable& table) {
  std::vector<CodedColumn> coded;
  for (const TomlTable& entry : table.tables_or_empty("coded")) {
    CodedColumn column;
    column.column = safe_name(entry, "column");
    check_free(entry, "column", column.column);
    column.also = entry.string_or("also", "");
    column.finding = words_of(entry, "finding");
    column.values = entry.strings_or("values", {});
    column.missing = entry.strings_or("missing", {});
    column.prefixes = entry.strings_or("prefixes", {});
    if (column.values.empty()) {
      throw UsageError("{}: values lists the words of 1, 2, ...; it is empty",
                       entry.place("values"));
    }
    coded.push_back(std::move(column));
  }
  return coded;
}

std::vector<FieldModality> read_modalities(const TomlTable& table) {
  std::vector<FieldModality> modalities;
  for (const TomlTable& entry : table.tables_or_empty("modality")) {
    FieldModality one;
    one.words = words_of(entry, "words");
    one.kept = entry.strings_or("kept", {});
    one.kept.push_back(one.words);
    one.also = entry.strings_or("also", {});
    modalities.push_back(std::move(one));
  }
  return modalities;
}

}  // namespace

struct Field::Data {
  std::string name;
  std::string title;
  std::string subject;
  std::string grade_name;
  std::vector<std::string> grades;
  GradeWords grade_words;
  std::string labels;
  bool is_default = false;
  bool measured = false;
  bool remove_hair = false;
  bool crop_border = false;
  bool crop_to_subject = false;
  std::vector<CodedColumn> coded;
  std::vector<FieldModality> modalities;
  std::vector<FieldClass> classes;
  std::vector<std::string> class_prompts;
  std::string toml;

  std::string grade_or_empty(const TomlTable& table, std::string_view key) const {
    std::string value = table.string_or(key, "");
    if (!value.empty() && std::ranges::find(grades, value) == grades.end()) {
      throw UsageError("{}: {} = '{}'; the grade has {}", table.place(key), clean_text(key, 100),
                       clean_text(value, 100), join(grades, ", "));
    }
    return value;
  }

  void read_grade_words(const TomlTable& grade) {
    grade_words.yes = grade_or_empty(grade, "yes");
    grade_words.no = grade_or_empty(grade, "no");
    for (const std::string& word : grade.strings_or("open", {})) {
      grade_words.open.insert(fold_value(word));
    }
    for (const std::string& one : grades) grade_words.words[fold_value(one)] = one;
    const std::optional<TomlTable> words = grade.table_if("words");
    if (!words) return;
    for (const std::string& word : words->keys()) {
      grade_words.words[fold_value(word)] = grade_or_empty(*words, word);
    }
  }

  void read_grade(const TomlTable& table) {
    const std::optional<TomlTable> grade = table.table_if("grade");
    if (!grade) return;
    grade_name = safe_name(*grade, "name");
    check_free(*grade, "name", grade_name);
    grades = grade->strings_or("values", {});
    if (grades.empty()) {
      throw UsageError("{}: values lists the words of the grade; it is empty",
                       grade->place("values"));
    }
    read_grade_words(*grade);
  }

  void read_classes(const TomlTable& table) {
    std::set<std::string> seen;
    for (const TomlTable& entry : table.tables_or_empty(kClass)) {
      FieldClass one;
      one.name = safe_name(entry, "name");
      one.words = words_of(entry, "words");
      if (!grade_name.empty()) {
        one.grade = entry.string_or(grade_name, "");
        if (!one.grade.empty() && std::ranges::find(grades, one.grade) == grades.end()) {
          throw UsageError("{}: {} '{}'; the field has {}", entry.place(grade_name), grade_name,
                           clean_text(one.grade, 100), join(grades, ", "));
        }
      }
      for (const std::string& name : std::set{fold(one.name), fold(one.words)}) {
        if (!seen.insert(name).second) {
          throw UsageError("{}: two classes are called '{}'", entry.place("name"), name);
        }
      }
      classes.push_back(std::move(one));
    }
    if (classes.size() < 2 || classes.size() > kMaxClasses) {
      throw UsageError("{}: {} [[class]], 2 to {} were expected", table.place(), classes.size(),
                       kMaxClasses);
    }
  }

  void read_class_prompt(const TomlTable& table) {
    std::vector<std::string> known = {std::string(kSubject), std::string(kClass)};
    if (!grade_name.empty()) known.push_back(grade_name);
    const Template prompt = Template::parse(words_of(table, "class_prompt"),
                                            table.place("class_prompt") + " (class_prompt)", known);
    for (const FieldClass& one : classes) {
      TemplateFields fields = {{std::string(kSubject), subject}, {std::string(kClass), one.words}};
      if (!grade_name.empty()) fields[grade_name] = one.grade;
      class_prompts.push_back(prompt.render(fields));
    }
  }
};

Field Field::parse(std::string_view toml, std::string source) {
  const TomlTable table = TomlTable::parse(toml, std::move(source));
  auto data = std::make_shared<Data>();
  data->name = safe_name(table, "name");
  data->title = table.has("title") ? words_of(table, "title") : data->name;
  data->subject = table.has(kSubject) ? words_of(table, kSubject) : "image";
  data->is_default = table.boolean_or("default", false);
  data->labels = table.string_or("labels", "");
  data->measured = table.boolean_or("measured", false);
  if (const std::optional<TomlTable> prepare = table.table_if("prepare")) {
    data->remove_hair = prepare->boolean_or("remove_hair", false);
    data->crop_border = prepare->boolean_or("crop_border", false);
    data->crop_to_subject = prepare->boolean_or("crop_to_subject", false);
  }
  data->read_grade(table);
  data->coded = read_coded(table);
  data->modalities = read_modalities(table);
  data->read_classes(table);
  data->read_class_prompt(table);
  table.finish();
  data->toml = toml;
  return Field(std::move(data));
}

std::vector<std::string> Field::names() {
  std::vector<std::string> names;
  for (const std::string& file : data_resources().names(kFolder)) {
    names.push_back(file.substr(kFolder.size(), file.size() - kFolder.size() - kSuffix.size()));
  }
  return names;
}

Field Field::load(std::string_view name_or_path) {
  if (!names_toml_file(name_or_path)) {
    const std::string file = fmt::format("{}{}{}", kFolder, name_or_path, kSuffix);
    if (data_resources().has(file)) return parse(data_resources().get(file), file);
    const std::vector<std::string> known = names();
    const std::optional<std::string> near = nearest_name(name_or_path, known);
    throw UsageError(
        "the field '{}' is not built in{}; there are {}; a file of yours is given by its path",
        clean_text(name_or_path, 100), near ? " (did you mean '" + *near + "'?)" : "",
        join(known, ", "));
  }
  Field field = parse(read_given_file(Path(name_or_path), kMaxFile), std::string(name_or_path));
  if (data_resources().has(fmt::format("{}{}{}", kFolder, field.name(), kSuffix))) {
    throw UsageError("{}: name = '{}' is the name of a built-in field; give yours another",
                     name_or_path, field.name());
  }
  return field;
}

const Field& Field::standard() {
  static const Field kField = [] {
    for (const std::string& name : names()) {
      Field field = load(name);
      if (field.data_->is_default) return field;
    }
    throw InternalError("no file of {} says default = true", kFolder);
  }();
  return kField;
}

const std::string& Field::name() const { return data_->name; }
const std::string& Field::title() const { return data_->title; }
const std::string& Field::subject() const { return data_->subject; }
const std::string& Field::grade_name() const { return data_->grade_name; }
const std::vector<std::string>& Field::grades() const { return data_->grades; }
const GradeWords& Field::grade_words() const { return data_->grade_words; }
bool Field::is_grade(std::string_view text) const {
  return std::ranges::find(data_->grades, text) != data_->grades.end();
}
const std::string& Field::labels() const { return data_->labels; }
bool Field::measured() const { return data_->measured; }
bool Field::remove_hair() const { return data_->remove_hair; }
bool Field::crop_border() const { return data_->crop_border; }
bool Field::crop_to_subject() const { return data_->crop_to_subject; }
const std::vector<CodedColumn>& Field::coded() const { return data_->coded; }
const std::vector<FieldModality>& Field::modalities() const { return data_->modalities; }
const std::string& Field::toml() const { return data_->toml; }
const std::vector<FieldClass>& Field::classes() const { return data_->classes; }

std::vector<ClassId> Field::class_ids() const {
  std::vector<ClassId> ids;
  for (std::size_t i = 0; i < classes().size(); ++i) ids.emplace_back(static_cast<int>(i));
  return ids;
}

const FieldClass& Field::at(ClassId id) const {
  const auto index = static_cast<std::size_t>(id.index());
  if (index >= classes().size()) {
    throw InternalError("the field '{}' has no class number {}", name(), id.index());
  }
  return classes()[index];
}

std::optional<ClassId> Field::find_class(std::string_view text) const {
  const std::string folded = fold(text);
  for (const ClassId id : class_ids()) {
    const FieldClass& one = at(id);
    if (folded == fold(one.name) || folded == fold(one.words) ||
        folded == std::to_string(id.index())) {
      return id;
    }
  }
  return std::nullopt;
}

std::string Field::class_names() const {
  std::vector<std::string> names;
  for (const FieldClass& one : classes()) names.push_back(one.name);
  return join(names, ", ");
}

std::string Field::class_prompt(ClassId id) const {
  at(id);  // throws where there is none
  return data_->class_prompts[static_cast<std::size_t>(id.index())];
}

bool Field::continues(const Field& other) const {
  if (name() != other.name() || classes().size() < other.classes().size()) return false;
  return std::equal(
      other.classes().begin(), other.classes().end(), classes().begin(),
      [](const FieldClass& a, const FieldClass& b) { return fold(a.name) == fold(b.name); });
}

void require_same_field(std::string_view what, const Field& own, const Field& wanted) {
  if (own.name() == wanted.name()) return;
  throw UsageError("{} belongs to the field '{}' ({}), not to '{}' ({}), which is wanted here",
                   what, own.name(), own.class_names(), wanted.name(), wanted.class_names());
}

}  // namespace epicrisis
