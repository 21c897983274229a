#include "epicrisis/train/feature_cache.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/augment.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/tensor/safetensors.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis {
namespace {

constexpr std::size_t kRowsAFile = 256;
constexpr const char* kFeaturesVersion = "2";
constexpr std::size_t kDigits = 16;  // of a hash, in file and folder names

// The rows of one encoder in a folder of its own: files that are written once and never changed.
// Two processes may fill the same folder; a row that both computed is there twice, with equal
// values.
class FeatureFolder {
 public:
  FeatureFolder(const Path& root, std::string kind, std::string encoder, std::size_t width)
      : kind_(std::move(kind)),
        encoder_(std::move(encoder)),
        width_(width),
        folder_(root.empty() ? Path()
                             : root / fmt::format("{}-{}", kind_, encoder_.substr(0, kDigits))) {}

  // Copies the rows of `keys` that are on the disk into `into`; returns the places of the others.
  // A damaged file is removed: what it held is computed again.
  std::vector<std::size_t> load(const std::vector<std::string>& keys, FloatMatrix& into,
                                const Job& job) const {
    Places wanted;
    for (std::size_t i = 0; i < keys.size(); ++i) wanted[keys[i]].push_back(i);
    std::vector<bool> found(keys.size());
    for (const Path& path : files()) {
      try {
        copy_rows(read_safetensors(path), wanted, into, found);
      } catch (const InputError& error) {
        job.warn("{}; the file is removed and its features are computed again", error.what());
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
      }
    }
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!found[i]) missing.push_back(i);
    }
    return missing;
  }

  void add(const std::vector<std::string>& keys, const FloatMatrix& rows) const {
    if (folder_.empty()) return;
    const std::string list = dump_json(Json(keys));
    std::filesystem::create_directories(folder_);
    write_checked_safetensors(folder_ / (sha256_hex(list).substr(0, kDigits) + ".safetensors"),
                              {{"features", tensor_view(rows)}},
                              {{"format", "epicrisis-features"},
                               {"version", kFeaturesVersion},
                               {"kind", kind_},
                               {"encoder", encoder_},
                               {"keys", list}});
  }

 private:
  using Places = std::unordered_map<std::string_view, std::vector<std::size_t>>;

  void copy_rows(const TensorFile& file, const Places& wanted, FloatMatrix& into,
                 std::vector<bool>& found) const {
    const std::vector<std::string> rows = keys_of(file);
    const TensorView& features = file.at("features");
    const std::size_t bytes = width_ * sizeof(float);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto places = wanted.find(rows[row]);
      if (places == wanted.end()) continue;
      for (const std::size_t place : places->second) {
        std::copy_n(features.bytes.data() + row * bytes, bytes,
                    reinterpret_cast<std::byte*>(into.row(place).data()));
        found[place] = true;
      }
    }
  }

  std::vector<Path> files() const {
    std::vector<Path> paths;
    if (!std::filesystem::is_directory(folder_)) return paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  // The keys of a file's rows, once the file is known to be what it should.
  std::vector<std::string> keys_of(const TensorFile& file) const {
    const auto broken = [&](const std::string& why) {
      return InputError("{}: {}", file.source(), why);
    };
    const auto text = [&](const char* key) {
      const auto found = file.metadata().find(key);
      if (found == file.metadata().end()) throw broken(fmt::format("'{}' is missing", key));
      return found->second;
    };
    const std::string version = text("version");
    if (text("format") != "epicrisis-features" || (version != "1" && version != kFeaturesVersion)) {
      throw broken("it is no feature file of version 1 or 2");
    }
    // Those of version 1 had none.
    if (version == kFeaturesVersion && checksum_of(file).empty())
      throw broken("its checksum is missing");
    if (text("kind") != kind_ || text("encoder") != encoder_) {
      throw broken("its features are another encoder's");
    }
    const Json keys = parse_json(text("keys"), file.source());
    if (!file.has("features")) throw broken("it has no features");
    const TensorView& features = file.at("features");
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(keys.size()),
                                          static_cast<std::int64_t>(width_)};
    if (!keys.is_array() || features.type != TensorType::kF32 || features.shape != shape) {
      throw broken(fmt::format("{} keys for features {}, width {}", keys.size(), describe(features),
                               width_));
    }
    std::vector<std::string> texts;
    for (const Json& key : keys) {
      if (!key.is_string()) throw broken("a key is not a string");
      texts.push_back(key.get<std::string>());
    }
    return texts;
  }

  std::string kind_;
  std::string encoder_;
  std::size_t width_;
  Path folder_;
};

