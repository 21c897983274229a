#include "data/adapters/intake.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/csv_shape.h"
#include "data/adapters/asked_grade.h"
#include "data/published_split.h"
#include "data/sites.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/modalities.h"
#include "epicrisis/data/read_remarks.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxRawLabel = 200;       // bytes
constexpr std::size_t kMaxName = 100;           // bytes of a column's or finding's name
constexpr std::size_t kMaxExample = 200;        // bytes of a value quoted in the report
constexpr std::size_t kMaxDistinctValues = 50;  // values not understood counted apart
constexpr std::size_t kMaxKnown = 10000;        // cells whose words are kept in memory
// Reasons that say the rule and the way out.
constexpr std::string_view kUnseenId =
    "id with a control character, one that is not seen, or bytes that are no UTF-8 (rename it or "
    "take the ids of another column)";
constexpr std::string_view kLongId =
    "id of more than 512 bytes (shorten it or take the ids of another column)";
constexpr std::string_view kSameLooks =
    "id that looks like another and is spelled in other characters (rename one of the two)";
constexpr std::string_view kNoSuffix =
    "id of several pictures that differ by suffix, without the suffix (write it, or leave one of "
    "the pictures there)";
constexpr std::string_view kEitherSex =
    "sex in a letter that is the one in one language and the other in another, left out (say both in "
    "words)";
constexpr std::string_view kBadPicture =
    "picture name that leads out of the folder, has a control character or is no UTF-8";

std::uint64_t suffix_hash(std::string_view name) {
  const std::string_view suffix = name.substr(without_picture_suffix(name).size());
  return suffix.empty() ? 0 : fnv1a(suffix);
}

Taxonomy taxonomy_of(const AdapterInput& input, std::string_view fallback) {
  return Taxonomy::load(input.taxonomy.empty() ? fallback : std::string_view(input.taxonomy),
                        input.field.value_or(Field::standard()));
}

// "./a//b" and "a\\b" as "a/b", as paths are written.
std::string plain_id(std::string_view id) {
  if (id.find_first_of("/\\") == std::string_view::npos) return std::string(id);
  std::string plain = plain_picture_path(id);
  return plain.empty() ? std::string(id) : plain;
}

// "Some_Label" -> "some label".
std::string spoken(std::string_view label) {
  std::string words = ascii_lower(label);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

}  // namespace

Intake::Intake(const AdapterInput& input, std::string_view adapter, std::string_view taxonomy,
               const PictureLayout& layout, const SampleSink& sink)
    : Intake(input, adapter, taxonomy_of(input, taxonomy), layout, sink) {}

Intake::Intake(const AdapterInput& input, std::string_view adapter, Taxonomy taxonomy,
               const PictureLayout& layout, const SampleSink& sink)
    : input_(input), sink_(sink), taxonomy_(std::move(taxonomy)), pictures_(input, layout) {
  if (input.field) {
    require_same_field("the label map " + taxonomy_.name(), taxonomy_.field(), *input.field);
  }
  report_.field = taxonomy_.field();
  report_.adapter = adapter;
  report_.suffix_twins = input.suffix_twins;
  report_.dataset = input.dataset.empty() ? std::string(adapter) : input.dataset;
}

void Intake::tally(Tally& tally, std::string_view place, std::string_view value) const {
  ++tally.count;
  if (tally.examples.size() >= input_.max_listed) return;
  tally.examples.push_back(fmt::format("{}: {}", place, clean_text(value, kMaxExample)));
}

void Intake::count_name(std::map<std::string, std::uint64_t>& counts, const std::string& name,
                        std::size_t most) {
  // A table of nothing but new labels must not fill the memory.
  const bool known = counts.contains(name) || counts.size() < most;
  ++counts[known ? name : std::string(kOtherNames)];
}

void Intake::skip(std::string_view reason, std::string_view place, std::string_view value) {
  ++report_.records;
  tally(report_.skipped[std::string(reason)], place, value);
}

void Intake::warn(std::string_view kind, std::string_view place, std::string_view value) {
  tally(report_.warnings[std::string(kind)], place, value);
}

