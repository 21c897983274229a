#include "epicrisis/core/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/number_words.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 20;
constexpr std::size_t kMaxKeyParts = 32;

std::string shown(std::string_view text) { return clean_text(text, 100); }

// Passes over a comment or a string that starts at `i`; false if none starts there.
bool skip_opaque(std::string_view text, std::size_t& i) {
  const char c = text[i];
  if (c == '#') {
    i = std::min(text.find('\n', i), text.size());
    return true;
  }
  if (c != '"' && c != '\'') return false;
  const std::string_view triple = c == '"' ? "\"\"\"" : "'''";
  const bool multiline = text.substr(i, 3) == triple;
  i += multiline ? 3 : 1;
  while (i < text.size()) {
    if (c == '"' && text[i] == '\\') {
      i += 2;
    } else if (multiline ? text.substr(i, 3) == triple : text[i] == c || text[i] == '\n') {
      i += multiline ? 3 : 1;
      return true;
    } else {
      ++i;
    }
  }
  return true;
}

// toml++ limits the depth of nested values but not the parts of a dotted key, each of which is a
// table too: without this, a.a.a.a... overflows the stack when the document is destroyed.
void refuse_deep_keys(std::string_view text, const std::string& name) {
  std::size_t dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (skip_opaque(text, i)) continue;
    const char c = text[i];
    if (c == '.') {
      if (++dots == kMaxKeyParts) {
        const auto line =
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
        throw UsageError("{}:{}: a key of more than {} parts", name, line + 1, kMaxKeyParts);
      }
    } else if (c == '\n' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') {
      dots = 0;
    }
    ++i;
  }
}

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

template <typename T>
std::string streamed(const T& value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

Json json_of(const toml::node& node);

// The keys of a table in the order of the file; toml++ keeps them sorted by name.
std::vector<const toml::key*> ordered_keys(const toml::table& table) {
  std::vector<const toml::key*> keys;
  for (auto it = table.cbegin(); it != table.cend(); ++it) keys.push_back(&it->first);
  std::stable_sort(keys.begin(), keys.end(), [](const toml::key* a, const toml::key* b) {
    return a->source().begin < b->source().begin;
  });
  return keys;
}

Json json_of_table(const toml::table& table) {
  Json object = Json::object();
  for (const toml::key* key : ordered_keys(table)) {
    object[std::string(key->str())] = json_of(*table.get(key->str()));
  }
  return object;
}

Json json_of(const toml::node& node) {
  if (const toml::table* table = node.as_table()) return json_of_table(*table);
  if (const toml::array* array = node.as_array()) {
    Json list = Json::array();
    for (const toml::node& item : *array) list.push_back(json_of(item));
    return list;
  }
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_date()) return streamed(value->get());
  if (const auto* value = node.as_time()) return streamed(value->get());
  if (const auto* value = node.as_date_time()) return streamed(value->get());
  return nullptr;
}

// The value as the file has it, shortened, for messages.
std::string value_of(const toml::node& node) { return clean_text(dump_json(json_of(node)), 60); }

}  // namespace

struct TomlTable::Document {
  std::string name;
  toml::table root;
};

struct TomlTable::Node {
  const toml::table* table = nullptr;
  std::string path;                          // "train.loss", "" for the root
  std::set<std::string, std::less<>> asked;  // keys somebody knows of
  std::set<std::string, std::less<>> read;   // keys somebody has taken
  bool all_read = false;
  std::map<const toml::table*, std::shared_ptr<Node>> children;

  // The value of a key, counted as read; nullptr if there is none.
  const toml::node* take(std::string_view key) {
    asked.emplace(key);
    const toml::node* value = table->get(key);
    if (value != nullptr) read.emplace(key);
    return value;
  }

  std::string full_name(std::string_view key) const {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }

  std::shared_ptr<Node> child(const toml::table& sub_table, std::string_view key) {
    std::shared_ptr<Node>& node = children[&sub_table];
    if (node == nullptr) {
      node = std::make_shared<Node>();
      node->table = &sub_table;
      node->path = full_name(key);
    }
    return node;
  }

  // A sentence for each key of this table that was not read.
  std::vector<std::string> unread(const Document& document) const;
  void check_all_read(const Document& document) const;
};

namespace {

std::string place_of(const std::string& name, const toml::source_region& source) {
  return source.begin.line == 0 ? name : fmt::format("{}:{}", name, source.begin.line);
}

}  // namespace