// Calls compute(places) for the missing rows, `kRowsAFile` at a time, stores what it returns and
// fills it in. Places of one key are computed once.
void fill(const FeatureFolder& folder, const std::vector<std::string>& keys, FloatMatrix& features,
          const std::function<FloatMatrix(std::span<const std::size_t>)>& compute, Meter& meter,
          const Job& job) {
  const std::vector<std::size_t> missing = folder.load(keys, features, job);
  meter.skip(keys.size() - missing.size());
  std::map<std::string_view, std::vector<std::size_t>> places;
  std::vector<std::size_t> firsts;
  for (const std::size_t place : missing) {
    auto& same = places[keys[place]];
    if (same.empty()) firsts.push_back(place);
    same.push_back(place);
  }
  for (std::size_t begin = 0; begin < firsts.size(); begin += kRowsAFile) {
    job.check();
    const auto chunk = std::span<const std::size_t>(firsts).subspan(
        begin, std::min(kRowsAFile, firsts.size() - begin));
    const FloatMatrix rows = compute(chunk);
    if (rows.rows != chunk.size() || rows.columns != features.columns) {
      throw InternalError("feature cache: {} x {} features for {} items of width {}", rows.rows,
                          rows.columns, chunk.size(), features.columns);
    }
    std::vector<std::string> chunk_keys;
    std::size_t filled = 0;
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      chunk_keys.push_back(keys[chunk[i]]);
      for (const std::size_t place : places[keys[chunk[i]]]) {
        const auto row = rows.row(i);
        std::copy(row.begin(), row.end(), features.row(place).begin());
        ++filled;
      }
    }
    folder.add(chunk_keys, rows);
    meter.add(filled);
  }
}

// Some pictures, plain or augmented, in memory.
class ChunkImages : public ImageSource {
 public:
  ChunkImages(int size, std::size_t count) : size_(size), pictures_(count) {
    for (auto& picture : pictures_) picture.resize(bytes());
  }
  std::size_t count() const override { return pictures_.size(); }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return pictures_[index];
  }
  std::span<std::uint8_t> picture(std::size_t index) { return pictures_[index]; }

 private:
  std::size_t bytes() const {
    return static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_) * 3;
  }
  int size_;
  std::vector<std::vector<std::uint8_t>> pictures_;
};

void check(const ImageFeatureRequest& request) {
  if (request.images == nullptr) throw UsageError("image features: no pictures were given");
  if (request.ids.size() != request.indices.size()) {
    throw UsageError("image features: {} ids for {} pictures", request.ids.size(),
                     request.indices.size());
  }
  if (request.copies < 0 || request.copies > 1000) {
    throw UsageError("image features: {} augmented copies", request.copies);
  }
  for (const std::size_t index : request.indices) {
    if (index >= request.images->count()) {
      throw UsageError("image features: picture {} was asked for, there are {}", index,
                       request.images->count());
    }
  }
}

// Names a row. The hash of the picture's middle line keeps features of a picture that was prepared
// in another way from passing for this one's.
std::string image_key(const ImageFeatureRequest& request, std::size_t i, int copy) {
  const auto side = static_cast<std::size_t>(request.images->size());
  const auto line =
      request.images->pixels(request.indices[i]).subspan(side / 2 * side * 3, side * 3);
  const std::string key = fmt::format("{} {} {}", request.ids[i], side,
                                      sha256_hex(std::as_bytes(line)).substr(0, kDigits));
  return copy == 0 ? key : fmt::format("{} copy {} seed {}", key, copy, request.seed);
}

using Encode = std::function<FloatMatrix(const ImageSource&, std::span<const std::size_t>)>;

