#include "epicrisis/study/study_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "study/resources.h"
#include "study/study_notes.h"

namespace epicrisis {
namespace {

std::string required_id(const TomlTable& table, std::string_view key) {
  std::string value = table.string(key);
  if (!is_safe_id(value)) {
    throw UsageError(
        "{}: {} = '{}' is not a name: letters, digits, '.', '_', '-' and spaces, at most 128",
        table.place(key), key, value);
  }
  return value;
}

// Beside the study file, or in the data set's folder, where study files had it first.
std::string column_map_file(const std::string& name, const Path& data, const Path& folder) {
  if (name.empty()) return "";
  std::error_code error;
  const Path beside = folder / name;
  return (std::filesystem::exists(beside, error) ? beside : data / name).string();
}

constexpr std::array kOfImport = {"pictures", "taxonomy", "column_map", "modality"};

StudyData read_data(const TomlTable& table, const Path& data_root, const Path& folder) {
  StudyData data;
  data.place = table.place();
  data.name = required_id(table, "name");
  if (!is_safe_name(data.name)) {
    throw UsageError("{}: name = '{}': the name of a data set has no space", table.place("name"),
                     data.name);
  }
  // Without both it is the workspace's.
  if (table.has("adapter") || table.has("path")) {
    data.adapter = table.string("adapter");
    const Path path = table.string("path");
    data.path = path.is_absolute() ? path : data_root / path;
  }
  const std::string role = table.string("role");
  if (role != "internal" && role != "external") {
    throw UsageError("{}: role = '{}' is neither 'internal' nor 'external'", table.place("role"),
                     role);
  }
  data.external = role == "external";
  data.pictures = table.strings_or("pictures", {});
  data.taxonomy = table.string_or("taxonomy", "");
  data.column_map = column_map_file(table.string_or("column_map", ""), data.path, folder);
  data.modality = table.string_or("modality", "");
  const bool of_import =
      std::ranges::any_of(kOfImport, [&](const char* const key) { return table.has(key); });
  if (data.adapter.empty() && of_import) {
    throw UsageError(
        "{}: '{}' has neither adapter nor path, so it is taken as it was imported; pictures, "
        "taxonomy, column_map and modality belong to an import",
        table.place(), data.name);
  }
  table.finish();
  return data;
}

PrepareRecipe read_prepare_recipe(const TomlTable& table, PrepareRecipe recipe,
                                  const std::string& subject) {
  recipe.size = static_cast<int>(table.integer_in("size", 32, 1024, recipe.size));
  recipe.remove_hair = table.boolean_or("remove_hair", recipe.remove_hair);
  recipe.crop_border = table.boolean_or("crop_border", recipe.crop_border);
  // Also by the field's own word for the subject, as study files had it first.
  recipe.crop_to_subject = table.boolean_or("crop_to_" + subject, recipe.crop_to_subject);
  recipe.crop_to_subject = table.boolean_or("crop_to_subject", recipe.crop_to_subject);
  table.finish();
  return recipe;
}

StudyImageEncoder read_image_encoder(const TomlTable& table) {
  StudyImageEncoder encoder;
  encoder.model = table.string("model");
  if (encoder.model.empty()) {
    throw UsageError("{}: model is empty; name a model folder or an architecture",
                     table.place("model"));
  }
  encoder.place = table.place("model");
  encoder.frozen = table.boolean_or("frozen", true);
  encoder.augmented_copies =
      static_cast<int>(table.integer_in("augmented_copies", 0, 64, encoder.frozen ? 4 : 0));
  if (!encoder.frozen && encoder.augmented_copies > 0) {
    throw UsageError(
        "{}: augmented_copies belongs to a frozen encoder; fine-tuning augments each step",
        table.place("augmented_copies"));
  }
  table.finish();
  return encoder;
}

// Where a study is read for all its faults, they are kept and reading goes on; else the first is
// thrown. A fault of several places has a line each.
class Faults {
 public:
  explicit Faults(std::vector<std::string>* kept) : kept_(kept) {}
  void keep(const std::function<void()>& read) const {
    if (kept_ == nullptr) return read();
    try {
      read();
    } catch (const UsageError& error) {
      for (std::string& line : split(error.what(), '\n')) kept_->push_back(std::move(line));
    }
  }

 private:
  std::vector<std::string>* kept_;
};

// All faults of one table, which are thrown as one.
class FaultsOfTable {
 public:
  void keep(const std::function<void()>& read) const { faults_.keep(read); }
  // The keys that nothing asked for are faults too.
  void finish(const TomlTable& table) {
    const std::vector<std::string> unread = table.unread_keys();
    kept_.insert(kept_.end(), unread.begin(), unread.end());
    if (!kept_.empty()) throw UsageError("{}", join(kept_, "\n"));
  }