void Intake::warn_of_value(std::string_view kind, std::string_view place, std::string_view value,
                           std::string_view finding) {
  warn(kind, place, value);
  Tally& tally = report_.warnings[std::string(kind)];
  tally.finding = finding;
  count_name(tally.values, clean_text(value, kMaxName), kMaxDistinctValues);
}

void Intake::note_separator(const CsvReader& reader) {
  if (reader.separator() == ',') return;
  const std::string place = reader.place();  // "file.csv:1"
  report_.separators[Path(place.substr(0, place.rfind(':'))).filename().string()] =
      separator_name(reader.separator());
}

void Intake::warn_of_short_row(const CsvReader& reader) {
  if (reader.missing_fields() == 0) return;
  const std::size_t width = reader.row().size();
  warn("rows without their last fields, which are taken as empty", reader.place(),
       fmt::format("{} of {} fields", width - reader.missing_fields(), width));
}

void Intake::take(Draft draft) {
  if (!check_id(draft)) return;
  draft.sample.raw_label = clean_text(draft.sample.raw_label, kMaxRawLabel);
  const bool has_twin =
      !input_.suffix_twins.empty() &&
      input_.suffix_twins.contains(std::string(without_picture_suffix(normal_spelling(draft.id))));
  if (has_twin && is_bare(draft)) return skip(kNoSuffix, draft.place, draft.id);
  PictureIndex::Found picture = look_up(draft, has_twin && draft.picture.empty());
  // Which of them is meant nobody knows, but where it was stored before there were several.
  if (picture.suffix_twin && is_bare(draft) && !is_stored(normal_spelling(draft.id), picture)) {
    return skip(kNoSuffix, draft.place, draft.id);
  }
  picture.suffix_twin = picture.suffix_twin || has_twin;
  if (!settle_key(draft, picture)) return;
  if (!settle_picture(draft, picture)) return;
  ++report_.records;
  Sample& sample = draft.sample;
  sample.dataset = report_.dataset;
  if (sample.modality.empty()) sample.modality = modality_of(draft.place, input_.modality);
  sample.modality = clean_text(sample.modality, kMaxName);
  for (std::string* text : {&sample.diagnosis, &sample.subclass, &sample.group}) {
    if (is_missing(*text)) text->clear();
  }
  map_label(draft);
  settle_split(draft);
  sample.group = clean_text(sample.group, kMaxFindingValue);
  count_sample(sample);
  sink_(std::move(sample));
}

bool Intake::check_id(Draft& draft) {
  draft.id = plain_id(trim(draft.id));
  const std::string normal = normal_spelling(draft.id);
  if (normal.empty()) {
    skip("no id", draft.place, draft.id);
  } else if (normal.size() > kMaxKey) {
    skip(kLongId, draft.place, draft.id);
  } else if (!is_showable(normal)) {
    skip(kUnseenId, draft.place, with_unseen_named(draft.id));
  } else {
    for (const std::string* name : {&draft.picture, &draft.second_picture}) {
      if (name->empty() || !plain_picture_path(*name).empty()) continue;
      skip(kBadPicture, draft.place, *name);
      return false;
    }
    return true;
  }
  return false;
}

// "a", which is meant for a picture of that name.
bool Intake::is_bare(const Draft& draft) {
  const std::string normal = normal_spelling(draft.id);
  return draft.picture.empty() && without_picture_suffix(normal) == normal;
}

// Whether the sample of this key has a picture of that name already.
bool Intake::is_stored(std::string_view key, const PictureIndex::Found& picture) const {
  return picture.number != 0 && input_.stored_picture &&
         Path(input_.stored_picture(key)).filename() == Path(picture.path).filename();
}

PictureIndex::Found Intake::look_up(const Draft& draft, bool exact) const {
  PictureIndex::Found found =
      pictures_.find(draft.picture.empty() ? draft.id : draft.picture, exact);
  if (found.number == 0 && !draft.second_picture.empty()) {
    found = pictures_.find(draft.second_picture, exact);
  }
  return found;
}

