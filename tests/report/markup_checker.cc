#include "report/markup_checker.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace epicrisis::test {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; }

bool is_void(std::string_view name) {
  constexpr std::array kVoid = {"meta", "img", "br", "link", "input", "base"};
  return std::find(kVoid.begin(), kVoid.end(), name) != kVoid.end();
}

// Whether every '&' opens one of the entities that are written.
bool entities_are_whole(std::string_view text) {
  for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    constexpr std::array kEntities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const bool known = std::any_of(kEntities.begin(), kEntities.end(), [&](const char* entity) {
      return text.substr(at).starts_with(entity);
    });
    if (!known) return false;
  }
  return true;
}

}  // namespace

CheckedMarkup check_markup(std::string_view html) {
  CheckedMarkup result;
  std::vector<std::string> open;
  std::size_t at = 0;
  const auto fail = [&](const std::string& why) {
    result.error = why + " at " + std::to_string(at) + ": " +
                   std::string(html.substr(at > 60 ? at - 60 : 0, 160));
    return result;
  };
  while (at < html.size()) {
    if (html[at] != '<') {
      const std::size_t end = std::min(html.find('<', at), html.size());
      const std::string_view text = html.substr(at, end - at);
      if (open.empty() || open.back() != "style") {
        if (text.find('>') != std::string_view::npos) return fail("bare '>'");
        if (!entities_are_whole(text)) return fail("bare '&'");
        result.text += text;
      }
      at = end;
      continue;
    }
    if (html.substr(at).starts_with("<!DOCTYPE html>")) {
      at += 15;
      continue;
    }
    if (html.substr(at).starts_with("</")) {
      const std::size_t end = html.find('>', at);
      if (end == std::string_view::npos) return fail("open end tag");
      const std::string name(html.substr(at + 2, end - at - 2));
      if (open.empty() || open.back() != name) return fail("unbalanced </" + name + ">");
      open.pop_back();
      at = end + 1;
      continue;
    }
    Element element;
    std::size_t i = at + 1;
    while (i < html.size() && is_name(html[i])) element.name += html[i++];
    if (element.name.empty()) return fail("bare '<'");
    bool closed = false;
    while (true) {
      while (i < html.size() && html[i] == ' ') ++i;
      if (i >= html.size()) return fail("open tag");
      if (html[i] == '>') break;
      if (html.substr(i).starts_with("/>")) {
        closed = true;
        ++i;
        break;
      }
      std::string name;
      while (i < html.size() && is_name(html[i])) name += html[i++];
      if (name.empty()) return fail("broken attribute");
      std::string value;
      if (i < html.size() && html[i] == '=') {
        if (html[++i] != '"') return fail("unquoted attribute");
        const std::size_t end = html.find('"', i + 1);
        if (end == std::string_view::npos) return fail("open attribute");
        value = html.substr(i + 1, end - i - 1);
        if (value.find('<') != std::string::npos) return fail("'<' in an attribute");
        if (!entities_are_whole(value)) return fail("bare '&' in an attribute");
        i = end + 1;
      }
      element.attributes.emplace_back(name, value);
    }
    at = i + 1;
    if (!closed && !is_void(element.name)) open.push_back(element.name);
    result.elements.push_back(std::move(element));
  }
  if (!open.empty()) return fail("never closed: " + open.back());
  return result;
}

}  // namespace epicrisis::test
