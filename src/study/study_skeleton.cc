#include "epicrisis/study/study_skeleton.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kFewOfAClass = 20;

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(toml_string(name));
  return "[" + join(quoted, ", ") + "]";
}

// A comment is one line, whatever a path or a label holds.
std::string comment(const std::string& text) { return "# " + escape_controls(text) + "\n"; }

struct Sets {
  std::vector<Dataset> datasets;
  std::map<std::string, ClassCounts> counts;  // of samples with a picture
  std::string internal;                       // the data set that is trained on
};

Sets look_at_data(Workspace& workspace) {
  Sets sets;
  sets.datasets = list_datasets(workspace.database());
  SampleFilter filter;
  filter.with_image = true;
  std::int64_t most = 0;
  for (ClassCounts& counts : count_classes(workspace.database(), filter)) {
    const std::int64_t labelled = counts.total - counts.unlabelled;
    if (counts.labelled.size() > 1 && labelled > most) {
      most = labelled;
      sets.internal = counts.dataset;
    }
    sets.counts[counts.dataset] = std::move(counts);
  }
  if (sets.internal.empty()) {
    throw UsageError(
        "{}: no data set has pictures of two classes or more; import one first, {} are there",
        workspace.root().string(), sets.datasets.size());
  }
  return sets;
}

std::string classes_text(const Sets& sets, const Field& field) {
  std::vector<std::string> names;
  std::string text;
  for (const auto& [id, count] : sets.counts.at(sets.internal).labelled) {
    names.push_back(field.at(id).name);
    text += comment(
        fmt::format("  {}: {} of {}{}", field.at(id).name, counted(count, "sample"), sets.internal,
                    count < kFewOfAClass ? ", which are few: think of leaving it out" : ""));
  }
  return "# The classes that are told apart; samples of others are left out and counted.\n" + text +
         fmt::format("classes = {}\n\n", list_of(names));
}

std::string data_text(const Sets& sets) {
  std::set<ClassId> trained;
  for (const auto& [id, count] : sets.counts.at(sets.internal).labelled) trained.insert(id);
  std::string text =
      "# The data sets. An internal one is split into train, validation and test; an external one is\n"
      "# only tested on. As they stand here they are taken as they were imported into the workspace;\n"
      "# with adapter and path, study run imports them itself, also elsewhere.\n";
  for (const Dataset& dataset : sets.datasets) {
    const auto counts = sets.counts.find(dataset.name);
    const bool usable = counts != sets.counts.end() &&
                        std::ranges::any_of(counts->second.labelled, [&](const auto& one) {
                          return trained.contains(one.first);
                        });
    if (!usable) {
      text +=
          comment(fmt::format("{} has no picture of these classes and is left out.", dataset.name));
      continue;
    }
    text += fmt::format("[[data]]\nname = {}\nrole = \"{}\"\n", toml_string(dataset.name),
                        dataset.name == sets.internal ? "internal" : "external");
    text += comment(fmt::format("adapter = {}", toml_string(dataset.adapter)));
    text += comment(fmt::format("path = {}", toml_string(dataset.source)));
    if (dataset.adapter == "generic_csv") text += "# column_map = \"columns.toml\"\n";
    text += "\n";
  }
  return text;
}