std::vector<std::string> TomlTable::Node::unread(const Document& document) const {
  std::vector<std::string> faults;
  if (all_read) return faults;
  for (const toml::key* key : ordered_keys(*table)) {
    if (read.find(key->str()) != read.end()) continue;
    const std::string where = place_of(document.name, key->source());
    const std::string name = shown(full_name(key->str()));
    if (asked.find(key->str()) != asked.end()) {
      faults.push_back(fmt::format("{}: key '{}' has no use here", where, name));
      continue;
    }
    const std::vector<std::string> known(asked.begin(), asked.end());
    const auto nearest = nearest_name(key->str(), known);
    faults.push_back(
        nearest ? fmt::format("{}: unknown key '{}'; did you mean '{}'?", where, name, *nearest)
                : fmt::format("{}: unknown key '{}'; known here: {}", where, name,
                              known.empty() ? "none" : join(known, ", ")));
  }
  return faults;
}

void TomlTable::Node::check_all_read(const Document& document) const {
  if (all_read) return;
  const std::vector<std::string> faults = unread(document);
  if (!faults.empty()) throw UsageError("{}", join(faults, "\n"));
  for (const toml::key* key : ordered_keys(*table)) {
    const toml::node& value = *table->get(key->str());
    const auto check = [&](const toml::node& node) {
      const toml::table* sub_table = node.as_table();
      if (sub_table == nullptr) return;
      const auto found = children.find(sub_table);
      if (found != children.end()) found->second->check_all_read(document);
    };
    check(value);
    if (const toml::array* array = value.as_array()) {
      for (const toml::node& item : *array) check(item);
    }
  }
}

namespace {

[[noreturn]] void fail_type(const std::string& name, const std::string& key, const toml::node& node,
                            std::string_view wanted) {
  throw UsageError("{}: key '{}' is {} ({}), {} was expected", place_of(name, node.source()),
                   shown(key), kind_of(node), value_of(node), wanted);
}

double finite_number(const std::string& name, const std::string& key, const toml::node& node) {
  if (const auto* whole = node.as_integer()) return static_cast<double>(whole->get());
  const auto* value = node.as_floating_point();
  if (value == nullptr) fail_type(name, key, node, "a number");
  if (!std::isfinite(value->get())) {
    throw UsageError("{}: key '{}' is {}, a finite number was expected",
                     place_of(name, node.source()), shown(key), value->get());
  }
  return value->get();
}

std::int64_t whole_number(const std::string& name, const std::string& key, const toml::node& node) {
  const auto* value = node.as_integer();
  if (value == nullptr) fail_type(name, key, node, "a whole number");
  return value->get();
}

const std::string& text_value(const std::string& name, const std::string& key,
                              const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) fail_type(name, key, node, "a string");
  return value->get();
}

}  // namespace

TomlTable::TomlTable(std::shared_ptr<Document> document, std::shared_ptr<Node> node)
    : document_(std::move(document)), node_(std::move(node)) {}

TomlTable TomlTable::parse_file(const Path& path) {
  return parse(read_given_file(path, kMaxBytes), path.string());
}

TomlTable TomlTable::parse(std::string_view text, std::string name) {
  if (text.size() > kMaxBytes) {
    throw UsageError("{}: larger than the {} bytes that are taken", name, kMaxBytes);
  }
  refuse_deep_keys(text, name);
  auto document = std::make_shared<Document>();
  document->name = std::move(name);
  try {
    document->root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw UsageError("{}:{}:{}: not valid TOML: {}", document->name, error.source().begin.line,
                     error.source().begin.column, clean_text(error.description(), 300));
  }
  auto node = std::make_shared<Node>();
  node->table = &document->root;
  return {std::move(document), std::move(node)};
}

bool TomlTable::has(std::string_view key) const {
  node_->asked.emplace(key);
  return node_->table->contains(key);
}

namespace {

[[noreturn]] void fail_missing(const std::string& place, const std::string& key) {
  throw UsageError("{}: missing key '{}'", place, key);
}

}  // namespace

std::string TomlTable::string(std::string_view key) const {
  const toml::node* value = node_->take(key);
  if (value == nullptr) fail_missing(place(), node_->full_name(key));
  return text_value(document_->name, node_->full_name(key), *value);
}

std::string TomlTable::string_or(std::string_view key, std::string fallback) const {
  const toml::node* value = node_->take(key);
  if (value == nullptr) return fallback;
  return text_value(document_->name, node_->full_name(key), *value);
}

std::int64_t TomlTable::integer(std::string_view key) const {
  const toml::node* value = node_->take(key);
  if (value == nullptr) fail_missing(place(), node_->full_name(key));
  return whole_number(document_->name, node_->full_name(key), *value);
}

std::int64_t TomlTable::integer_or(std::string_view key, std::int64_t fallback) const {
  const toml::node* value = node_->take(key);
  return value == nullptr ? fallback : whole_number(document_->name, node_->full_name(key), *value);
}

