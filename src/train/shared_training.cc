#include "train/shared_training.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

constexpr const char* kSource = "what the leading process sent";
constexpr std::size_t kPicturesAMessage = 64;

class ReceivedPictures : public ImageSource {
 public:
  ReceivedPictures(std::size_t count, int size)
      : count_(count), size_(size), bytes_(count * picture_bytes()) {}
  std::size_t count() const override { return count_; }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return std::span(bytes_).subspan(index * picture_bytes(), picture_bytes());
  }
  std::span<std::uint8_t> pictures(std::size_t begin, std::size_t count) {
    return std::span(bytes_).subspan(begin * picture_bytes(), count * picture_bytes());
  }

 private:
  std::size_t picture_bytes() const {
    return static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_) * 3;
  }
  std::size_t count_;
  int size_;
  std::vector<std::uint8_t> bytes_;
};

Json to_json(const std::vector<TrainExample>& examples) {
  Json list = Json::array();
  for (const TrainExample& example : examples) {
    list.push_back({example.image, example.label, example.group, example.notes});
  }
  return list;
}

std::vector<TrainExample> examples_of(const Json& list) {
  std::vector<TrainExample> examples;
  for (const Json& item : list) {
    TrainExample example;
    item.at(0).get_to(example.image);
    item.at(1).get_to(example.label);
    item.at(2).get_to(example.group);
    item.at(3).get_to(example.notes);
    examples.push_back(std::move(example));
  }
  return examples;
}

Json to_json(const TextInput& texts) {
  if (texts.texts != nullptr) return {{"texts", *texts.texts}};
  if (texts.vectors == nullptr) return nullptr;
  return {{"rows", texts.vectors->rows}, {"columns", texts.vectors->columns}};
}

TextInput texts_of(const Json& json, FloatMatrix& vectors, std::vector<std::string>& texts) {
  TextInput input;
  if (json.is_null()) return input;
  if (json.contains("texts")) {
    json.at("texts").get_to(texts);
    input.texts = &texts;
  } else {
    vectors =
        FloatMatrix(json.at("rows").get<std::size_t>(), json.at("columns").get<std::size_t>());
    input.vectors = &vectors;
  }
  return input;
}

// The leader's is only read.
void give_rows(const Team& team, const FloatMatrix* matrix) {
  if (matrix == nullptr) return;
  auto& values = const_cast<FloatMatrix*>(matrix)->values;
  team.give(std::as_writable_bytes(std::span(values)));
}

// The leader's pictures go out some at a time; `received` is where a follower puts them.
void give_pictures(const Team& team, const ImageSource& pictures, ReceivedPictures* received) {
  for (std::size_t begin = 0; begin < pictures.count(); begin += kPicturesAMessage) {
    const std::size_t count = std::min(kPicturesAMessage, pictures.count() - begin);
    if (received != nullptr) {
      team.give(std::as_writable_bytes(received->pictures(begin, count)));
      continue;
    }
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = begin; i < begin + count; ++i) {
      const auto pixels = pictures.pixels(i);
      bytes.insert(bytes.end(), pixels.begin(), pixels.end());
    }
    team.give(std::as_writable_bytes(std::span(bytes)));
  }
}

void give_data(const Team& team, const TrainInput& input, ReceivedPictures* received) {
  give_rows(team, input.notes.vectors);
  give_rows(team, input.concepts.vectors);
  give_pictures(team, *input.images, received);
}

}  // namespace

void give_training(const Team& team, const SharedTraining& training) {
  const TrainInput& input = training.input;
  Json json = {{"config", train_config_to_json(training.config)},
               {"class_count", input.class_count},
               {"train", to_json(input.train)},
               {"validation", to_json(input.validation)},
               {"notes", to_json(input.notes)},
               {"concepts", to_json(input.concepts)},
               {"pictures", {{"count", input.images->count()}, {"size", input.images->size()}}},
               {"image_encoder", to_json(training.image_encoder)},
               {"vocabulary", training.vocabulary ? *training.vocabulary : Json()},
               {"progress", progress_to_json(training.progress)},
               {"bf16", training.bf16}};
  json["note_concepts"] = input.note_concepts == nullptr ? Json() : Json(*input.note_concepts);
  team.told(dump_json(json));
  give_data(team, input, nullptr);
}

void give_end(const Team& team) { team.told(std::string("{}")); }

std::optional<SharedTraining> take_training(const Team& team) {
  const Json json = parse_json(team.told(std::string()), kSource);
  if (json.empty()) return std::nullopt;
  SharedTraining training;
  training.data = std::make_unique<SharedTraining::Data>();
  SharedTraining::Data& data = *training.data;
  training.config = train_config_from_json(json.at("config"), kSource);
  training.image_encoder = parse_image_encoder_config(json.at("image_encoder"), kSource);
  if (!json.at("vocabulary").is_null()) training.vocabulary = json.at("vocabulary");
  training.progress = progress_from_json(json.at("progress"), kSource);
  training.bf16 = json.at("bf16").get<bool>();
  TrainInput& input = training.input;
  input.class_count = json.at("class_count").get<int>();
  input.train = examples_of(json.at("train"));
  input.validation = examples_of(json.at("validation"));
  input.notes = texts_of(json.at("notes"), data.notes, data.note_texts);
  input.concepts = texts_of(json.at("concepts"), data.concepts, data.concept_texts);
  if (!json.at("note_concepts").is_null()) {
    json.at("note_concepts").get_to(data.note_concepts);
    input.note_concepts = &data.note_concepts;
  }
  const Json& pictures = json.at("pictures");
  auto received = std::make_unique<ReceivedPictures>(pictures.at("count").get<std::size_t>(),
                                                     pictures.at("size").get<int>());
  input.images = received.get();
  give_data(team, input, received.get());
  data.pictures = std::move(received);
  return training;
}

void share_state(const Team& team, NetworkImpl& network, const Adam& adam) {
  if (team.alone()) return;
  const torch::NoGradGuard no_gradient;
  std::map<std::string, torch::Tensor> all = state_dict(network);
  for (const auto& [name, tensor] : adam.state()) all["adam." + name] = tensor;
  for (auto& [name, tensor] : all) {
    torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous().clone();
    team.give(plain);
    if (!team.leads()) tensor.copy_(plain);
  }
}

}  // namespace epicrisis
