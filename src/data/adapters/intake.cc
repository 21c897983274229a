#include "data/adapters/intake.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "core/csv_shape.h"
#include "data/published_split.h"
#include "data/sites.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/like_groups.h"
#include "epicrisis/data/read_remarks.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxRawLabel = 200;       // bytes
constexpr std::size_t kMaxExample = 200;        // bytes of a value quoted in the report
constexpr std::size_t kMaxDistinctValues = 50;  // values not understood counted apart
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

void Intake::skip_value(std::string_view reason, std::string_view place, std::string_view value) {
  skip(reason, place, value);
  const std::string shown = clean_text(value, kMaxFindingName);
  Tally& tally = report_.skipped[std::string(reason)];
  if (!shown.empty()) count_name(tally.values, shown, kMaxDistinctValues);
}

void Intake::warn(std::string_view kind, std::string_view place, std::string_view value) {
  tally(report_.warnings[std::string(kind)], place, value);
}

void Intake::warn_of_value(std::string_view kind, std::string_view place, std::string_view value,
                           std::string_view finding) {
  warn(kind, place, value);
  Tally& tally = report_.warnings[std::string(kind)];
  tally.finding = finding;
  count_name(tally.values, clean_text(value, kMaxFindingName), kMaxDistinctValues);
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
  sample.modality = clean_text(sample.modality, kMaxFindingName);
  settle_words(draft.place, "diagnosis", sample.diagnosis);
  settle_words(draft.place, "subclass", sample.subclass);
  map_label(draft);
  settle_split(draft);
  settle_group(draft);
  count_sample(sample);
  sink_(std::move(sample));
}

namespace {

// Of any alphabet.
bool is_of_letter(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A question, an address, a part of a program or a code ("D22.5"), but no abbreviation ("BCC").
bool is_unlike_a_name(std::string_view words) {
  constexpr std::array<std::string_view, 6> kSigns = {"?", "://", "@", "{", "}", "="};
  if (std::ranges::any_of(kSigns, [&](std::string_view sign) {
        return words.find(sign) != std::string_view::npos;
      })) {
    return true;
  }
  constexpr std::size_t kWord = 3;  // letters
  std::size_t letters = 0;
  bool has_digit = false;
  for (const char c : words) {
    letters = is_of_letter(c) ? letters + 1 : 0;
    has_digit = has_digit || is_digit(c);
    if (letters == kWord) return false;
  }
  return has_digit;
}

}  // namespace

// A number or a sign is no diagnosis that a note could say. Whatever else stands there is said as
// it is, but of what hardly is a name a person is told.
void Intake::settle_words(std::string_view place, std::string_view what, std::string& words) {
  if (is_missing(words) || says_no_site(words)) return words.clear();
  if (std::ranges::none_of(words, is_of_letter)) {
    warn_of_value(fmt::format("{} without a letter, left out", what), place, words);
    words.clear();
  } else if (is_unlike_a_name(words)) {
    warn_of_value(fmt::format("{} that is hardly a name, and is said in notes as it is", what),
                  place, words);
  }
}

bool Intake::check_id(Draft& draft) {
  draft.id = plain_id(draft.id);
  const std::string normal = normal_spelling(draft.id);
  if (normal.empty()) {
    skip(kNoId, draft.place, draft.id);
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
    if (mapping->left_open) count_name(report_.left_open, sample.raw_label);
  } else {
    count_unnamed(report_.unmapped, sample.raw_label);
  }
  if (const std::string* words = taxonomy_.words("subclass", sample.subclass)) {
    sample.subclass = *words;
  }
  sample.diagnosis = clean_text(sample.diagnosis, kMaxFindingValue);
  sample.subclass = clean_text(sample.subclass, kMaxFindingValue);
  sample.grade = clean_text(sample.grade, kMaxFindingName);
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

bool Intake::says_no_code(std::string_view value) const {
  return taxonomy_.is_missing(value) &&
         (taxonomy_.names_missing(value) || !may_be_code(value, short_groups_ > 0));
}

void Intake::see_group(std::string_view value) {
  constexpr std::size_t kMostLetters = 3;
  const std::string_view text = trim(value);
  const bool may_be = may_be_code(text, true);
  if (text.empty() || (is_missing(text) && !may_be)) return;
  if (may_be && !may_be_code(text, false)) return;  // in question
  const bool is_short = text.size() <= kMostLetters && std::ranges::none_of(text, is_digit);
  short_groups_ += is_short ? 1 : -1;
}

void Intake::settle_group(Draft& draft) {
  std::string& group = draft.sample.group;
  const std::string written = clean_text(group, kMaxFindingValue);
  group.clear();
  if (!says_no_code(written)) {
    group = written;
  } else if (is_like_code(written)) {
    warn_of_value("groups read as nothing (`keep` takes them)", draft.place, written);
  }
}

void Intake::settle_split(Draft& draft) {
  std::vector<std::string> known;
  for (const std::string& text : draft.sample.published_splits) {
    if (is_missing(text) || says_no_split(text)) continue;
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
  if (known.size() > 1) {
    ++report_.in_several_splits;
    warn(
        "in more than one published split, taken as the first of test, validation and train; see "
        "'epicrisis check'",
        draft.place, fmt::format("{}; taken as {}", join_words(known, "and"), draft.sample.split));
  }
  draft.sample.published_splits = std::move(known);
}

void Intake::count_sample(const Sample& sample) {
  ++report_.samples;
  if (sample.label) ++report_.by_label[*sample.label];
  if (sample.group.empty()) {
    ++report_.without_group;
  } else {
    ++groups_[sample.group];
  }
  count_name(report_.by_raw_label, sample.raw_label);
  ++report_.by_split[sample.split];
}

void Intake::add_metadata(Draft& draft, const std::vector<std::string>& header,
                          const std::vector<std::string>& row) {
  Json& metadata = draft.sample.metadata;
  for (std::size_t i = 0; i < header.size() && i < row.size(); ++i) {
    std::string name = clean_text(header[i], kMaxFindingName);
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

bool Intake::has_picture_folder(std::string_view name) const {
  const Path wanted = Path(ascii_lower(name)).lexically_normal();
  if (wanted == ".") return !pictures_.empty();
  return std::ranges::any_of(pictures_.folders(), [&](const Path& folder) {
    const std::string path = ascii_lower(folder.generic_string()) + "/";
    return path.find("/" + (wanted / "").relative_path().generic_string()) != std::string::npos;
  });
}

void Intake::tell_like_groups() {
  const std::vector<LikeGroups> found = find_like_groups(groups_);
  if (found.empty()) return;
  Tally& tally = report_.warnings[fmt::format("groups (patients or cases) {}", kLookAlike)];
  for (const LikeGroups& like : found) {
    tally.count += like.size();
    if (tally.examples.size() < input_.max_listed) {
      tally.examples.push_back(like_groups_in_words(like));
    }
  }
}

AdapterReport Intake::finish() {
  tell_like_groups();
  report_.pictures_without_row = pictures_.unused(input_.max_listed);
  report_.pictures_shadowed = pictures_.shadowed(input_.max_listed);
  for (const std::string& file : pictures_.unreadable()) {
    warn("pictures of a format that is not read (jpg, png and webp are)", file,
         "convert it, or leave it out");
  }
  for (const std::string& file : pictures_.dead()) {
    warn("pictures that are no files", file,
         "a link that leads nowhere: put the file there, or take the link away");
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
