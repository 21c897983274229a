#include "epicrisis/settings/train_config.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::array<std::pair<Mode, std::string_view>, 6> kModes{{
    {Mode::kImage, "image"},
    {Mode::kText, "text"},
    {Mode::kMultimodal, "multimodal"},
    {Mode::kContrastive, "contrastive"},
    {Mode::kContrastiveAlign, "contrastive_align"},
    {Mode::kProbe, "probe"},
}};

constexpr std::array<std::pair<Schedule, std::string_view>, 2> kSchedules{{
    {Schedule::kConstant, "constant"},
    {Schedule::kCosine, "cosine"},
}};

constexpr std::array<std::pair<EpochScore, std::string_view>, 4> kScores{{
    {EpochScore::kLoss, "loss"},
    {EpochScore::kWeightedF1, "weighted_f1"},
    {EpochScore::kBalancedAccuracy, "balanced_accuracy"},
    {EpochScore::kMcc, "mcc"},
}};

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  for (const auto& [known, word] : words) {
    if (known == value) return word;
  }
  throw InternalError("training: no word for {}", static_cast<int>(value));
}

template <typename Words>
auto value_of(const Words& words, std::string_view word, std::string_view what) {
  std::vector<std::string> known;
  for (const auto& [value, name] : words) {
    if (name == word) return value;
    known.emplace_back(name);
  }
  throw UsageError("unknown {} '{}'; known are: {}", what, word, join(known, ", "));
}

