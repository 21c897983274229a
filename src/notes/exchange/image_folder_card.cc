#include "notes/exchange/image_folder_card.h"

#include <fmt/format.h>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMark = "<!-- written by epicrisis notes export -->";

constexpr std::string_view kColumns = R"(| column | what |
|---|---|
| `file_name` | the picture, from the split's folder |
| `text` | the first note |
| `notes` | all notes: a list of `strategy` and `text` |
| `dataset`, `key` | where the picture is from, and its id there |
| `class` | harmonised class |
| `label` | the label as it was published |
| `patient` | patient or case: never in two splits |
| `age`, `sex`, `site` | as text |
| `split` | as the folder |

Where nothing is known the text is empty.
)";

}  // namespace

std::string image_folder_card(const CardContent& content) {
  std::string card = "---\nconfigs:\n- config_name: default\n  data_files:\n";
  for (const auto& [split, lines] : content.splits) {
    card += fmt::format("  - split: {0}\n    path: \"{0}/**\"\n", split);
  }
  card += fmt::format("---\n{}\n\n# Pictures and notes\n\n", kMark);
  for (const auto& [split, lines] : content.splits) {
    card += fmt::format("- {}: {}\n", split, counted(lines, "picture"));
  }
  card += fmt::format("\nFrom {}. Notes of {}.\n\n", join(content.datasets, ", "),
                      join(content.strategies, ", "));
  if (content.pictures) {
    card +=
        "    from datasets import load_dataset\n"
        "    pictures = load_dataset(\"imagefolder\", data_dir=\"THIS FOLDER\")\n\n"
        "loads the usual splits only; `load_dataset(\"THIS FOLDER\")` loads all of them. The terms of "
        "the\npictures are those of who published them.\n\n";
  } else {
    card +=
        "**The pictures are not here, so it cannot be loaded as an imagefolder.** Export again with "
        "them,\nor read the tables alone: `pandas.read_json(\"train/metadata.jsonl\", "
        "lines=True)`.\n\n";
  }
  return card.append(kColumns);
}

}  // namespace epicrisis