// The id without the picture's suffix, which tables add at will; but as much of it as tells the
// picture from others of its folder.
std::string Intake::key_of(const Draft& draft, const PictureIndex::Found& picture) const {
  const std::string normal = normal_spelling(draft.id);
  std::string key(without_picture_suffix(normal));
  const bool by_spelling = picture.spelling_twin && normal_spelling(draft.id) != draft.id;
  const bool by_suffix = picture.suffix_twin && key != normal;
  if (!by_spelling && !by_suffix) return key;
  if (is_stored(key, picture)) return key;
  key = by_spelling ? distinct_spelling(draft.id) : normal;
  return by_suffix ? key : std::string(without_picture_suffix(key));
}

// Also keeps from being one what only the suffix or the spelling tells apart.
bool Intake::settle_key(Draft& draft, PictureIndex::Found& picture) {
  draft.sample.key = key_of(draft, picture);
  const Seen now = {fnv1a(draft.sample.raw_label), fnv1a(without_picture_suffix(draft.id)),
                    suffix_hash(draft.id)};
  auto [position, is_new] = seen_.emplace(draft.sample.key, now);
  if (!is_new && position->second.id == now.id && now.suffix != 0 && position->second.suffix != 0 &&
      position->second.suffix != now.suffix) {
    // "a.jpg" was there, this is "a.png".
    report_.suffix_twins.insert(draft.sample.key);
    draft.sample.key = normal_spelling(draft.id);
    std::tie(position, is_new) = seen_.emplace(draft.sample.key, now);
    if (is_new) picture = look_up(draft, draft.picture.empty());
  }
  if (is_new) return true;
  if (position->second.id != now.id) {
    skip(kSameLooks, draft.place, draft.id);
    return false;
  }
  if (position->second.suffix == 0) position->second.suffix = now.suffix;
  ++report_.records;
  tally(report_.duplicate_ids, draft.place, draft.sample.key);
  if (position->second.label != now.label) {
    tally(report_.conflicting_labels, draft.place,
          draft.sample.key + " is also '" + draft.sample.raw_label + "'");
  }
  return false;
}

bool Intake::settle_picture(Draft& draft, const PictureIndex::Found& picture) {
  if (picture.number != 0) {
    if (picture.used && draft.picture.empty()) {
      warn("rows that share a picture", draft.place, picture.path);
    }
    pictures_.use(picture.number);
    draft.sample.image_path = picture.path;
    return true;
  }
  if (input_.tables_only) return true;
  const std::string& name = draft.picture.empty() ? draft.id : draft.picture;
  if (input_.tables_if_no_pictures && pictures_.empty()) {
    warn("no picture in the whole data set, taken without", draft.place, name);
    return true;
  }
  ++report_.records;
  tally(report_.rows_without_picture, draft.place, name);
  if (const auto near = pictures_.near(name)) {
    warn(fmt::format("rows without a picture, but with one whose name differs in its {} alone",
                     near->differs),
         draft.place, fmt::format("{}, there is {}", name, near->file));
  }
  return false;
}

const Mapping* Intake::find_broader(const Draft& draft) const {
  for (const std::string& label : draft.broader_labels) {
    if (const Mapping* mapping = taxonomy_.find(label)) return mapping;
  }
  return nullptr;
}

// Names the raw label in the report, and the known one that it may be a slip of.
void Intake::count_unnamed(std::map<std::string, std::uint64_t>& counts, const std::string& label) {
  const bool is_new = !counts.contains(label);
  count_name(counts, label);
  if (!is_new || !counts.contains(label)) return;
  if (std::optional<KnownLabel> near = taxonomy_.nearly(label)) {
    report_.nearly_known.emplace(label, std::move(*near));
  }
}

