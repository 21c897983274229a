#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/adapters/intake.h"
#include "epicrisis/core/csv.h"

namespace epicrisis {

// A finding made of one or several columns.
struct FindingColumns {
  std::string name;                  // of the finding
  std::vector<std::string> columns;  // those that a table does not have add nothing
  // What a value says, by column and value in lower case: {"cough", {{"true", "cough"}, {"false",
  // ""}}}. A column without an entry takes the taxonomy's words for the finding, else the value
  // itself.
  std::map<std::string, std::map<std::string, std::string>> words = {};
  std::string between = ", ";  // joins the words of several columns
  std::string unit = {};       // "mm": the values are numbers, the unit follows
  std::string none = {};       // said where columns have values, and all say ""
};

// Columns of which the first that is filled in a row counts. None: nothing says it.
class ColumnNames {
 public:
  ColumnNames() = default;
  ColumnNames(std::string name) {  // "": none
    if (!name.empty()) names_.push_back(std::move(name));
  }
  ColumnNames(const char* name) : ColumnNames(std::string(name)) {}
  ColumnNames(std::vector<std::string> names) : names_(std::move(names)) {}
  bool empty() const { return names_.empty(); }
  std::size_t size() const { return names_.size(); }
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }

 private:
  std::vector<std::string> names_;
};

// Which column of a published row says what. Empty: none does.
struct ColumnMap {
  std::string id;
  ColumnNames picture;  // a file name; empty: the id finds the picture
  ColumnNames label;    // the most exact first: where the taxonomy does not know it, the next does
  ColumnNames group;
  ColumnNames split;
  ColumnNames grade;
  ColumnNames diagnosis;
  ColumnNames subclass;
  ColumnNames age;
  ColumnNames sex;
  ColumnNames site;
  std::string modality;                                   // of every picture, in words
  ColumnNames modality_column;                            // words by the taxonomy's "modality"
  std::map<std::string, ColumnNames, std::less<>> coded;  // by CodedColumn::column
  std::vector<FindingColumns> findings;
  std::set<std::string, std::less<>> said_absent;  // keys that are "": nothing says it, on purpose
};

// A draft with the row as published and its place.
Draft draft_of(Intake& intake, std::string place, std::string_view id,
               const std::vector<std::string>& header, const std::vector<std::string>& row);
Draft draft_of(Intake& intake, const CsvReader& reader, std::string_view id);

// The published value of a column, "" if there is none.
std::string published(const Draft& draft, std::string_view column);

// The first of the columns that has a value, "" if none has.
std::string first_published(const Intake& intake, const Draft& draft, const ColumnNames& columns);

// Fills label, group, findings and the rest from the published row. What the draft already has
// stays (raw_label, group, modality).
void apply_columns(Intake& intake, const ColumnMap& map, Draft& draft);

// Reads a table that lists one picture a row. The id and label columns must exist (InputError).
// `finish` may change a draft before it is taken.
void read_table(Intake& intake, CsvReader& reader, const ColumnMap& map,
                const std::function<void(Draft&)>& finish = {});

}  // namespace epicrisis
