#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/adapters/intake.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/files.h"

namespace epicrisis {

// The first of `names` that is a file below `folder`.
std::optional<Path> find_table(const Path& folder, const std::vector<std::string>& names);
// UsageError naming what was looked for, and the folders just below that have it.
Path require_table(const Path& folder, const std::vector<std::string>& names);

// The same for tables that come in archives, which leave a folder: name.csv, else name/name.csv,
// else the only folder below that has it.
std::optional<Path> find_published_table(const Path& folder, const std::vector<std::string>& names);
Path require_published_table(const Path& folder, const std::vector<std::string>& names);

// "ISIC_0000002_downsampled" -> "ISIC_0000002".
std::string_view without_downsampled(std::string_view id);

// A table in memory by id, to be joined to another. Of two rows of an id the first stays.
class SideTable {
 public:
  SideTable() = default;
  SideTable(const Path& path, std::string_view id_column, Intake& intake,
            std::string_view (*fold_id)(std::string_view) = nullptr);

  // A table without a header, whose first column is the id. InputError for another width.
  static SideTable without_header(const Path& path, std::vector<std::string> header,
                                  Intake& intake);

  // The row of `id`, or null.
  const std::vector<std::string>* find(std::string_view id) const;
  const std::vector<std::string>& header() const { return header_; }
  // The cell, "" without such a row or column.
  std::string_view cell(std::string_view id, std::string_view column) const;
  bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> header_;
  std::unordered_map<std::string, std::vector<std::string>> rows_;
  std::string_view (*fold_id_)(std::string_view) = nullptr;
};

// The class columns of a table that marks one of them with 1 and the others with 0.
class OneHot {
 public:
  // All columns but `id_column` and the challenge's weights.
  OneHot(const CsvReader& reader, std::string_view id_column);
  // The columns named by number.
  explicit OneHot(std::vector<std::size_t> columns) : columns_(std::move(columns)) {}

  struct Answer {
    std::string raw_label;  // "" where none is marked
    std::string problem;    // why the row cannot be used; "" if it can
  };
  Answer read(const CsvReader& reader) const;

 private:
  std::vector<std::size_t> columns_;
};

}  // namespace epicrisis