void Intake::map_label(Draft& draft) {
  Sample& sample = draft.sample;
  const Mapping* mapping = taxonomy_.find(sample.raw_label);
  if (mapping == nullptr && is_missing(sample.raw_label)) sample.raw_label.clear();
  const bool exact = mapping != nullptr || sample.raw_label.empty();
  if (!exact) mapping = find_broader(draft);
  const bool is_caught = !exact && mapping != nullptr && mapping == taxonomy_.find(kAnyOther);
  settle_grade(draft, mapping);
  if (sample.raw_label.empty()) {
    ++report_.without_label;
  } else if (mapping != nullptr) {
    sample.label = mapping->label;
    // What the table itself says goes before what the vocabulary says of the label in general.
    if (!exact) {
      std::string& words = sample.label ? sample.subclass : sample.diagnosis;
      if (words.empty()) words = spoken(sample.raw_label);
    }
    if (sample.diagnosis.empty()) sample.diagnosis = mapping->diagnosis;
    if (sample.subclass.empty()) sample.subclass = mapping->subclass;
    for (const Finding& finding : mapping->findings)
      add_plain_finding(draft, finding.name, finding.value);
    if (!sample.label) count_name(report_.no_class, sample.raw_label);
    if (!sample.label && is_caught) count_unnamed(report_.unnamed, sample.raw_label);
    if (mapping->left_empty) count_name(report_.left_empty, sample.raw_label);
  } else {
    count_unnamed(report_.unmapped, sample.raw_label);
  }
  sample.diagnosis = clean_text(sample.diagnosis, kMaxFindingValue);
  sample.subclass = clean_text(sample.subclass, kMaxFindingValue);
  sample.grade = clean_text(sample.grade, kMaxName);
  // A subclass that says no more than the diagnosis says nothing.
  if (ascii_lower(sample.subclass) == ascii_lower(sample.diagnosis)) sample.subclass.clear();
}

void Intake::settle_grade(Draft& draft, const Mapping* mapping) {
  const Field& field = taxonomy_.field();
  if (field.grades().empty()) return;
  std::string own;      // what the label map says
  std::string implied;  // what the class says, though the label map may be silent
  if (mapping != nullptr) {
    own = implied = mapping->grade;
    if (implied.empty() && mapping->label) implied = field.at(*mapping->label).grade;
  }
  const bool between =
      !own.empty() && own != field.grades().front() && own != field.grades().back();
  std::string& grade = draft.sample.grade;
  switch (draft.grade_cell) {
    case GradeCell::kNone:
      if (grade.empty()) grade = own;
      break;
    case GradeCell::kNo:
    case GradeCell::kOpen:
      if (between) grade = own;
      break;
    case GradeCell::kNotUnderstood:
      grade.clear();
      break;
  }
  if (!grade.empty() && !implied.empty() && grade != implied) {
    warn(field.grade_name() + " that is not the class's", draft.place,
         fmt::format("{} '{}' is {}, the class {}", draft.sample.key, draft.sample.raw_label, grade,
                     implied));
  }
}

void Intake::settle_split(Draft& draft) {
  std::vector<std::string> known;
  for (const std::string& text : draft.sample.published_splits) {
    if (is_missing(text)) continue;
    const std::optional<std::string> name = published_split_name(text);
    if (!name) {
      warn_of_value("split of an unknown name", draft.place, text);
    } else if (std::find(known.begin(), known.end(), *name) == known.end()) {
      known.push_back(*name);
    }
  }
  draft.sample.split.clear();
  for (const char* name : {"train", "validation", "test"}) {
    if (std::find(known.begin(), known.end(), name) != known.end()) draft.sample.split = name;
  }
  if (known.size() > 1) ++report_.in_several_splits;
  draft.sample.published_splits = std::move(known);
}

void Intake::count_sample(const Sample& sample) {
  ++report_.samples;
  if (sample.label) ++report_.by_label[*sample.label];
  if (sample.group.empty()) ++report_.without_group;
  count_name(report_.by_raw_label, sample.raw_label);
  ++report_.by_split[sample.split];
}

