#pragma once

#include <string>

namespace epicrisis::test {

// A study of the drawn corpus that trains in a second, up to its notes: tests add training and
// runs.
inline std::string small_study(const std::string& name, bool with_external = true) {
  const auto data = [](const std::string& folder, const std::string& role) {
    return "[[data]]\nname = \"" + folder + "\"\nadapter = \"generic_csv\"\npath = \"" + folder +
           "\"\ncolumn_map = \"columns.toml\"\nrole = \"" + role + "\"\n";
  };
  return "name = \"" + name +
         "\"\n"
         "classes = [\"BEK\", \"NEV\", \"BCC\", \"MEL\"]\n"
         "text_encoder = \"bag\"\n"
         "bootstrap = 100\n" +
         data("dermoscope_a", "internal") + (with_external ? data("phone", "external") : "") +
         "[prepare]\nsize = 32\n"
         "[image_encoder]\nmodel = \"random:mobilenet_v2\"\naugmented_copies = 1\n"
         "[notes]\nwrite = [\"M\"]\n";
}

// Two runs for it: one without notes, one with them.
inline constexpr const char* kTwoRuns = R"(
[[run]]
name = "image only"
mode = "image"
[[run]]
name = "with notes"
mode = "multimodal"
notes = ["M"]
)";

}  // namespace epicrisis::test
