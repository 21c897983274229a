#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "image/codecs.h"

namespace epicrisis {
namespace {

// Longest text, profile or other side chunk that libpng may unpack; none of them is used.
constexpr png_alloc_size_t kMaxChunk = 8 << 20;

struct ErrorText {
  char text[128] = "";
};

void keep_error(png_structp png, png_const_charp message) {
  auto* error = static_cast<ErrorText*>(png_get_error_ptr(png));
  std::strncpy(error->text, message, sizeof error->text - 1);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

// As in jpeg.cc: libpng leaves by longjmp, so functions with setjmp hold no object with a
// destructor.
class PngReader {
 public:
  PngReader(Bytes bytes, const ImageInfo& info) : rest_(bytes), size_(info) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Reads the header and chooses 8-bit RGB or RGBA as output.
  bool start() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_, keep_error, ignore_warning);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, read);
    png_set_user_limits(png_, static_cast<png_uint_32>(size_.width),
                        static_cast<png_uint_32>(size_.height));
    png_set_chunk_malloc_max(png_, kMaxChunk);
    png_set_chunk_cache_max(png_, 64);
    png_read_info(png_, info_);
    png_set_expand(png_);    // palette, 1 to 7 bits, tRNS
    png_set_scale_16(png_);  // rounds, where png_set_strip_16 would cut
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels_ = png_get_channels(png_, info_);
    row_bytes_ = png_get_rowbytes(png_, info_);
    return true;
  }

  bool fits() const {
    return (channels_ == 3 || channels_ == 4) &&
           row_bytes_ == static_cast<std::size_t>(size_.width) * channels_;
  }

  bool read_pixels(Image& image) {
    const auto width = static_cast<std::size_t>(size_.width);
    const auto height = static_cast<std::size_t>(size_.height);
    const bool alpha = channels_ == 4;
    // An interlaced picture goes over every row several times, so all rows are kept.
    if (alpha) buffer_.resize(row_bytes_ * (passes_ > 1 ? height : 1));
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t y = 0; y < height; ++y) {
        std::uint8_t* target = image.at(0, static_cast<int>(y));
        std::uint8_t* row = !alpha ? target : buffer_.data() + (passes_ > 1 ? y * row_bytes_ : 0);
        png_read_row(png_, row, nullptr);
        if (alpha && pass == passes_ - 1) lay_over_white(row, width, target);
      }
    }
    png_read_end(png_, nullptr);
    return true;
  }

  const char* problem() const { return error_.text; }

 private:
  static void read(png_structp png, png_bytep data, std::size_t length) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (length > self->rest_.size()) png_error(png, "cut short");
    std::memcpy(data, self->rest_.data(), length);
    self->rest_ = self->rest_.subspan(length);
  }

  Bytes rest_;
  const ImageInfo& size_;
  ErrorText error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  std::size_t channels_ = 0;
  std::size_t row_bytes_ = 0;
  std::vector<std::uint8_t> buffer_;
};

class PngWriter {
 public:
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter() = default;
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  bool write(const Image& image) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &error_, keep_error, ignore_warning);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_write_fn(png_, &bytes_, append, nullptr);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width),
                 static_cast<png_uint_32>(image.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (int y = 0; y < image.height; ++y) png_write_row(png_, image.at(0, y));
    png_write_end(png_, nullptr);
    return true;
  }

  std::string& bytes() { return bytes_; }
  const char* problem() const { return error_.text; }

 private:
  static void append(png_structp png, png_bytep data, std::size_t length) {
    static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), length);
  }

  ErrorText error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string bytes_;
};

}  // namespace

Image decode_png(Bytes bytes, std::string_view name, const ImageInfo& info) {
  PngReader reader(bytes, info);
  if (!reader.start()) throw InputError("Decoding the PNG {}: {}", name, reader.problem());
  if (!reader.fits()) throw InputError("Decoding the PNG {}: an unknown pixel layout", name);
  Image image(info.width, info.height);
  if (!reader.read_pixels(image))
    throw InputError("Decoding the PNG {}: {}", name, reader.problem());
  return image;
}

std::string encode_png(const Image& image) {
  PngWriter writer;
  if (!writer.write(image)) {
    throw InputError("Encoding a PNG of {} x {} pixels: {}", image.width, image.height,
                     writer.problem());
  }
  return std::move(writer.bytes());
}

}  // namespace epicrisis
