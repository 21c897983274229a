#include "epicrisis/study/study_skeleton.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/import_record.h"
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

// What there is in place of a data set that can be learned from, and what to do.
std::string why_no_classes(Workspace& workspace, const Sets& sets) {
  if (sets.datasets.empty()) return "; import one first";
  std::vector<std::string> found;
  bool unmapped = false;
  for (const Dataset& dataset : sets.datasets) {
    const auto counts = sets.counts.find(dataset.name);
    const std::int64_t pictures = counts == sets.counts.end() ? 0 : counts->second.total;
    const std::int64_t without = counts == sets.counts.end() ? 0 : counts->second.unlabelled;
    std::string text = fmt::format("{} has {}, {} of them without a class", dataset.name,
                                   counted(pictures, "picture"), without);
    const auto record = find_import_record(workspace.database(), dataset.name);
    if (record && !record->unmapped.empty()) {
      text += fmt::format(" (labels that have none in the label map: {})",
                          label_counts_in_words(record->unmapped));
    }
    unmapped = unmapped || without > 0;
    found.push_back(std::move(text));
  }
  return fmt::format(": {}; {}", join(found, "; "),
                     unmapped ? "give the labels a class ([[map]] in the column map or label map) "
                                "and import again, or import others"
                              : "import others");
}

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
    throw UsageError("{}: no data set has pictures of two classes or more{}",
                     workspace.root().string(), why_no_classes(workspace, sets));
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

// How study run would import the data set, as it was imported.
std::string import_text(Database& database, const Dataset& dataset) {
  const std::optional<ImportRecord> record = find_import_record(database, dataset.name);
  if (!record) {
    return comment(fmt::format(
        "It was imported by the adapter {} from {}; with which column map, label map and picture "
        "folders was not kept, so no import is proposed here. Import it again, and it is.",
        dataset.adapter, dataset.source));
  }
  std::string text = comment(fmt::format("adapter = {}", toml_string(dataset.adapter))) +
                     comment(fmt::format("path = {}", toml_string(dataset.source)));
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += comment(fmt::format("{} = {}", key, toml_string(value)));
  };
  if (!record->pictures.empty()) {
    text += comment(fmt::format("pictures = {}", list_of(record->pictures)));
  }
  add("taxonomy", record->taxonomy);
  add("column_map", record->column_map);
  add("modality", record->modality);
  return text;
}

std::string data_text(Workspace& workspace, const Sets& sets) {
  std::set<ClassId> trained;
  for (const auto& [id, count] : sets.counts.at(sets.internal).labelled) trained.insert(id);
  std::string text =
      "# The data sets. An internal one is split into train, validation and test; an external one\n"
      "# is only tested on. As they stand here they are taken as they were imported into the\n"
      "# workspace; with adapter, path and what stands below them, study run imports them itself,\n"
      "# also elsewhere.\n";
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
    text += import_text(workspace.database(), dataset) + "\n";
  }
  return text;
}

// Notes of one strategy that are in the workspace.
struct WrittenNotes {
  std::int64_t samples = 0;        // with a picture, of the data set that is trained on
  std::set<std::string> datasets;  // with such notes
  std::set<std::string> models;    // of the notes of that data set
};