// A field that is a whole number, with its bounds, both included.
struct IntegerField {
  const char* name;
  int TrainConfig::*member;
  int low;
  int high;
  bool later = false;  // the first version did not have it
};
constexpr std::array kIntegers{
    IntegerField{"epochs", &TrainConfig::epochs, 1, 1'000'000},
    IntegerField{"patience", &TrainConfig::patience, 0, 1'000'000},
    IntegerField{"batch", &TrainConfig::batch, 1, 65'536},
    IntegerField{"micro_batch", &TrainConfig::micro_batch, 0, 65'536, true},
    IntegerField{"width", &TrainConfig::width, 1, 65'536},
    IntegerField{"hidden", &TrainConfig::hidden, 0, 65'536, true},
    IntegerField{"warmup", &TrainConfig::warmup, 0, 1'000'000'000, true},
    IntegerField{"copies", &TrainConfig::copies, 0, 1000},
    IntegerField{"alignment_ramp", &TrainConfig::alignment_ramp, 0, 1'000'000'000, true},
    IntegerField{"threads", &TrainConfig::threads, 0, 1024},
    IntegerField{"evaluation_batch", &TrainConfig::evaluation_batch, 1, 65'536},
};

struct NumberField {
  const char* name;
  double TrainConfig::*member;
  double low;
  double high;
  bool later = false;
};
constexpr std::array kNumbers{
    NumberField{"image_weight", &TrainConfig::image_weight, 0, 1000, true},
    NumberField{"text_weight", &TrainConfig::text_weight, 0, 1000, true},
    NumberField{"cosine_weight", &TrainConfig::cosine_weight, 0, 1000, true},
    NumberField{"l1_weight", &TrainConfig::l1_weight, 0, 1000, true},
    NumberField{"learning_rate", &TrainConfig::learning_rate, 1e-12, 10},
    NumberField{"encoder_learning_rate", &TrainConfig::encoder_learning_rate, 0, 10, true},
    NumberField{"weight_decay", &TrainConfig::weight_decay, 0, 10},
    NumberField{"clip_norm", &TrainConfig::clip_norm, 0, 1e6, true},
    NumberField{"label_smoothing", &TrainConfig::label_smoothing, 0, .99, true},
    NumberField{"class_power", &TrainConfig::class_power, 0, 1, true},
    NumberField{"checkpoint_seconds", &TrainConfig::checkpoint_seconds, 0, 86'400},
};

struct BooleanField {
  const char* name;
  bool TrainConfig::*member;
  bool later = false;
};
constexpr std::array kBooleans{
    BooleanField{"align_directions", &TrainConfig::align_directions, true},
    BooleanField{"decay_biases", &TrainConfig::decay_biases, true},
    BooleanField{"group_aware", &TrainConfig::group_aware, true},
    BooleanField{"balanced", &TrainConfig::balanced},
    BooleanField{"augment", &TrainConfig::augment},
    BooleanField{"freeze_image_encoder", &TrainConfig::freeze_image_encoder},
    BooleanField{"channels_last", &TrainConfig::channels_last},
};

struct OptionalField {
  const char* name;
  std::optional<double> TrainConfig::*member;
  double low;
  double high;
};
constexpr std::array kOptionals{
    OptionalField{"temperature", &TrainConfig::temperature, 1e-3, 1000},
    OptionalField{"lambda", &TrainConfig::lambda, 0, 1000},
};

void check_range(const char* name, double value, double low, double high) {
  // Written so that NaN fails.
  if (!(value >= low && value <= high)) {
    throw UsageError("training: {} is {}; it must be in [{}, {}]", name, value, low, high);
  }
}

bool is_device(std::string_view device) {
  if (device == "cpu" || device == "cuda") return true;
  constexpr std::string_view kPrefix = "cuda:";
  if (device.substr(0, kPrefix.size()) != kPrefix) return false;
  const auto index = parse_integer(device.substr(kPrefix.size()));
  return index && *index >= 0 && *index < 128;
}

}  // namespace

std::string_view mode_name(Mode mode) { return word_of(kModes, mode); }

Mode mode_from_name(std::string_view name) { return value_of(kModes, name, "training mode"); }

bool uses_text(Mode mode) { return mode != Mode::kImage; }

bool trains_on_text(Mode mode) { return uses_text(mode) && mode != Mode::kProbe; }

void check_train_config(const TrainConfig& config) {
  mode_name(config.mode);
  loss_settings(config.loss);
  precision_name(config.precision);
  word_of(kSchedules, config.schedule);
  word_of(kScores, config.best_by);
  for (const auto& field : kIntegers) {
    check_range(field.name, config.*field.member, field.low, field.high);
  }
  for (const auto& field : kNumbers) {
    check_range(field.name, config.*field.member, field.low, field.high);
  }
  for (const auto& field : kOptionals) {
    if (const auto& value = config.*field.member) {
      check_range(field.name, *value, field.low, field.high);
    }
  }
  if (config.seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw UsageError("training: seed is {}; it must be below 2^63", config.seed);
  }
  if (!config.balanced && (config.class_power > 0 || config.group_aware)) {
    throw UsageError(
        "training: class_power and group_aware say how balanced batches are drawn, and balanced is "
        "false");
  }
  if (!is_device(config.device)) {
    throw UsageError("training: device is '{}'; it must be 'cpu', 'cuda' or 'cuda:N'",
                     config.device);
  }
}

TrainConfig read_train_config(const TomlTable& table, const TrainConfig& defaults) {
  TrainConfig config = defaults;
  std::vector<std::string> faults;
  const auto keep = [&](const auto& read) {
    try {
      read();
    } catch (const UsageError& error) {
      faults.emplace_back(error.what());
    }
  };
  // A word with a meaning: its own error has no place in the file, so it is put before it.
  const auto word = [&](const char* key, const auto& take) {
    keep([&] {
      if (!table.has(key)) return;
      const std::string value = table.string(key);
      try {
        take(value);
      } catch (const UsageError& error) {
        throw UsageError("{}: {}: {}", table.place(key), key, error.what());
      }
    });
  };
  word("mode", [&](const std::string& value) { config.mode = mode_from_name(value); });
  word("loss", [&](const std::string& value) { config.loss = loss_settings(value).name; });
  word("precision",
       [&](const std::string& value) { config.precision = precision_from_name(value); });
  word("schedule", [&](const std::string& value) {
    config.schedule = value_of(kSchedules, value, "schedule of the learning rate");
  });
  word("best_by", [&](const std::string& value) {
    config.best_by = value_of(kScores, value, "score of an epoch");
  });
  word("device", [&](const std::string& value) {
    if (!is_device(value)) {
      throw UsageError("'{}' is no device; it must be 'cpu', 'cuda' or 'cuda:N'", value);
    }
    config.device = value;
  });
  for (const auto& field : kIntegers) {
    keep([&] {
      config.*field.member = static_cast<int>(
          table.integer_in(field.name, field.low, field.high, config.*field.member));
    });
  }
  for (const auto& field : kNumbers) {
    keep([&] {
      config.*field.member =
          table.number_in(field.name, field.low, field.high, config.*field.member);
    });
  }
  for (const auto& field : kBooleans) {
    keep([&] { config.*field.member = table.boolean_or(field.name, config.*field.member); });
  }
  for (const auto& field : kOptionals) {
    keep([&] {
      if (!table.has(field.name)) return;
      config.*field.member = table.number_in(field.name, field.low, field.high);
    });
  }
  keep([&] {
    config.seed = static_cast<std::uint64_t>(
        table.integer_in("seed", 0, std::numeric_limits<std::int64_t>::max(),
                         static_cast<std::int64_t>(defaults.seed)));
  });
  if (!faults.empty()) throw UsageError("{}", join(faults, "\n"));
  return config;
}

Json train_config_to_json(const TrainConfig& config) {
  const LossSettings loss = loss_settings(config.loss);
  Json json = Json::object();
  json["mode"] = mode_name(config.mode);
  json["loss"] = config.loss;
  json["temperature"] = config.temperature.value_or(loss.temperature);
  json["lambda"] = config.lambda.value_or(loss.lambda);
  for (const auto& field : kIntegers) json[field.name] = config.*field.member;
  for (const auto& field : kNumbers) json[field.name] = config.*field.member;
  for (const auto& field : kBooleans) json[field.name] = config.*field.member;
  json["seed"] = config.seed;
  json["schedule"] = word_of(kSchedules, config.schedule);
  json["best_by"] = word_of(kScores, config.best_by);
  json["precision"] = precision_name(config.precision);
  json["device"] = config.device;
  return json;
}

Json train_config_identity(const TrainConfig& config) {
  const TrainConfig defaults;
  Json json = train_config_to_json(config);
  const auto drop_default = [&](const auto& fields) {
    for (const auto& field : fields) {
      if (field.later && config.*field.member == defaults.*field.member) json.erase(field.name);
    }
  };
  drop_default(kIntegers);
  drop_default(kNumbers);
  drop_default(kBooleans);
  if (config.schedule == defaults.schedule) json.erase("schedule");
  if (config.best_by == defaults.best_by) json.erase("best_by");
  json.erase("checkpoint_seconds");  // of no consequence
  return json;
}

TrainConfig train_config_from_json(const Json& json, std::string_view source) {
  TrainConfig config;
  try {
    config.mode = mode_from_name(json_get<std::string>(json, "mode", source));
    config.loss = json_get<std::string>(json, "loss", source);
    config.precision = precision_from_name(json_get<std::string>(json, "precision", source));
    config.device = json_get<std::string>(json, "device", source);
    for (const auto& field : kIntegers) {
      if (field.later && !json.contains(field.name)) continue;
      const auto value = json_get<std::int64_t>(json, field.name, source);
      check_range(field.name, static_cast<double>(value), field.low, field.high);
      config.*field.member = static_cast<int>(value);
    }
    for (const auto& field : kNumbers) {
      if (field.later && !json.contains(field.name)) continue;
      config.*field.member = json_get<double>(json, field.name, source);
    }
    const auto schedule = json_get_or<std::string>(json, "schedule", "constant", source);
    config.schedule = value_of(kSchedules, schedule, "schedule of the learning rate");
    const auto score = json_get_or<std::string>(json, "best_by", "loss", source);
    config.best_by = value_of(kScores, score, "score of an epoch");
    for (const auto& field : kBooleans) {
      if (field.later && !json.contains(field.name)) continue;
      config.*field.member = json_get<bool>(json, field.name, source);
    }
    for (const auto& field : kOptionals) {
      config.*field.member = json_get<double>(json, field.name, source);
    }
    const auto seed = json_get<std::int64_t>(json, "seed", source);
    if (seed < 0) throw UsageError("training: seed is {}; it must not be negative", seed);
    config.seed = static_cast<std::uint64_t>(seed);
    check_train_config(config);
  } catch (const UsageError& error) {
    throw InputError("{}: {}", source, error.what());
  }
  return config;
}

}  // namespace epicrisis