// The strategies with notes of the data set that is trained on.
std::vector<std::string> written_strategies(Workspace& workspace, const Sets& sets) {
  std::set<std::string> names;
  for (const NoteCount& count : count_notes(workspace.database())) {
    if (count.status == NoteStatus::kWritten && count.dataset == sets.internal) {
      names.insert(count.strategy);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> template_strategies(const Field& field) {
  std::vector<std::string> names;
  for (const std::string& name : built_in_strategies(field)) {
    if (load_strategy(name, field).text) names.push_back(name);
  }
  return names;
}

std::string prepare_text(const Field& field) {
  const PrepareRecipe recipe = usual_recipe(field);
  return fmt::format(
      "# What is done to each picture, with the defaults; epicrisis prepare draws a sheet of it.\n"
      "[prepare]\n# size = {}               # pixels a side\n# remove_hair = {}\n"
      "# crop_border = {}       # a dark frame\n# crop_to_subject = {}   # toward the {}\n\n",
      recipe.size, recipe.remove_hair, recipe.crop_border, recipe.crop_to_subject, field.subject());
}

std::string notes_text(const std::vector<std::string>& templates) {
  std::string text = "[notes]\n";
  text += templates.empty() ? "# write = []\n"
                            : fmt::format(
                                  "# In fixed sentences, of metadata: written where they "
                                  "are missing, for nothing.\nwrite = {}\n",
                                  list_of(templates));
  text +=
      "# By a language model (see epicrisis notes providers and notes strategies):\n"
      "# [[notes.synthesis]]\n"
      "# strategies = [\"P1\"]\n"
      "# provider = \"openai\"\n"
      "# model = \"gpt-4o-mini\"\n"
      "# budget = \"5 USD\"\n\n";
  return text;
}

std::string models_text(std::string& text_encoder) {
  std::string image;
  for (const FoundModel& model : list_models()) {
    if (!model.problem.empty()) continue;
    if (model.kind == ModelKind::kImageEncoder && image.empty()) image = model.name;
    if (model.kind == ModelKind::kTextEncoder && text_encoder.empty()) text_encoder = model.name;
  }
  std::string text;
  if (image.empty()) {
    image = "random:mobilenet_v2";
    text +=
        "# No weights were found (epicrisis models lists them): this encoder begins with random ones,\n"
        "# which is good for a trial and for nothing else.\n";
  }
  text += fmt::format(
      "[image_encoder]\nmodel = {}\nfrozen = true         # features once, only heads are trained\n"
      "augmented_copies = 4\n\n",
      toml_string(image));
  return text;
}

std::string run_text(const std::string& name, const char* mode,
                     const std::vector<std::string>& notes) {
  std::string text = fmt::format("[[run]]\nname = {}\nmode = \"{}\"\n", toml_string(name), mode);
  if (!notes.empty()) text += fmt::format("notes = {}\n", list_of(notes));
  return text + "\n";
}

}  // namespace

std::string study_skeleton(Workspace& workspace, const std::string& name) {
  if (!is_safe_name(name)) {
    throw UsageError(
        "a study cannot be called '{}': letters, digits, '.', '_' and '-', at most 128", name);
  }
  const Field field = workspace_field(workspace.database());
  const Sets sets = look_at_data(workspace);
  const std::vector<std::string> templates = template_strategies(field);
  std::vector<std::string> strategies = written_strategies(workspace, sets);
  for (const std::string& one : templates) {
    if (std::ranges::find(strategies, one) == strategies.end()) strategies.push_back(one);
  }
  std::string text_encoder;
  const std::string image_encoder = models_text(text_encoder);
  const std::vector<std::string> fields = Field::names();
  const bool built_in = std::ranges::find(fields, field.name()) != fields.end();

  std::string text =
      "# A study: data, notes, encoders and the runs that are compared. Change what you like, then\n"
      "#   epicrisis study check FILE -w WORKSPACE   says what is wrong and what would be done,\n"
      "#   epicrisis study run FILE -w WORKSPACE     does it; again, only what is missing.\n"
      "# All keys are in docs/formats/study-files.md.\n";
  text += fmt::format("name = {}\ntitle = {}\n", toml_string(name), toml_string(name));
  if (built_in) text += fmt::format("field = {}\n", toml_string(field.name()));
  text += "seeds = [1, 2, 3]     # a training each: how much is luck\n";
  text +=
      fmt::format("text_encoder = {}{}\n",
                  toml_string(text_encoder.empty() ? std::string(kTrainedTokens) : text_encoder),
                  text_encoder.empty() ? "  # word embeddings that are trained along" : "");
  text += "bootstrap = 1000      # replicates behind each interval\n\n";
  text += classes_text(sets, field);
  text += data_text(sets);
  text +=
      "[split]\n"
      "train = 0.7\nvalidation = 0.15\ntest = 0.15\nseed = 1\n"
      "honour_published = true   # splits that the data set publishes stay\n"
      "# file = \"split.csv\"      # a split of your own, as epicrisis split writes it\n\n";
  text += prepare_text(field);
  text += notes_text(templates);
  text += image_encoder;
  text +=
      "[train]\nepochs = 100\npatience = 10         # epochs without a better one before the stop\n\n";
  text += run_text("image only", "image", {});
  for (const std::string& strategy : strategies) {
    text += run_text("with " + strategy, "multimodal", {strategy});
  }
  return text;
}

}  // namespace epicrisis