 private:
  std::vector<std::string> kept_;
  Faults faults_{&kept_};
};

// What runs share unless they say otherwise.
struct RunDefaults {
  std::optional<StudyImageEncoder> image_encoder;
  bool has_image_encoder = false;  // also where it is at fault
  std::string text_encoder;
  TrainConfig train;
  std::vector<std::int64_t> seeds;
};

std::vector<std::int64_t> read_seeds(const TomlTable& table, std::vector<std::int64_t> fallback) {
  if (!table.has("seeds")) return fallback;
  std::vector<std::int64_t> seeds = table.integers_or("seeds", {});
  if (seeds.empty() || std::set(seeds.begin(), seeds.end()).size() != seeds.size()) {
    throw UsageError("{}: seeds must be a list of one or more different numbers",
                     table.place("seeds"));
  }
  const auto negative = std::ranges::find_if(seeds, [](std::int64_t seed) { return seed < 0; });
  if (negative != seeds.end()) {
    throw UsageError("{}: the seed {} is negative; take 0 or more", table.place("seeds"),
                     *negative);
  }
  return seeds;
}

// Settings of a training that a study has in other places: here they would be overwritten.
TrainConfig read_training(const TomlTable& table, const TrainConfig& defaults) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kElsewhere{
      {{"mode", "mode = \"...\" in [[run]]"},
       {"seed", "seeds = [...] of the study or in [[run]]"},
       {"copies", "augmented_copies = ... in [image_encoder]"},
       {"freeze_image_encoder", "frozen = ... in [image_encoder]"}}};
  FaultsOfTable faults;
  for (const auto& [key, place] : kElsewhere) {
    faults.keep([&, key = key, place = place] {
      if (table.has(key)) {
        throw UsageError("{}: {} is not set here; write {}", table.place(key), key, place);
      }
    });
  }
  TrainConfig config = defaults;
  faults.keep([&] { config = read_train_config(table, defaults); });
  faults.finish(table);
  return config;
}

// The image encoder of a run of its own, or that of the study.
StudyImageEncoder encoder_of_run(const TomlTable& table, const RunDefaults& defaults,
                                 const std::string& run) {
  if (const auto encoder = table.table_if("image_encoder")) return read_image_encoder(*encoder);
  if (defaults.image_encoder) return *defaults.image_encoder;
  if (!defaults.has_image_encoder) {
    throw UsageError("{}: run '{}' has no image encoder; add [image_encoder] to the study",
                     table.place(), run);
  }
  return {};
}

// That the mode of a run has what it needs.
void check_mode(const TomlTable& table, const StudyRun& run) {
  const std::string place = table.place("mode");
  if (uses_text(run.train.mode) == run.notes.empty()) {
    throw UsageError("{}: mode '{}' {}", place, mode_name(run.train.mode),
                     run.notes.empty() ? "needs notes = [\"...\"]" : "uses no notes");
  }
  if (run.image_encoder.model.empty()) return;  // which was told
  if (run.train.mode == Mode::kProbe &&
      (!run.image_encoder.frozen || run.text_encoder != run.image_encoder.model)) {
    throw UsageError(
        "{}: mode 'probe' takes one frozen model that encodes pictures and texts, such as a CLIP, "
        "as image_encoder and text_encoder",
        place);
  }
  if (uses_text(run.train.mode) && run.text_encoder.empty()) {
    throw UsageError("{}: run '{}' has no text encoder; add text_encoder = \"...\"", table.place(),
                     run.name);
  }
}

StudyRun read_run(const TomlTable& table, const RunDefaults& defaults) {
  StudyRun run;
  FaultsOfTable faults;
  run.place = table.place();
  run.train = defaults.train;
  faults.keep([&] { run.name = required_id(table, "name"); });
  faults.keep([&] {
    if (const auto train = table.table_if("train")) run.train = read_training(*train, run.train);
  });
  std::optional<std::string> mode;
  faults.keep([&] { mode = table.string("mode"); });
  faults.keep([&] { run.notes = table.strings_or("notes", {}); });
  faults.keep([&] { run.note_providers = table.strings_or("note_providers", {}); });
  faults.keep([&] { run.note_models = table.strings_or("note_models", {}); });
  faults.keep([&] { run.train_with = table.strings_or("train_with", {}); });
  faults.keep([&] { run.image_encoder = encoder_of_run(table, defaults, run.name); });
  run.train.freeze_image_encoder = run.image_encoder.frozen;
  run.train.copies = run.image_encoder.augmented_copies;
  faults.keep([&] { run.text_encoder = table.string_or("text_encoder", ""); });
  faults.keep([&] { run.seeds = read_seeds(table, defaults.seeds); });
  faults.keep([&] {
    if (!mode) return;  // which was told
    try {
      run.train.mode = mode_from_name(*mode);
    } catch (const UsageError& error) {
      throw UsageError("{}: {}", table.place("mode"), error.what());
    }
    if (!table.has("text_encoder")) {
      const bool probes = run.train.mode == Mode::kProbe;
      run.text_encoder = probes ? run.image_encoder.model : defaults.text_encoder;
    }
    check_mode(table, run);
  });
  faults.finish(table);
  return run;
}

// A built-in name, or a file beside the study's.
Field read_field(const TomlTable& table, const Path& folder) {
  if (!table.has("field")) return Field::standard();
  try {
    return Field::load(study::beside(folder, table.string("field")));
  } catch (const UsageError& error) {
    throw UsageError("{}: {}", table.place("field"), error.what());
  }
}

std::vector<ClassId> read_classes(const TomlTable& table, const Field& field) {
  std::vector<ClassId> classes;
  for (const std::string& name : table.strings_or("classes", {})) {
    const auto id = field.find_class(name);
    if (!id) {
      throw UsageError("{}: unknown class '{}'; the field '{}' has {}", table.place("classes"),
                       name, field.name(), field.class_names());
    }
    if (std::ranges::find(classes, *id) != classes.end()) {
      throw UsageError("{}: class '{}' is named twice", table.place("classes"), name);
    }
    classes.push_back(*id);
  }
  if (classes.empty()) classes = field.class_ids();
  if (classes.size() < 2)
    throw UsageError("{}: a study needs two classes or more, {} is named; the field '{}' has {}",
                     table.place("classes"), field.at(classes.front()).name, field.name(),
                     field.class_names());
  return classes;
}

// Each at the place of the second.
template <typename Item>
void refuse_duplicate_names(const std::vector<Item>& items, const char* what,
                            const Faults& faults) {
  std::map<std::string, std::string> seen;  // names and their places
  for (const Item& item : items) {
    const auto first = seen.find(item.name);
    if (first == seen.end()) {
      seen.emplace(item.name, item.place);
      continue;
    }
    faults.keep([&] {
      throw UsageError("{}: two {} are called '{}', the first is at {}", item.place, what,
                       item.name, first->second);
    });
  }
}

void read_split(const TomlTable& split, const Path& folder, Study& study) {
  study.split_place = split.place();
  SplitFractions fractions = study.fractions;
  fractions.train = split.number_in("train", 0.01, 0.98, fractions.train);
  fractions.validation = split.number_in("validation", 0.01, 0.98, fractions.validation);
  fractions.test = split.number_in("test", 0.01, 0.98, fractions.test);
  study.split_seed = static_cast<std::uint64_t>(split.integer_in("seed", 0, INT64_MAX, 1));
  study.honour_published_splits = split.boolean_or("honour_published", true);
  if (split.has("file")) study.split_file = folder / split.string("file");
  study.split_fold = static_cast<int>(split.integer_in("fold", 0, kMaxFolds, 0));
  if (study.split_fold > 0 && study.split_file.empty()) {
    throw UsageError("{}: fold = {} is one of a file of splits: write file = \"...\" too",
                     split.place("fold"), study.split_fold);
  }
  split.finish();
  try {
    check_fractions(fractions);
  } catch (const UsageError& error) {
    throw UsageError("{}: {}", split.place(), error.what());
  }
  study.fractions = fractions;
}

void read_runs(const TomlTable& table, Study& study, const Faults& faults) {
  RunDefaults defaults;
  faults.keep([&] {
    defaults.has_image_encoder = table.has("image_encoder");
    if (const auto encoder = table.table_if("image_encoder")) {
      defaults.image_encoder = read_image_encoder(*encoder);
    }
  });
  faults.keep([&] { defaults.text_encoder = table.string_or("text_encoder", ""); });
  faults.keep([&] {
    const auto train = table.table_if("train");
    if (!train) return;
    defaults.train = read_training(*train, {});
  });
  faults.keep([&] { defaults.seeds = read_seeds(table, {1}); });
  std::vector<TomlTable> entries;
  faults.keep([&] { entries = table.tables_or_empty("run"); });
  for (const TomlTable& entry : entries) {
    faults.keep([&] {
      StudyRun run = read_run(entry, defaults);
      if (!run.image_encoder.model.empty()) study.runs.push_back(std::move(run));
    });
  }
  for (StudyRun& run : study.runs) {
    run.notes_name_label = std::ranges::any_of(
        expand_note_sets(run.notes),
        [&](const std::string& name) { return note_names_label(name, study.field); });
  }
  refuse_duplicate_names(study.runs, "runs", faults);
  if (entries.empty()) {
    faults.keep([&] {
      throw UsageError(
          "{}: no [[run]] to train; write one: name = \"image only\", mode = \"image\"",
          table.place());
    });
  }
  faults.keep([&] {
    study.baseline = table.string_or("baseline", "");
    const bool known =
        study.runs.size() < entries.size() ||  // it may be the name of one that is at fault
        std::ranges::any_of(study.runs,
                            [&](const StudyRun& run) { return run.name == study.baseline; });
    if (!study.baseline.empty() && !known) {
      std::vector<std::string> names;
      for (const StudyRun& run : study.runs) names.push_back(run.name);
      const auto near = nearest_name(study.baseline, names);
      throw UsageError("{}: baseline = '{}' is not the name of a run{}; there are {}",
                       table.place("baseline"), study.baseline,
                       near ? fmt::format(" (did you mean '{}'?)", *near) : "", join(names, ", "));
    }
  });
}

Study read_table(const TomlTable& table, const Path& data_root, const Path& folder,
                 std::vector<std::string>* kept = nullptr) {
  const Faults faults(kept);
  Study study;
  study.data_root = data_root;
  study.split_place = table.place();
  study.notes_place = table.place();
  faults.keep([&] {
    study.name = required_id(table, "name");
    // Its x.audit.csv would be x's.
    if (study.name.ends_with(".audit")) {
      throw UsageError("{}: name '{}' ends in .audit, as a file of a report does; take another",
                       table.place("name"), study.name);
    }
  });
  faults.keep([&] { study.title = table.string_or("title", study.name); });
  faults.keep([&] { study.field = read_field(table, folder); });
  study.prepare = usual_recipe(study.field);
  study.classes_place = table.place("classes");
  faults.keep([&] { study.classes = read_classes(table, study.field); });
  std::vector<TomlTable> data;
  faults.keep([&] { data = table.tables_or_empty("data"); });
  for (const TomlTable& entry : data) {
    faults.keep([&] { study.data.push_back(read_data(entry, data_root, folder)); });
  }
  refuse_duplicate_names(study.data, "data sets", faults);
  if (study.data.size() == data.size() &&
      std::ranges::none_of(study.data, [](const StudyData& one) { return !one.external; })) {
    faults.keep([&] {
      throw UsageError("{}: no [[data]] with role = \"internal\" to train on",
                       study.data.empty() ? table.place() : study.data.front().place);
    });
  }
  faults.keep([&] {
    if (const auto split = table.table_if("split")) read_split(*split, folder, study);
  });
  faults.keep([&] { study.allow_leakage = table.boolean_or("allow_leakage", false); });
  faults.keep([&] {
    if (const auto prepare = table.table_if("prepare"))
      study.prepare = read_prepare_recipe(*prepare, study.prepare, study.field.subject());
  });
  faults.keep([&] {
    if (const auto notes = table.table_if("notes")) {
      study.notes_place = notes->place();
      study::read_notes(*notes, data_root, folder, study);
    }
  });
  read_runs(table, study, faults);
  faults.keep([&] {
    study.bootstrap = static_cast<int>(table.integer_in("bootstrap", 100, 100000, 1000));
  });
  // A table in it that is at fault was not read to its end: its other keys would all be told as
  // unknown. Those of the study's own were all asked for.
  if (kept == nullptr || kept->empty()) {
    faults.keep([&] { table.finish(); });
  } else {
    const std::vector<std::string> unread = table.unread_keys();
    kept->insert(kept->end(), unread.begin(), unread.end());
  }
  return study;
}

}  // namespace

