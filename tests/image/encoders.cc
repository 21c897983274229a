#include "image/encoders.h"

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace epicrisis::test {
namespace {

void put_big(std::string& to, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(value >> (8 * i));
}
void put_little(std::string& to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

std::vector<std::uint8_t> ink_row(const Image& image, int y, bool adobe) {
  std::vector<std::uint8_t> row;
  for (int x = 0; x < image.width; ++x) {
    const std::uint8_t* pixel = image.at(x, y);
    // All of the darkness that the three share goes into black.
    const int light = std::max({pixel[0], pixel[1], pixel[2], std::uint8_t{1}});
    for (int c = 0; c < 3; ++c) {
      const int share = pixel[c] * 255 / light;
      row.push_back(static_cast<std::uint8_t>(adobe ? share : 255 - share));
    }
    row.push_back(static_cast<std::uint8_t>(adobe ? light : 255 - light));
  }
  return row;
}

}  // namespace

Image draw(int width, int height, const std::function<std::array<int, 3>(int, int)>& colour) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto value = colour(x, y);
      for (std::size_t c = 0; c < 3; ++c) {
        image.at(x, y)[c] = static_cast<std::uint8_t>(std::clamp(value[c], 0, 255));
      }
    }
  }
  return image;
}

std::string exif_block(int orientation, bool big_endian, bool padded) {
  std::string exif = big_endian ? std::string("MM\0*", 4) : std::string("II*\0", 4);
  const auto put = [&](std::uint32_t value, int bytes) {
    big_endian ? put_big(exif, value, bytes) : put_little(exif, value, bytes);
  };
  put(padded ? 12 : 8, 4);
  if (padded) put(0xDEADBEEF, 4);
  put(padded ? 3 : 1, 2);
  if (padded) {
    for (const std::uint32_t tag : {0x0100U, 0x0101U}) {
      put(tag, 2);
      put(4, 2);
      put(1, 4);
      put(77, 4);
    }
  }
  put(0x0112, 2);
  put(3, 2);
  put(1, 4);
  put(static_cast<std::uint32_t>(orientation), 2);
  put(0, 2);
  put(0, 4);
  return exif;
}

std::string jpeg_file(const Image& image, const JpegOptions& options) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &buffer, &size);
  codec.image_width = static_cast<JDIMENSION>(image.width);
  codec.image_height = static_cast<JDIMENSION>(image.height);
  const bool ink = options.colour == JpegColour::kCmyk || options.colour == JpegColour::kYcck;
  codec.input_components = ink ? 4 : 3;
  codec.in_color_space = ink ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&codec);
  if (options.colour == JpegColour::kGray) jpeg_set_colorspace(&codec, JCS_GRAYSCALE);
  if (options.colour == JpegColour::kCmyk) jpeg_set_colorspace(&codec, JCS_CMYK);
  if (options.colour == JpegColour::kYcck) jpeg_set_colorspace(&codec, JCS_YCCK);
  if (ink) codec.write_Adobe_marker = options.adobe_marker ? TRUE : FALSE;
  jpeg_set_quality(&codec, options.quality, TRUE);
  for (int c = 0; c < codec.num_components; ++c) {
    codec.comp_info[c].h_samp_factor = 1;
    codec.comp_info[c].v_samp_factor = 1;
  }
  if (options.progressive) jpeg_simple_progression(&codec);
  std::vector<jpeg_scan_info> scans;
  if (options.scan_each_wave) {
    scans.push_back({3, {0, 1, 2, 0}, 0, 0, 0, 0});
    for (int component = 0; component < 3; ++component) {
      for (int wave = 1; wave < 64; ++wave) {
        scans.push_back({1, {component, 0, 0, 0}, wave, wave, 0, 0});
      }
    }
    codec.scan_info = scans.data();
    codec.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&codec, TRUE);
  if (options.orientation != 0) {
    const std::string marker =
        std::string("Exif\0\0", 6) +
        exif_block(options.orientation, options.big_endian_exif, options.padded_exif);
    jpeg_write_marker(&codec, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(marker.data()),
                      static_cast<unsigned>(marker.size()));
  }
  for (int y = 0; y < image.height; ++y) {
    std::vector<std::uint8_t> row(image.at(0, y), image.at(0, y) + std::ptrdiff_t{3} * image.width);
    if (ink) row = ink_row(image, y, options.adobe_marker);
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&codec, &pointer, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::string file(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return file;
}

std::string png_file(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
                     const PngOptions& options) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp self, png_bytep data, std::size_t length) {
        static_cast<std::string*>(png_get_io_ptr(self))
            ->append(reinterpret_cast<char*>(data), length);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               options.bits, static_cast<int>(options.colour),
               options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  for (const auto& entry : options.palette) palette.push_back({entry[0], entry[1], entry[2]});
  if (!palette.empty()) {
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  if (!options.palette_alpha.empty()) {
    png_set_tRNS(png, info, options.palette_alpha.data(),
                 static_cast<int>(options.palette_alpha.size()), nullptr);
  }
  if (options.transparent_gray >= 0) {
    png_color_16 key{};
    key.gray = static_cast<png_uint_16>(options.transparent_gray);
    png_set_tRNS(png, info, nullptr, 0, &key);
  }
  std::string exif = exif_block(options.orientation);
  if (options.orientation != 0) {
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()),
                   reinterpret_cast<png_bytep>(exif.data()));
  }
  png_write_info(png, info);
  std::vector<png_const_bytep> pointers;
  for (const auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, const_cast<png_bytepp>(pointers.data()));
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string png_file(const Image& image, const PngOptions& options) {
  std::vector<std::vector<std::uint8_t>> rows;
  for (int y = 0; y < image.height; ++y) {
    rows.emplace_back(image.at(0, y), image.at(0, y) + std::ptrdiff_t{3} * image.width);
  }
  return png_file(image.width, image.height, rows, options);
}

std::string webp_file(int width, int height, const std::vector<std::uint8_t>& rgba,
                      const WebpOptions& options) {
  std::uint8_t* output = nullptr;
  const std::size_t size =
      options.lossless ? WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &output)
                       : WebPEncodeRGBA(rgba.data(), width, height, width * 4, 95, &output);
  std::string file(reinterpret_cast<char*>(output), size);
  WebPFree(output);
  if (options.orientation == 0) return file;
  // RIFF, VP8X (flags: EXIF), the stream's own chunk, EXIF.
  std::string body = "WEBPVP8X";
  put_little(body, 10, 4);
  put_little(body, 0x08, 4);
  put_little(body, static_cast<std::uint32_t>(width - 1), 3);
  put_little(body, static_cast<std::uint32_t>(height - 1), 3);
  body += file.substr(12);
  std::string exif = exif_block(options.orientation, true);
  body += "EXIF";
  put_little(body, static_cast<std::uint32_t>(exif.size()), 4);
  body += exif;
  if (exif.size() % 2 != 0) body += '\0';
  std::string riff = "RIFF";
  put_little(riff, static_cast<std::uint32_t>(body.size()), 4);
  return riff + body;
}

std::string webp_file(const Image& image, const WebpOptions& options) {
  std::vector<std::uint8_t> rgba;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    rgba.insert(rgba.end(), {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2], 255});
  }
  return webp_file(image.width, image.height, rgba, options);
}

std::string with_png_size(std::string png, std::uint32_t width, std::uint32_t height) {
  std::string size;
  put_big(size, width, 4);
  put_big(size, height, 4);
  png.replace(16, 8, size);
  std::string crc;
  put_big(crc, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(&png[12]), 17)),
          4);
  return png.replace(29, 4, crc);
}

}  // namespace epicrisis::test
