#include "epicrisis/data/column_proposal.h"

#include <algorithm>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "data/adapters/column_words.h"
#include "data/adapters/found_tables.h"
#include "data/adapters/intake.h"
#include "data/adapters/table_start.h"
#include "data/published_split.h"
#include "data/sites.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/modalities.h"
#include "epicrisis/data/read_remarks.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxShown = 5;        // values in a comment
constexpr std::size_t kMaxLabels = 200;     // a column of more is none of labels
constexpr std::size_t kMaxEntries = 20000;  // files looked at for pictures
constexpr std::size_t kFewRows = 20;        // where every row may have a label of its own
constexpr std::size_t kMaxSites = 100;      // not known, proposed to be put in words
constexpr std::size_t kMaxNamed = 5;        // tables and candidates named in a sentence

using Column = ColumnStart;
using Table = TableStart;

class Proposal {
 public:
  Proposal(Table table, const Field& field)
      : table_(std::move(table)), field_(field), taxonomy_(Taxonomy::usual(field)) {
    for (Column& column : table_.columns) {
      column.letters.name(column.name);
      for (const auto& [value, count] : column.values) column.letters.see(value);
    }
    find_roles();
  }

  // InputError for a text, of which a map would read nothing.
  void require_table() const {
    if (table_.columns.size() == 1 && guessed_) {
      throw InputError(
          "{}: its lines are one column, called '{}', so it is a text and no table; call it 'id' "
          "if it names the samples",
          table_.file, comment(table_.columns.front().name));
    }
  }
  std::size_t roles() const { return role_of_.size(); }
  const Table& table() const { return table_; }

  // Columns that might hold the labels: few values, which come back, and words.
  std::vector<std::string> label_candidates() const {
    std::vector<std::string> names;
    for (const Column& column : table_.columns) {
      if (!column.role.empty() || column.all_different || column.values.size() < 2 ||
          column.values.size() > kMaxLabels || names.size() == kMaxNamed ||
          column.share([](const std::string& value) { return is_digit(value.front()); }) > 0.5) {
        continue;
      }
      names.push_back(fmt::format("{} ({} values)", comment(column.name), column.values.size()));
    }
    return names;
  }

  // What a person should know besides the comments; "" where all is well.
  std::string missing_label() const {
    if (role_of_.contains("label")) return {};
    std::vector<std::string> candidates = label_candidates();
    std::vector<std::string> classes;  // a column each
    std::vector<std::string> flags;
    for (const Column& column : table_.columns) {
      if (!column.role.empty() || !is_flag(column)) continue;
      (taxonomy_.find(column.name) != nullptr ? classes : flags).push_back(comment(column.name));
    }
    std::string text = "no column of labels found, which training needs";
    if (classes.size() > 1) {
      if (classes.size() > kMaxNamed) classes.resize(kMaxNamed);
      text += fmt::format(
          "; columns of 0 and 1 are named like classes ({}): make one column of "
          "them, with the name of the one that is 1",
          join(classes, ", "));
    } else {
      flags.insert(flags.end(), classes.begin(), classes.end());
    }
    if (flags.size() > kMaxNamed) flags.resize(kMaxNamed);
    for (const std::string& flag : flags) candidates.push_back(flag + " (0 and 1)");
    return text + (candidates.empty() ? "" : "; candidates: " + join(candidates, ", "));
  }

