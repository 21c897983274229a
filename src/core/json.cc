#include "epicrisis/core/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxDepth = 64;

std::string shown(std::string_view text) { return clean_text(text, 200); }

// "source:line:column" of a byte offset.
std::string place_of(std::string_view text, std::string_view source, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}:{}", source, line, before.size() - line_start + 1);
}

// Builds the value from the parser's events. nlohmann's own builder has no depth limit and looks a
// key of an ordered object up by linear search, which is quadratic in an object with many keys.
class Builder {
 public:
  Builder() = default;

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // never in JSON text

  bool start_object(std::size_t) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    Level& level = levels_.back();
    if (!level.keys.insert(name).second) {
      message_ = fmt::format("the key '{}' is there twice in one object", shown(name));
      return false;
    }
    members(*level.value).emplace_back(std::move(name), nullptr);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) {
    position_ = position;
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ... - ..."
    std::string_view text = error.what();
    if (const std::size_t dash = text.find(" - "); dash != std::string_view::npos) {
      text = text.substr(dash + 3);
    } else if (const std::size_t end = text.find("] "); end != std::string_view::npos) {
      text = text.substr(end + 2);
    }
    message_ = shown(text);
    if (message_.find("last read") == std::string::npos && !last_token.empty()) {
      message_ += fmt::format(" at '{}'", shown(last_token));
    }
    return false;
  }

  Json take() { return std::move(root_); }
  const std::string& message() const { return message_; }
  std::size_t position() const { return position_; }

 private:
  struct Level {
    Json* value;
    std::unordered_set<std::string> keys;
  };

  using Members = std::vector<Json::object_t::value_type, Json::object_t::allocator_type>;
  static Members& members(Json& object) { return object.get_ref<Json::object_t&>(); }

  Json* place(Json&& value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *levels_.back().value;
    if (parent.is_array()) {
      auto& items = parent.get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    Json& slot = members(parent).back().second;
    slot = std::move(value);
    return &slot;
  }

  bool put(Json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(Json&& value) {
    if (levels_.size() == kMaxDepth) {
      message_ = fmt::format("nested deeper than {} levels", kMaxDepth);
      return false;
    }
    levels_.push_back({place(std::move(value)), {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Level> levels_;
  std::string message_;
  std::size_t position_ = 0;
};

std::string_view kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "true or false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return "a number";
    default:
      return "unknown";
  }
}

const Json* find_member(const Json& object, std::string_view key, std::string_view source) {
  if (!object.is_object()) {
    throw InputError("{}: an object with '{}' was expected, this is {}", source, key,
                     kind_of(object));
  }
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
    if (name == key) return &value;
  }
  return nullptr;
}

// An iterator that counts what the parser has taken, for errors that it does not place itself.
struct Counting {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* p;
  std::size_t* taken;
  reference operator*() const { return *p; }
  Counting& operator++() {
    ++p;
    ++*taken;
    return *this;
  }
  bool operator==(const Counting& other) const { return p == other.p; }
};

template <typename T>
struct Want;
template <>
struct Want<std::string> {
  static constexpr std::string_view kName = "a string";
  static bool holds(const Json& value) { return value.is_string(); }
};
template <>
struct Want<bool> {
  static constexpr std::string_view kName = "true or false";
  static bool holds(const Json& value) { return value.is_boolean(); }
};
template <>
struct Want<std::int64_t> {
  static constexpr std::string_view kName = "a whole number";
  static bool holds(const Json& value) {
    if (value.is_number_unsigned()) {
      return value.get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    }
    return value.is_number_integer();
  }
};
template <>
struct Want<double> {
  static constexpr std::string_view kName = "a number";
  static bool holds(const Json& value) { return value.is_number(); }
};
template <>
struct Want<Json> {
  static constexpr std::string_view kName = "a value";
  static bool holds(const Json&) { return true; }
};

template <typename T>
T convert(const Json& value, std::string_view key, std::string_view source) {
  if (!Want<T>::holds(value)) {
    throw InputError("{}: '{}' is {} ({}), {} was expected", source, key, kind_of(value),
                     clean_text(dump_json(value), 60), Want<T>::kName);
  }
  return value.get<T>();
}

}  // namespace

Json parse_json(std::string_view text, std::string_view source) {
  // The parser takes a NUL byte for the end of the text; JSON has none anywhere.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw InputError("{}: not valid JSON: NUL byte", place_of(text, source, nul));
  }
  Builder builder;
  std::size_t taken = 0;
  const bool ok = Json::sax_parse(Counting{text.data(), &taken},
                                  Counting{text.data() + text.size(), &taken}, &builder);
  if (ok) return builder.take();
  const std::size_t position = builder.position() > 0 ? builder.position() : taken;
  throw InputError("{}: not valid JSON: {}",
                   place_of(text, source, std::min(position == 0 ? 0 : position - 1, text.size())),
                   builder.message());
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
T json_get(const Json& object, std::string_view key, std::string_view source) {
  const Json* value = find_member(object, key, source);
  if (value == nullptr) throw InputError("{}: missing key '{}'", source, key);
  return convert<T>(*value, key, source);
}

template <typename T>
T json_get_or(const Json& object, std::string_view key, T fallback, std::string_view source) {
  const Json* value = find_member(object, key, source);
  return value == nullptr ? std::move(fallback) : convert<T>(*value, key, source);
}

#define EPICRISIS_JSON_TYPE(T)                                             \
  template T json_get<T>(const Json&, std::string_view, std::string_view); \
  template T json_get_or<T>(const Json&, std::string_view, T, std::string_view);
EPICRISIS_JSON_TYPE(std::string)
EPICRISIS_JSON_TYPE(bool)
EPICRISIS_JSON_TYPE(std::int64_t)
EPICRISIS_JSON_TYPE(double)
EPICRISIS_JSON_TYPE(Json)
#undef EPICRISIS_JSON_TYPE

}  // namespace epicrisis