void Intake::add_metadata(Draft& draft, const std::vector<std::string>& header,
                          const std::vector<std::string>& row) {
  Json& metadata = draft.sample.metadata;
  for (std::size_t i = 0; i < header.size() && i < row.size(); ++i) {
    std::string name = clean_text(header[i], kMaxName);
    std::string value = clean_text(row[i], kMaxMetadataValue);
    if (name.empty()) {
      if (value.empty()) continue;  // spreadsheets leave such columns
      name = "column " + std::to_string(i + 1);
    }
    const auto there = metadata.find(name);
    if (there == metadata.end()) {
      if (metadata.size() >= kMaxMetadataColumns) {
        warn("more columns than are kept", draft.place, name);
        return;
      }
      metadata[std::move(name)] = std::move(value);
    } else if (is_missing(there->get_ref<const std::string&>())) {
      *there = std::move(value);
    } else if (*there != value && !is_missing(value)) {
      warn("tables differ in " + name, draft.place, there->get<std::string>() + " or " + value);
    }
  }
}

void Intake::add_plain_finding(Draft& draft, std::string_view name, std::string_view value) {
  if (!is_missing(value)) add_words(draft, name, value);
}

void Intake::add_words(Draft& draft, std::string_view name, std::string_view words) {
  std::string text = clean_text(words, kMaxFindingValue);
  if (!text.empty()) draft.sample.findings.push_back({clean_text(name, kMaxName), std::move(text)});
}

bool Intake::add_given_words(Draft& draft, std::string_view name, std::string_view value) {
  const std::string* words = taxonomy_.words(name, value);
  if (words == nullptr) return is_missing(value);
  if (!words->empty()) add_words(draft, name, *words);
  return true;
}

void Intake::add_finding(Draft& draft, std::string_view name, std::string_view value) {
  if (!add_given_words(draft, name, value)) add_words(draft, name, spoken(value));
}

bool Intake::says_no_number(const Draft& draft, std::string_view column, std::string_view value) {
  if (!taxonomy_.is_missing_number(value)) return false;
  warn_of_value(fmt::format("{} left out, as the number stands for none", column), draft.place,
                value);
  return true;
}

void Intake::add_age(Draft& draft, std::string_view value) {
  constexpr std::string_view kAge = "age";
  if (taxonomy_.words(kAge, value) == nullptr && says_no_number(draft, kAge, value)) return;
  if (add_given_words(draft, kAge, value)) return;
  if (const std::optional<std::string> words = age_in_words(value)) {
    add_words(draft, kAge, *words);
  } else if (parse_decimal(value)) {
    warn_of_value("age left out, as it is not from 0 to 120 years", draft.place, value, kAge);
  } else {
    warn_of_value("age that is no number of years", draft.place, value, kAge);
  }
}

void Intake::add_sex(Draft& draft, std::string_view value) {
  constexpr std::string_view kSex = "sex";
  const SexLetters::Says says = sexes_.says(value);
  // "U" may be uomo, and says nothing elsewhere.
  if (says == SexLetters::Says::kUsual || taxonomy_.words(kSex, value) != nullptr) {
    if (add_given_words(draft, kSex, value)) return;
  }
  if (says == SexLetters::Says::kEither) {
    warn_of_value(kEitherSex, draft.place, value, kSex);
  } else if (says != SexLetters::Says::kUsual) {
    add_words(draft, kSex, says == SexLetters::Says::kFemale ? "female" : "male");
  } else if (const std::optional<std::string> words = sex_in_words(value)) {
    add_words(draft, kSex, *words);
  } else {
    warn_of_value("sex of an unknown spelling", draft.place, value, kSex);
  }
}

void Intake::add_site(Draft& draft, std::string_view value) {
  constexpr std::string_view kSite = "site";
  if (add_given_words(draft, kSite, value)) return;
  const std::string written = spoken(value);
  const std::optional<std::string>& known = known_words(sites_, written, site_in_words);
  if (!known) {
    warn_of_value("site that is not known, and stays as it is written", draft.place, value, kSite);
  }
  add_words(draft, kSite, known.value_or(written));
}

const std::optional<std::string>& Intake::known_words(
    Known& known, const std::string& value,
    const std::function<std::optional<std::string>(std::string_view)>& words) {
  auto found = known.find(value);
  if (found == known.end()) {
    if (known.size() == kMaxKnown) known.clear();
    found = known.emplace(value, words(value)).first;
  }
  return found->second;
}

