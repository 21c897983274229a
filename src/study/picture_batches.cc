#include "study/picture_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/image/decode.h"

namespace epicrisis::study {
namespace {

constexpr std::size_t kBatch = 64;  // pictures in memory at a time

class BatchPictures : public ImageSource {
 public:
  explicit BatchPictures(int size) : size_(size) {}
  void add(Image picture) { pictures_.push_back(std::move(picture)); }
  std::size_t count() const override { return pictures_.size(); }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return pictures_[index].pixels;
  }

 private:
  int size_;
  std::vector<Image> pictures_;
};

}  // namespace

PictureEncoder picture_encoder(const RunModel& model, const PrepareRecipe& recipe, const Job& job) {
  return {recipe.size, [&recipe](const Image& image) { return prepare_image(image, recipe).image; },
          [&model, &job](const ImageSource& pictures) { return model.embed(pictures, job); }};
}

void embed_picture_files(const PictureEncoder& encoder, const std::vector<ListedPicture>& pictures,
                         std::string_view step,
                         const std::function<void(const EmbeddedPictures&)>& sink, Job& job) {
  Meter meter = job.meter(step, pictures.size(), "images");
  for (std::size_t begin = 0; begin < pictures.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, pictures.size() - begin);
    EmbeddedPictures batch;
    batch.first = begin;
    batch.errors.resize(count);
    std::vector<Image> prepared(count);
    parallel_for(count, 0, job, [&](std::size_t i) {
      const ListedPicture& picture = pictures[begin + i];
      if (!picture.error.empty()) {
        batch.errors[i] = fmt::format("{}: {}", picture.path.string(), picture.error);
        return;
      }
      try {
        prepared[i] = encoder.fit(load_image(picture.path));
      } catch (const InputError& error) {
        batch.errors[i] = error.what();
      } catch (const SystemError& error) {
        batch.errors[i] = error.what();
      }
    });
    job.check();
    BatchPictures readable(encoder.size);
    for (std::size_t i = 0; i < count; ++i) {
      if (!batch.errors[i].empty()) continue;
      readable.add(std::move(prepared[i]));
    }
    if (readable.count() > 0) batch.z = encoder.embed(readable);
    batch.pictures = &readable;
    sink(batch);
    meter.add(count);
  }
}

}  // namespace epicrisis::study
