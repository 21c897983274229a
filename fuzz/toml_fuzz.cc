// links: core

#include <cstdint>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/toml.h"

namespace {

using epicrisis::TomlTable;

// Asks as a reader of study files does.
void read_study(const TomlTable& study) {
  study.place("seed");
  study.string_or("name", "");
  study.integer_in("seed", 0, 1000, 1);
  study.integers_or("seeds", {});
  study.strings_or("strategies", {});
  study.number_in("lambda", 0, 1, 0.5);
  study.boolean_or("paired", false);
  for (const TomlTable& model : study.tables_or_empty("model")) {
    model.string("encoder");
    model.number_or("rate", 1e-4);
  }
  if (const auto train = study.table_if("train")) {
    train->integer_or("epochs", 1);
    train->to_json();
  }
  study.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const TomlTable study = TomlTable::parse(text, "fuzz.toml");
    for (const std::string& key : study.keys()) study.place(key);
    try {
      read_study(study);
    } catch (const epicrisis::UsageError&) {
      // Valid TOML, but no study.
    }
    epicrisis::dump_json(study.to_json());
    study.finish();
  } catch (const epicrisis::UsageError&) {
    // Broken text, told as such.
  }
  return 0;
}