std::string Intake::modality_of(std::string_view place, std::string_view value) {
  constexpr std::string_view kModality = "modality";
  if (const std::string* given = taxonomy_.words(kModality, value)) return *given;
  if (is_missing(value)) return {};
  std::string written(value);
  const Field& field = taxonomy_.field();
  if (field.modalities().empty()) return written;
  const std::optional<std::string>& known = known_words(
      modalities_, written, [&](std::string_view cell) { return modality_in_words(field, cell); });
  if (known) return *known;
  warn_of_value("modality that is not known, and stays as it is written", place, value, kModality);
  return written;
}

void Intake::add_coded(Draft& draft, const CodedColumn& column, std::string_view value) {
  if (add_given_words(draft, column.finding, value)) return;
  if (const std::optional<std::string> words = coded_in_words(column, value)) {
    add_words(draft, column.finding, *words);
  } else {
    warn_of_value(fmt::format("{} that is none of 1 to {}", column.finding, column.values.size()),
                  draft.place, value, column.finding);
  }
}

void Intake::add_grade(Draft& draft, std::string_view column, std::string_view value) {
  const Field& field = taxonomy_.field();
  const GradeWords& words = field.grade_words();
  std::string& grade = draft.sample.grade;
  if (const std::string* given = taxonomy_.words(field.grade_name(), value)) {
    grade = *given;
    return;
  }
  const std::string folded = fold_value(value);
  if (const auto known = words.words.find(folded); known != words.words.end()) {
    grade = known->second;
    return;
  }
  if (words.open.contains(folded)) {
    draft.grade_cell = GradeCell::kOpen;
    return;
  }
  if (is_missing(value)) return;
  const bool is_code = grade_has_codes_ && parse_number(folded).has_value();
  const bool is_unsure = is_tick(folded) && !ticked_.contains(column);
  const std::optional<bool> yes = is_code || is_unsure ? std::nullopt : yes_or_no(value);
  if (yes && !words.yes.empty() && !words.no.empty() && asks_for_highest(words, column)) {
    grade = *yes ? words.yes : words.no;
    if (!*yes) draft.grade_cell = GradeCell::kNo;
    return;
  }
  draft.grade_cell = GradeCell::kNotUnderstood;
  warn_of_value(field.grade_name() + " that is not understood", draft.place, value,
                field.grade_name());
}

void Intake::look_for_codes(CsvReader& reader, std::string_view grade_column) {
  const std::size_t column = reader.column(grade_column);
  reader.take_short_rows();
  bool ticked = false;
  bool said = false;  // anything else
  while (reader.next()) {
    const std::string& value = reader.at(column);
    if (is_missing(value)) continue;
    const std::optional<double> number = parse_number(trim(value));
    grade_has_codes_ = grade_has_codes_ || (number && *number != 0 && *number != 1);
    (is_tick(fold_value(value)) ? ticked : said) = true;
  }
  if (ticked && !said) ticked_.emplace(grade_column);
}

bool Intake::says_no_grade(std::string_view value) const {
  return is_missing(value) && !taxonomy_.field().grade_words().open.contains(fold_value(value));
}

AdapterReport Intake::finish() {
  report_.pictures_without_row = pictures_.unused(input_.max_listed);
  report_.pictures_shadowed = pictures_.shadowed(input_.max_listed);
  for (const std::string& file : pictures_.unreadable()) {
    warn("pictures of a format that is not read (jpg, png and webp are)", file,
         "convert it, or leave it out");
  }
  for (const Path& folder : pictures_.folders()) {
    report_.picture_folders.push_back(folder.string());
  }
  if (report_.records != report_.samples + report_.skipped_total()) {
    throw InternalError("{}: {} records, but {} samples and {} skipped", report_.adapter,
                        report_.records, report_.samples, report_.skipped_total());
  }
  return std::move(report_);
}

}  // namespace epicrisis
