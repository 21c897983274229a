#include "epicrisis/text/templates.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {

struct Template::Node {
  enum class Kind { kText, kField, kGroup };
  Kind kind = Kind::kGroup;
  std::string text;            // kText: itself; kField: the field's name
  std::string filter;          // kField: "", "a", "A", "cap"
  std::vector<Node> children;  // kGroup
};

namespace {

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

bool starts_with_one_of(std::string_view word, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [&](std::string_view s) { return word.starts_with(s); });
}

// Whether a word sounds as if it began with a vowel. Short forms that are spelled out (SCC, NOS)
// go by the name of their first letter.
bool begins_with_vowel_sound(std::string_view value) {
  const std::string_view first = value.substr(0, value.find_first_of(" -/,;(."));
  const bool spelled_out =
      first.size() > 1 && std::ranges::all_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (spelled_out || first.size() == 1) {
    if (const char c = value[0]; std::isalpha(static_cast<unsigned char>(c)) != 0) {
      return std::string_view("aefhilmnorsxAEFHILMNORSX").find(c) != std::string_view::npos;
    }
  }
  const std::string word = ascii_lower(first);
  if (starts_with_one_of(word, {"hour", "honest", "heir", "8"}) || word == "11" || word == "18") {
    return true;
  }
  if (starts_with_one_of(word, {"unin", "unim", "unid"})) return true;
  if (starts_with_one_of(word, {"uni", "use", "usu", "uter", "eu", "ewe", "one", "once", "ubiq"})) {
    return false;
  }
  return !word.empty() && std::string_view("aeiou").find(word[0]) != std::string_view::npos;
}

std::string with_article(const std::string& value, bool capital) {
  const std::string article = begins_with_vowel_sound(value) ? "an " : "a ";
  return (capital ? capitalised(article) : article) + value;
}

std::string filtered(const std::string& value, const std::string& filter) {
  if (filter == "a" || filter == "A") return with_article(value, filter == "A");
  if (filter == "cap") return capitalised(value);
  return value;
}

// Double quotes and what other languages quote with become single ones: templates put double ones
// around values to mark them as data, and a model takes any pair for the end of a quotation.
std::string fold_quotes(const std::string& value) {
  static const RE2 kDoubleQuotes(
      "[\"\u201c\u201d\u201e\u201f\uff02\u02ba\u02dd\u02ee\u02f6\u05f4\u1cd3\u2033\u2034\u2036\u2037"
      "\u2057\u275d\u275e\u2760\u3003\u301d\u301e\u301f\u00ab\u00bb\u2039\u203a\u276e\u276f\u2e42"
      "\u300a\u300b\u300c\u300d\u300e\u300f\ufe41\ufe42\ufe43\ufe44\uff62\uff63"
      "\U0001f676\U0001f677\U0001f678]");
  std::string folded = value;
  RE2::GlobalReplace(&folded, kDoubleQuotes, "'");
  return folded;
}

bool is_closing_mark(char c) {
  return c == '.' || c == ',' || c == ';' || c == ':' || c == ')' || c == '?' || c == '!';
}

// Stand in the rendered text for a group that vanished and for the end of a value; neither can be
// in a value, which has lost its control characters, nor in a template, which may not have them.
constexpr char kVanished = '\x01';
constexpr char kValueEnd = '\x02';

// Removes what vanished groups leave behind; see render().
std::string tidy(std::string_view text) {
  std::string result;
  bool last_was_blank_line = false;
  for (const std::string& line : split(text, '\n')) {
    std::string clean;
    bool vanished = false;
    bool value_ended = false;
    for (const char c : line) {
      if (c == kVanished) {
        vanished = true;
        continue;
      }
      if (c == kValueEnd) {
        value_ended = true;
        continue;
      }
      // A value that ends in a full stop has the sentence's own already.
      const bool stop_twice = c == '.' && value_ended && !clean.empty() && clean.back() == '.';
      value_ended = false;
      if (stop_twice) continue;
      if (c == ' ' && (clean.empty() || clean.back() == ' ' || clean.back() == '(')) continue;
      if (is_closing_mark(c) && !clean.empty() && clean.back() == ' ') clean.pop_back();
      clean += c;
    }
    while (!clean.empty() && clean.back() == ' ') clean.pop_back();
    if (clean.empty() && (vanished || result.empty() || last_was_blank_line)) continue;
    last_was_blank_line = clean.empty();
    result += clean + '\n';
  }
  while (!result.empty() && result.back() == '\n') result.pop_back();
  return result;
}

// Recursive descent over the template text; the nodes' type is private to Template, so the parser
// is a template over it.
template <typename Node>
class Parser {
 public:
  Parser(std::string_view text, std::string_view source, const std::vector<std::string>& known)
      : text_(text), source_(source), known_(known) {}

  Node run() {
    Node root = group(0);
    if (position_ < text_.size()) fail(position_, "']]' without '[['");
    return root;
  }
  const std::set<std::string>& fields() const { return fields_; }

 private:
  static constexpr int kMaxDepth = 16;