  // Where the first row holds values, not the names of the columns: says so.
  std::string missing_header() const {
    std::vector<std::string> values;
    std::size_t named = 0;
    bool numbered = true;  // 0, 1, 2: as programs name columns without names
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const Column& column = table_.columns[i];
      if (column.name.empty()) continue;
      ++named;
      numbered = numbered && column.name == std::to_string(i);
      const bool is_label =
          taxonomy_.find(column.name) != nullptr &&
          column.share([&](const std::string& v) { return is_understood("label", v); }) >= 0.5;
      if (is_label || is_picture_name(column.name) || parse_number(column.name)) {
        values.push_back("'" + comment(column.name) + "'");
      }
    }
    if (numbered || values.empty() || 2 * values.size() < named) return {};
    if (values.size() > kMaxNamed) values.resize(kMaxNamed);
    return fmt::format(
        "the first row looks like values ({}), not like names of columns: write a line of names "
        "before it, or its sample is lost",
        join(values, ", "));
  }

  std::vector<std::string> remarks() const {
    std::vector<std::string> found;
    for (std::string& remark : std::vector{missing_header(), missing_label()}) {
      if (!remark.empty()) found.push_back(std::move(remark));
    }
    return found;
  }

  std::string toml(const Path& folder) const {
    std::string text = fmt::format(
        "# Proposed by the names of the columns and {} rows of {}: look it over.\n"
        "# docs/formats/column-maps.md explains every key.\n"
        "table = {}\n",
        table_.whole ? fmt::format("the {}", table_.rows) : fmt::format("the first {}", kStartRows),
        comment(table_.file), toml_string(table_.file));
    if (const std::string missing = missing_header(); !missing.empty()) {
      text = fmt::format("# {}\n", missing) + text;
    }
    if (table_.separator != ',') {
      text += fmt::format("separator = {}  # as the first rows have it\n",
                          toml_string(std::string(1, table_.separator)));
    }
    text += "# modality = \"clinical image\"  # of every picture, where no column says it\n";
    if (field_.name() != Field::standard().name()) {
      text += fmt::format("field = {}\n", toml_string(field_.name()));
    }
    text += "\n[columns]\n";
    for (const std::string& role : order()) text += line_of(role);
    text += pictures(folder) + splits() + labels() + sites() + rest();
    return text;
  }

 private:
  std::vector<std::string> order() const {
    std::vector<std::string> roles = {"id", "picture", "label", "group", "split"};
    if (!field_.grade_name().empty()) roles.push_back(field_.grade_name());
    roles.insert(roles.end(), {"subclass", "age", "sex", "site", "modality"});
    for (const CodedColumn& coded : field_.coded()) roles.push_back(coded.column);
    return roles;
  }

  std::vector<std::string> names_of(const std::string& role) const {
    std::vector<std::string> names = {role};
    for (const CodedColumn& coded : field_.coded()) {
      if (coded.column == role && !coded.also.empty()) names.push_back(coded.also);
    }
    const std::vector<std::string>& usual = ColumnWords::get().names(role);
    names.insert(names.end(), usual.begin(), usual.end());
    return names;
  }

  static bool is_sex(const Column& column, const std::string& value) {
    const SexLetters::Says says = column.letters.says(value);
    if (says == SexLetters::Says::kUsual) return sex_in_words(value).has_value();
    return says != SexLetters::Says::kEither;
  }

  bool is_understood(const std::string& role, const Column& column,
                     const std::string& value) const {
    return role == "sex" ? is_sex(column, value) : is_understood(role, value);
  }
  bool is_understood(const std::string& role, const std::string& value) const {
    if (role == "age") return is_missing_number(value) || age_in_words(value).has_value();
    if (role == "split") return says_no_split(value) || published_split_name(value).has_value();
    if (role == "label") return taxonomy_.find(value) != nullptr;
    if (role == "site") return site_in_words(value).has_value();
    if (role == "modality") {
      return field_.modalities().empty() || modality_in_words(field_, value).has_value();
    }
    if (role == field_.grade_name()) {
      const GradeWords& words = field_.grade_words();
      const std::string folded = fold_value(value);
      return words.words.contains(folded) || words.open.contains(folded) ||
             (!words.yes.empty() && yes_or_no(value).has_value());
    }
    for (const CodedColumn& coded : field_.coded()) {
      if (coded.column == role) return coded_in_words(coded, value).has_value();
    }
    return true;
  }

  // Also where something stands behind in brackets: "Gender (m/f)".
  static bool is_called(const Column& column, const std::string& name) {
    const std::string own = fold_value(column.name);
    const std::string wanted = loose_name(fold_value(name));
    return loose_name(own) == wanted || loose_name(own.substr(0, own.find('('))) == wanted;
  }

  // The first column of a usual name for which `fits` holds.
  template <typename Fits>
  void assign(const std::string& role, Fits fits) {
    if (role_of_.contains(role)) return;
    for (const std::string& name : names_of(role)) {
      for (Column& column : table_.columns) {
        if (!column.role.empty() || !is_called(column, name) || !fits(column)) continue;
        take(role, column);
        return;
      }
    }
    assign_by_words(role, role, fits);
  }
  // The first column for which `fits` holds and whose name is made of words of a kind.
  template <typename Fits>
  void assign_by_words(const std::string& role, std::string_view kind, Fits fits) {
    if (role_of_.contains(role)) return;
    const auto found = std::ranges::find_if(table_.columns, [&](const Column& column) {
      return column.role.empty() && column.filled > 0 && fits(column) &&
             ColumnWords::get().says(kind, column.name);
    });
    if (found != table_.columns.end()) take(role, *found);
  }
  // By the words that its name is made of: a person goes before a part of one. Where every row has
  // a case of its own, nothing belongs together by it.
  void assign_group() {
    assign("group", [](const Column& column) { return column.filled > 0; });
    for (const char* kind : {"person", "part", "visit"}) {
      assign_by_words("group", kind, [&](const Column& column) {
        return !(column.all_different && std::string_view(kind) == "visit");
      });
    }
  }
  void take(const std::string& role, Column& column) {
    column.role = role;
    role_of_[role] = &column;
  }

  void find_roles() {
    const auto half_understood = [&](const std::string& role) {
      return [&, role](const Column& column) {
        return column.share([&](const std::string& v) { return is_understood(role, column, v); }) >=
               0.5;
      };
    };
    const auto any = [](const Column& column) { return column.filled > 0; };
    assign("id", [](const Column& column) { return column.filled > 0 && column.all_different; });
    if (!field_.grade_name().empty()) {
      assign(field_.grade_name(), half_understood(field_.grade_name()));
    }
    for (const char* role : {"age", "sex"}) assign(role, half_understood(role));
    for (const CodedColumn& coded : field_.coded()) {
      assign(coded.column, half_understood(coded.column));
    }
    assign("split",
           [](const Column& column) { return column.filled > 0 && column.values.size() <= 20; });
    const auto labels = [](const Column& column) {
      const bool is_prose = column.all_different && column.filled > kFewRows;
      return column.filled > 0 && column.values.size() <= kMaxLabels && !is_prose;
    };
    assign("label", labels);
    assign_by_words("label", "proven_diagnosis", half_understood("label"));
    assign("picture", any);
    assign_group();
    for (const char* role : {"site", "subclass", "modality"}) assign(role, any);
    find_by_values();
    for (const char* kind : {"proven_diagnosis", "diagnosis"}) {
      assign_by_words("label", kind, labels);
    }
    assign("id", any);
    if (role_of_.contains("id") || table_.columns.empty()) return;
    // Something must be there, for a person to correct.
    const auto different = std::ranges::find_if(table_.columns, [](const Column& column) {
      return column.role.empty() && column.filled > 0 && column.all_different;
    });
    if (role_of_.contains("picture")) {
      role_of_["id"] = role_of_["picture"];  // without its suffix
      role_of_.erase("picture");
    } else {
      guessed_ = true;
      take("id", different != table_.columns.end() ? *different : table_.columns.front());
    }
  }

  void find_by_values() {
    Column* label = nullptr;
    double best = 0.5;
    for (Column& column : table_.columns) {
      if (!column.role.empty() || column.filled == 0) continue;
      const double pictures = column.share([](const std::string& v) { return is_picture_name(v); });
      if (pictures > 0.5 && !role_of_.contains("picture")) {
        take("picture", column);
        continue;
      }
      const double known =
          column.share([&](const std::string& v) { return is_understood("label", v); });
      if (known < best || column.values.size() > kMaxLabels) continue;
      best = known;
      label = &column;
    }
    if (label != nullptr && !role_of_.contains("label")) take("label", *label);
  }

  // Of 0 and 1 alone, and of both.
  static bool is_flag(const Column& column) {
    return column.values.size() > 1 && column.share([](const std::string& value) {
      const std::optional<double> number = parse_number(value);
      return number && (*number == 0 || *number == 1);
    }) == 1;
  }

  static std::string comment(std::string_view text) { return clean_text(text, 40); }

  static std::string described(const Column& column) {
    if (column.filled == 0) return "nothing in it";
    std::vector<std::string> shown;
    for (const auto& [value, count] : by_frequency(column.values)) {
      if (shown.size() == kMaxShown) {
        shown.emplace_back("...");
        break;
      }
      shown.push_back(column.all_different ? comment(value)
                                           : fmt::format("{} ({})", comment(value), count));
    }
    const std::string many = column.values.size() < kStartValues
                                 ? std::to_string(column.values.size())
                                 : fmt::format("{} or more", kStartValues);
    return fmt::format("{} values{}: {}", many, column.all_different ? ", all different" : "",
                       join(shown, ", "));
  }

  // "; not understood: a (3), b (1)", or nothing.
  std::string not_understood(const std::string& role, const Column& column) const {
    std::vector<std::string> unknown;
    for (const auto& [value, count] : by_frequency(column.values)) {
      if (is_understood(role, column, value)) continue;
      unknown.push_back(fmt::format("{} ({})", comment(value), count));
    }
    if (unknown.empty()) return {};
    if (unknown.size() > kMaxShown) {
      unknown.resize(kMaxShown);
      unknown.emplace_back("...");
    }
    return "; not understood: " + join(unknown, ", ");
  }

  // One of a usual name whose values are mostly not understood is there all the same.
  std::string line_without_column(const std::string& role) const {
    for (const std::string& name : names_of(role)) {
      if (role == "label") break;  // missing_label() names the candidates
      for (const Column& column : table_.columns) {
        if (!column.role.empty() || column.filled == 0 || !is_called(column, name)) continue;
        const std::string unknown = not_understood(role, column);
        if (unknown.empty()) continue;
        return fmt::format("# {} = {}  # not taken{}; say in [words.{}] what they mean\n", role,
                           toml_string(column.name), unknown, role);
      }
    }
    return fmt::format("# {} = \"\"  # {}\n", role,
                       role == "label" ? missing_label()
                       : role == "group"
                           ? "no column of patients or cases found; without one a split "
                             "may put pictures of one person into training and test"
                           : "no column found");
  }

  std::string line_of(const std::string& role) const {
    const auto position = role_of_.find(role);
    if (position == role_of_.end()) return line_without_column(role);
    const Column& column = *position->second;
    std::string note = described(column);
    if (role != "label" && role != "split") note += not_understood(role, column);
    if (role == "id" && !column.all_different)
      note += "; not all different, the first of each stays";
    return fmt::format("{} = {}  # {}\n", role, toml_string(column.name), note);
  }

  // Whether `below` is a link to what lies in `folder` anyway.
  static bool leads_into(const Path& below, const Path& folder) {
    std::error_code error;
    if (!std::filesystem::is_symlink(below, error)) return false;
    const Path target = std::filesystem::canonical(below, error);
    const Path from = std::filesystem::canonical(folder, error);
    return !error && *target.lexically_relative(from).begin() != "..";
  }

  // Adds the pictures in a folder to `count`; true where some are in folders below.
  static bool count_pictures(const Path& folder, bool below, std::size_t& seen,
                             std::size_t& count) {
    bool nested = false;
    std::error_code error;
    std::filesystem::recursive_directory_iterator files(folder, error);
    for (const std::filesystem::recursive_directory_iterator end;
         !error && files != end && seen < kMaxEntries; files.increment(error), ++seen) {
      if (!below) files.disable_recursion_pending();
      if (!is_picture_name(files->path().filename().string())) continue;
      ++count;
      nested |= files.depth() > 0;
    }
    return nested;
  }

  std::string pictures(const Path& folder) const {
    std::map<std::string, std::size_t> found;  // folder just below -> pictures in it
    std::size_t seen = 0;
    bool nested = false;
    count_pictures(folder, false, seen, found["."]);
    // Also links to folders, which a walk through all would not enter.
    for (const Path& below : folders_below(folder)) {
      if (leads_into(below, folder)) continue;
      nested |= count_pictures(below, true, seen, found[below.filename().string()]);
    }
    std::erase_if(found, [](const auto& one) { return one.second == 0; });
    std::string text = "\n[pictures]\n";
    const auto picture = role_of_.find("picture");
    const bool by_path =
        picture != role_of_.end() && picture->second->share([](const std::string& v) {
          return v.find('/') != std::string::npos;
        }) > 0.5;
    if (by_path) {
      return text +
             "folders = [\".\"]  # the column has paths\nrecursive = true\nmatch = \"path\"\n";
    }
    std::vector<std::string> names;
    std::vector<std::string> counts;
    for (const auto& [name, count] : found) {
      names.push_back(toml_string(name));
      counts.push_back(fmt::format("{} in {}", count, comment(name)));
      if (names.size() == 20) break;
    }
    if (names.empty()) return text + "# folders = [\"images\"]  # no picture was found\n";
    text += fmt::format("folders = [{}]  # pictures: {}\n", join(names, ", "), join(counts, ", "));
    if (nested) text += "recursive = true\n";
    return text;
  }

  std::string splits() const {
    const auto split = role_of_.find("split");
    if (split == role_of_.end()) return {};
    std::string text;
    for (const auto& [value, count] : by_frequency(split->second->values)) {
      if (is_understood("split", value)) continue;
      text += fmt::format("# {} = \"train\"  # {}; train, validation or test?\n",
                          toml_string(value), counted(count, "row"));
    }
    return text.empty() ? text : "\n# [splits]\n" + text;
  }

  std::string labels() const {
    const auto label = role_of_.find("label");
    if (label == role_of_.end()) return {};
    std::string text;
    for (const auto& [value, count] : by_frequency(label->second->values)) {
      if (is_understood("label", value)) continue;
      text += fmt::format(
          "# [[map]]\n# raw = [{}]  # {}\n# label = {}\n# # diagnosis = \"\"  # what "
          "notes say, where the class's own words are too coarse\n",
          toml_string(value), counted(count, "row"), toml_string(kOpenLabel));
    }
    if (text.empty()) return text;
    return fmt::format(
               "\n# Labels that are not known: give each one of these, or \"\" for none of them.\n"
               "# {}\n",
               classes_in_words(field_)) +
           text;
  }

  std::string sites() const {
    const auto site = role_of_.find("site");
    if (site == role_of_.end()) return {};
    std::string text;
    std::size_t count = 0;
    for (const auto& [value, rows] : by_frequency(site->second->values)) {
      if (is_understood("site", value)) continue;
      if (count++ == kMaxSites) {
        text += "# ...\n";
        break;
      }
      text += fmt::format("# {} = {}  # {}\n", toml_string(value), toml_string(ascii_lower(value)),
                          counted(rows, "row"));
    }
    if (text.empty()) return text;
    return "\n# Sites that are not known; in English, the audit of notes can read them.\n"
           "# [words.site]\n" +
           text;
  }

  // The unit of numbers alone: words may end as one does.
  static std::pair<std::string, std::string> name_and_unit(const Column& column) {
    auto found = finding_name_and_unit(column.name);
    const double numbers = column.share(
        [](const std::string& value) { return parse_decimal(value) || is_missing_number(value); });
    if (!found.second.empty() && numbers < 0.5) found = {finding_name(column.name), ""};
    return found;
  }

  std::string rest() const {
    std::string text;
    for (const Column& column : table_.columns) {
      const bool used =
          std::ranges::any_of(role_of_, [&](const auto& entry) { return entry.second == &column; });
      if (used || column.name.empty() || column.filled == 0) continue;
      const auto [name, unit] = name_and_unit(column);
      text += fmt::format("# [[finding]]  # {}\n# name = {}\n# columns = [{}]\n", described(column),
                          toml_string(name), toml_string(column.name));
      if (!unit.empty()) text += fmt::format("# unit = {}\n", toml_string(unit));
    }
    return text.empty() ? text : "\n# Columns that are not used; findings go into notes.\n" + text;
  }

  Table table_;
  const Field& field_;
  Taxonomy taxonomy_;
  std::map<std::string, Column*> role_of_;
  bool guessed_ = false;  // the ids, as nothing says what holds them
};