std::int64_t TomlTable::integer_in(std::string_view key, std::int64_t low, std::int64_t high,
                                   std::optional<std::int64_t> fallback) const {
  if (fallback && node_->take(key) == nullptr) return *fallback;
  const std::int64_t value = integer(key);
  if (value < low || value > high) {
    throw UsageError("{}: key '{}' is {}, a whole number from {} to {} was expected", place(key),
                     shown(node_->full_name(key)), value, low, high);
  }
  return value;
}

double TomlTable::number_or(std::string_view key, double fallback) const {
  const toml::node* value = node_->take(key);
  return value == nullptr ? fallback
                          : finite_number(document_->name, node_->full_name(key), *value);
}

double TomlTable::number_in(std::string_view key, double low, double high,
                            std::optional<double> fallback) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) {
    if (fallback) return *fallback;
    fail_missing(place(), node_->full_name(key));
  }
  const double value = finite_number(document_->name, node_->full_name(key), *node);
  if (value < low || value > high) {
    throw UsageError("{}: key '{}' is {}, a number from {} to {} was expected", place(key),
                     shown(node_->full_name(key)), number_words(value), number_words(low),
                     number_words(high));
  }
  return value;
}

bool TomlTable::boolean_or(std::string_view key, bool fallback) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) return fallback;
  const auto* value = node->as_boolean();
  if (value == nullptr) {
    fail_type(document_->name, node_->full_name(key), *node, "true or false");
  }
  return value->get();
}

std::vector<std::string> TomlTable::strings_or(std::string_view key,
                                               std::vector<std::string> fallback) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) return fallback;
  const std::string name = node_->full_name(key);
  if (const auto* one = node->as_string()) return {one->get()};
  const toml::array* array = node->as_array();
  if (array == nullptr) fail_type(document_->name, name, *node, "a string or a list of strings");
  std::vector<std::string> values;
  for (const toml::node& item : *array) {
    values.push_back(text_value(document_->name, fmt::format("{}[{}]", name, values.size()), item));
  }
  return values;
}

std::vector<std::int64_t> TomlTable::integers_or(std::string_view key,
                                                 std::vector<std::int64_t> fallback) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) return fallback;
  const std::string name = node_->full_name(key);
  const toml::array* array = node->as_array();
  if (array == nullptr) fail_type(document_->name, name, *node, "a list of whole numbers");
  std::vector<std::int64_t> values;
  for (const toml::node& item : *array) {
    values.push_back(
        whole_number(document_->name, fmt::format("{}[{}]", name, values.size()), item));
  }
  return values;
}

TomlTable TomlTable::table(std::string_view key) const {
  std::optional<TomlTable> found = table_if(key);
  if (!found) fail_missing(place(), node_->full_name(key));
  return *std::move(found);
}

std::optional<TomlTable> TomlTable::table_if(std::string_view key) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) return {};
  const toml::table* table = node->as_table();
  if (table == nullptr) fail_type(document_->name, node_->full_name(key), *node, "a table");
  return TomlTable(document_, node_->child(*table, key));
}

std::vector<TomlTable> TomlTable::tables_or_empty(std::string_view key) const {
  const toml::node* node = node_->take(key);
  if (node == nullptr) return {};
  const std::string name = node_->full_name(key);
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    fail_type(document_->name, name, *node, fmt::format("a list of tables ([[{}]])", name));
  }
  std::vector<TomlTable> tables;
  for (const toml::node& item : *array) {
    const std::string item_key = fmt::format("{}[{}]", key, tables.size());
    const toml::table* table = item.as_table();
    if (table == nullptr) {
      fail_type(document_->name, node_->full_name(item_key), item, "a table");
    }
    tables.push_back(TomlTable(document_, node_->child(*table, item_key)));
  }
  return tables;
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> names;
  for (const toml::key* key : ordered_keys(*node_->table)) names.emplace_back(key->str());
  return names;
}

std::string TomlTable::name() const { return document_->name; }

std::string TomlTable::place(std::string_view key) const {
  if (key.empty()) return place_of(document_->name, node_->table->source());
  const auto found = node_->table->find(key);
  if (found == node_->table->cend()) return place();
  return place_of(document_->name, found->first.source());
}

Json TomlTable::to_json() const {
  node_->all_read = true;
  return json_of_table(*node_->table);
}

void TomlTable::finish() const { node_->check_all_read(*document_); }

std::vector<std::string> TomlTable::unread_keys() const { return node_->unread(*document_); }

bool names_toml_file(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".toml");
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace epicrisis