  Node group(int depth) {
    if (depth > kMaxDepth) fail(position_, "groups nest deeper than 16");
    const std::size_t start = position_;
    Node node;
    bool has_field = false;
    std::string plain;
    const auto flush = [&] {
      if (plain.empty()) return;
      Node child;
      child.kind = Node::Kind::kText;
      child.text = std::move(plain);
      plain.clear();
      node.children.push_back(std::move(child));
    };
    while (position_ < text_.size() && !at("]]")) {
      if (at("[[")) {
        flush();
        const std::size_t open = position_;
        position_ += 2;
        node.children.push_back(group(depth + 1));
        if (!at("]]")) fail(open, "'[[' is not closed");
        position_ += 2;
      } else if (at("{{") || at("}}")) {
        plain += text_[position_];
        position_ += 2;
      } else if (text_[position_] == '{') {
        flush();
        node.children.push_back(field());
        has_field = true;
      } else if (text_[position_] == '}') {
        fail(position_, "'}' without '{'");
      } else if (is_forbidden(text_[position_])) {
        fail(position_, "a control character");
      } else {
        plain += text_[position_++];
      }
    }
    flush();
    if (depth > 0 && !has_field) fail(start, "an optional group names no field");
    return node;
  }

  Node field() {
    const std::size_t start = position_;
    const std::size_t end = text_.find('}', start);
    if (end == std::string_view::npos) fail(start, "'{' is not closed");
    std::string name(trim(text_.substr(start + 1, end - start - 1)));
    Node node;
    node.kind = Node::Kind::kField;
    if (const std::size_t bar = name.find('|'); bar != std::string::npos) {
      node.filter = trim(std::string_view(name).substr(bar + 1));
      name = trim(std::string_view(name).substr(0, bar));
      if (node.filter != "a" && node.filter != "A" && node.filter != "cap") {
        fail(start, fmt::format("unknown filter '{}': there are a, A and cap", node.filter));
      }
    }
    if (std::ranges::find(known_, name) == known_.end()) {
      const auto near = nearest_name(name, known_);
      fail(start, fmt::format("unknown field '{}'{}; there are {}", name,
                              near ? fmt::format(" (did you mean '{}'?)", *near) : "",
                              join(known_, ", ")));
    }
    fields_.insert(name);
    node.text = std::move(name);
    position_ = end + 1;
    return node;
  }

  static bool is_forbidden(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
  }

  bool at(std::string_view token) const { return text_.substr(position_).starts_with(token); }

  [[noreturn]] void fail(std::size_t position, const std::string& what) const {
    const std::string_view before = text_.substr(0, position);
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t last = before.rfind('\n');
    const std::size_t column = last == std::string_view::npos ? position + 1 : position - last;
    throw UsageError("{}:{}:{}: {}", source_, line, column, what);
  }

  std::string_view text_;
  std::string_view source_;
  const std::vector<std::string>& known_;
  std::size_t position_ = 0;
  std::set<std::string> fields_;
};

bool has_value(const TemplateFields& values, const std::string& name) {
  const auto value = values.find(name);
  return value != values.end() && !value->second.empty();
}

// Whether every field that the group names itself has a value.
template <typename Node>
bool is_complete(const Node& group, const TemplateFields& values) {
  return std::ranges::all_of(group.children, [&](const Node& child) {
    return child.kind != Node::Kind::kField || has_value(values, child.text);
  });
}

template <typename Node>
std::string render_node(const Node& node, const TemplateFields& values) {
  if (node.kind == Node::Kind::kText) return node.text;
  if (node.kind == Node::Kind::kField) {
    if (!has_value(values, node.text)) return "";
    return filtered(values.find(node.text)->second, node.filter) + kValueEnd;
  }
  std::string result;
  for (const Node& child : node.children) {
    if (child.kind == Node::Kind::kGroup && !is_complete(child, values)) {
      result += kVanished;
    } else {
      result += render_node(child, values);
    }
  }
  return result;
}

template <typename Node>
void collect_shown(const Node& node, const TemplateFields& values, std::set<std::string>& names) {
  for (const Node& child : node.children) {
    if (child.kind == Node::Kind::kField && has_value(values, child.text)) names.insert(child.text);
    if (child.kind == Node::Kind::kGroup && is_complete(child, values)) {
      collect_shown(child, values, names);
    }
  }
}

}  // namespace

Template Template::parse(std::string_view text, std::string_view source,
                         const std::vector<std::string>& known_fields) {
  Parser<Node> parser(text, source, known_fields);
  Template result;
  result.root_ = std::make_shared<const Node>(parser.run());
  result.fields_.assign(parser.fields().begin(), parser.fields().end());
  return result;
}

std::vector<std::string> Template::shown(const TemplateFields& fields) const {
  std::set<std::string> names;
  collect_shown(*root_, fields, names);
  return {names.begin(), names.end()};
}

std::string Template::render(const TemplateFields& fields, std::size_t max_value) const {
  TemplateFields clean;
  for (const auto& [name, value] : fields) {
    clean.emplace(name, fold_quotes(clean_text(value, max_value)));
  }
  return tidy(render_node(*root_, clean));
}

}  // namespace epicrisis