ColumnProposal proposed(const Proposal& proposal, const Path& folder) {
  return {proposal.toml(folder), proposal.remarks()};
}

}  // namespace

ColumnProposal propose_column_map(const Path& path, const Field& field) {
  std::error_code ignored;
  const Path whole = std::filesystem::absolute(path).lexically_normal();
  if (std::filesystem::is_regular_file(whole, ignored)) {
    const std::string name = whole.filename().string();
    if (is_picture_name(name)) {
      throw UsageError(
          "proposing a column map: {} is called as a picture; name a table or a folder",
          path.string());
    }
    const Proposal proposal(read_table_start(whole.parent_path(), name), field);
    proposal.require_table();
    return proposed(proposal, whole.parent_path());
  }
  if (!std::filesystem::is_directory(whole, ignored)) {
    throw UsageError("proposing a column map: there is no table or folder {}{}", path.string(),
                     near_path_words(path));
  }
  std::unique_ptr<Proposal> best;
  std::vector<std::string> others;
  std::string error;
  const std::vector<std::string> tables = tables_in(whole);
  for (const std::string& file : tables) {
    try {
      auto one = std::make_unique<Proposal>(read_table_start(whole, file), field);
      one->require_table();
      if (best == nullptr || one->roles() > best->roles()) std::swap(best, one);
      if (one != nullptr) others.push_back(one->table().file);
    } catch (const InputError& failure) {
      error = failure.what();
    }
  }
  if (best == nullptr) {
    if (!error.empty()) throw InputError("proposing a column map: {}", error);
    throw UsageError(
        "proposing a column map: {} has no table (.csv, .tsv, .tab or .txt); name the file itself",
        path.string());
  }
  ColumnProposal result = proposed(*best, whole);
  if (!others.empty()) {
    result.toml =
        fmt::format("# Other tables: {}\n", clean_text(join(others, ", "), 500)) + result.toml;
  }
  return result;
}

}  // namespace epicrisis