std::map<std::string, WrittenNotes> written_notes(Workspace& workspace, const Sets& sets) {
  std::map<std::string, WrittenNotes> written;
  for (const NoteCount& count : count_notes(workspace.database())) {
    if (count.status != NoteStatus::kWritten) continue;
    WrittenNotes& one = written[count.strategy];
    one.datasets.insert(count.dataset);
    if (count.dataset == sets.internal) one.models.insert(count.model);
  }
  for (auto& [strategy, one] : written) {
    SampleFilter filter;
    filter.datasets = {sets.internal};
    filter.with_image = true;
    filter.strategy = strategy;
    one.samples = count_samples(workspace.database(), filter);
  }
  return written;
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

// Templates besides those that are written for nothing: of measured findings, or of the user's.
std::vector<std::string> other_templates(const Field& field,
                                         const std::vector<std::string>& templates) {
  std::vector<std::string> names;
  for (const std::string& name : built_in_strategies(field)) {
    if (load_strategy(name, field).kind == StrategyKind::kTemplate &&
        std::ranges::find(templates, name) == templates.end()) {
      names.push_back(name);
    }
  }
  return names;
}

std::string notes_text(const std::vector<std::string>& templates,
                       const std::vector<std::string>& others) {
  std::string text = "[notes]\n";
  text += templates.empty() ? "# write = []\n"
                            : fmt::format(
                                  "# In fixed sentences, of metadata: written where they "
                                  "are missing, for nothing.\nwrite = {}\n",
                                  list_of(templates));
  if (!others.empty()) {
    text +=
        comment(fmt::format("Likewise, of what is measured on pictures too: {}", list_of(others)));
  }
  text +=
      "# By a language model (see epicrisis notes providers and notes strategies):\n"
      "# [[notes.synthesis]]\n"
      "# strategies = [\"P1\"]\n"
      "# provider = \"openai\"\n"
      "# model = \"gpt-4o-mini\"\n"
      "# budget = \"5 USD\"\n\n";
  return text;
}

std::string models_text(std::string& text_encoder, bool& has_weights) {
  std::string image;
  for (const FoundModel& model : list_models()) {
    if (!model.problem.empty()) continue;
    const bool both = model.kind == ModelKind::kDualEncoder;
    if ((both || model.kind == ModelKind::kImageEncoder) && image.empty()) image = model.name;
    if ((both || model.kind == ModelKind::kTextEncoder) && text_encoder.empty()) {
      text_encoder = model.name;
    }
  }
  std::string text;
  has_weights = !image.empty();
  if (!has_weights) {
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

// What notes there are, and which have no run here.
std::string written_text(const std::map<std::string, WrittenNotes>& written, const Sets& sets) {
  std::string text;
  const std::int64_t all = sets.counts.at(sets.internal).total;
  for (const auto& [strategy, one] : written) {
    const std::string others =
        join(std::vector<std::string>(one.datasets.begin(), one.datasets.end()), ", ");
    if (one.samples == 0) {
      text += comment(fmt::format("  {}: only of {}, so it has no run here", strategy, others));
      continue;
    }
    text += comment(
        fmt::format("  {}: of {} of {} samples of {}{}", strategy, one.samples, all, sets.internal,
                    one.models.size() > 1
                        ? fmt::format(", by several models; note_models = {} of a run takes one",
                                      list_of({*one.models.rbegin()}))
                        : ""));
  }
  return text.empty() ? text : "# The notes that are in the workspace, a run for each:\n" + text;
}

// A run of the notes of a strategy; where not all samples have one, how to train on these alone.
std::string notes_run_text(const std::string& strategy, const WrittenNotes* written,
                           std::int64_t all) {
  std::string text = run_text("with " + strategy, "multimodal", {strategy});
  if (written == nullptr || written->samples >= all) return text;
  text.pop_back();  // the empty line
  return text +
         fmt::format("# train_with = {}   # on the {} of {} samples with such a note alone\n\n",
                     list_of({strategy}), written->samples, all);
}

}  // namespace

StudySkeleton study_skeleton(Workspace& workspace, const std::string& name) {
  if (!is_safe_name(name)) {
    throw UsageError(
        "a study cannot be called '{}': letters, digits, '.', '_' and '-', at most 128", name);
  }
  const Field field = workspace_field(workspace.database());
  const Sets sets = look_at_data(workspace);
  const std::vector<std::string> templates = template_strategies(field);
  const std::map<std::string, WrittenNotes> written = written_notes(workspace, sets);
  std::vector<std::string> strategies;
  for (const auto& [strategy, one] : written) {
    if (one.samples > 0) strategies.push_back(strategy);
  }
  for (const std::string& one : templates) {
    if (std::ranges::find(strategies, one) == strategies.end()) strategies.push_back(one);
  }
  StudySkeleton skeleton;
  std::string text_encoder;
  const std::string image_encoder = models_text(text_encoder, skeleton.has_weights);
  const std::vector<std::string> fields = Field::names();
  const bool built_in = std::ranges::find(fields, field.name()) != fields.end();

  std::string text =
      "# A study: data, notes, encoders and the runs that are compared. Change what you like, then\n"
      "#   epicrisis study check FILE -w WORKSPACE   says what is wrong and what would be done,\n"
      "#   epicrisis study run FILE -w WORKSPACE     does it; again, only what is missing.\n"
      "# All keys are in docs/formats/study-files.md.\n";
  text += fmt::format("name = {}\ntitle = {}\n", toml_string(name), toml_string(name));
  text += built_in
              ? fmt::format("field = {}\n", toml_string(field.name()))
              : comment(fmt::format("field = \"FILE\"   # the workspace's field '{}' is of a file "
                                    "of its own: name that here",
                                    field.name()));
  text += "seeds = [1, 2, 3]     # a training each: how much is luck\n";
  text +=
      fmt::format("text_encoder = {}{}\n",
                  toml_string(text_encoder.empty() ? std::string(kTrainedTokens) : text_encoder),
                  text_encoder.empty() ? "  # word embeddings that are trained along" : "");
  text += "bootstrap = 1000      # replicates behind each interval\n\n";
  text += classes_text(sets, field);
  text += data_text(workspace, sets);
  text +=
      "[split]\n"
      "train = 0.7\nvalidation = 0.15\ntest = 0.15\nseed = 1\n"
      "honour_published = true   # splits that the data set publishes stay\n"
      "# file = \"split.csv\"      # a split of your own, as epicrisis split writes it\n\n";
  text += prepare_text(field);
  text += notes_text(templates, other_templates(field, templates));
  text += image_encoder;
  text +=
      "[train]\nepochs = 100\npatience = 10         # epochs without a better one before the stop\n\n";
  text += written_text(written, sets);
  text += run_text("image only", "image", {});
  for (const std::string& strategy : strategies) {
    // What is missing of a template is written.
    const bool is_written = std::ranges::find(templates, strategy) != templates.end();
    text += notes_run_text(strategy, is_written ? nullptr : &written.at(strategy),
                           sets.counts.at(sets.internal).total);
  }
  skeleton.text = std::move(text);
  return skeleton;
}

}  // namespace epicrisis