namespace {

Study read_file_of_study(const Path& file, const std::optional<Path>& data_root,
                         std::vector<std::string>* faults) {
  const std::string text = read_given_file(file, 1 << 20);
  const TomlTable table = TomlTable::parse(text, file.string());
  const Path own_root = table.string_or("data_root", ".");
  const Path root = data_root                ? *data_root
                    : own_root.is_absolute() ? own_root
                                             : file.parent_path() / own_root;
  Study study = read_table(table, root, file.parent_path(), faults);
  study.source = text;
  study.file = std::filesystem::absolute(file);
  return study;
}

}  // namespace

Study read_study(const Path& file, const std::optional<Path>& data_root) {
  return read_file_of_study(file, data_root, nullptr);
}

Study read_study(const Path& file, const std::optional<Path>& data_root,
                 std::vector<std::string>& faults) {
  return read_file_of_study(file, data_root, &faults);
}

Study parse_study(std::string_view text, const std::string& name, const Path& data_root) {
  const TomlTable table = TomlTable::parse(text, name);
  table.string_or("data_root", ".");
  Study study = read_table(table, data_root, Path(name).parent_path());
  study.source = std::string(text);
  study.file = name;
  return study;
}

Study built_in_study(const std::string& name, const Path& data_root) {
  const std::string file = fmt::format("studies/{}.toml", name);
  return parse_study(study_resources().get(file), file, data_root);
}

}  // namespace epicrisis
