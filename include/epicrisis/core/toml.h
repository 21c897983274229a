#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"

namespace epicrisis {

// A strict view of a TOML table. Every key must be read: finish() throws for a key nobody asked
// for, with its line and the nearest known name ("studies/a.toml:12: unknown key 'sead'; did you
// mean 'seed'?"). All errors are UsageError with file, line, key and both types or values. Views
// share the parsed document and are cheap to copy; not thread-safe. Asking has() makes a key known
// but does not read it. Numbers must be finite. At most 4 MiB, 32 parts a dotted key.
class TomlTable {
 public:
  static TomlTable parse_file(const Path& path);
  static TomlTable parse(std::string_view text, std::string name);

  bool has(std::string_view key) const;
  std::string string(std::string_view key) const;
  std::string string_or(std::string_view key, std::string fallback) const;
  std::int64_t integer(std::string_view key) const;
  std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
  // The same with bounds, both included; the error names them.
  std::int64_t integer_in(std::string_view key, std::int64_t low, std::int64_t high,
                          std::optional<std::int64_t> fallback = {}) const;
  double number_or(std::string_view key, double fallback) const;  // takes 1 for 1.0
  double number_in(std::string_view key, double low, double high,
                   std::optional<double> fallback = {}) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  // A string alone is a list of one.
  std::vector<std::string> strings_or(std::string_view key,
                                      std::vector<std::string> fallback) const;
  std::vector<std::int64_t> integers_or(std::string_view key,
                                        std::vector<std::int64_t> fallback) const;
  TomlTable table(std::string_view key) const;  // error if missing
  std::optional<TomlTable> table_if(std::string_view key) const;
  std::vector<TomlTable> tables_or_empty(std::string_view key) const;  // [[key]]
  std::vector<std::string> keys() const;  // in file order; counts none as read
  std::string name() const;               // file
  // "studies/a.toml:12" of a key, or of the table itself for "".
  std::string place(std::string_view key = {}) const;
  // The whole table as JSON, every key counted as read (dates as strings).
  Json to_json() const;
  // UsageError for keys that were not read, here and in tables taken from here.
  void finish() const;
  // What finish() says of such keys of this table alone, one each, in file order.
  std::vector<std::string> unread_keys() const;

 private:
  struct Document;
  struct Node;
  TomlTable(std::shared_ptr<Document> document, std::shared_ptr<Node> node);
  std::shared_ptr<Document> document_;
  std::shared_ptr<Node> node_;
};

// Whether what a user names is a TOML file of their own rather than a built-in thing: it has a '/'
// or ends in ".toml".
bool names_toml_file(std::string_view name);

// Text as a TOML string, quotes included.
std::string toml_string(std::string_view text);

}  // namespace epicrisis
