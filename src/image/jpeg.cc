#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

// jpeglib.h needs size_t and FILE declared before it.
#include <jerror.h>
#include <jpeglib.h>

#include "epicrisis/core/error.h"
#include "image/codecs.h"

namespace epicrisis {
namespace {

// A progressive file of 64 megapixels and thousands of tiny scans takes hours; real ones have ten.
constexpr int kMaxScans = 100;

struct ErrorState {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is a pointer to this
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void stop(j_common_ptr codec) {
  auto* state = reinterpret_cast<ErrorState*>(codec->err);
  codec->err->format_message(codec, state->message);
  std::longjmp(state->jump, 1);
}

// libjpeg only warns of a stream that is broken or ends early and makes the rest up. Such a picture
// must not pass for a sound one; a few warnings that leave the pixels alone may.
void judge_warning(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
      return;
    default:
      stop(codec);
  }
}

jpeg_error_mgr* install(ErrorState& state) {
  jpeg_std_error(&state.manager);
  state.manager.error_exit = stop;
  state.manager.emit_message = judge_warning;
  state.manager.output_message = [](j_common_ptr) {};
  return &state.manager;
}

// One decoding. libjpeg reports errors by longjmp, so the functions that call setjmp hold no object
// with a destructor; what needs one is a member.
class JpegReader {
 public:
  JpegReader() { codec_.err = install(errors_); }
  ~JpegReader() {
    if (created_) jpeg_destroy_decompress(&codec_);
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  bool read_header(Bytes bytes) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&codec_);
    created_ = true;
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&codec_, TRUE);
    return true;
  }

  bool has_size(const ImageInfo& info) const {
    return codec_.image_width == static_cast<JDIMENSION>(info.width) &&
           codec_.image_height == static_cast<JDIMENSION>(info.height);
  }

  bool is_cmyk() const {
    return codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
  }

  bool read_pixels(Image& image) {
    if (is_cmyk()) cmyk_row_.resize(std::size_t{codec_.image_width} * 4);
    if (setjmp(errors_.jump) != 0) return false;
    progress_.progress_monitor = [](j_common_ptr codec) {
      auto* reader = reinterpret_cast<j_decompress_ptr>(codec);
      if (reader->input_scan_number > kMaxScans) ERREXIT(codec, JERR_NOTIMPL);
    };
    codec_.progress = &progress_;
    codec_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&codec_);
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW target = image.at(0, static_cast<int>(codec_.output_scanline));
      if (is_cmyk()) {
        JSAMPROW row = cmyk_row_.data();
        if (jpeg_read_scanlines(&codec_, &row, 1) == 1) cmyk_to_rgb(target);
      } else {
        jpeg_read_scanlines(&codec_, &target, 1);
      }
    }
    jpeg_finish_decompress(&codec_);
    return true;
  }

  // Why the last call returned false.
  std::string_view problem() const {
    if (created_ && codec_.input_scan_number > kMaxScans) return "more than 100 scans";
    return errors_.message;
  }

 private:
  // Without a profile: the share of light that each ink lets through, multiplied. Adobe's programs
  // store that share itself, others the ink.
  void cmyk_to_rgb(std::uint8_t* rgb) const {
    const bool inverted = codec_.saw_Adobe_marker != FALSE;
    for (std::size_t x = 0; x < codec_.output_width; ++x) {
      unsigned light[4];
      for (std::size_t c = 0; c < 4; ++c) {
        const unsigned value = cmyk_row_[4 * x + c];
        light[c] = inverted ? value : 255U - value;
      }
      for (std::size_t c = 0; c < 3; ++c) {
        rgb[3 * x + c] = static_cast<std::uint8_t>((light[c] * light[3] + 127U) / 255U);
      }
    }
  }

  jpeg_decompress_struct codec_{};
  jpeg_progress_mgr progress_{};
  ErrorState errors_{};
  std::vector<std::uint8_t> cmyk_row_;
  bool created_ = false;
};

class JpegWriter {
 public:
  JpegWriter() { codec_.err = install(errors_); }
  ~JpegWriter() {
    if (created_) jpeg_destroy_compress(&codec_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  bool write(const Image& image, int quality) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_compress(&codec_);
    created_ = true;
    jpeg_mem_dest(&codec_, &buffer_, &size_);
    codec_.image_width = static_cast<JDIMENSION>(image.width);
    codec_.image_height = static_cast<JDIMENSION>(image.height);
    codec_.input_components = 3;
    codec_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, quality, TRUE);
    codec_.optimize_coding = TRUE;
    if (quality >= 90) {
      for (int c = 0; c < codec_.num_components; ++c) {
        codec_.comp_info[c].h_samp_factor = 1;
        codec_.comp_info[c].v_samp_factor = 1;
      }
    }
    jpeg_start_compress(&codec_, TRUE);
    while (codec_.next_scanline < codec_.image_height) {
      // libjpeg's type has no const, but it only reads.
      auto* row = const_cast<std::uint8_t*>(image.at(0, static_cast<int>(codec_.next_scanline)));
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
    return true;
  }

  std::string_view bytes() const { return {reinterpret_cast<const char*>(buffer_), size_}; }
  std::string_view problem() const { return errors_.message; }

 private:
  jpeg_compress_struct codec_{};
  ErrorState errors_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
  bool created_ = false;
};

}  // namespace

Image decode_jpeg(Bytes bytes, std::string_view name, const ImageInfo& info) {
  JpegReader reader;
  if (!reader.read_header(bytes))
    throw InputError("Decoding the JPEG {}: {}", name, reader.problem());
  if (!reader.has_size(info)) {
    throw InputError("Decoding the JPEG {}: two frame headers that disagree", name);
  }
  Image image(info.width, info.height);
  if (!reader.read_pixels(image))
    throw InputError("Decoding the JPEG {}: {}", name, reader.problem());
  return image;
}

std::string encode_jpeg(const Image& image, int quality) {
  if (quality < 1 || quality > 100) {
    throw UsageError("Encoding a JPEG: quality {}, 1 to 100 was expected", quality);
  }
  JpegWriter writer;
  if (!writer.write(image, quality)) {
    throw InputError("Encoding a JPEG of {} x {} pixels: {}", image.width, image.height,
                     writer.problem());
  }
  return std::string(writer.bytes());
}

}  // namespace epicrisis