FloatMatrix cached_images(const FeatureFolder& folder, std::size_t width, const Encode& encode,
                          const ImageFeatureRequest& request, Job& job) {
  check(request);
  const std::size_t n = request.indices.size();
  FloatMatrix features((static_cast<std::size_t>(request.copies) + 1) * n, width);
  std::vector<std::string> keys;
  keys.reserve(features.rows);
  for (int copy = 0; copy <= request.copies; ++copy) {
    for (std::size_t i = 0; i < n; ++i) keys.push_back(image_key(request, i, copy));
  }
  const auto compute = [&](std::span<const std::size_t> places) {
    ChunkImages pictures(request.images->size(), places.size());
    parallel_for(places.size(), 0, job, [&](std::size_t p) {
      const std::size_t copy = places[p] / n;
      const std::size_t i = places[p] % n;
      const auto source = request.images->pixels(request.indices[i]);
      if (copy == 0) {
        std::copy(source.begin(), source.end(), pictures.picture(p).begin());
        return;
      }
      Random random(request.seed, fmt::format("copy {} of {}", copy, request.ids[i]));
      augment_into(source, request.images->size(), AugmentConfig{}, random, pictures.picture(p));
    });
    std::vector<std::size_t> all(places.size());
    for (std::size_t p = 0; p < all.size(); ++p) all[p] = p;
    return encode(pictures, all);
  };
  Meter meter = job.meter("image features", keys.size(), "images");
  fill(folder, keys, features, compute, meter, job);
  return features;
}

}  // namespace

FloatMatrix cached_image_features(const ImageFeatureExtractor& encoder,
                                  const ImageFeatureRequest& request, const Path& folder,
                                  Job& job) {
  const auto width = static_cast<std::size_t>(encoder.dimension());
  return cached_images(
      FeatureFolder(folder, "image", encoder.fingerprint(), width), width,
      [&](const ImageSource& pictures, std::span<const std::size_t> indices) {
        return encoder.extract(pictures, indices, job);
      },
      request, job);
}

FloatMatrix cached_run_embeddings(const TrainedModel& model, const std::string& fingerprint,
                                  const ImageFeatureRequest& request, const Path& folder,
                                  Job& job) {
  return cached_images(
      FeatureFolder(folder, "run", fingerprint, model.width()), model.width(),
      [&](const ImageSource& pictures, std::span<const std::size_t> indices) {
        return model.embed_images(pictures, indices, job);
      },
      request, job);
}

namespace {

// Of all texts, also those whose embeddings were there: what is wrong with a vocabulary is as wrong
// in the second run.
void tell(const TextEncodeReport& report, std::size_t texts, const TextEncoder& encoder,
          const Job& job) {
  constexpr double kMany = 0.01;  // names and signs that a vocabulary lacks stay far below
  if (!report.truncated.empty()) {
    job.warn("text embeddings: {} of {} texts are longer than the {} tokens of {} and were cut",
             report.truncated.size(), texts, encoder.max_tokens(), encoder.describe());
  }
  if (report.unknown == 0) return;
  const double share = static_cast<double>(report.unknown) / static_cast<double>(report.tokens);
  const bool many = share >= kMany;
  job.say(many ? LogLevel::kWarning : LogLevel::kInfo,
          fmt::format("text embeddings: {} of {} tokens ({:.2f} %) are unknown to {}{}",
                      report.unknown, report.tokens, 100 * share, encoder.describe(),
                      many ? "; see whether its vocabulary has the language and the case of the "
                             "texts"
                           : ""));
}

}  // namespace

FloatMatrix cached_text_embeddings(const TextEncoder& encoder, std::span<const std::string> texts,
                                   const Path& folder, Job& job) {
  const auto width = static_cast<std::size_t>(encoder.dimension());
  FloatMatrix embeddings(texts.size(), width);
  std::vector<std::string> keys;
  keys.reserve(texts.size());
  for (const std::string& text : texts) keys.push_back(sha256_hex(std::string_view(text)));
  const auto compute = [&](std::span<const std::size_t> places) {
    std::vector<std::string> chunk;
    for (const std::size_t place : places) chunk.push_back(texts[place]);
    return encoder.encode(chunk, job);
  };
  Meter meter = job.meter("note embeddings", texts.size(), "notes");
  fill(FeatureFolder(folder, "text", encoder.fingerprint(), width), keys, embeddings, compute,
       meter, job);
  meter.finish();
  tell(encoder.measure(texts, job), texts.size(), encoder, job);
  return embeddings;
}

}  // namespace epicrisis
