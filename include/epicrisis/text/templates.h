#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// Values by field name. Empty is the same as missing.
using TemplateFields = std::map<std::string, std::string, std::less<>>;

// A text with holes and without logic.
//
//   The image shows {diagnosis|a}[[ ({subclass})]].[[ Known findings: {findings}.]]
//
// {field}     the value; missing outside a group: nothing.
// {field|a}   with "a" or "an" in front, as the value is spoken ("a unilateral", "an SCC").
// {field|A}   the same with a capital; {field|cap} only capitalises the value.
// [[ ... ]]   an optional group: it vanishes with all its words unless every field that it names
//             itself (not those of groups inside) has a value. Groups nest, 16 deep at most. A
//             group that names no field is an error.
// {{ and }}   write a brace.
//
// Values are data: what looks like template syntax in them is text, control characters go, line
// breaks become spaces, double quotes single ones (so that a template can put a value in double
// quotes), and each is cut to max_value bytes. Immutable; may be shared by threads.
class Template {
 public:
  // `source` names the file in errors; `known_fields` are those a template may use. UsageError
  // "source:line:column: ..." for an unknown field or filter, a brace or group that is not closed,
  // a control character.
  static Template parse(std::string_view text, std::string_view source,
                        const std::vector<std::string>& known_fields);

  // Line breaks of the template stay; runs of spaces, and spaces before punctuation or at a line's
  // end, which vanished groups leave, are removed; so are lines that a vanished group left empty,
  // and the full stop after a value that ends in one.
  std::string render(const TemplateFields& fields, std::size_t max_value = 2000) const;

  // Those of the fields that render() would show: with a value, in no group that vanishes. Sorted.
  std::vector<std::string> shown(const TemplateFields& fields) const;

  // Fields that it names, sorted, each once.
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  struct Node;
  std::shared_ptr<const Node> root_;
  std::vector<std::string> fields_;
};

}  // namespace epicrisis
